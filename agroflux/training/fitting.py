"""Fitting with Lightning: on one device or several, from a folder in which a stopped run goes on.

Several devices share each batch: every one takes its rows, and errors are summed over all of them before they are
averaged. So a run on four GPUs takes the steps that it takes on one, up to rounding. The processes are forked:
they share the data in memory, and the caller, which scores the network and writes its card, is one process still.
"""

import json
import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningDataModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint, RichProgressBar, Timer
from torch import nn
from torch.utils.data import DataLoader

from agroflux import schema
from agroflux.baselines import registry
from agroflux.errors import ModelError
from agroflux.training import batches, dropping
from agroflux.training.module import Supervised
from agroflux.training.recipes import Recipe

#: File names without ending, in a run's folder: the best epoch, and the last whole one.
BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Fitted:
    """The network of the best epoch, and how the run went, over all its resumptions.

    ``seconds`` of fitting; ``validation_loss`` of the best epoch; ``precision`` as Lightning names it.
    """

    network: nn.Module
    epochs: int
    best_epoch: int
    steps: int
    seconds: float
    validation_loss: float
    precision: str


class Kept(ModelCheckpoint):
    """Keeps one epoch in a folder, in which it is found again also if that was moved since."""

    @property
    def state_key(self) -> str:
        """Lightning's own, so that the folder of a run is not bound to the name of this class."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lightning notes whole paths, and forgets which epoch was the best where they no longer fit."""

        def here(path: str) -> str:
            return str(Path(str(self.dirpath), Path(path).name)) if path else path

        paths = {key: here(state_dict[key]) for key in ("best_model_path", "kth_best_model_path", "last_model_path")}
        best = {here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict({**state_dict, **paths, "best_k_models": best, "dirpath": self.dirpath})


class _Loaders(LightningDataModule):
    """Windows follow from seed and epoch alone, so that a resumed run draws what it would have drawn."""

    def __init__(
        self, arrays: batches.Arrays, train_windows: batches.Windows, validation: batches.Windows, recipe: Recipe
    ) -> None:
        super().__init__()
        self.arrays, self.train_windows, self.validation, self.recipe = arrays, train_windows, validation, recipe

    def _of(self, windows: batches.Windows, key: tuple[int, ...]) -> DataLoader[Any]:
        assert self.trainer is not None
        share = (self.trainer.global_rank, self.trainer.world_size)
        hidden = batches.hide(windows, p, key) if (p := self.recipe.unknown_management) else None
        return DataLoader(batches.Batches(self.arrays, windows, self.recipe.batch, share, hidden), batch_size=None)

    def train_dataloader(self) -> DataLoader[Any]:
        assert self.trainer is not None
        key = (self.recipe.seed, 0, self.trainer.current_epoch)
        drawn = batches.sample(self.train_windows, self.recipe.epoch_windows, key)
        if self.recipe.any_day:
            drawn = batches.move(drawn, set(self.train_windows.index[:, 2].tolist()), (*key, 2))
        return self._of(drawn, (*key, 1))

    def val_dataloader(self) -> DataLoader[Any]:
        return self._of(self.validation, (self.recipe.seed, 2))


def count(devices: int | None) -> int:
    """Devices that a training takes: those asked for, else every GPU, else one.

    Raises ModelError where more GPUs are asked for than there are. Without a GPU they are processes.
    """
    gpus = torch.cuda.device_count()
    if devices is not None and gpus and devices > gpus:
        raise ModelError(f"{devices} devices are asked for, and this machine has {gpus} GPU(s): ask for fewer")
    return devices or max(1, gpus)


def fit(
    arrays: batches.Arrays,
    train_windows: batches.Windows,
    validation: batches.Windows,
    recipe: Recipe,
    work: Path,
    *,
    devices: int = 1,
    progress: bool = False,
) -> Fitted:
    """Train a new network as ``recipe`` says, or go on with the one in ``work``, and restore its best epoch.

    A run that had come to its end, and was stopped before its card was written, takes no step more.

    Raises ModelError if time was up before the first epoch was validated, or a file in ``work`` is damaged.
    """
    torch.manual_seed(recipe.seed)
    network = registry.build(
        recipe.model, len(schema.DRIVERS), len(schema.TARGETS), preset=recipe.preset, **recipe.config
    )
    best_epoch = Kept(work, BEST, monitor="val_loss", enable_version_counter=False)
    # Not Lightning's save_last: that is the last epoch which was the best so far.
    last_epoch = Kept(work, LAST, enable_version_counter=False)
    patience = EarlyStopping("val_loss", patience=recipe.patience)
    limit = None if recipe.max_minutes is None else timedelta(minutes=recipe.max_minutes)
    timer = Timer(duration=limit, interval="step", verbose=False)
    watching = [patience, timer, _with_caller(), _seeds(recipe.seed), _notes(work, timer), best_epoch, last_epoch]
    watching += [RichProgressBar(console_kwargs={"stderr": True})] if progress else []
    trainer = _trainer(recipe, work, watching, devices)
    steps = recipe.max_epochs * -(-min(recipe.epoch_windows, len(train_windows)) // recipe.batch)
    weights = torch.tensor([recipe.weights.get(name, 1.0) for name in schema.TARGETS])
    done = _share(trainer, timer, steps, limit)
    module = Supervised(network, weights, recipe.warmup_years * 365, recipe.learning_rate, recipe.decay, done)
    last = work / f"{LAST}.ckpt"
    if last.exists():
        _read(work / f"{BEST}.ckpt")  # a damaged one is told before the training, not after it
    if not (last.exists() and _over(_read(last), recipe, patience, timer)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaders = _Loaders(arrays, train_windows, validation, recipe)
            trainer.fit(module, datamodule=loaders, ckpt_path=str(last) if last.exists() else None, weights_only=True)
    if not last.exists():
        raise ModelError("training ended before its first epoch was validated: give it more minutes")
    # From the files, not from the objects above: these are the same however the run came to its end.
    end, best = _read(last), _read(work / f"{BEST}.ckpt")
    module.load_state_dict(best["state_dict"])
    return Fitted(
        network=module.averaged.module.cpu().eval().requires_grad_(False),
        epochs=int(end["epoch"]) + 1,
        best_epoch=int(best["epoch"]),
        steps=int(end["global_step"]),
        seconds=_seconds(end, timer),
        validation_loss=float(best["callbacks"][best_epoch.state_key]["best_model_score"]),
        precision=str(trainer.precision),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch tells a file that is cut off in many ways
        why = " ".join(f"{type(error).__name__} {error}".split())
        raise ModelError(f"{path} cannot be read ({why}): remove the folder {path.parent} to train anew") from None
    return state


def _seconds(state: dict[str, Any], timer: Timer) -> float:
    return float(state["callbacks"][timer.state_key]["time_elapsed"]["train"])


def _over(state: dict[str, Any], recipe: Recipe, patience: EarlyStopping, timer: Timer) -> bool:
    """Whether the last whole epoch was the run's last. Lightning asks after an epoch, and so would train one more."""
    waited = state["callbacks"][patience.state_key]["wait_count"]
    limit = 60 * recipe.max_minutes if recipe.max_minutes else float("inf")
    return bool(state["epoch"] + 1 >= recipe.max_epochs or waited >= recipe.patience or _seconds(state, timer) >= limit)


def _share(trainer: Trainer, timer: Timer, steps: int, limit: timedelta | None) -> Callable[[int], float]:
    """Share of the run that is done, by steps or by the clock of the first device: all must have the same rate."""

    def done(step: int) -> float:
        by_clock = (
            0.0 if limit is None else trainer.strategy.broadcast(timer.time_elapsed("train") / limit.total_seconds())
        )
        return max(step / steps, by_clock)

    return done


def _seeds(seed: int) -> Callback:
    """Seeds torch before each batch, on each device for itself: Lightning tells no start of a resumed epoch."""

    def start(trainer: Trainer, _: Any, __: Any, number: int) -> None:
        dropping.seed(seed, trainer.current_epoch, number, trainer.global_rank)

    return LambdaCallback(on_train_batch_start=start)


def _notes(work: Path, timer: Timer) -> Callback:
    """Appends a line an epoch to ``progress.jsonl``."""

    def note(trainer: Trainer, _: Any) -> None:
        if not trainer.is_global_zero:
            return
        values = {key: round(float(value), 5) for key, value in trainer.callback_metrics.items()}
        line = {"epoch": trainer.current_epoch, "minutes": round(timer.time_elapsed("train") / 60, 2), **values}
        with (work / "progress.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    return LambdaCallback(on_train_epoch_end=note)


def _with_caller() -> Callback:
    """Ends the processes of a run whose caller was killed: the one that resumes it must be alone in its folder."""
    caller = os.getpid()

    def check(*_: Any) -> None:
        if caller not in (os.getpid(), os.getppid()):
            os._exit(1)

    return LambdaCallback(on_train_batch_start=check)


def _trainer(recipe: Recipe, work: Path, callbacks: list[Callback], devices: int) -> Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return Trainer(
        default_root_dir=work,
        max_epochs=recipe.max_epochs,
        accelerator="gpu" if torch.cuda.is_available() else "cpu",  # Apple's has no float64 for sums of errors
        devices=devices,
        strategy="auto" if devices == 1 else "ddp_fork",
        use_distributed_sampler=False,
        precision="bf16-mixed" if torch.cuda.is_available() else "32-true",
        callbacks=callbacks,
        logger=False,
        gradient_clip_val=1.0,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        enable_progress_bar=any(isinstance(one, RichProgressBar) for one in callbacks),
        enable_model_summary=False,
    )
