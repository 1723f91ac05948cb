"""The study: a listed plan of trainings, each with its time budget, that fills the leaderboard; resumable.

Sized for about 12 hours on two cores, one run a core. Each run is finished when its checkpoint lies in place and its
rows are in the leaderboard; one that was stopped goes on from its last whole epoch.
"""

import fnmatch
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr
from threadpoolctl import threadpool_limits

from agroflux.baselines import card as cards
from agroflux.baselines import registry
from agroflux.data import catalog, splits
from agroflux.data.subsample import ALL, Subsample, take
from agroflux.errors import DataError, ModelError, SelectionError
from agroflux.evaluation import leaderboard, protocols, rescore, tally
from agroflux.training import locks, processes, recipes, supervised

_log = logging.getLogger(__name__)
Note = Callable[[str], None]

#: Both simulators have a shipped checkpoint of every model; seeds and folds are run on the first.
DATA = ("cornbelt-century", "cornbelt-ceres")
#: Time of the shipped models [min]: on cores with nothing else to do the second has as many epochs as the first had.
SHIPPED_MINUTES = dict(zip(DATA, (36.0, 24.0), strict=True))
#: Shipped models that were trained before the plan was as it is: by epochs, or at an earlier rate.
AS_SHIPPED: dict[tuple[str, str], dict[str, Any]] = {
    ("lstm", DATA[0]): {"epochs": 45},
    ("pyraformer", DATA[0]): {"learning_rate": 1e-3},
    ("pyraformer", DATA[1]): {"learning_rate": 1e-3},
}
SEEDS = (0, 1, 2)
#: The model whose other seeds are trained on the full data too: a deep ensemble for the uncertainty of emissions.
ENSEMBLE = "lstm"
STATES = 3
#: What seeds and folds are run on: every model on the same part of the data.
PART = Subsample((0.0, 84.0, 168.0, 252.0), "one")
#: References that are run for themselves, and about how long one takes on ``PART`` [min]; climatology is scored with
#: every model.
FITTED = {"ridge": 2.0, "boosting": 1.5}
#: Time for scoring a run and starting it [min], beside its training.
OVERHEAD = 2.0
#: Epochs that no run reaches within its budget unless it has stopped getting better.
MAX_EPOCHS = 200

_ENDINGS = (".zarr", ".zarr.zip")


@dataclass(frozen=True)
class Run:
    """One training of the plan, or one reference that is fitted and scored.

    ``minutes`` is the time that training may take [min] (an estimate for references), unless ``epochs`` limits it;
    ``shipped``: kept in models/; ``learning_rate``: another than the network's own.
    """

    model: str
    data: str
    minutes: float
    protocol: str = "clean"
    experiment: str = "temporal"
    fold: int = 0
    seed: int = 0
    preset: str = "recommended"
    part: Subsample = ALL
    shipped: bool = False
    epochs: int | None = None
    learning_rate: float | None = None

    def recipe(self) -> recipes.Recipe:
        """How it is trained."""
        changes: dict[str, Any] = {"max_epochs": MAX_EPOCHS, "max_minutes": self.minutes}
        changes |= {"max_minutes": None, "max_epochs": self.epochs} if self.epochs else {}
        changes |= {} if self.learning_rate is None else {"learning_rate": self.learning_rate}
        return recipes.recipe(self.model, seed=self.seed, preset=self.preset, **changes)

    @property
    def id(self) -> str:
        """The id of its checkpoint, or the name a reference would have if it had one."""
        return recipes.identifier(self.recipe(), self.data, self.protocol, self.experiment, self._split, self.part)

    def command(self, location: str) -> str:
        """The command that its card gives; ``location`` is the name of the data set's file or folder."""
        return recipes.command(self.recipe(), location, self.protocol, self.experiment, self._split, self.part)

    @property
    def _split(self) -> splits.Split:
        """Of the split, what names a run: its fold."""
        return splits.Split((), (), (), (), None if self.experiment == "temporal" else self.fold)


def plan() -> list[Run]:
    """Every run of the study, the shipped checkpoints first, in the order in which they are started."""
    return list(_plan())


def _plan() -> Iterator[Run]:
    models = registry.names()
    for data in DATA:
        for model in models:
            yield Run(model, data, SHIPPED_MINUTES[data], shipped=True, **AS_SHIPPED.get((model, data), {}))
        yield from (Run(model, data, 6.0) for model in FITTED)
    yield from (Run(ENSEMBLE, DATA[0], 24.0, seed=seed, shipped=True) for seed in SEEDS[1:])
    yield from (Run(model, DATA[0], minutes, part=PART) for model, minutes in FITTED.items())
    for seed in SEEDS:
        yield from (Run(model, DATA[0], 12.0, seed=seed, part=PART) for model in models)
    for experiment, folds, minutes in (("spatial", splits.SPATIAL_FOLDS, 10.0), ("spatial-state", STATES, 8.0)):
        for fold in range(folds):
            part = partial(Run, data=DATA[0], experiment=experiment, fold=fold, part=PART)
            yield from (part(model, minutes=minutes) for model in models)
            yield from (part(model, minutes=usual) for model, usual in FITTED.items())
    published = partial(Run, data=DATA[0], protocol="official", part=PART)
    yield from (published(model, minutes=10.0, preset="official") for model in models)
    yield from (published(model, minutes=usual) for model, usual in FITTED.items())


def chosen(pattern: str | None) -> list[Run]:
    """The runs whose id fits the shell ``pattern`` (None: all); SelectionError if none does."""
    runs = [run for run in plan() if pattern is None or fnmatch.fnmatchcase(run.id, pattern)]
    if not runs:
        raise SelectionError(f"no run of the study fits {pattern!r}: 'agroflux study --dry-run' lists them")
    return runs


def by_epochs(run: Run, a_minute: float) -> Run:
    """The run with ``a_minute`` epochs, rounded, for each minute of its budget: the same on any processor.

    A budget in minutes gives a slower processor, or a busy one, fewer epochs. A run that has its epochs keeps them.
    """
    if run.model in registry.REFERENCES or run.epochs:
        return run
    return replace(run, epochs=max(1, round(run.minutes * a_minute)))


def hours(runs: Sequence[Run], workers: int) -> float:
    """Upper bound of the time that ``runs`` take [h] with ``workers`` cores."""
    return sum(run.minutes + OVERHEAD for run in runs) / workers / 60.0


def finished(run: Run, out: Path, work: Path, sha256: str | None = None) -> bool:
    """Whether the run's rows are in the leaderboard of ``out`` and its checkpoint, if it has one, lies in place.

    A checkpoint that another command made does not count, nor one of other settings than the preset has now, nor one
    of other data than ``sha256`` (None: any).
    """
    rows = [row for row in leaderboard.read(out) if sha256 is None or row.get("data_sha256") == sha256]
    if run.model in registry.REFERENCES:
        label = protocols.labels(run.model, run.data, run.protocol, run.experiment, run._split.fold, 0)
        wanted = label | {"scored_on": _scored_on(run)}
        return any(all(row[name] == value for name, value in wanted.items()) for row in rows)
    commands = {row["command"] for row in rows if row["model"] == run.id and row["scored_on"] == _scored_on(run)}
    path = _folder(run, out, work) / f"{run.id}{cards.WEIGHTS}"
    if not path.is_file():
        return False
    try:
        trained = registry.configuration(run.model, run.preset, **cards.read(path).config)
    except ModelError:  # a card that is gone or damaged, or a setting that there is no more
        return False
    if trained != registry.configuration(run.model, run.preset):
        return False
    return bool(commands & {run.command(f"{run.data}{ending}") for ending in _ENDINGS})


def perform(
    runs: Sequence[Run], data: Path, out: Path, work: Path, *, workers: int = 1, note: Note = _log.info
) -> list[str]:
    """Perform the runs that are not finished, ``workers`` at a time, and merge their rows into the leaderboard.

    Args:
        data: folder with ``<data id>.zarr`` (or ``.zarr.zip``) of every data set of the runs.
        out, work: folder of shipped checkpoints and the leaderboard; folder of everything else.

    Returns:
        One sentence a run that failed; the others are done.

    Raises:
        DataError: a data set is not in ``data``.
    """
    sources = {_source(run, data) for run in runs}
    sha256 = {source: cards.sha256(source) for source in sources}
    waiting = [run for run in runs if not finished(run, out, work, sha256[_source(run, data)])]
    note(f"{len(runs) - len(waiting)} of {len(runs)} run(s) finished before")
    failed: list[str] = []

    def ended(run: Run, rows: Callable[[], list[leaderboard.Row]]) -> None:
        try:
            made = rows()
            with locks.alone(out):  # another study may write its rows
                leaderboard.write(leaderboard.merge(leaderboard.read(out), made), out)
        except Exception as error:  # a full disk, for one: the other runs go on
            failed.append(f"{run.id}: {processes.told(error)}")
            note(failed[-1])
        else:
            note(f"{run.id}: done")

    devices = None if workers == 1 else 1  # runs side by side share the first GPU, where there is one
    processes.each(partial(_rows, data=data, out=out, work=work, devices=devices), waiting, workers, ended)
    return failed


def _rows(run: Run, data: Path, out: Path, work: Path, devices: int | None) -> list[leaderboard.Row]:
    return rows_of(run, data, _folder(run, out, work), work, devices)


def rows_of(run: Run, data: Path, out: Path, work: Path, devices: int | None = None) -> list[leaderboard.Row]:
    """Train or fit one run and score it; its checkpoint goes to ``out``, the state of training is kept in ``work``.

    ``devices`` as in :func:`.supervised.train`.
    """
    source = _source(run, data)
    ds: xr.Dataset = take(catalog.open_dataset(source), run.part)
    split = splits.make(ds, run.protocol, run.experiment, run.fold)
    if run.model in registry.REFERENCES:
        return _reference_rows(run, ds, split, source)
    recipe = run.recipe()
    about = supervised.Source(run.data, cards.sha256(source), run.command(source.name), run.part)
    path = supervised.train(
        ds,
        split,
        recipe,
        about,
        out=out,
        work=work / "runs" / run.id,
        protocol=run.protocol,
        experiment=run.experiment,
        devices=devices,
    )
    return rescore.card_rows(cards.read(path))


def _reference_rows(run: Run, ds: xr.Dataset, split: splits.Split, source: Path) -> list[leaderboard.Row]:
    started = time.monotonic()
    # One run a core: trees that are grown by as many threads as there are cores wait for those of other runs.
    with threadpool_limits(run.recipe().threads):
        counted = protocols.count_reference(run.model, ds, split)
    label = protocols.labels(run.model, run.data, run.protocol, run.experiment, split.fold, 0)
    took = time.monotonic() - started
    facts = rescore.reference_facts(run.model, label, took, location=source.name, part=run.part)
    facts |= {"scored_on": _scored_on(run), "data_sha256": cards.sha256(source)}
    return [row | facts for row in tally.rows(counted, label)]


def _scored_on(run: Run) -> str:
    return "subsample" if run.part.as_dict() else "full"


def _folder(run: Run, out: Path, work: Path) -> Path:
    return out if run.shipped else work / "models"


def _source(run: Run, data: Path) -> Path:
    for ending in _ENDINGS:
        path = data / f"{run.data}{ending}"
        if path.exists():
            return path
    raise DataError(f"{data} holds no {run.data}.zarr: make it with 'make simulate', or name another --data")
