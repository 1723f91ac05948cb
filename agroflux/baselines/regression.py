"""Regression of each day's targets on its features: how ridge and boosting are fitted and run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.baselines import features
from agroflux.data import windows
from agroflux.errors import DataError

SITE_BLOCK = 8
Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  # features, targets, year
Make = Callable[[tuple[str, ...], NDArray[Any]], "Estimator"]


class Estimator(Protocol):
    """A scikit-learn regressor of several outputs."""

    def fit(self, x: Any, y: Any) -> Any:
        """Fit on ``(rows, features)`` and ``(rows, targets)``."""

    def predict(self, x: Any) -> Any:
        """``(rows, targets)`` of ``(rows, features)``."""


@dataclass(frozen=True)
class Regression:
    """Fitted regressions, in physical units: one of all daily targets, one of all annual ones.

    Attributes:
        estimators: targets (their names) and the estimator that gives them, in this order.
        rows: days (for annual targets: years) that each was fitted on.
    """

    estimators: dict[tuple[str, ...], Estimator]
    rows: dict[tuple[str, ...], int]

    def predict(self, ds: xr.Dataset, days: slice) -> NDArray[np.float32]:
        """Targets ``(site, scenario, time, target)`` in the schema's units over ``days`` of ``ds``.

        Annual targets stand on the last day of their year and are NaN on the others; so is a target that was
        not there to be fitted.
        """
        part = ds.isel(time=days)
        shape = (ds.sizes["site"], ds.sizes.get("scenario", 1), part.sizes["time"], len(schema.TARGETS))
        out = np.full(shape, np.nan, np.float32)
        ends = list(windows.last_days(part).values())
        for site in range(shape[0]):
            x = features.daily(ds.isel(site=[site]), days)[0]
            for names, estimator in self.estimators.items():
                at = ends if names[0] in schema.ANNUAL_TARGETS else slice(None)
                wanted = x[:, at]
                if not wanted.size:
                    continue
                found = estimator.predict(wanted.reshape(-1, x.shape[-1])).reshape(*wanted.shape[:2], len(names))
                for k, name in enumerate(names):
                    out[site, :, at, schema.TARGETS.index(name)] = np.moveaxis(found[..., k], 0, 1 if at is ends else 0)
        return out


def fit(ds: xr.Dataset, years: Iterable[int], make: Make, rows: int, seed: int) -> Regression:
    """Fit ``make(targets, year of each row)`` on ``years`` of ``ds``: daily targets on about ``rows`` random days.

    The days are drawn alike from every site and scenario, the same ones for the same ``seed``; annual targets take
    every year. Rows that lack a value are left out. Sites are read block by block.

    Raises:
        DataError: no target has a value in those years. SelectionError: years outside the data.
    """
    chosen = sorted(set(years))
    span = windows.span(ds, chosen)
    of_day = ds["time"].dt.year.values[span]
    asked = np.flatnonzero(np.isin(of_day, chosen))
    ends = np.array([day for year, day in windows.last_days(ds.isel(time=span)).items() if year in chosen])
    each = max(1, min(len(asked), round(rows / (ds.sizes["site"] * ds.sizes.get("scenario", 1)))))
    tables: dict[tuple[str, ...], list[Rows]] = {schema.DAILY_TARGETS: [], schema.ANNUAL_TARGETS: []}
    for number, site in enumerate(_sites(ds)):
        x, y = features.daily(site, span)[0], windows.targets(site, days=span)[0]
        rng = np.random.default_rng((seed, number))
        for scenario in range(len(x)):
            drawn = {schema.DAILY_TARGETS: rng.choice(asked, each, replace=False), schema.ANNUAL_TARGETS: ends}
            for names, at in drawn.items():
                columns = [schema.TARGETS.index(name) for name in names]
                tables[names].append((x[scenario, at], y[scenario, at][:, columns], of_day[at]))
    fitted = [part for names, found in tables.items() if (part := _fitted(names, found, make)) is not None]
    if not fitted:
        raise DataError(f"no target has a value in {chosen[0]}-{chosen[-1]}: fit on a simulation")
    return Regression({names: one for names, one, _ in fitted}, {names: n for names, _, n in fitted})


def _fitted(names: tuple[str, ...], found: list[Rows], make: Make) -> tuple[tuple[str, ...], Estimator, int] | None:
    """The estimator of those of ``names`` that have values, and on how many rows it was fitted; None without any."""
    x, y, year = (np.concatenate(parts) for parts in zip(*found, strict=True))
    there = [k for k in range(len(names)) if np.isfinite(y[:, k]).any()]
    whole = np.isfinite(y[:, there]).all(axis=1)
    if not there or not whole.any():
        return None
    kept = tuple(names[k] for k in there)
    return kept, make(kept, year[whole]).fit(x[whole], y[whole][:, there]), int(whole.sum())


def _sites(ds: xr.Dataset) -> Iterator[xr.Dataset]:
    used = ds[[name for name in (*schema.DRIVERS, *schema.TARGETS) if name in ds]]
    for start in range(0, ds.sizes["site"], SITE_BLOCK):
        block = used.isel(site=slice(start, start + SITE_BLOCK)).load()
        for k in range(block.sizes["site"]):
            yield block.isel(site=[k])
