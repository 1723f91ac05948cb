"""Run a checkpoint over a contract data set: physical units in, physical units out."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import __version__, schema
from agroflux.baselines import card as cards
from agroflux.baselines.card import Card, weights_path
from agroflux.data import windows
from agroflux.data.taught import from_synthetic
from agroflux.errors import DataError, ModelError

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint

Progress = Callable[[int, int], None]

#: Series that are gathered at once for one thread, which bounds the memory. How many of them run through the network
#: together is the network's own (``group_days`` of :class:`agroflux.baselines.network.Network`): of 1 to 64 series of
#: eight years, what it takes was within 6 % of the fastest for each of the six.
CHUNK = 32


def load(model: str | Path) -> "Checkpoint":
    """Load a model by id or path (imports torch); ModelError when it is missing, damaged or does not fit.

    An id is looked up in ``models/``, then in ``models/adapted/``, then among the user's own.
    """
    from agroflux.baselines.checkpoint import load as load_checkpoint

    return load_checkpoint(weights_path(model))


def check_fits(card: Card, ds: xr.Dataset) -> None:
    """Raise ModelError unless ``ds`` holds every driver of ``card`` in the card's unit, day after day."""
    absent = [name for name, _ in card.drivers if name not in ds]
    if absent:
        raise ModelError(f"model {card.id} needs the driver(s) {', '.join(absent)}, which the data set lacks")
    for name, unit in card.drivers:
        have = ds[name].attrs.get("units")
        if have != unit:
            raise ModelError(f"model {card.id} needs {name} in {unit!r}, the data set has {have!r}: convert it first")
    days = ds["time"].values.astype("datetime64[D]")
    jumps = np.flatnonzero(np.diff(days).astype(int) != 1)
    leap = ds.attrs.get("calendar") == "noleap"
    for at in jumps:
        if not (leap and str(days[at]).endswith("-02-28") and str(days[at + 1]).endswith("-03-01")):
            raise ModelError(f"the data set jumps from {days[at]} to {days[at + 1]}: a model needs consecutive days")


def predict(
    checkpoint: "Checkpoint",
    ds: xr.Dataset,
    *,
    years: Iterable[int] | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Predict all targets for every site and scenario of ``ds``.

    Days before the first asked one warm the network up (the card says how many; :func:`simulate`); where the record
    does not reach back, its first two years stand for the years before it.

    Args:
        ds: simulation with the card's drivers ``(site, scenario, time)``; targets are not needed.
        years: calendar years to give (default: all days); state and warm-up cover the years between.
        progress: called with (series done, series in all); a network that is not causal runs each once a year.

    Returns:
        Simulation data set ``(site, scenario, time)`` and ``(site, scenario, year)`` in the schema's units, with
        ``NEE`` equal to ``CO2_FLUX``. Annual targets are given for whole years.

    Raises:
        ModelError: drivers, units or days do not fit. SelectionError: years outside the data.
    """
    check_fits(checkpoint.card, ds)
    try:
        drivers = windows.drivers(ds, checkpoint.card.driver_names, unknown=True)
    except DataError as error:
        raise ModelError(f"model {checkpoint.card.id}: {error}") from None
    wanted = None if years is None else sorted({int(year) for year in years})
    days = slice(0, drivers.shape[2]) if wanted is None else windows.span(ds, wanted)
    values, warm = simulate(checkpoint, drivers, ds, days, progress)
    result = _dataset(checkpoint.card, values, ds, days, warm)
    if wanted is None:
        return result
    return result.isel(time=result["time"].dt.year.isin(wanted).values).sel(year=wanted)


def simulate(
    checkpoint: "Checkpoint",
    drivers: windows.Drivers,
    ds: xr.Dataset,
    days: slice,
    progress: Progress | None = None,
) -> tuple[NDArray[np.float32], windows.Positions]:
    """Targets ``(target, site, scenario, day)`` in physical units over ``days``, and the days that warm the first up.

    A causal network runs on from year to year, so that the state of a recurrent one, which remembers more than the
    days that warm it up, depends on the first of ``days``: a year asked for alone differs a little from the same year
    asked for with those before it. The others count their windows and nodes from the first day that they
    are given, most after a training on series from 1 January on: they run for each calendar year anew, so that a day's
    value does not change with the years asked for beside it. Of ``ds``, which ``drivers`` were read from, the days and
    the calendar are used.
    """
    runs_on = checkpoint.network.causal
    pieces = [days] if runs_on else windows.by_year(ds["time"].values, days)
    found: list[NDArray[np.float32]] = []
    warmed: list[windows.Positions] = []
    for done, piece in enumerate(pieces):
        lead = 0 if runs_on else windows.day_of_year(ds, piece.start)
        warm = windows.warm_positions(piece.start, checkpoint.card.warmup_days + lead, drivers.shape[2])
        positions = np.concatenate([warm, np.arange(piece.start, piece.stop)])
        told = None if progress is None else _shifted(progress, done, len(pieces))
        found.append(run(checkpoint, drivers, positions, len(warm), told))
        warmed.append(warm)
    return found[0] if len(found) == 1 else np.concatenate(found, axis=-1), warmed[0]


def _shifted(progress: Progress, done: int, pieces: int) -> Progress:
    return lambda part, whole: progress(done * whole + part, pieces * whole)


def run(
    checkpoint: "Checkpoint",
    drivers: windows.Drivers,
    positions: windows.Positions,
    skip: int,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Targets ``(target, site, scenario, day)`` in physical units over ``positions``, less the first ``skip``."""
    import torch

    sites, scenarios, _ = drivers.shape
    site, scenario = (axis.ravel() for axis in np.meshgrid(np.arange(sites), np.arange(scenarios), indexing="ij"))
    n, names = len(site), checkpoint.targets.names
    out = np.empty((len(names), n, len(positions) - skip), np.float32)
    scale, shift = torch.from_numpy(checkpoint.targets.std), torch.from_numpy(checkpoint.targets.mean)

    def one(chunk: slice) -> int:
        x = torch.from_numpy(checkpoint.drivers.scale(drivers.gather(site[chunk], scenario[chunk], positions)))
        unknown = torch.isnan(x)
        with torch.inference_mode():
            z = checkpoint.network(x, ~unknown if unknown.any() else None)[:, skip:]
            torch.from_numpy(out[:, chunk]).copy_((z * scale + shift).permute(2, 0, 1))
        return len(x)

    done = 0
    with _one_thread_each() as pool:
        for count in pool.map(one, (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))):
            done += count
            if progress is not None:
                progress(done, n)
    return out.reshape(len(names), sites, scenarios, -1)


@dataclass
class _Running:
    """Predictions under way in this process, and torch's threads before the first: the last one gives them back."""

    count: int = 0
    before: int = 1
    lock: threading.Lock = field(default_factory=threading.Lock)


_RUNNING = _Running()


@contextmanager
def _one_thread_each() -> Iterator[ThreadPoolExecutor]:
    """A worker a core, each with one of torch's threads.

    Torch's own threads wait for each other at every day of a series; where another process holds a core,
    that was seen to slow an LSTM a hundredfold. Chunks of series need not wait for one another.
    """
    import torch

    with _RUNNING.lock:
        if not _RUNNING.count:
            _RUNNING.before = torch.get_num_threads()
            torch.set_num_threads(1)
        _RUNNING.count += 1
    try:
        with ThreadPoolExecutor(os.cpu_count() or 1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        with _RUNNING.lock:
            _RUNNING.count -= 1
            if not _RUNNING.count:
                torch.set_num_threads(_RUNNING.before)


def _dataset(
    card: Card, values: NDArray[np.float32], ds: xr.Dataset, days: slice, warm: windows.Positions
) -> xr.Dataset:
    part = ds.isel(time=days)
    last = windows.last_days(part)
    keep = [c for c in part.coords if set(part[c].dims) <= {"site", "scenario", "time"} and c != "year"]
    coords: dict[Any, Any] = {c: part[c] for c in keep} | {"year": ("year", np.array(list(last), int))}
    daily, annual = ("site", "scenario", "time"), ("site", "scenario", "year")
    data: dict[str, Any] = {}
    for k, (name, unit) in enumerate(card.targets):
        attrs = {"units": unit, "long_name": schema.get(name).label}
        if schema.get(name).per == "year":
            data[name] = (annual, values[k][:, :, list(last.values())], attrs)
        else:
            data[name] = (daily, values[k], attrs)
    if "CO2_FLUX" in data:
        nee = schema.get("NEE")
        data["NEE"] = (daily, data["CO2_FLUX"][1], {"units": nee.unit, "long_name": nee.label})
    return xr.Dataset(data, coords, _attrs(card, ds, _warmup(warm, days.start)))


def _warmup(warm: windows.Positions, start: int) -> str:
    """In words, what warmed up the day at ``start``; days of the record from there on stand for earlier ones."""
    said = f"{len(warm)} days before the first day"
    repeated = int((warm >= start).sum())
    if repeated:
        said += f", {repeated} of them repeated from the record's first two years, as it does not reach back"
    return said


def _attrs(card: Card, ds: xr.Dataset, warmup: str) -> dict[str, Any]:
    source = f"{card.title}; drivers: {ds.attrs.get('title', 'a data set without title')}"
    return {
        "kind": "simulation",
        "calendar": ds.attrs.get("calendar", "standard"),
        "title": f"Prediction of {card.id}",
        "source": source,
        "licence": ds.attrs.get("licence", "unknown"),
        "citation": ds.attrs.get("citation", "unknown"),
        "synthetic": bool(ds.attrs.get("synthetic", False)) or from_synthetic(vars(card), _installed),
        "history": f"agroflux {__version__} predict --model {card.id}",
        "model": card.id,
        "model_sha256": card.weights_sha256,
        "trained_on": str(card.data.get("id", "unknown")),
        "warmup": warmup,
    }


def _installed(model: str) -> dict[str, Any] | None:
    """Entries of the card of an installed model; None where there is none, or none that can be read."""
    try:
        return vars(cards.read(weights_path(model)))
    except (DataError, ModelError):
        return None
