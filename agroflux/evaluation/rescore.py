"""Score the shipped checkpoints again on the bundled data: to make the leaderboard's rows, and to check them.

Shipped checkpoints were trained on a set that is too large to ship. What they scored on it stands in their cards and
is copied from there; what they score on the bundled data is worked out here, and can be worked out by anyone.
"""

import dataclasses
import fnmatch
import json
import math
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines.registry import REFERENCES
from agroflux.data import catalog, joined, splits, windows
from agroflux.data.subsample import ALL, Subsample
from agroflux.errors import SelectionError
from agroflux.evaluation import leaderboard, protocols, tally
from agroflux.evaluation.leaderboard import Row
from agroflux.inference import predict as predictor
from agroflux.training import locks, recipes

if TYPE_CHECKING:
    from agroflux.baselines.card import Card

SKILL = "skill.json"
TOLERANCE = 1e-4
Note = Callable[[str], None]
#: Metrics in the unit of the target; the others have no unit.
_IN_UNITS = ("rmse", "mae", "bias", "peak_threshold")
#: Options of ``agroflux train`` that make another kind of model of the same preset, a rate where it is not usual.
_KINDS = ("--unknown-management", "--learning-rate", "--set")
_Scored = tuple[list[Row], list[Row]]


def refresh(
    folder: Path | None = None,
    references: Iterable[str] = tuple(REFERENCES),
    note: Note = print,
    only: str | None = None,
) -> Path:
    """Write ``leaderboard.json`` and ``skill.json`` of the checkpoints in ``folder`` (default ``models/``).

    Rows on the bundled data are made anew; those of other runs on the full data stay. With ``only``, a shell pattern,
    rows of the models whose id fits are made, those of references where there are none, and all others stay: speeds of
    such rows compare badly with the others', so make all of them before they are shipped. ``note`` is told each step.
    Returns the path of the leaderboard.

    Raises:
        ModelError: a damaged checkpoint. SelectionError: a data set without the test years, or no id fits ``only``.
    """
    folder = folder or paths.MODELS
    chosen = fnmatch.filter(_shipped(folder), only or "*")
    if only and not chosen:
        raise SelectionError(f"no model in {folder} fits {only!r}: it holds {', '.join(_shipped(folder))}")
    kept = leaderboard.read(folder)
    old = kept if only else [row for row in kept if row["scored_on"] != "bundle"]
    done = {_name(row) for row in old if row["scored_on"] == "bundle"}
    new: list[Row] = []
    skill: list[Row] = []
    for name in chosen:
        card = cards.read(folder / f"{name}{cards.CARD}")
        new += card_rows(card)
        note(f"scoring {name}")
        rows, counties = _bundle_rows(folder / f"{name}{cards.WEIGHTS}")
        new, skill = new + rows, skill + counties
    for task, card in _tasks(folder, chosen).items():
        for name in references:
            if (name, *task) in done:
                continue
            note(f"scoring {name} on {task[0]}, {card.protocol} {card.experiment}")
            rows, counties = reference_rows(name, card)
            new, skill = new + rows, skill + counties
    with locks.alone(folder):  # a study, or another refresh, may write its rows
        if only:
            made = {_name(row) for row in skill}
            skill = [*(row for row in _skill(folder) if _name(row) not in made), *skill]
        leaderboard.write_lines(skill, folder / SKILL)
        # Read anew: a study may have written rows while these were scored.
        kept = leaderboard.read(folder)
        old = kept if only else [row for row in kept if row["scored_on"] != "bundle"]
        return leaderboard.write(leaderboard.merge(old, new), folder)


def check(folder: Path | None = None, note: Note = print) -> list[str]:
    """One sentence a figure of the leaderboard that no longer follows from the shipped checkpoints.

    Rows on the bundled data, of checkpoints and of climatology, are worked out again, with the scores of each county.
    Those on the data that a checkpoint was trained on, which are not shipped, are compared with its card. Rows of
    models that are not shipped, and those of ridge and boosting, are not checked.
    """
    folder = folder or paths.MODELS
    held = {leaderboard.key(row): row for row in leaderboard.read(folder)}
    again: list[Row] = []
    skill: list[Row] = []
    for name in _shipped(folder):
        note(f"scoring {name}")
        rows, counties = _bundle_rows(folder / f"{name}{cards.WEIGHTS}")
        again, skill = again + rows, skill + counties
        again += card_rows(cards.read(folder / f"{name}{cards.CARD}"))
    for card in _tasks(folder, _shipped(folder)).values():
        rows, counties = reference_rows("climatology", card)
        again, skill = again + rows, skill + counties
    found = [sentence for row in again for sentence in _differences(held.get(leaderboard.key(row)), row)]
    maps = {_name(row): row for row in _skill(folder)}
    found += [sentence for row in skill for sentence in _map_differences(maps.get(_name(row)), row)]
    known = {leaderboard.key(row) for row in again}
    bundled = {k for k, row in held.items() if row["scored_on"] == "bundle"}
    gone = {k[0] for k in bundled - known if k[0] not in REFERENCES}
    return found + [f"{model}: in the leaderboard, but no such checkpoint follows" for model in sorted(gone)]


def card_rows(card: "Card") -> list[Row]:
    """What a card says of the data its model was trained on; none if that is the bundled set itself."""
    bundled = _bundled(card.data["id"])
    if bundled is not None and card.data.get("sha256") == _sha256(bundled):
        return []
    part = Subsample.of(card.data.get("subsample") or {})
    scored_on = "subsample" if part.as_dict() else "full"
    common = {"scored_on": scored_on, "data_sha256": card.data.get("sha256")}
    data = card.data["id"].removesuffix("-full")
    location = joined.PLUS.join(f"{name}.zarr" for name in data.split(joined.PLUS))
    found = []
    for score in card.scores:
        ours = score["model"] == card.id
        label = protocols.labels(score["model"], data, card.protocol, card.experiment, card.fold, 0)
        theirs = reference_facts(score["model"], label, score.get("duration_s"), location=location, part=part)
        about = (model_facts(card) if ours else theirs) | common
        found.append(label | score | {"data": data, "seed": card.seed if ours else 0} | about)
    return found


def model_facts(card: "Card") -> Row:
    """What a row says of a trained model beside its scores; the command is the one that trained it."""
    minutes = card.training.get("minutes")
    return {
        "architecture": card.model,
        "preset": _kind(card),
        "parameters": card.training.get("parameters"),
        "command": card.command,
        "duration_s": None if minutes is None else round(60 * minutes, 1),
        "site_years_per_second": card.training.get("site_years_per_second"),
    }


def _kind(card: "Card") -> str:
    """The preset, and what else the training was told: runs of one kind alone are averaged."""
    words = shlex.split(card.command)
    told = [word.removeprefix("--") for word in words if word in ("--january", "--any-day")]
    told += [
        f"{word.removeprefix('--')} {value}"
        for word, value in pairwise(words)
        if word in _KINDS and not (word == "--learning-rate" and recipes.is_usual(card.model, float(value)))
    ]
    preset = [] if told and card.preset == "recommended" else [card.preset]
    return ", ".join(preset + told)


def reference_facts(
    name: str,
    label: Mapping[str, Any],
    duration: float | None = None,
    *,
    location: str | None = None,
    part: Subsample = ALL,
) -> Row:
    """What a row says of a reference beside its scores; its ``command`` scores it again.

    ``location`` is the name of the file or folder that was scored (None: the data set of the label), ``part`` what
    of it.
    """
    words = ["agroflux evaluate --model", name, "--data", location or label["data"], "--protocol", label["protocol"]]
    words += ["--experiment", label["experiment"]]
    words += [] if label["fold"] is None else ["--fold", str(label["fold"])]
    command = " ".join([*words, *part.options()])
    return {
        "architecture": name,
        "preset": None,
        "parameters": None,
        "command": command,
        "duration_s": None if duration is None else round(duration, 1),
        "site_years_per_second": None,
    }


def reference_rows(name: str, card: "Card") -> _Scored:
    """Rows and county scores of a reference beside a model, on the bundled form of the model's data.

    It is fitted on those of the model's training years that are bundled, and tested on the years that the model is
    tested on: the bundled years, split afresh, need not give the same. No rows where no year is left for either.
    A model that was trained on the full data has learned from more years
    (:func:`agroflux.evaluation.leaderboard.comparable`).
    """
    data = str(_bundled(card.data["id"]))
    ds = catalog.open_dataset(data)
    fresh = splits.make(ds, card.protocol, card.experiment, card.fold or 0)
    held = windows.calendar_years(ds)
    train, test = (tuple(year for year in card.split[use] if year in held) for use in ("train", "test"))
    if not train or not test:
        return [], []
    started = time.monotonic()
    counted = protocols.count_reference(name, ds, dataclasses.replace(fresh, train=train, test=test))
    label = protocols.labels(name, data, card.protocol, card.experiment, card.fold, 0)
    about = reference_facts(name, label, time.monotonic() - started)
    if (train, test) != (fresh.train, fresh.test):
        about["command"] = "agroflux leaderboard --refresh"  # `agroflux evaluate` would split the bundled years
    return _rows(counted, ds, label, about | {"scored_on": "bundle", "data_sha256": _sha256(data)})


def _bundle_rows(path: Path) -> _Scored:
    checkpoint = predictor.load(path)
    data = _bundled(checkpoint.card.data["id"])
    if data is None:
        return [], []
    ds = catalog.open_dataset(data)
    counted, label = protocols.count_model(checkpoint, ds), protocols.card_label(checkpoint.card, data)
    scored = {"scored_on": "bundle", "data_sha256": _sha256(data), "duration_s": round(counted.seconds, 1)}
    words = ["agroflux evaluate --model", checkpoint.card.id, "--data", data]
    words += ["--protocol", label["protocol"], "--experiment", label["experiment"]]
    return _rows(counted, ds, label, model_facts(checkpoint.card) | scored | {"command": " ".join(words)})


def _rows(counted: tally.Tally, ds: xr.Dataset, label: Row, about: Row) -> _Scored:
    speed = round(counted.site_years / counted.seconds, 1) if counted.seconds else None
    rows = [row | about | {"site_years_per_second": speed} for row in tally.rows(counted, label)]
    at = {site: k for k, site in enumerate(counted.sites)}
    sites = ds["site"].values.astype(str).tolist()
    skill = {
        target: {name: [_digits(part[at[s]]) if s in at else None for s in sites] for name, part in values.items()}
        for target, values in tally.counties(counted).items()
    }
    return rows, [label | {"scored_on": about["scored_on"], "sites": sites, "targets": skill}]


def _digits(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _differences(was: Row | None, now: Row) -> list[str]:
    part = "" if now["scored_on"] == "bundle" else f" ({now['scored_on']})"
    place = f"{now['model']} on {now['data']}{part}, {now['target']}"
    if was is None:
        return [f"{place}: not in the leaderboard, run 'make leaderboard'"]
    figures = [name for name in now if name == "n" or name.removesuffix("_low").removesuffix("_high") in _CHECKED]
    return [
        f"{place}: {name} is {_number(now[name]):.7g}, the leaderboard says {was.get(name)}"
        for name in figures
        if not _follows(name, was.get(name), now)
    ]


def _map_differences(was: Row | None, now: Row) -> list[str]:
    """One sentence a target whose scores by county no longer follow."""
    place = f"{now['model']} on {now['data']}"
    if was is None or was["sites"] != now["sites"]:
        return [f"{place}: no scores of its counties in {SKILL}, run 'make leaderboard'"]
    found = []
    for target, metrics in now["targets"].items():
        told = was["targets"].get(target, {})
        off = {
            site
            for name, values in metrics.items()
            for site, value, old, rmse in zip(
                now["sites"], values, told.get(name, [None] * len(values)), metrics["rmse"], strict=True
            )
            if not _near(old, value, 1.0 if name == "r2" else rmse)
        }
        if off:
            found.append(f"{place}, {target}: scores of {len(off)} county(ies) differ from {SKILL}, {min(off)} for one")
    return found


def _near(was: float | None, now: float | None, scale: float | None) -> bool:
    """Whether scores of four digits (:func:`_digits`) are the same but for the last one."""
    if was is None or now is None or scale is None:
        return was is None and now is None
    return abs(was - now) <= 1e-3 * max(scale, abs(now))


#: What names a task.
_TASK = ("data", "protocol", "experiment", "fold")
_CHECKED = (*leaderboard.FIGURES, "peak_threshold")


def _number(value: float | None) -> float:
    """A figure of a row, which files hold as null where it is none."""
    return math.nan if value is None else value


def _follows(name: str, was: float | None, now: Row) -> bool:
    value = _number(now[name])
    if was is None or not math.isfinite(value):
        return was is None and not math.isfinite(value)
    in_units = name.startswith(_IN_UNITS)
    # A figure with a unit is small or large as its unit is: the error itself is the measure.
    scale = max(now["rmse"], abs(value)) if in_units else max(1.0, abs(value))
    return abs(was - value) <= TOLERANCE * scale


def _tasks(folder: Path, models: Iterable[str]) -> "dict[tuple[Any, ...], Card]":
    """Each task that ``models`` are scored on with bundled data, and the card of the first model of it."""
    found: dict[tuple[Any, ...], Card] = {}
    for model in models:
        card = cards.read(folder / f"{model}{cards.CARD}")
        if (data := _bundled(card.data["id"])) is not None:
            label = protocols.card_label(card, data)
            found.setdefault(tuple(label[name] for name in _TASK), card)
    return dict(sorted(found.items(), key=lambda item: str(item[0])))


def _name(row: Row) -> tuple[Any, ...]:
    return (row["model"], *(row[name] for name in _TASK))


def _skill(folder: Path) -> list[Row]:
    path = folder / SKILL
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return rows


def _shipped(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob(f"*{cards.WEIGHTS}"))


def _bundled(data: str) -> str | None:
    """The bundled data set that ``data`` is the full form of."""
    name = data.removesuffix("-full")
    return name if name in catalog.BUNDLED else None


@cache
def _sha256(data: str) -> str:
    return cards.sha256(Path(catalog.get(data).path))
