"""Supervised training of a baseline on simulations: data set in, checkpoint with card and scores out."""

import dataclasses
import json
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from agroflux import __version__, schema
from agroflux.baselines import registry
from agroflux.baselines.card import CARD, Card
from agroflux.baselines.checkpoint import Checkpoint, save
from agroflux.data import splits
from agroflux.data.splits import Split
from agroflux.data.subsample import ALL, Subsample
from agroflux.errors import ModelError
from agroflux.evaluation import protocols, tally
from agroflux.training import batches
from agroflux.training.allocator import keep_freed_memory
from agroflux.training.recipes import Recipe, identifier

if TYPE_CHECKING:
    from lightning.pytorch import Callback, Trainer
    from lightning.pytorch.callbacks import ModelCheckpoint

    from agroflux.training.module import Supervised

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """What a card says of the data: id, hash, the command that trained on it, and the part that it took."""

    id: str
    sha256: str
    command: str
    subsample: Subsample = ALL


def train(
    ds: xr.Dataset,
    split: Split,
    recipe: Recipe,
    source: Source,
    *,
    out: Path,
    work: Path,
    protocol: str = "clean",
    experiment: str = "temporal",
    progress: bool = False,
) -> Path:
    """Train, restore the best epoch, score it and climatology on the test years, and write the checkpoint.

    A run that was stopped goes on from its last whole epoch when ``work`` is the same.

    Args:
        ds: simulation, noleap calendar, with all drivers and at least one target.
        out, work: folder of the finished checkpoint; folder of Lightning's own (keep it outside the repository).

    Returns:
        Path of the weights, named as :func:`agroflux.training.recipes.identifier` says; the card is beside them.

    Raises:
        SelectionError: too few years. DataError: drivers missing or with gaps. ModelError: unknown model or
        setting, or ``work`` belongs to another run.
    """
    started = time.monotonic()
    config = registry.configuration(recipe.model, recipe.preset, **recipe.config)
    _claim(work, recipe, source, split)
    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    n_years = recipe.warmup_years + max(1, min(recipe.loss_years, len(split.train) - recipe.warmup_years))
    first = max(min(split.validate) - recipe.warmup_years, min(split.train))
    years = sorted({*split.train, *split.validate, *split.scaler})
    used = splits.pick(ds, sorted({*split.train_sites, *split.validate_sites, *split.scaler_sites}))
    arrays, x_scaler, y_scaler = batches.load(used, split.scaler, years, _places(used, split.scaler_sites))
    _log.info("read %d site(s) x %d scenario(s) in %.0f s", *arrays.drivers.shape[:2], time.monotonic() - started)
    train_windows = batches.cut(arrays, split.train, n_years, _places(used, split.train_sites))
    held = [y for y in years if first <= y <= max(split.validate)]
    # Where years validate that also train, as they do in the official spatial protocol, they are cut like those.
    shared = set(split.validate) & set(split.train)
    n_held = n_years if shared else recipe.warmup_years + len(split.validate)
    validation = batches.cut(arrays, held, n_held, _places(used, split.validate_sites))
    validation = batches.sample(validation, recipe.validation_windows, (recipe.seed, 1))
    module, trained = _fit(arrays, train_windows, validation, recipe, config, work, progress)
    card = _card(recipe, config, source, split, arrays, protocol, experiment, ds) | {"training": trained}
    network = module.averaged.module.cpu().eval().requires_grad_(False)
    checkpoint = Checkpoint(Card(**card), network, x_scaler, y_scaler)
    del arrays
    return save(_scored(checkpoint, ds, split), out)


def _places(ds: xr.Dataset, sites: Sequence[str]) -> NDArray[np.intp] | None:
    """Where ``sites`` are in ``ds``; None, for all, where none is named."""
    return np.flatnonzero(np.isin(ds["site"].values.astype(str), list(sites))) if sites else None


def _claim(work: Path, recipe: Recipe, source: Source, split: Split) -> None:
    """Let ``work`` belong to this run; a run with another recipe, data or split may not go on in it."""
    about = dataclasses.asdict(recipe) | {"data": source.sha256, "split": dataclasses.asdict(split)}
    about = {key: value for key, value in about.items() if key not in ("max_minutes", "threads")}
    text = json.dumps(about, sort_keys=True, indent=1)
    note = work / f"run{CARD}"
    if note.exists() and note.read_text(encoding="utf-8") != text:
        raise ModelError(f"{work} holds another run ({note} differs): choose another --work, or remove that folder")
    work.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding="utf-8")


def _fit(
    arrays: batches.Arrays,
    train_windows: batches.Windows,
    validation: batches.Windows,
    recipe: Recipe,
    config: dict[str, Any],
    work: Path,
    progress: bool,
) -> tuple["Supervised", dict[str, Any]]:
    """Fit and restore the best epoch; returns the module and what the card says of the training."""
    from agroflux.training.module import Supervised

    torch.manual_seed(recipe.seed)
    network = registry.build(
        recipe.model, len(schema.DRIVERS), len(schema.TARGETS), preset=recipe.preset, **recipe.config
    )
    weights = torch.tensor([recipe.weights.get(name, 1.0) for name in schema.TARGETS])
    per_epoch = min(recipe.epoch_windows, len(train_windows))
    steps = recipe.max_epochs * -(-per_epoch // recipe.batch)
    trainer, kept, clock = _trainer(recipe, work, progress)
    warmup_days = recipe.warmup_years * 365
    limit_s = 60 * recipe.max_minutes if recipe.max_minutes else float("inf")

    def done(step: int) -> float:
        return max(step / steps, clock() / limit_s)

    module = Supervised(network, weights, warmup_days, recipe.learning_rate, recipe.decay, done)
    loaders = _loaders(arrays, train_windows, validation, recipe, trainer)
    last = work / "last.ckpt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, datamodule=loaders, ckpt_path=str(last) if last.exists() else None, weights_only=True)
    if not kept.best_model_path or kept.best_model_score is None:
        raise ModelError("training ended before its first epoch was validated: give it more time (--max-minutes)")
    state = torch.load(kept.best_model_path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])
    site_years = int(trainer.global_step) * recipe.batch * train_windows.n_years
    return module, {
        **dataclasses.asdict(recipe),
        "config": config,
        "epochs": int(trainer.current_epoch),
        "best_epoch": int(state["epoch"]),
        "steps": int(trainer.global_step),
        "minutes": round(clock() / 60, 1),
        "site_years_seen": site_years,
        "windows_to_draw_from": len(train_windows),
        "validation_loss": round(float(kept.best_model_score), 6),
        "loss": "masked squared error of standardised targets: mean over each target's values, then weighted mean",
        "precision": str(trainer.precision),
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def _trainer(recipe: Recipe, work: Path, progress: bool) -> "tuple[Trainer, ModelCheckpoint, Callable[[], float]]":
    """A quiet trainer, its keeper of the best epoch, and a clock: seconds of fitting, over all resumed runs."""
    from lightning.pytorch import Trainer
    from lightning.pytorch.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint, Timer

    def note(trainer: "Trainer", _: Any) -> None:
        values = {key: round(float(value), 5) for key, value in trainer.callback_metrics.items()}
        line = {"epoch": trainer.current_epoch, "minutes": round(timer.time_elapsed("train") / 60, 2), **values}
        with (work / "progress.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    limit = None if recipe.max_minutes is None else timedelta(minutes=recipe.max_minutes)
    timer = Timer(duration=limit, interval="step", verbose=False)
    kept = ModelCheckpoint(work, "best", monitor="val_loss", save_top_k=1, save_last=True, enable_version_counter=False)
    callbacks: list[Callback] = [
        kept,
        EarlyStopping("val_loss", patience=recipe.patience),
        timer,
        LambdaCallback(on_train_epoch_end=note),
    ]
    trainer = Trainer(
        default_root_dir=work,
        max_epochs=recipe.max_epochs,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if torch.cuda.is_available() else "32-true",
        callbacks=callbacks,
        logger=False,
        gradient_clip_val=1.0,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        enable_progress_bar=progress,
        enable_model_summary=False,
    )
    return trainer, kept, lambda: timer.time_elapsed("train")


def _loaders(
    arrays: batches.Arrays,
    train_windows: batches.Windows,
    validation: batches.Windows,
    recipe: Recipe,
    trainer: "Trainer",
) -> Any:
    """Loaders whose windows follow from seed and epoch alone, so that a resumed run draws what it would have drawn."""
    from lightning.pytorch import LightningDataModule
    from torch.utils.data import DataLoader

    class _Loaders(LightningDataModule):
        def train_dataloader(self) -> Any:
            drawn = batches.sample(train_windows, recipe.epoch_windows, (recipe.seed, 0, trainer.current_epoch))
            return DataLoader(batches.Batches(arrays, drawn, recipe.batch), batch_size=None)

        def val_dataloader(self) -> Any:
            return DataLoader(batches.Batches(arrays, validation, recipe.batch), batch_size=None)

    return _Loaders()


def _card(
    recipe: Recipe,
    config: dict[str, Any],
    source: Source,
    split: Split,
    arrays: batches.Arrays,
    protocol: str,
    experiment: str,
    ds: xr.Dataset,
) -> dict[str, Any]:
    scenarios = arrays.drivers.shape[1]
    pairs = [[[name, schema.get(name).unit] for name in names] for names in (schema.DRIVERS, schema.TARGETS)]
    return {
        "id": identifier(recipe, source.id, protocol, experiment, split, source.subsample),
        "title": f"{recipe.model.upper()} trained on {ds.attrs.get('title', source.id)}",
        "model": recipe.model,
        "config": config,
        "drivers": pairs[0],
        "targets": pairs[1],
        "warmup_days": 730,
        "protocol": protocol,
        "experiment": experiment,
        "preset": recipe.preset,
        "fold": split.fold,
        "split": split.years(),
        "sites": split.sites(),
        "data": {"id": source.id, "sha256": source.sha256, "sites": ds.sizes["site"], "scenarios": scenarios}
        | {key: ds.attrs[key] for key in ("title", "source", "licence", "citation") if key in ds.attrs}
        | {"n_rates": np.unique(ds["n_rate"].values).tolist()}
        | ({"subsample": part} if (part := source.subsample.as_dict()) else {}),
        "code_version": __version__,
        "command": source.command,
        "seed": recipe.seed,
        "synthetic": bool(ds.attrs.get("synthetic", False)),
    }


def _scored(checkpoint: Checkpoint, ds: xr.Dataset, split: Split) -> Checkpoint:
    """With test scores of the model and of climatology on the card, and the daily targets on which it loses."""
    card = checkpoint.card
    counted = protocols.count_model(checkpoint, ds)
    ours = tally.rows(counted, protocols.card_label(card, card.data["id"]))
    label = protocols.labels("climatology", card.data["id"], card.protocol, card.experiment, card.fold, 0)
    theirs = tally.rows(protocols.count_reference("climatology", ds, split), label)
    reference = {row["target"]: row["rmse"] for row in theirs}
    lost = [r["target"] for r in ours if r["target"] in schema.DAILY_TARGETS and r["rmse"] >= reference[r["target"]]]
    training = card.training | {"site_years_per_second": round(counted.site_years / counted.seconds, 1)}
    scored = dataclasses.replace(card, training=training, scores=ours + theirs, below_climatology=lost)
    return dataclasses.replace(checkpoint, card=scored)
