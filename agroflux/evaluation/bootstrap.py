"""Intervals from a cluster bootstrap: whole site-years are drawn, not days.

Days of a site-year, and its N rates, are far from independent, so a site-year is drawn or left out as a whole
(Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8). Only the additive statistics of the
site-years are drawn again; nothing is predicted twice. Site-years themselves are treated as independent, which
counties under the same weather are not quite: intervals are the narrower for it.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000
LEVEL = 0.95


def weights(clusters: int, seed: int = 0, draws: int = DRAWS) -> Floats:
    """How often each cluster is in each draw with replacement, ``(draws, clusters)``; rows add up to ``clusters``."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=draws).astype(np.float64)


def interval(drawn: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Percentile interval of ``(draws, ...)`` values, NaN where no draw has one: two arrays ``(...)``."""
    tail = 50.0 * (1.0 - level)
    found = np.isfinite(drawn).any(axis=0)
    filled = np.where(found, drawn, 0.0)
    low, high = np.nanpercentile(filled, [tail, 100.0 - tail], axis=0)
    return np.where(found, low, np.nan), np.where(found, high, np.nan)
