"""Supervised training of a baseline on simulations: data set in, checkpoint with card and scores out."""

import dataclasses
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from agroflux import __version__, paths, schema
from agroflux.baselines import registry
from agroflux.baselines.card import CARD, Card
from agroflux.baselines.checkpoint import Checkpoint, save
from agroflux.data import splits
from agroflux.data.scaling import Scaler
from agroflux.data.splits import Split
from agroflux.data.subsample import ALL, Subsample
from agroflux.errors import ModelError
from agroflux.evaluation import protocols, tally
from agroflux.training import batches, locks
from agroflux.training.allocator import keep_freed_memory
from agroflux.training.recipes import Recipe, identifier

if TYPE_CHECKING:
    from agroflux.training.fitting import Fitted

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
    devices: int | None = None,
    progress: bool = False,
) -> Path:
    """Train, restore the best epoch, score it and climatology on the test years, and write the checkpoint.

    A run that was stopped goes on from its last whole epoch when ``work`` is the same folder, wherever it lies now.

    Args:
        ds: simulation, noleap calendar, with all drivers and all targets.
        out, work: folder of the finished checkpoint; folder of Lightning's own (keep it outside the repository).
        devices: GPUs, or processes where there is none; None: every GPU, or one process (see :mod:`.fitting`).

    Returns:
        Path of the weights, named as :func:`agroflux.training.recipes.identifier` says; the card is beside them.

    Raises:
        SelectionError: too few years. DataError: drivers or targets missing, or drivers with gaps. ModelError:
        unknown model or setting, or ``work`` belongs to another run, or another process trains there.
    """
    from agroflux.training import fitting  # loads Lightning, which takes seconds

    config = registry.configuration(recipe.model, recipe.preset, **recipe.config)
    used_devices = fitting.count(devices)
    how: dict[str, Any] = {"part": source.subsample, "devices": used_devices, "progress": progress}
    fitted, read = fit(ds, split, recipe, source.sha256, work=work, **how)
    trained = _trained(fitted, recipe, config, read.windows) | {"devices": used_devices}
    card = _card(recipe, config, source, split, read.arrays, protocol, experiment, ds) | {"training": trained}
    checkpoint = Checkpoint(Card(**card), fitted.network, read.x_scaler, read.y_scaler)
    del read  # gigabytes, which scoring reads in pieces
    return save(_scored(checkpoint, ds, split), out)


@dataclass(frozen=True)
class Read:
    """What a network was fitted on: the data, the windows that it drew from, and the scalers of both sides."""

    arrays: batches.Arrays
    windows: batches.Windows
    x_scaler: Scaler
    y_scaler: Scaler


def fit(
    ds: xr.Dataset,
    split: Split,
    recipe: Recipe,
    sha256: str,
    *,
    work: Path,
    part: Subsample = ALL,
    devices: int = 1,
    progress: bool = False,
) -> tuple["Fitted", Read]:
    """Read the years that ``split`` names, test years left out, and fit a network to them; arguments as in train.

    ``part`` is what was taken of the data already, where the name of ``work`` does not tell it.
    """
    # A worker that outlived its caller would write the same files as the run that was started again.
    with locks.alone(work, f"another process trains in {work}: wait until it ends, or choose another --work"):
        _claim(work, recipe, sha256, split, part)
        return _fit(ds, split, recipe, work, devices, progress=progress)


def _fit(
    ds: xr.Dataset, split: Split, recipe: Recipe, work: Path, devices: int, *, progress: bool
) -> tuple["Fitted", Read]:
    from agroflux.training import fitting

    started = time.monotonic()
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
    fitted = fitting.fit(arrays, train_windows, validation, recipe, work, devices=devices, progress=progress)
    return fitted, Read(arrays, train_windows, x_scaler, y_scaler)


def _places(ds: xr.Dataset, sites: Sequence[str]) -> NDArray[np.intp] | None:
    """Where ``sites`` are in ``ds``; None, for all, where none is named."""
    return np.flatnonzero(np.isin(ds["site"].values.astype(str), list(sites))) if sites else None


def _claim(work: Path, recipe: Recipe, sha256: str, split: Split, part: Subsample) -> None:
    """Let ``work`` belong to this run; a run with another recipe, data, part of it or split may not go on in it."""
    about = dataclasses.asdict(recipe) | {"data": sha256, "split": dataclasses.asdict(split)}
    about |= {"subsample": kept} if (kept := part.as_dict()) else {}  # its id tells how many rates, not which
    about["config"] = registry.configuration(recipe.model, recipe.preset, **recipe.config)  # presets change
    about = {key: value for key, value in about.items() if key not in ("max_minutes", "threads")}
    text = json.dumps(about, sort_keys=True, indent=1)
    note = work / f"run{CARD}"
    held = note.read_text(encoding="utf-8", errors="replace") if note.exists() else ""
    if held == text:
        return
    # A note whose writing was broken off, as earlier versions could leave one, is empty or begins as this run's does.
    if not text.startswith(held):
        raise ModelError(f"{work} holds another run ({note} differs): choose another --work, or remove that folder")
    if any(work.glob("*.ckpt")):
        _log.warning(
            "%s was broken off: what was trained there is taken for this run's; "
            "if another run left it, stop this one and remove that folder",
            note,
        )
    work.mkdir(parents=True, exist_ok=True)
    paths.write_whole(note, text)


def _trained(fitted: "Fitted", recipe: Recipe, config: dict[str, Any], windows: batches.Windows) -> dict[str, Any]:
    """What the card says of the training."""
    return {
        **dataclasses.asdict(recipe),
        "config": config,
        "epochs": fitted.epochs,
        "best_epoch": fitted.best_epoch,
        "steps": fitted.steps,
        "minutes": round(fitted.seconds / 60, 1),
        "site_years_seen": fitted.steps * recipe.batch * windows.n_years,
        "windows_to_draw_from": len(windows),
        "validation_loss": round(fitted.validation_loss, 6),
        "loss": "masked squared error of standardised targets: mean over each target's values, then weighted mean",
        "precision": fitted.precision,
        "parameters": sum(p.numel() for p in fitted.network.parameters()),
    }


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
        "title": f"{registry.title(recipe.model)} trained on {ds.attrs.get('title', source.id)}"
        + (f", seed {recipe.seed}" if recipe.seed else ""),
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
    started = time.monotonic()
    known = protocols.count_reference("climatology", ds, split)
    theirs = tally.rows(known, label | {"duration_s": round(time.monotonic() - started, 1)})
    reference = {row["target"]: row["rmse"] for row in theirs}
    lost = [r["target"] for r in ours if r["target"] in schema.DAILY_TARGETS and r["rmse"] >= reference[r["target"]]]
    training = card.training | {"site_years_per_second": round(counted.site_years / counted.seconds, 1)}
    scored = dataclasses.replace(card, training=training, scores=ours + theirs, below_climatology=lost)
    return dataclasses.replace(checkpoint, card=scored)
