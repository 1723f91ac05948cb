"""Count how a simulation does on a data set's test years: statistics that add up, a cell a site-year and target.

Blocks of sites are simulated, counted and dropped, so memory does not grow with the data set. Rows of scores with
their intervals, and the scores of each county, are read off the counts.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from agroflux import schema
from agroflux.data import windows
from agroflux.evaluation import bootstrap, metrics, peaks

Progress = Callable[[int, int], None]
Simulate = Callable[[xr.Dataset, slice], np.ndarray]
Row = dict[str, Any]

SITE_BLOCK = 8
#: What a map of skill shows of each county.
COUNTY_METRICS = ("r2", "rmse", "bias")


@dataclass(frozen=True)
class Tally:
    """Counts of one simulation.

    Attributes:
        names, sites, years: the targets, site ids and calendar years of the axes below.
        sums: fields ``(site, year, target)`` over scenarios and days; annual targets count once a year.
        peaks: target -> threshold [unit of the target] and counts ``(site, year)``.
        seconds: time that the simulation took [s], reading and counting left out.
        site_years: series x years that were scored.
    """

    names: tuple[str, ...]
    sites: tuple[str, ...]
    years: tuple[int, ...]
    sums: metrics.Sums
    peaks: dict[str, tuple[float, peaks.Counts]]
    seconds: float
    site_years: int


def count(
    ds: xr.Dataset, years: Sequence[int], names: Sequence[str], simulate: Simulate, progress: Progress | None = None
) -> Tally:
    """Simulate ``years`` of ``ds`` and count; ``simulate(block, days)`` gives ``(site, scenario, day, target)``.

    Raises SelectionError for years that ``ds`` does not hold.
    """
    days = windows.span(ds, years)
    held = windows.calendar_years(ds)
    parts = [slice(held[year].start - days.start, held[year].stop - days.start) for year in years]
    shape = (ds.sizes["site"], len(years), len(names))
    total = metrics.Sums(*(np.zeros(shape) for _ in range(8)))
    peak = {name: (_threshold(ds, name, held, years), _no_counts(shape[:2])) for name in peaks.TARGETS if name in names}
    seconds = 0.0
    for rows, block in _blocks(ds):
        started = time.perf_counter()
        simulated = simulate(block, days)
        seconds += time.perf_counter() - started
        observed = windows.targets(block, names, days)
        for k, part in enumerate(parts):
            o, s = observed[:, :, part], simulated[:, :, part]
            _put(total, (rows, k), metrics.sums(o, s, axis=(1, 2)))
            for name, (above, counts) in peak.items():
                at = names.index(name)
                _put(counts, (rows, k), peaks.count(o[..., at], s[..., at], above, axis=(1, 2)))
        if progress is not None:
            progress(rows.stop, shape[0])
    sites = tuple(ds["site"].values.astype(str).tolist())
    site_years = shape[0] * shape[1] * ds.sizes.get("scenario", 1)
    return Tally(tuple(names), sites, tuple(years), total, peak, seconds, site_years)


def rows(tally: Tally, label: Row) -> list[Row]:
    """One row a target that has values: ``label``, target, n, every metric with its 95 % interval, peak skill."""
    clusters = len(tally.sites) * len(tally.years)
    held = (tally.sums.n.reshape(clusters, -1) > 0).sum(axis=0)
    drawn = bootstrap.weights(clusters)
    flat = metrics.Sums(*(part.reshape(clusters, -1) for part in vars(tally.sums).values()))
    whole, samples = metrics.merged(flat), metrics.merged(flat, drawn)
    bounds = {name: bootstrap.interval(metric(samples)) for name, metric in metrics.METRICS.items()}
    found = []
    for k, target in enumerate(tally.names):
        if not whole.n[k]:
            continue
        row = label | {"target": target} | metrics.scores(whole[k])
        for name, (low, high) in bounds.items():
            # One site-year is the same in every draw, which says nothing of how sure its score is.
            some = held[k] > 1
            ends = (float(low[k]), float(high[k])) if some else (np.nan, np.nan)
            row |= dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))
        found.append(row | (_peak_skill(*tally.peaks[target], drawn) if target in tally.peaks else {}))
    return found


def counties(tally: Tally) -> dict[str, dict[str, list[float]]]:
    """``COUNTY_METRICS`` of each site, in the order of ``tally.sites``, by target; NaN where not defined."""
    by_year = metrics.Sums(*(np.moveaxis(part, 1, 0) for part in vars(tally.sums).values()))
    each = metrics.merged(by_year)
    values = {name: metrics.METRICS[name](each) for name in COUNTY_METRICS}
    used = [k for k in range(len(tally.names)) if each.n[:, k].any()]
    return {tally.names[k]: {name: part[:, k].tolist() for name, part in values.items()} for k in used}


def county_rows(tally: Tally, label: Row) -> list[Row]:
    """One row a target and site that has values: ``label``, target, site, n, ``COUNTY_METRICS``; no intervals."""
    n = dict(zip(tally.names, np.moveaxis(tally.sums.n, 2, 0).sum(axis=2).astype(int), strict=True))
    return [
        label
        | {"target": target, "site": site, "n": int(n[target][at])}
        | {name: part[at] for name, part in of.items()}
        for target, of in counties(tally).items()
        for at, site in enumerate(tally.sites)
        if n[target][at]
    ]


def _peak_skill(above: float, counts: peaks.Counts, drawn: np.ndarray) -> Row:
    flat = peaks.Counts(*(part.ravel() for part in vars(counts).values()))
    whole, samples = peaks.merged(flat, np.ones((1, drawn.shape[1]))), peaks.merged(flat, drawn)
    skill: Row = {"peak_threshold": above}
    some = np.count_nonzero(flat.hits + flat.misses + flat.false_alarms) > 1
    for name, score in peaks.SCORES.items():
        low, high = bootstrap.interval(score(samples)) if some else (np.nan, np.nan)
        skill |= {name: float(score(whole)[0]), f"{name}_low": float(low), f"{name}_high": float(high)}
    return skill


def _threshold(ds: xr.Dataset, name: str, held: dict[int, slice], years: Sequence[int]) -> float:
    return peaks.threshold(np.concatenate([windows.targets(ds, [name], held[year]).ravel() for year in years]))


def _no_counts(shape: tuple[int, ...]) -> peaks.Counts:
    return peaks.Counts(*(np.zeros(shape) for _ in range(4)))


def _put(total: Any, at: Any, part: Any) -> None:
    for name, values in vars(part).items():
        getattr(total, name)[at] = values


def _blocks(ds: xr.Dataset) -> Iterator[tuple[slice, xr.Dataset]]:
    used = ds[[name for name in (*schema.DRIVERS, *schema.TARGETS) if name in ds]]
    n = ds.sizes["site"]
    for start in range(0, n, SITE_BLOCK):
        rows_ = slice(start, min(start + SITE_BLOCK, n))
        yield rows_, used.isel(site=rows_).load()
