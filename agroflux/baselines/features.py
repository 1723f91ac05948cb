"""What a day remembers, as numbers: lagged and rolled drivers for the regressions that stand beside the networks."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.baselines.climatology import BEFORE_LEAP, LEAP, day_of_year
from agroflux.data import windows

Floats = NDArray[np.float32]

#: Longest memory [days]: a rotation, so that corn's nitrogen is known in the soybean year that follows.
MEMORY = windows.ROTATION_DAYS
_WEATHER_MEANS = (3, 10, 30, 90, 365)
_NITROGEN_SUMS = (3, 10, 30, 90, 365, MEMORY)
_BASE = 8.0  # [degC] below which maize does not develop
_SOIL = tuple(name for name in schema.DRIVERS if schema.get(name).per == "site")

#: Columns of :func:`daily`.
NAMES: tuple[str, ...] = (
    *("TMAX", "TMIN", "PRECN", "FERTZR_N", "CROP"),
    *(f"{name}, mean of {n} days" for name in ("TMAX", "TMIN", "PRECN") for n in _WEATHER_MEANS),
    *(f"FERTZR_N, sum of {n} days" for n in _NITROGEN_SUMS),
    "CROP of the year before",
    *(f"{what} since {event}" for event in ("planting", "fertiliser") for what in ("days", "degree days", "rain")),
    *_SOIL,
    *(f"{wave}, {k} a year" for k in (1, 2) for wave in ("cos", "sin")),
)


def daily(ds: xr.Dataset, days: slice) -> Floats:
    """Features ``(site, scenario, time, feature)`` of each of ``days``; columns are :data:`NAMES`.

    They follow from the drivers of the day and of the ``MEMORY`` days before it. Where the record does not reach
    back, its first two years stand for the years before, as for the networks. "Since" counts from the latest
    planting or fertilising day, at most ``MEMORY`` days: days [d], heat above 8 degC [degC d], rain [mm].
    """
    drivers = windows.drivers(ds)
    sites, scenarios, length = drivers.shape
    start, stop, _ = days.indices(length)
    warm = windows.warm_positions(start, MEMORY, length)
    site, scenario = (axis.ravel() for axis in np.indices((sites, scenarios)))
    x = drivers.gather(site, scenario, np.concatenate([warm, np.arange(start, stop)]))
    out = np.empty((len(x), stop - start, len(NAMES)), np.float32)
    for k, column in enumerate(_columns({name: x[..., j] for j, name in enumerate(drivers.names)})):
        out[..., k] = column[:, len(warm) :]
    day = day_of_year(ds)[days]
    angle = 2 * np.pi * np.where(day == LEAP, BEFORE_LEAP + 0.5, day) / 365
    out[..., -4:] = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)], axis=-1)
    return out.reshape(sites, scenarios, stop - start, -1)


def _columns(x: dict[str, Floats]) -> list[NDArray[np.floating[Any]]]:
    """All columns but the calendar's, each ``(series, time)``."""
    heat = np.maximum((x["TMAX"] + x["TMIN"]) / 2 - _BASE, 0)
    found: list[NDArray[np.floating[Any]]] = [x[name] for name in ("TMAX", "TMIN", "PRECN", "FERTZR_N", "CROP")]
    found += [_rolled(x[name], n, mean=True) for name in ("TMAX", "TMIN", "PRECN") for n in _WEATHER_MEANS]
    found += [_rolled(x["FERTZR_N"], n, mean=False) for n in _NITROGEN_SUMS]
    found.append(np.concatenate([x["CROP"][:, :365], x["CROP"][:, :-365]], axis=1))
    for event in ("PLANTING", "FERTZR_N"):
        latest = _latest(x[event] > 0)
        found += [_since(values, latest) for values in (np.ones_like(heat), heat, x["PRECN"])]
    return found + [x[name] for name in _SOIL]


def _rolled(values: Floats, n: int, *, mean: bool) -> NDArray[np.float64]:
    """Mean or sum of the last ``n`` days, the day itself included; fewer at the start."""
    total = np.cumsum(values, axis=1, dtype=np.float64)
    rolled = total.copy()
    rolled[:, n:] -= total[:, :-n]
    return rolled / np.minimum(np.arange(1, values.shape[1] + 1), n) if mean else rolled


def _latest(event: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Position of the latest event up to each day, no more than ``MEMORY`` days back."""
    day = np.arange(event.shape[1])
    return np.maximum(np.maximum.accumulate(np.where(event, day, 0), axis=1), day - MEMORY)


def _since(values: Floats, latest: NDArray[np.intp]) -> NDArray[np.float64]:
    total = np.cumsum(values, axis=1, dtype=np.float64)
    return total - np.take_along_axis(total, latest, axis=1)
