"""Training windows: which stretches of which series make up an epoch, and the arrays they are cut from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from agroflux import schema
from agroflux.data import windows
from agroflux.data.scaling import Moments, Scaler
from agroflux.errors import DataError, SelectionError

SITE_BLOCK = 8
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Arrays:
    """A data set in memory: standardised drivers and targets, and where each calendar year starts."""

    drivers: windows.Drivers
    targets: NDArray[np.float32]  # (site, scenario, time, target), NaN = no value
    years: dict[int, slice]


@dataclass(frozen=True)
class Windows:
    """Windows of ``n_years`` x 365 days, rows of ``index``: site, scenario, and the year and day that each starts in.

    The day counts from 0, which is 1 January.
    """

    index: NDArray[np.intp]  # (windows, 4)
    n_years: int

    def __len__(self) -> int:
        return len(self.index)


def load(
    ds: xr.Dataset, scaler_years: Sequence[int], years: Sequence[int], scaler_sites: Places | None = None
) -> tuple[Arrays, Scaler, Scaler]:
    """Read ``years`` of ``ds``, fit both scalers on ``scaler_years`` and ``scaler_sites`` (None: all), apply them.

    Targets are read by blocks of sites and stay in memory as float32 (99 x 40 x 17 years x 20: 2 GB).

    Raises DataError for measurements, which have no scenarios.
    """
    if "scenario" not in ds.dims:
        raise DataError(
            "the data set is no simulation: train on one, or adapt a trained model to measurements with "
            "'agroflux finetune'"
        )
    part = ds.isel(time=windows.span(ds, years))
    fitted = [windows.span(part, [year]) for year in scaler_years]
    x, x_scaler = _drivers(part, fitted, scaler_sites)
    chosen = np.ones(part.sizes["site"], bool)
    if scaler_sites is not None:
        chosen = np.isin(np.arange(len(chosen)), scaler_sites)
    moments = Moments(schema.TARGETS)
    shape = (part.sizes["site"], part.sizes["scenario"], part.sizes["time"], len(schema.TARGETS))
    y = np.empty(shape, np.float32)
    names = [name for name in schema.TARGETS if name in part]
    for start in range(0, shape[0], SITE_BLOCK):
        block = slice(start, start + SITE_BLOCK)
        y[block] = windows.targets(part[names].isel(site=block).load())
        for days in fitted:
            for k in range(shape[3]):
                moments.update(k, y[block, :, days, k][chosen[block]])
    y_scaler = moments.scaler()
    y -= y_scaler.mean
    y /= y_scaler.std
    return Arrays(x, y, windows.calendar_years(part)), x_scaler, y_scaler


def _drivers(part: xr.Dataset, fitted: Sequence[slice], sites: Places | None) -> tuple[windows.Drivers, Scaler]:
    raw = windows.drivers(part, unknown=True)
    moments = Moments(raw.names)
    for k, view in enumerate(raw.views):
        stored = _stored(view)
        if sites is not None and stored.shape[0] > 1:
            stored = stored[sites]
        for days in fitted if stored.shape[2] > 1 else [slice(None)]:
            moments.update(k, stored[:, :, days])
    scaler = moments.scaler()
    views = tuple(
        np.broadcast_to((_stored(v) - scaler.mean[k]) / scaler.std[k], v.shape) for k, v in enumerate(raw.views)
    )
    return windows.Drivers(raw.names, views), scaler


def _stored(view: windows.Floats) -> windows.Floats:
    """What a broadcast view stores once: a stride of 0 marks a repeated dimension."""
    return view[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in view.strides)]


def cut(arrays: Arrays, years: Sequence[int], n_years: int, sites: Places | None = None) -> Windows:
    """All windows of ``n_years`` whole consecutive years within ``years``, over ``sites`` (None: all)."""
    chosen = sorted(years)
    starts = [y for y in chosen if all(y + k in chosen and y + k in arrays.years for k in range(n_years))]
    if not starts:
        raise SelectionError(f"years {chosen} hold no window of {n_years} consecutive years: train on more years")
    n_sites, scenarios, _ = arrays.drivers.shape
    places = np.arange(n_sites) if sites is None else sites
    grid = np.meshgrid(places, np.arange(scenarios), starts, [0], indexing="ij")
    return Windows(np.stack([axis.ravel() for axis in grid], axis=1).astype(np.intp), n_years)


def sample(windows_: Windows, count: int, seed: Sequence[int]) -> Windows:
    """``count`` windows at random without repeats (all, shuffled, if there are fewer); the same for the same seed."""
    order = np.random.default_rng(seed).permutation(len(windows_))[:count]
    return Windows(windows_.index[order], windows_.n_years)


def move(windows_: Windows, starts: Collection[int], seed: Sequence[int]) -> Windows:
    """Each window moved on by up to a year, to any day that leaves it within windows which start in ``starts``.

    That of a last year stays on 1 January. A network that is not causal otherwise meets each day at one place of its
    windows only, and learns the few weather years of a training by heart.
    """
    index, free = windows_.index.copy(), np.isin(windows_.index[:, 2] + 1, list(starts))
    index[:, 3] = np.random.default_rng(seed).integers(0, 365, len(index)) * free
    return Windows(index, windows_.n_years)


def hide(windows_: Windows, share: float, seed: Sequence[int]) -> NDArray[np.bool_]:
    """Site-years whose management is to be hidden, each with probability ``share``.

    ``(windows, n_years)``, and one more where windows start within a year.
    """
    years = windows_.n_years + bool(windows_.index[:, 3].any())
    return np.random.default_rng(seed).random((len(windows_), years)) < share


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """Batches ``(batch, days, drivers)`` and ``(batch, days, targets)`` of windows, in the order given.

    NaN is unknown in both: in targets no value, in drivers management that the data do not tell or that ``hidden``
    (:func:`hide`) hides, planting, crop and fertiliser of a year together.

    ``share`` (which, of how many) leaves every device its rows of each batch. One for which no row is left has the
    first one without targets: it takes part in the step and adds nothing to it.
    """

    def __init__(
        self,
        arrays: Arrays,
        chosen: Windows,
        size: int,
        share: tuple[int, int] = (0, 1),
        hidden: NDArray[np.bool_] | None = None,
    ) -> None:
        self.arrays, self.chosen, self.size, self.share, self.hidden = arrays, chosen, size, share, hidden
        self._management = [k for k, name in enumerate(arrays.drivers.names) if schema.get(name).module == "Management"]
        spans = [self._days(year, 0) for year in set(chosen.index[:, 2].tolist())]
        if len({days.stop - days.start for days in spans}) > 1:
            raise DataError("windows of different lengths cannot share a batch: train on a noleap data set")

    def __len__(self) -> int:
        return -(-len(self.chosen) // self.size)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        whole = self.chosen.index[number * self.size : (number + 1) * self.size]
        mine = whole[self.share[0] :: self.share[1]]
        rows = mine if len(mine) else whole[:1]
        first = number * self.size + self.share[0] if len(mine) else number * self.size
        spans = [self._days(year, day) for year, day in rows[:, 2:].tolist()]
        length = spans[0].stop - spans[0].start
        x = np.empty((len(rows), length, len(self.arrays.drivers.names)), np.float32)
        y = np.empty((len(rows), length, self.arrays.targets.shape[3]), np.float32)
        for b, ((i, j, _, first_day), days) in enumerate(zip(rows, spans, strict=True)):
            for k, view in enumerate(self.arrays.drivers.views):
                x[b, :, k] = view[i, j, days]
            y[b] = self.arrays.targets[i, j, days] if len(mine) else np.nan
            if self.hidden is not None:
                years = (first_day + np.arange(length)) * self.chosen.n_years // length
                of_day = self.hidden[first + b * self.share[1]][years]
                x[b][np.ix_(of_day, self._management)] = np.nan
        return torch.from_numpy(x), torch.from_numpy(y)

    def _days(self, year: int, day: int) -> slice:
        years = self.arrays.years
        return slice(years[year].start + day, years[year + self.chosen.n_years - 1].stop + day)
