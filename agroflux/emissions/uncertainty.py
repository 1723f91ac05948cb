"""Intervals of totals by Monte Carlo, each source of uncertainty apart and all together.

Every draw is a total of each *cell* (a county's crop); sums over cells are taken within the draw, so that what cells
have in common (a simulator, a year's weather, a model's year effect) does not cancel. The components:

- ``simulators``: one of the process models that answer the same question, with equal chance, for all cells at once,
  against the one behind the figures: the data themselves, or what a trained model learned from (of several the mean);
- ``models``: likewise one of the kinds of trained model, each by the mean of its seeds;
- ``seeds``: how far one seed of a kind lies from the mean of that kind's seeds (a deep ensemble);
- ``residual``: the error of a trained model on years it was not trained on (:mod:`agroflux.emissions.residuals`);
- ``weather``: years drawn with replacement, the same for all cells: how far the mean of as few as are behind a figure
  may lie from that of many (a trend over the years is in it too). The spread is that of all years of the data, since
  the one or two of a short period tell none; a crop that grows in one of them alone draws nothing;
- ``area``: harvested area, a stated relative standard deviation, half of its variance common to all cells;
- ``indirect``: the factors of indirect N2O, where it is asked for.

N2O is positive: components multiply, and no draw falls below zero (a cell that a model puts below zero has its draws
at zero or above). Carbon balances change sign: components add.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from agroflux.emissions import indirect
from agroflux.emissions.residuals import Residuals
from agroflux.emissions.units import N2O_PER_N

LEVELS = (0.5, 0.8, 0.95)
DRAWS = 10_000
#: Component -> what it is, in words.
COMPONENTS: dict[str, str] = {
    "simulators": "Between simulators",
    "models": "Between kinds of model",
    "seeds": "Between seeds of a model",
    "residual": "Error of the model",
    "weather": "Year-to-year weather",
    "area": "Harvested area",
    "indirect": "Factors of indirect N2O",
}
#: Share of the variance of areas that all cells have in common: errors of a survey's method, as against its sampling.
_AREA_COMMON = 0.5


@dataclass(frozen=True)
class Evidence:
    """What the spread of one quantity is drawn from; a cell is a row of ``Totals.crops``.

    ``best``: ``(cells,)`` [unit yr-1]; ``yearly``: ``(years, cells)``, all years at hand, NaN where the crop does not
    grow, and ``n_years`` behind ``best``, ``(cells,)`` (default: all of them); ``simulators``: total of each process
    model, ``(cells,)`` each, with ``own_simulator`` the one of them that ``best`` stands for, or several, whose mean it
    is; ``models``: kind of model -> totals of its seeds ``(seeds, cells)``; ``residuals`` with ``predicted`` [per ha]
    and ``per_hectare`` (the factor from a flux per hectare to a total), ``(cells,)`` each, and ``crops``; ``applied``
    nitrogen [t N yr-1] for indirect N2O, already in ``best``. Parts that are not there are empty and draw nothing.
    """

    best: np.ndarray
    positive: bool
    yearly: np.ndarray | None = None
    n_years: np.ndarray | None = None
    simulators: Mapping[str, np.ndarray] = field(default_factory=dict)
    own_simulator: str | tuple[str, ...] = ""
    models: Mapping[str, np.ndarray] = field(default_factory=dict)
    residuals: Residuals | None = None
    predicted: np.ndarray | None = None
    per_hectare: np.ndarray | None = None
    crops: np.ndarray | None = None
    area_sd: float = 0.0
    applied: np.ndarray | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The simulators that ``best`` stands for; empty where it is that of none."""
        named = (self.own_simulator,) if isinstance(self.own_simulator, str) else self.own_simulator
        return tuple(name for name in named if name)

    def components(self) -> tuple[str, ...]:
        """Names of the components for which there is something to draw from."""
        held = {
            "simulators": len(self.simulators) > 1 and bool(self.own) and set(self.own) <= set(self.simulators),
            "models": len(self.models) > 1,
            "seeds": any(len(seeds) > 1 for seeds in self.models.values()),
            "residual": self.residuals is not None,
            "weather": self.yearly is not None and bool((np.isfinite(self.yearly).sum(axis=0) > 1).any()),
            "area": self.area_sd > 0,
            "indirect": self.applied is not None,
        }
        return tuple(name for name in COMPONENTS if held[name])


def draw(
    evidence: Evidence, components: Sequence[str] | None = None, *, draws: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """Totals of each cell, ``(draws, cells)``, in the unit of ``evidence.best``; ``components``: these alone.

    A component has random numbers of its own: its draws are the same with and without the others.
    """
    wanted = [c for c in evidence.components() if components is None or c in components]
    streams = _streams(seed)
    total = np.broadcast_to(_direct(evidence), (draws, len(evidence.best))).copy()
    if "residual" in wanted:
        total += _residual(evidence, streams["residual"], draws)
    for name, change in (("simulators", _simulators), ("models", _models), ("seeds", _seeds), ("weather", _weather)):
        if name in wanted:
            step = change(evidence, streams[name], draws)
            (np.multiply if evidence.positive else np.add)(total, step, out=total)
    if evidence.positive:
        np.maximum(total, 0.0, out=total)
    if evidence.applied is not None:
        share = indirect.share_draws(streams["indirect"], draws) if "indirect" in wanted else [indirect.share()]
        total += np.asarray(share)[:, None] * evidence.applied * N2O_PER_N
    if "area" in wanted:
        total *= _area(seed, draws, len(evidence.best), evidence.area_sd)
    return total


def _streams(seed: int) -> dict[str, np.random.Generator]:
    """Random numbers of each component."""
    return dict(zip(COMPONENTS, np.random.default_rng(seed).spawn(len(COMPONENTS)), strict=True))


def interval(values: np.ndarray, levels: Sequence[float] = LEVELS) -> dict[str, np.ndarray]:
    """Central intervals of draws ``(draws, ...)``: ``low80`` and ``high80`` and so on, and ``median``, ``(...)``."""
    ends = [q for level in levels for q in ((1 - level) / 2, (1 + level) / 2)]
    found = np.quantile(values, [0.5, *ends], axis=0)
    names = [f"{end}{round(level * 100)}" for level in levels for end in ("low", "high")]
    return dict(zip(["median", *names], found, strict=True))


def grouped(values: np.ndarray, keys: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Sums of draws ``(draws, cells)`` over the cells of each key: sorted keys and ``(draws, keys)``."""
    names, place = np.unique(np.asarray(keys, dtype=str), return_inverse=True)
    member = np.zeros((values.shape[1], len(names)))
    member[np.arange(values.shape[1]), place] = 1.0
    return names.tolist(), values @ member


def contributions(evidence: Evidence, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """What each component alone does to the sum over all cells, widest first.

    Columns: component, label, sd, low80, high80 [unit of ``best``] and share, of the sum of variances [1].
    """
    rows = []
    for name in evidence.components():
        total = draw(evidence, [name], draws=draws, seed=seed).sum(axis=1)
        bounds = interval(total, [0.8])
        rows.append((name, COMPONENTS[name], float(total.std()), float(bounds["low80"]), float(bounds["high80"])))
    table = pd.DataFrame(rows, columns=["component", "label", "sd", "low80", "high80"])
    variance = table["sd"] ** 2
    table["share"] = variance / variance.sum() if variance.sum() > 0 else 0.0
    return table.sort_values("sd", ascending=False, kind="stable").reset_index(drop=True)


def _direct(evidence: Evidence) -> np.ndarray:
    """``best`` without the indirect part, which is added after everything that is the field's own."""
    if evidence.applied is None:
        return evidence.best
    return np.asarray(evidence.best - indirect.share() * evidence.applied * N2O_PER_N)


def _residual(evidence: Evidence, rng: np.random.Generator, draws: int) -> np.ndarray:
    assert evidence.residuals is not None and evidence.predicted is not None
    assert evidence.crops is not None and evidence.per_hectare is not None
    return evidence.residuals.errors(rng, evidence.predicted, evidence.crops, draws) * evidence.per_hectare


def _changes(evidence: Evidence, members: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Members ``(n, cells)`` against the reference ``(cells,)``: ratios of positive quantities, else differences."""
    if not evidence.positive:
        return np.asarray(members - reference)
    good = (reference > 0) & (members > 0)
    return np.where(good, members / np.where(reference > 0, reference, 1.0), 1.0)


def _simulators(evidence: Evidence, rng: np.random.Generator, draws: int) -> np.ndarray:
    members = np.stack(list(evidence.simulators.values()))
    changes = _changes(evidence, members, np.mean([evidence.simulators[name] for name in evidence.own], axis=0))
    return np.asarray(changes[rng.integers(0, len(members), draws)])


def _models(evidence: Evidence, rng: np.random.Generator, draws: int) -> np.ndarray:
    members = np.stack([np.mean(seeds, axis=0) for seeds in evidence.models.values()])
    return np.asarray(_changes(evidence, members, _direct(evidence))[rng.integers(0, len(members), draws)])


def _seeds(evidence: Evidence, rng: np.random.Generator, draws: int) -> np.ndarray:
    """A kind with several seeds and one of its n; sqrt(n / (n - 1)) gives back the spread that their mean takes."""
    kinds = [np.asarray(seeds) for seeds in evidence.models.values() if len(seeds) > 1]
    neutral = 1.0 if evidence.positive else 0.0
    changes = [
        neutral + (_changes(evidence, seeds, seeds.mean(axis=0)) - neutral) * np.sqrt(len(seeds) / (len(seeds) - 1))
        for seeds in kinds
    ]
    sizes = np.array([len(seeds) for seeds in kinds])
    kind = rng.integers(0, len(kinds), draws)
    member = (np.cumsum(sizes) - sizes)[kind] + (rng.random(draws) * sizes[kind]).astype(int)
    return np.asarray(np.concatenate(changes)[member])


def _weather(evidence: Evidence, rng: np.random.Generator, draws: int) -> np.ndarray:
    """The mean of n of the N years with the crop, resampled: its variance is that of the years over n.

    As many years are drawn as there are; what each lies from the mean of N, over sqrt(n (N - 1)), makes it so.
    """
    assert evidence.yearly is not None
    years = evidence.yearly
    held = np.isfinite(years).sum(axis=0)
    n = held if evidence.n_years is None else evidence.n_years
    mean = np.divide(np.nansum(years, axis=0), held, out=np.full(years.shape[1], np.nan), where=held > 0)
    away = np.where(np.isfinite(years), years - mean, 0.0) / np.sqrt(np.maximum(n, 1) * np.maximum(held - 1, 1))
    times = rng.multinomial(len(years), np.full(len(years), 1.0 / len(years)), draws)
    if not evidence.positive:
        return np.asarray(times @ away)
    return 1.0 + times @ np.divide(away, mean, out=np.zeros_like(away), where=mean > 0)


@lru_cache(maxsize=1)
def _area(seed: int, draws: int, cells: int, sd: float) -> np.ndarray:
    """Factors ``(draws, cells)`` of harvested areas: those of one question are the same for all its quantities."""
    rng = _streams(seed)["area"]
    common = rng.standard_normal((draws, 1)) * np.sqrt(_AREA_COMMON)
    own = rng.standard_normal((draws, cells)) * np.sqrt(1 - _AREA_COMMON)
    factors = np.maximum(1 + sd * (common + own), 0.0)
    factors.flags.writeable = False
    return factors
