"""What a recipe gains over another one on the same test days, with a bootstrap interval over site-years.

Days of a year are alike, years are not: a site-year is what is drawn, never a day. Scores come from sums that add
up over site-years, so that a thousand resamples are one matrix product.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Columns of :func:`sums`.
COLUMNS = ("n", "sum", "squares", "error")


@dataclass(frozen=True)
class Gain:
    """Difference of a score to the reference's, and its interval; NaN bounds where one site-year or no score is."""

    value: float
    low: float
    high: float


def sums(observed: ArrayLike, simulated: ArrayLike) -> Floats:
    """Count, sum and sum of squares of the observed, and sum of squared errors ``(site_years, 4)``.

    Args:
        observed: ``(site_years, days)``; NaN is no value.
        simulated: same shape, in the same unit; ValueError where it has no value on an observed day, since two
            recipes must be scored on the same days.
    """
    o, s = np.asarray(observed, np.float64), np.asarray(simulated, np.float64)
    if o.shape != s.shape or o.ndim != 2:
        raise ValueError(f"observed has shape {o.shape}, simulated {s.shape}: give (site_years, days) twice")
    known = np.isfinite(o)
    if not np.isfinite(s[known]).all():
        raise ValueError("simulated has no value on an observed day: paired scores need the same days")
    values, errors = np.where(known, o, 0.0), np.where(known, s - o, 0.0)
    return np.stack([known.sum(1), values.sum(1), (values**2).sum(1), (errors**2).sum(1)], axis=1).astype(np.float64)


def by_group(
    observed: ArrayLike, simulated: ArrayLike, groups: Mapping[tuple[str, str], NDArray[np.bool_]]
) -> dict[tuple[str, str], Floats]:
    """:func:`sums` of the days of each group (``(site_years, days)``, true is in it) in which any value was observed.

    A site-year without a day in a group has a row of zeros there.
    """
    found = {name: sums(np.where(days, observed, np.nan), simulated) for name, days in groups.items()}
    return {name: part for name, part in found.items() if part[:, 0].any()}


def r2(total: ArrayLike) -> Floats:
    """1 - SSE / SST about the pooled mean of sums ``(..., 4)``; NaN where the observations do not vary."""
    n, add, squares, error = np.moveaxis(np.asarray(total, np.float64), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = squares - add**2 / n
        return np.where((n > 1) & (spread > 1e-12 * squares), 1.0 - error / spread, np.nan)


def rmse(total: ArrayLike) -> Floats:
    """Root mean square error of sums ``(..., 4)``, in the variable's unit; NaN without a value."""
    whole = np.asarray(total, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(whole[..., 3] / whole[..., 0])


def over_seeds(runs: ArrayLike) -> Floats:
    """Sums ``(site_years, 4)`` of runs ``(seeds, site_years, 4)`` with the mean error of the seeds."""
    return np.asarray(runs, np.float64).mean(axis=0)


def gain(ours: ArrayLike, reference: ArrayLike, *, draws: int = 2000, level: float = 0.95, seed: int = 0) -> Gain:
    """R2 of ``ours`` minus that of ``reference``, pooled over site-years, with a percentile bootstrap interval.

    Args:
        ours, reference: :func:`sums` of the same test days ``(site_years, 4)``; ValueError if they are not.
        draws: resamples of site-years, with replacement.
        level: probability that the interval is to cover.
    """
    a, b = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    if a.shape != b.shape or a.ndim != 2 or not np.allclose(a[:, :3], b[:, :3], rtol=1e-9, atol=0):
        raise ValueError("the two sums are not of the same test days: score both on the same site-years")
    value = float(r2(a.sum(0)) - r2(b.sum(0)))
    if len(a) < 2 or not np.isfinite(value):
        return Gain(value, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(a), np.full(len(a), 1.0 / len(a)), size=draws).astype(np.float64)
    drawn = r2(times @ a) - r2(times @ b)
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Gain(value, float(low), float(high))
