"""Indirect N2O of applied nitrogen after IPCC Tier 1: what volatilises and comes down, and what leaches, elsewhere.

2019 Refinement to the 2006 IPCC Guidelines, Volume 4, Chapter 11, Table 11.3 and equations 11.9 and 11.10::

    N2O-N from deposition = N applied x FracGASF x EF4
    N2O-N from leaching   = N applied x FracLEACH-(H) x EF5

The factors are those of a wet climate, in which leaching occurs (:data:`agroflux.emissions.tier1.WET_REASON`).
Synthetic nitrogen only, as in the simulations; the indirect part is not simulated, so it is an option and stands in
a column of its own.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from agroflux.emissions import units

SOURCE = "IPCC 2019 Refinement, Volume 4, Chapter 11, Table 11.3"


@dataclass(frozen=True, slots=True)
class Factor:
    """A default factor of IPCC with its uncertainty range, taken as the 95 % interval."""

    label: str
    value: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """``size`` values ``(size,)``: half-normal on each side of the default, scaled so that 2.5 % lie beyond
        each end of the range, and none below zero.
        """
        z = rng.standard_normal(size)
        side = np.where(z < 0, self.value - self.low, self.high - self.value)
        return np.asarray(np.maximum(self.value + z / 1.96 * side, 0.0))


#: Factors of synthetic fertiliser: shares of N [1] and emission factors [kg N2O-N per kg N].
FACTORS: dict[str, Factor] = {
    "frac_gasf": Factor("FracGASF, share of synthetic N that volatilises", 0.11, 0.02, 0.33),
    "ef4": Factor("EF4, wet climate", 0.014, 0.011, 0.017),
    "frac_leach": Factor("FracLEACH-(H), wet climate", 0.24, 0.01, 0.73),
    "ef5": Factor("EF5", 0.011, 0.0, 0.020),
}


def share() -> float:
    """Indirect N2O-N of each unit of applied N with the default factors [t N2O-N per t N]: 0.00418."""
    factor = {name: one.value for name, one in FACTORS.items()}
    return factor["frac_gasf"] * factor["ef4"] + factor["frac_leach"] * factor["ef5"]


def share_draws(rng: np.random.Generator, size: int) -> np.ndarray:
    """``size`` values of :func:`share` with the factors drawn independently from their ranges, ``(size,)``."""
    drawn = {name: one.draw(rng, size) for name, one in FACTORS.items()}
    return np.asarray(drawn["frac_gasf"] * drawn["ef4"] + drawn["frac_leach"] * drawn["ef5"])


def indirect_n2o(applied: xr.DataArray) -> xr.DataArray:
    """Indirect N2O [t N2O yr-1] of ``applied`` [t N yr-1] with the default factors."""
    return units.convert(units.emitted(applied, share()), units.N2O)
