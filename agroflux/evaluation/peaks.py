"""How well the peak days of a flux are found, which a mean over all days hides.

A peak day lies above the 90th percentile of the reference, pooled over all sites, scenarios and days that are
scored; the simulation has to exceed the same threshold on the same day. Hit rate, false alarm ratio (of the alarms)
and false alarm rate (of the days without a peak) as in Wilks (2011), Statistical Methods in the Atmospheric Sciences,
section 8.2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PERCENTILE = 90.0
#: Targets whose peaks are scored.
TARGETS = ("N2O_FLUX",)


@dataclass(frozen=True)
class Counts:
    """Peak days found, missed and raised in vain, and all days without a peak; additive, arrays of one shape."""

    hits: Any
    misses: Any
    false_alarms: Any
    calm: Any


def threshold(observed: ArrayLike) -> float:
    """The 90th percentile of all finite ``observed`` values, in their unit; NaN where there are none."""
    values = np.asarray(observed)
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, PERCENTILE)) if len(finite) else float("nan")


def count(observed: ArrayLike, simulated: ArrayLike, above: float, axis: int | tuple[int, ...] | None = None) -> Counts:
    """Count peak days over ``axis`` (default: all) where both are finite."""
    o, s = np.asarray(observed), np.asarray(simulated)
    known = np.isfinite(o) & np.isfinite(s)
    real, said = known & (o > above), known & (s > above)
    parts = (real & said, real & ~said, said & ~real, known & ~real)
    return Counts(*(part.sum(axis=axis).astype(np.float64) for part in parts))


def merged(counts: Counts, weights: Floats) -> Counts:
    """Counts ``(clusters,)`` added up under ``weights`` ``(draws, clusters)``."""
    return Counts(*(weights @ part for part in vars(counts).values()))


def hit_rate(c: Counts) -> Floats:
    """Share of the reference's peak days on which the simulation has one; NaN without peak days."""
    return _ratio(c.hits, c.hits + c.misses)


def false_alarm_ratio(c: Counts) -> Floats:
    """Share of the simulation's peak days on which the reference has none; NaN where it raises no alarm."""
    return _ratio(c.false_alarms, c.hits + c.false_alarms)


def false_alarm_rate(c: Counts) -> Floats:
    """Share of the reference's days without a peak on which the simulation has one; NaN where each day is a peak."""
    return _ratio(c.false_alarms, c.calm)


#: Scores of peaks by name.
SCORES = {
    "peak_hit_rate": hit_rate,
    "peak_false_alarm_ratio": false_alarm_ratio,
    "peak_false_alarm_rate": false_alarm_rate,
}


def _ratio(part: Any, whole: Any) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
