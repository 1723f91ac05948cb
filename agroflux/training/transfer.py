"""Adapt a checkpoint to measured site-years by a named recipe: windows in, network with its scalers out."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from agroflux import __version__, schema
from agroflux.baselines.checkpoint import Checkpoint, save
from agroflux.data.field_days import ALL
from agroflux.data.scaling import Scaler
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import metrics
from agroflux.training import adversarial, lineage, names
from agroflux.training import finetune as tuning
from agroflux.training import hybrid as coupled
from agroflux.training.adaptation import Budget, Outcome, Progress, fit, predict
from agroflux.training.adversarial import Adversarial, Pooled
from agroflux.training.allocator import keep_freed_memory
from agroflux.training.finetune import Finetune, Scratch, ZeroShot
from agroflux.training.folds import Fold
from agroflux.training.hybrid import Hybrid
from agroflux.training.site_years import Floats, SiteYears, climatology, column, text

Recipe = ZeroShot | Scratch | Finetune | Pooled | Adversarial | Hybrid

#: Every recipe by the name that commands, pages and score rows use.
RECIPES: dict[str, Recipe] = {
    "scratch": Scratch(),
    "finetune": Finetune(),
    "finetune-head": Finetune(layers="head"),
    "finetune-gradual": Finetune(layers="gradual"),
    "adversarial": Adversarial(),
    "pooled": Pooled(),
    "zero-shot": ZeroShot(),
    "hybrid": Hybrid(),
}


@dataclass(frozen=True)
class Adapted:
    """An adapted network, the scaler of its targets, and how its training went (None: it was not trained).

    ``simulated``: scaler of the simulated fluxes that a hybrid network takes as further drivers.
    """

    network: nn.Module
    targets: Scaler
    outcome: Outcome | None
    simulated: Scaler | None = None

    def predict(self, site_years: SiteYears) -> Floats:
        """Targets ``(window, 365, target)`` of ``site_years`` in physical units (:func:`.adaptation.predict`)."""
        seen = site_years if self.simulated is None else coupled.widened(site_years, self.simulated)
        return predict(self.network, self.targets, seen)


def recipe(name: str) -> Recipe:
    """The recipe called ``name`` with its defaults; ModelError names the known ones."""
    if name not in RECIPES:
        raise ModelError(f"unknown recipe {name!r}: use one of {', '.join(RECIPES)}")
    return RECIPES[name]


def needs_source(chosen: Recipe) -> bool:
    """Whether ``chosen`` trains on simulated windows too."""
    return isinstance(chosen, Adversarial | Pooled)


def untaught(targets: Sequence[str], train: SiteYears) -> tuple[str, ...]:
    """Those of ``targets`` of which ``train`` holds no value: after any training they are what they were before."""
    columns = {name: schema.TARGETS.index(column(name)) for name in targets}
    return tuple(name for name, k in columns.items() if not np.isfinite(train.targets[..., k]).any())


def adapt(
    checkpoint: Checkpoint,
    chosen: Recipe,
    train: SiteYears,
    validate: SiteYears,
    *,
    targets: Sequence[str] = (),
    source: SiteYears | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    report: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Adapted:
    """Adapt ``checkpoint`` to ``train``, choosing the epoch by ``validate``; the checkpoint itself is not changed.

    Targets that the windows do not hold are not seen by the loss and their rows of the head stay as they are. Their
    predictions still move where an earlier part is trained, as all targets are read from one embedding.

    Args:
        targets: those asked for by name, as ``NEE`` and ``GPP``: a score of one that is not taught would be chance.
        source: simulated windows (:func:`agroflux.training.adversarial.simulated`), for recipes that need them.
        report, cancelled: called at each validation with the progress, and after each epoch to ask for an early end.

    Raises SelectionError: ``train`` holds no value of one of ``targets``. ModelError: no source for a recipe that needs
    one, or no measured value to train or validate on.
    """
    lacking = untaught(targets, train)
    if lacking:
        raise SelectionError(
            f"no site-year to train on holds a value of {', '.join(lacking)}: train on some that do, or name the other "
            "targets alone"
        )
    if isinstance(chosen, ZeroShot):
        return Adapted(checkpoint.network, checkpoint.targets, None)
    keep_freed_memory()
    own = tuning.own_scaler(checkpoint.targets, train) if chosen.rescale else checkpoint.targets
    inputs = None
    if isinstance(chosen, Hybrid):
        inputs = coupled.scaler(train)
        train, validate = (coupled.widened(part, inputs) for part in (train, validate))
        plan = coupled.plan(chosen, checkpoint, seed)
    elif isinstance(chosen, Scratch):
        plan = tuning.scratch(chosen, checkpoint, seed)
    else:
        network = tuning.moved_to(checkpoint.network, checkpoint.targets, own)
        if isinstance(chosen, Finetune):
            plan = tuning.finetune(chosen, network)
        elif source is None:
            raise ModelError("this recipe trains on simulations too: name the data set that the model was trained on")
        else:
            plan = adversarial.joint(chosen, network, source, (checkpoint.targets, own), seed)
    outcome = fit(plan, train, validate, own, budget or Budget(), seed, report=report, cancelled=cancelled)
    return Adapted(plan.network, own, outcome, inputs)


@dataclass(frozen=True)
class Origin:
    """What a card says of the measured data: id, hash, the data set's attributes, and the command."""

    id: str
    sha256: str
    attrs: dict[str, Any]
    command: str


@dataclass(frozen=True)
class Run:
    """What decides a result beside model and data: recipe (by name), targets, site-years of each use, seed, budget."""

    recipe: str
    targets: tuple[str, ...]
    fold: Fold
    seed: int = 0
    budget: Budget = field(default_factory=Budget)


def scores(adapted: Adapted, targets: Sequence[str], test: SiteYears) -> list[dict[str, Any]]:
    """Rows with n and every metric on the measured days of ``test``: ``by``, ``group``, ``target`` say of which.

    Every day (``by`` and ``group`` are ``all``) comes first, a row a target; then the groups of days
    (:mod:`agroflux.data.field_days`) on which a target was measured.
    """
    return _rows(targets, test, adapted.predict(test))


def _rows(targets: Sequence[str], test: SiteYears, simulated: Floats) -> list[dict[str, Any]]:
    found = []
    for (by, group), days in test.groups().items():
        for name in targets:
            k = schema.TARGETS.index(column(name))
            row = metrics.score(np.where(days, test.targets[..., k], np.nan), simulated[..., k])
            found += [{"target": name, "by": by, "group": group} | row] if by == ALL or row["n"] else []
    return found


def adapted_name(checkpoint: Checkpoint, run: Run, origin: Origin) -> str:
    """What an adapted model is called: ``<source model>-<data id>-<recipe>``."""
    return f"{checkpoint.card.id}-{origin.id}-{run.recipe}"


def finished(
    checkpoint: Checkpoint, adapted: Adapted, run: Run, site_years: SiteYears, origin: Origin, name: str = ""
) -> Checkpoint:
    """The adapted checkpoint with a card that says how it came about; ``name`` if not :func:`adapted_name`.

    Its scores are on the test site-years, beside those of the day-of-year climatology of the training site-years;
    ``scores_by_group`` are those by crop and by known or unknown management.
    """
    card, fold = checkpoint.card, run.fold
    uses = {"train": fold.train, "validate": fold.validate, "test": fold.test}
    train, test = site_years.take(fold.train), site_years.take(fold.test)
    label = {"data": origin.id, "protocol": card.protocol, "experiment": fold.protocol}
    name = name or adapted_name(checkpoint, run, origin)
    mean = np.broadcast_to(climatology(train), test.targets.shape)
    scored = {name: scores(adapted, run.targets, test), "climatology": _rows(run.targets, test, mean)}
    rows = [{"model": model} | label | row for model, part in scored.items() for row in part]
    ours, theirs = ([r for r in part if r["by"] == ALL] for part in scored.values())
    card = dataclasses.replace(
        card,
        id=name,
        title=f"{card.title}, adapted to {origin.attrs.get('title', origin.id)} ({run.recipe})",
        experiment=fold.protocol,
        fold=None,  # a spatial fold of the source, and its counties, say nothing of measured site-years
        sites={},
        split={use: sorted({year for _, year in keys}) for use, keys in uses.items()},
        data={"id": origin.id, "sha256": origin.sha256}
        | {key: origin.attrs[key] for key in ("title", "source", "licence", "citation") if key in origin.attrs}
        | {"site_years": {use: [text(key) for key in keys] for use, keys in uses.items()}}
        | ({lineage.EARLIER: before} if (before := lineage.adaptations(card)) else {}),
        training=_training(checkpoint, adapted, run, site_years),
        code_version=__version__,
        command=origin.command,
        seed=run.seed,
        synthetic=bool(origin.attrs.get("synthetic", False)),
        scores=[row for row in rows if row["by"] == ALL],
        scores_by_group=[row for row in rows if row["by"] != ALL],
        below_climatology=[a["target"] for a, b in zip(ours, theirs, strict=True) if not a["rmse"] < b["rmse"]],
    )
    return Checkpoint(card, adapted.network, checkpoint.drivers, adapted.targets)


def _training(checkpoint: Checkpoint, adapted: Adapted, run: Run, site_years: SiteYears) -> dict[str, Any]:
    card, outcome = checkpoint.card, adapted.outcome
    adapted_columns = {column(name) for name in run.targets}
    shares = {d: round(float(site_years.known[..., k].mean()), 3) for k, d in enumerate(checkpoint.drivers.names)}
    return {
        "recipe": run.recipe,
        "settings": dataclasses.asdict(recipe(run.recipe)),
        "budget": dataclasses.asdict(run.budget),
        "source_model": {"id": card.id, "weights_sha256": card.weights_sha256, "data": card.data.get("id")},
        "targets": list(run.targets),
        "targets_left_alone": [name for name in schema.TARGETS if name not in adapted_columns],
        "share_of_days_known": shares,
        "loss": "masked squared error of standardised targets: mean over each target's values, then over targets",
    } | ({} if outcome is None else {k: v for k, v in dataclasses.asdict(outcome).items() if k != "curve"})


def adapt_and_save(
    checkpoint: Checkpoint,
    site_years: SiteYears,
    run: Run,
    origin: Origin,
    out: Path,
    *,
    source: SiteYears | None = None,
    report: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Adapt, score on the test site-years, and write checkpoint and card into ``out``; returns the weights' path.

    Its name is :func:`adapted_name`, with a number behind it where another adaptation has that (:mod:`.names`).
    A run that is cancelled still gives its best epoch; the card says so. Arguments and errors as :func:`adapt`.
    """
    train, validate = site_years.take(run.fold.train), site_years.take(run.fold.validate)
    more: dict[str, Any] = {"targets": run.targets, "report": report, "cancelled": cancelled}
    adapted = adapt(
        checkpoint, recipe(run.recipe), train, validate, source=source, budget=run.budget, seed=run.seed, **more
    )
    with names.free(adapted_name(checkpoint, run, origin), out, origin.command) as name:
        return save(finished(checkpoint, adapted, run, site_years, origin, name), out)
