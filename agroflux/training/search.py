"""A small search for each network's settings, judged on validation years alone; resumable.

Every candidate is trained for the same time on the study's part of the data, and its best validation loss is kept in
``search.json`` beside the models. Test years are not read. A short time favours what learns fast, as a small network
does, so the best of a short search are tried again for longer (``best``). What :mod:`agroflux.baselines.registry` and
:mod:`.recipes` recommend is the first candidate; where another is at least ``MARGIN`` better in the longest search
(:func:`advice`), it is put in its place by hand.
"""

import dataclasses
import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import registry
from agroflux.data import catalog, splits
from agroflux.data.subsample import Subsample, take
from agroflux.errors import DataError
from agroflux.evaluation import leaderboard
from agroflux.training import locks, processes, recipes, study, supervised

_log = logging.getLogger(__name__)

NAME = "search.json"
#: Time of a candidate on one core [min]: a fifth of a long training, so that slow learners are not favoured late.
MINUTES = 4.0
#: Share of the validation loss by which a candidate must be better: seeds of the LSTM differ by about half of it.
MARGIN = 0.05
Row = dict[str, Any]
#: What a row tells of a training only where it departs from the default.
_TOLD = ("warmup_years", "loss_years", "epoch_windows", "decay", "weights", "unknown_management", "any_day")
_DEFAULT = recipes.Recipe()


@dataclass(frozen=True)
class Candidate:
    """Changes to a network's settings and to how it is trained (fields of :class:`.recipes.Recipe`)."""

    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


#: Tried for each network, beside what is recommended.
CANDIDATES: dict[str, tuple[Candidate, ...]] = {
    "lstm": (Candidate({"hidden": 64}), Candidate({"hidden": 192}), Candidate({"layers": 2})),
    "ealstm": (Candidate({"hidden": 64}), Candidate({"hidden": 192}), Candidate({}, {"learning_rate": 2e-3})),
    "tcn": (
        Candidate({"hidden": 64}),
        Candidate({"kernel": 5, "dilations": [1, 5, 25, 75]}),
        Candidate({}, {"learning_rate": 4e-3}),
    ),
    "transformer": (Candidate({"window": 64}), Candidate({"layers": 2}), Candidate({}, {"learning_rate": 1e-3})),
    "itransformer": (
        Candidate({"near": 736}),
        Candidate({"near": 64}),
        Candidate({"near": 64, "context": 384}),
        Candidate({"near": 64, "context": 128}),
        Candidate({"near": 64, "dropout": 0.1}),
        Candidate({"near": 64, "channels": 16, "hidden": 96, "feed": 192}),
        Candidate({"near": 64, "window": 16}),
    ),
    "pyraformer": (
        Candidate({"dropout": 0.1}),
        Candidate({"scales": 4}),
        Candidate({"scales": 4, "reach": 2}),
        Candidate({"scales": 3, "reach": 4}),
        Candidate({}, {"learning_rate": 1e-3}),
    ),
}


def read(folder: Path | None = None) -> list[Row]:
    """The rows of ``search.json`` in ``folder`` (default ``models/``); none where there is no such file."""
    path = (folder or paths.MODELS) / NAME
    try:
        rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it again with 'agroflux search'") from None
    return rows


def run(
    models: Sequence[str],
    data: Path,
    out: Path,
    work: Path,
    *,
    minutes: float = MINUTES,
    part: Subsample = study.PART,
    workers: int = 1,
    best: int | None = None,
    note: Callable[[str], None] = _log.info,
) -> tuple[list[Row], list[str]]:
    """Train the candidates of ``models`` that ``search.json`` in ``out`` lacks, and write their rows into it.

    Args:
        data, part: a simulation, and what of it is used.
        work: folder for states of training.
        minutes: time of a candidate [min].
        best: only so many of each network, the best of shorter searches on the same data, and what is recommended.

    Returns:
        All rows of ``models`` on this data, for this time, best first within each; one sentence a candidate that
        failed, the others are done.

    Raises:
        DataError: no such data set. ModelError: unknown model.
    """
    for model in models:
        registry.configuration(model)  # refuses one that is not known
    sha256 = cards.sha256(data)
    wanted = [_recipe(model, candidate, minutes) for model in models for candidate in (Candidate(), *CANDIDATES[model])]
    rows = read(out)
    if best is not None:
        wanted = _promising(wanted, rows, best, data, sha256, part)
    waiting = [recipe for recipe in wanted if _key(_about(recipe, data, sha256, part)) not in map(_key, rows)]
    note(f"{len(wanted) - len(waiting)} of {len(wanted)} candidate(s) tried before")
    failed: list[str] = []

    def ended(recipe: recipes.Recipe, found: Callable[[], Row]) -> None:
        try:
            row = found()
            _add(row, out)
        except Exception as error:  # a full disk, for one: the other candidates go on
            failed.append(f"{recipe.model} {_changes(recipe.model, _settings(recipe))}: {processes.told(error)}")
            note(failed[-1])
        else:
            note(f"{row['model']}: validation loss {row['validation_loss']:.4f}")

    processes.each(partial(_tried, data=data, sha256=sha256, part=part, work=work), waiting, workers, ended)
    same = {"data_sha256": sha256, "subsample": part.as_dict(), "minutes": minutes}
    rows = [row for row in read(out) if row["model"] in models and all(row[k] == v for k, v in same.items())]
    return rows, failed


def _add(row: Row, out: Path) -> None:
    """Write ``row`` into ``search.json`` beside what is there by now: another search may have written since."""
    with locks.alone(out):
        others = [other for other in read(out) if _key(other) != _key(row)]
        rows = sorted([*others, row], key=lambda one: (one["model"], one["validation_loss"]))
        leaderboard.write_lines(rows, out / NAME)


def _promising(
    wanted: Sequence[recipes.Recipe], rows: Sequence[Row], best: int, data: Path, sha256: str, part: Subsample
) -> list[recipes.Recipe]:
    """Of ``wanted`` what is recommended, and of each network the ``best`` by shorter searches; DataError if none."""
    tried: dict[str, list[tuple[float, recipes.Recipe]]] = {}
    for recipe in wanted:
        about = _about(recipe, data, sha256, part)
        same = [row for row in rows if _key(row | {"minutes": recipe.max_minutes}) == _key(about)]
        shorter = [row for row in same if row["minutes"] < about["minutes"]]
        if not shorter:
            raise DataError(
                f"{recipe.model}: not every candidate was tried for a shorter time on {data.name}: "
                "search without --best first"
            )
        loss = float(max(shorter, key=lambda row: float(row["minutes"]))["validation_loss"])
        tried.setdefault(recipe.model, []).append((loss, recipe))
    ranked = [sorted(each, key=lambda pair: pair[0]) for each in tried.values()]
    return [
        recipe
        for each in ranked
        for place, (_, recipe) in enumerate(each)
        if place < best or _settings(recipe) == _recommended(recipe.model)
    ]


def advice(rows: Sequence[Row], model: str) -> str:
    """One sentence: whether what is recommended for ``model`` stands, by its rows on one data set."""
    ours = [row for row in rows if row["model"] == model]
    recommended = _recommended(model)
    now = min((row["validation_loss"] for row in ours if row["settings"] == recommended), default=None)
    if now is None:
        return f"{model}: what is recommended was not tried"
    best = min(ours, key=lambda row: float(row["validation_loss"]))
    less = 1.0 - best["validation_loss"] / now
    if less < MARGIN:
        return f"{model}: what is recommended stands ({less:.0%} at most is to be won)"
    return f"{model}: {less:.0%} less loss with {_changes(model, best['settings'])}"


def record(folder: Path) -> int:
    """Note in each card of ``folder`` of the recommended kind what was tried for its network; returns how many."""
    rows, noted = read(folder), 0
    shown = ("settings", "validation_loss", "epochs", "parameters", "minutes", "data", "subsample")
    for card in cards.available(folder):
        tried = [{name: row[name] for name in shown} for row in rows if row["model"] == card["model"]]
        if card["preset"] == "recommended" and "recipe" not in card["training"] and tried:
            path = cards.weights_path(card["id"], folder)
            found = cards.read(path)
            cards.write(dataclasses.replace(found, training=found.training | {"search": tried}), path)
            noted += 1
    return noted


def _recipe(model: str, candidate: Candidate, minutes: float) -> recipes.Recipe:
    changes = candidate.training | {"max_minutes": minutes, "max_epochs": study.MAX_EPOCHS}
    return recipes.recipe(model, config=candidate.settings, **changes)


def _about(recipe: recipes.Recipe, data: Path, sha256: str, part: Subsample) -> Row:
    """What names a row. Settings are told in full, as what is recommended may change."""
    return {
        "model": recipe.model,
        "settings": _settings(recipe),
        "data": data.name.removesuffix(".zip").removesuffix(".zarr"),
        "data_sha256": sha256,
        "subsample": part.as_dict(),
        "minutes": recipe.max_minutes,
        "seed": recipe.seed,
    }


def _settings(recipe: recipes.Recipe) -> dict[str, Any]:
    """The network's settings, and how it is trained: rate and batch, and whatever else departs from the defaults."""
    settings = registry.configuration(recipe.model, recipe.preset, **recipe.config)
    told = {name: value for name in _TOLD if (value := getattr(recipe, name)) != getattr(_DEFAULT, name)}
    return settings | {"learning_rate": recipe.learning_rate, "batch": recipe.batch} | told


def _changes(model: str, settings: dict[str, Any]) -> str:
    """Where ``settings`` depart from what is recommended for ``model``, in words."""
    recommended = _recommended(model)
    changes = {name: value for name, value in settings.items() if value != recommended.get(name)}
    changes |= {name: getattr(_DEFAULT, name) for name in recommended if name not in settings and name in _TOLD}
    return ", ".join(f"{name}={value}" for name, value in changes.items()) or "as recommended"


def _recommended(model: str) -> dict[str, Any]:
    return _settings(recipes.recipe(model))


def _key(row: Row) -> str:
    return json.dumps(
        {key: row[key] for key in ("model", "settings", "data_sha256", "subsample", "minutes")}, sort_keys=True
    )


def _tried(recipe: recipes.Recipe, data: Path, sha256: str, part: Subsample, work: Path) -> Row:
    ds = take(catalog.open_dataset(data), part)
    about = _about(recipe, data, sha256, part)
    place = work / hashlib.sha256(_key(about).encode()).hexdigest()[:16]
    fitted, _ = supervised.fit(ds, splits.make(ds, "clean", "temporal"), recipe, sha256, work=place)
    found = {"validation_loss": fitted.validation_loss, "epochs": fitted.epochs, "best_epoch": fitted.best_epoch}
    return about | found | {"parameters": sum(p.numel() for p in fitted.network.parameters())}
