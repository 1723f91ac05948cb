"""Scores of a simulation against observations, built on statistics that add up.

``Sums`` of two blocks merge exactly (Chan, Golub & LeVeque 1983, doi 10.1080/00031305.1983.10483115), so that a
data set larger than memory is scored block by block. A score is a function of the merged sums only. The fields of
``Sums`` are arrays of one shape, one element a group of pairs (a site-year, a target, a bootstrap draw).

r2    1 - SSE / SST about the observed mean, as in scikit-learn and the AgroFlux benchmark; not the squared
      correlation, so a bias costs and a simulation worse than the mean is negative
nse   Nash & Sutcliffe (1970): the same quantity under the name hydrologists use; on pooled values nse = r2
kge   Gupta et al. (2009), doi 10.1016/j.jhydrol.2009.08.003, eq. 9: 1 - sqrt((r-1)^2 + (a-1)^2 + (b-1)^2)
bias  mean of simulated minus observed
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
_ZERO = np.float64(0.0)


@dataclass(frozen=True)
class Sums:
    """Count, means, centred squares and products, and error sums of paired values; ``a + b`` merges."""

    n: Any = _ZERO
    mean_o: Any = _ZERO
    mean_s: Any = _ZERO
    squares_o: Any = _ZERO
    squares_s: Any = _ZERO
    products: Any = _ZERO
    squared_error: Any = _ZERO
    absolute_error: Any = _ZERO

    def __add__(self, other: "Sums") -> "Sums":
        n = self.n + other.n
        at_least_one = np.maximum(n, 1)
        step_o, step_s = other.mean_o - self.mean_o, other.mean_s - self.mean_s
        share = self.n * other.n / at_least_one
        return Sums(
            n,
            self.mean_o + step_o * other.n / at_least_one,
            self.mean_s + step_s * other.n / at_least_one,
            self.squares_o + other.squares_o + step_o * step_o * share,
            self.squares_s + other.squares_s + step_s * step_s * share,
            self.products + other.products + step_o * step_s * share,
            self.squared_error + other.squared_error,
            self.absolute_error + other.absolute_error,
        )

    def __getitem__(self, index: Any) -> "Sums":
        return Sums(*(getattr(self, f.name)[index] for f in dataclasses.fields(self)))


def sums(observed: ArrayLike, simulated: ArrayLike, axis: int | tuple[int, ...] | None = None) -> Sums:
    """Statistics over ``axis`` (default: all) of the pairs in which both are finite.

    Any shape, the same for both (ValueError if not); each field has the shape that remains.
    """
    o, s = np.asarray(observed), np.asarray(simulated)
    if o.shape != s.shape:
        raise ValueError(f"observed has shape {o.shape}, simulated {s.shape}: align them first")
    known = np.isfinite(o) & np.isfinite(s)
    n = known.sum(axis=axis).astype(np.float64)
    o, s = (np.where(known, part, 0.0).astype(np.float64) for part in (o, s))
    error = s - o
    mean_o, mean_s = (_mean(part, known, axis) for part in (o, s))
    about_o, about_s = np.where(known, o - mean_o, 0.0), np.where(known, s - mean_s, 0.0)
    return Sums(
        n,
        mean_o.reshape(n.shape),
        mean_s.reshape(n.shape),
        (about_o**2).sum(axis=axis),
        (about_s**2).sum(axis=axis),
        (about_o * about_s).sum(axis=axis),
        (error**2).sum(axis=axis),
        np.abs(error).sum(axis=axis),
    )


def _mean(values: Values, known: NDArray[np.bool_], axis: int | tuple[int, ...] | None) -> Values:
    mean: Values = values.sum(axis=axis, keepdims=True) / np.maximum(known.sum(axis=axis, keepdims=True), 1)
    return mean


def merged(t: Sums, weights: ArrayLike | None = None) -> Sums:
    """Merge groups that lie along the first axis, each counted as often as its weight says.

    Args:
        t: fields ``(groups, ...)``.
        weights: ``(draws, groups)``, zero or more; default: every group once.

    Returns:
        Fields ``(draws, ...)``, or ``(...)`` without ``weights``.
    """
    w = np.ones((1, len(t.n))) if weights is None else np.asarray(weights, np.float64)

    def total(values: Values) -> Values:
        return np.tensordot(w, values, axes=(1, 0))

    n = total(t.n)
    at_least_one = np.maximum(n, 1)
    # Means are taken about those of all groups: squares of large means would swallow small spreads.
    whole = np.maximum(t.n.sum(axis=0), 1)
    shift_o, shift_s = (t.n * t.mean_o).sum(axis=0) / whole, (t.n * t.mean_s).sum(axis=0) / whole
    from_o, from_s = np.where(t.n > 0, t.mean_o - shift_o, 0.0), np.where(t.n > 0, t.mean_s - shift_s, 0.0)
    step_o, step_s = total(t.n * from_o) / at_least_one, total(t.n * from_s) / at_least_one
    out = Sums(
        n,
        np.where(n > 0, shift_o + step_o, 0.0),
        np.where(n > 0, shift_s + step_s, 0.0),
        total(t.squares_o + t.n * from_o**2) - n * step_o**2,
        total(t.squares_s + t.n * from_s**2) - n * step_s**2,
        total(t.products + t.n * from_o * from_s) - n * step_o * step_s,
        total(t.squared_error),
        total(t.absolute_error),
    )
    return out if weights is not None else out[0]


def _where(defined: Any, value: Callable[[], Any]) -> Values:
    """``value()`` where it is ``defined``, else NaN, without a warning from the places where it is not."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(defined, value(), np.nan)


def _varies(squares: Values, n: Values, mean: Values) -> Any:
    """Whether there is a spread beyond what rounding leaves of values that are all the same."""
    return squares > 1e-12 * (squares + n * mean**2)


def r2(t: Sums) -> Values:
    """Coefficient of determination; NaN below two values or where the observations do not vary."""
    return _where((t.n > 1) & _varies(t.squares_o, t.n, t.mean_o), lambda: 1.0 - t.squared_error / t.squares_o)


def rmse(t: Sums) -> Values:
    """Root mean square error, in the variable's unit."""
    return _where(t.n > 0, lambda: np.sqrt(t.squared_error / t.n))


def mae(t: Sums) -> Values:
    """Mean absolute error, in the variable's unit."""
    return _where(t.n > 0, lambda: t.absolute_error / t.n)


def bias(t: Sums) -> Values:
    """Mean of simulated minus observed, in the variable's unit."""
    return _where(t.n > 0, lambda: t.mean_s - t.mean_o)


def kge(t: Sums) -> Values:
    """Kling-Gupta efficiency; NaN where either side does not vary or the observed mean is zero."""

    def value() -> Any:
        r = t.products / np.sqrt(t.squares_o * t.squares_s)
        alpha = np.sqrt(t.squares_s / t.squares_o)
        beta = t.mean_s / t.mean_o
        return 1.0 - np.sqrt((r - 1.0) ** 2 + (alpha - 1.0) ** 2 + (beta - 1.0) ** 2)

    both = _varies(t.squares_o, t.n, t.mean_o) & _varies(t.squares_s, t.n, t.mean_s)
    return _where((t.n > 1) & both & (t.mean_o != 0), value)


#: Every score by name, in the order in which they are shown.
METRICS: dict[str, Callable[[Sums], Values]] = {
    "r2": r2,
    "rmse": rmse,
    "mae": mae,
    "bias": bias,
    "nse": r2,
    "kge": kge,
}


def scores(t: Sums) -> dict[str, float]:
    """``n`` and every metric of one group's sums; NaN where a metric is not defined."""
    return {"n": int(t.n)} | {name: float(metric(t)) for name, metric in METRICS.items()}


def score(observed: ArrayLike, simulated: ArrayLike) -> dict[str, float]:
    """``n``, r2, rmse, mae, bias, nse and kge on the values that are finite in both (same shape)."""
    return scores(sums(observed, simulated))
