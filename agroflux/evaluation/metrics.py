"""Scores of a simulation against observations, built on statistics that add up.

``Sums`` of two blocks merge exactly (Chan, Golub & LeVeque 1983, doi 10.1080/00031305.1983.10483115), so that a
data set larger than memory is scored block by block. A score is a function of the merged sums only.

r2    1 - SSE / SST about the observed mean, as in scikit-learn and the AgroFlux benchmark; not the squared
      correlation, so a bias costs and a simulation worse than the mean is negative
nse   Nash & Sutcliffe (1970): the same quantity under the name hydrologists use; on pooled values nse = r2
kge   Gupta et al. (2009), doi 10.1016/j.jhydrol.2009.08.003, eq. 9: 1 - sqrt((r-1)^2 + (a-1)^2 + (b-1)^2)
bias  mean of simulated minus observed
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Sums:
    """Count, means, centred squares and products, and error sums of paired values; ``a + b`` merges."""

    n: int = 0
    mean_o: float = 0.0
    mean_s: float = 0.0
    squares_o: float = 0.0
    squares_s: float = 0.0
    products: float = 0.0
    squared_error: float = 0.0
    absolute_error: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        if not self.n or not other.n:
            return other if not self.n else self
        n = self.n + other.n
        step_o, step_s = other.mean_o - self.mean_o, other.mean_s - self.mean_s
        share = self.n * other.n / n
        return Sums(
            n,
            self.mean_o + step_o * other.n / n,
            self.mean_s + step_s * other.n / n,
            self.squares_o + other.squares_o + step_o * step_o * share,
            self.squares_s + other.squares_s + step_s * step_s * share,
            self.products + other.products + step_o * step_s * share,
            self.squared_error + other.squared_error,
            self.absolute_error + other.absolute_error,
        )


def sums(observed: ArrayLike, simulated: ArrayLike) -> Sums:
    """Statistics of the pairs in which both are finite; any shape, the same for both (ValueError if not)."""
    o, s = np.asarray(observed), np.asarray(simulated)
    if o.shape != s.shape:
        raise ValueError(f"observed has shape {o.shape}, simulated {s.shape}: align them first")
    common = np.isfinite(o) & np.isfinite(s)
    o, s = o[common].astype(np.float64), s[common].astype(np.float64)
    if not len(o):
        return Sums()
    mean_o, mean_s = float(o.mean()), float(s.mean())
    about_o, about_s, error = o - mean_o, s - mean_s, s - o
    return Sums(
        len(o),
        mean_o,
        mean_s,
        float(about_o @ about_o),
        float(about_s @ about_s),
        float(about_o @ about_s),
        float(error @ error),
        float(np.abs(error).sum()),
    )


def r2(t: Sums) -> float:
    """Coefficient of determination; NaN below two values or where the observations do not vary."""
    return 1.0 - t.squared_error / t.squares_o if t.n > 1 and t.squares_o > 0 else math.nan


def rmse(t: Sums) -> float:
    """Root mean square error, in the variable's unit."""
    return math.sqrt(t.squared_error / t.n) if t.n else math.nan


def mae(t: Sums) -> float:
    """Mean absolute error, in the variable's unit."""
    return t.absolute_error / t.n if t.n else math.nan


def bias(t: Sums) -> float:
    """Mean of simulated minus observed, in the variable's unit."""
    return t.mean_s - t.mean_o if t.n else math.nan


def kge(t: Sums) -> float:
    """Kling-Gupta efficiency; NaN where either side does not vary or the observed mean is zero."""
    if t.n < 2 or t.squares_o <= 0 or t.squares_s <= 0 or t.mean_o == 0:
        return math.nan
    r = t.products / math.sqrt(t.squares_o * t.squares_s)
    alpha = math.sqrt(t.squares_s / t.squares_o)
    beta = t.mean_s / t.mean_o
    return 1.0 - math.sqrt((r - 1.0) ** 2 + (alpha - 1.0) ** 2 + (beta - 1.0) ** 2)


#: Every score by name, in the order in which they are shown.
METRICS: dict[str, Callable[[Sums], float]] = {
    "r2": r2,
    "rmse": rmse,
    "mae": mae,
    "bias": bias,
    "nse": r2,
    "kge": kge,
}


def scores(t: Sums) -> dict[str, float]:
    """``n`` and every metric of merged sums; NaN where a metric is not defined."""
    return {"n": t.n} | {name: metric(t) for name, metric in METRICS.items()}


def score(observed: ArrayLike, simulated: ArrayLike) -> dict[str, float]:
    """``n``, r2, rmse, mae, bias, nse and kge on the values that are finite in both (same shape)."""
    return scores(sums(observed, simulated))
