"""A county's soil for DSSAT, from the surface properties of ``counties.csv`` by a stated rule.

Lower limit = wilting point; drained upper limit = that + available water capacity; saturation and bulk density
from Saxton and Rawls (2006, Soil Sci. Soc. Am. J. 70, 1569, eqs 2-6: porosity from texture and organic
matter), at least 0.04 above the drained upper limit. Organic carbon is constant to 20 cm and falls exponentially
below (e-folding 35 cm, floor 5 % of the surface). Texture and pH are constant with depth. Drainage is that of a
slowly drained field with tiles. Slower still, more nitrogen is lost, but as N2: N2O need not rise.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Lower depth of DSSAT's layers [cm]; benchmark layers 1, 3 and 5 are 0-5, 15-30 and 45-60 cm.
DEPTHS = (5, 15, 30, 45, 60, 90, 120, 150, 180)
#: Index into DEPTHS of the layers that stand for the benchmark's layers 1, 3 and 5.
BENCHMARK_LAYERS = {1: 0, 3: 2, 5: 4}


@dataclass(frozen=True, slots=True)
class Drainage:
    """How water leaves: ``sldr`` [fraction d-1], ``ssks`` saturated conductivity [cm h-1], ``curve`` runoff number."""

    sldr: float = 0.10
    ssks: float = 0.10
    curve: float = 75.0


@dataclass(frozen=True)
class Soil:
    """One profile. Layer arrays follow DEPTHS. Water limits [m3 m-3], bulk density [Mg m-3], carbon [%]."""

    sand_pct: float
    silt_pct: float
    clay_pct: float
    ph: float
    cec: float
    lower: np.ndarray
    upper: np.ndarray
    saturation: np.ndarray
    bulk_density: np.ndarray
    carbon_pct: np.ndarray
    fertility: float = 1.0
    drainage: Drainage = Drainage()

    def drivers(self) -> dict[str, float]:
        """The benchmark's soil drivers: BD [Mg m-3] of 0-30 cm; SAND, SILT, SOC [g kg-1]; PH."""
        thickness = np.diff([0, *DEPTHS])[:3]
        return {
            "BD": float(np.average(self.bulk_density[:3], weights=thickness)),
            "SAND": 10 * self.sand_pct,
            "SILT": 10 * self.silt_pct,
            "PH": self.ph,
            "SOC": 10 * float(self.carbon_pct[0]),
        }


def _saxton_rawls_upper(sand: np.ndarray, clay: np.ndarray, om: np.ndarray) -> np.ndarray:
    """Water at -33 kPa [m3 m-3] from sand, clay [fraction] and organic matter [%]; Saxton and Rawls (2006), eq. 2."""
    t33 = -0.251 * sand + 0.195 * clay + 0.011 * om + 0.006 * sand * om - 0.027 * clay * om + 0.452 * sand * clay
    t33 = t33 + 0.299
    return np.asarray(t33 + 1.283 * t33**2 - 0.374 * t33 - 0.015)


def _saxton_rawls_saturation(sand: np.ndarray, clay: np.ndarray, om: np.ndarray) -> np.ndarray:
    """Porosity [m3 m-3] from sand, clay [fraction] and organic matter [%]; Saxton and Rawls (2006), eqs 2-5."""
    th33 = _saxton_rawls_upper(sand, clay, om)
    ts33 = 0.278 * sand + 0.034 * clay + 0.022 * om - 0.018 * sand * om - 0.027 * clay * om - 0.584 * sand * clay
    ts33 = ts33 + 0.078
    ths33 = ts33 + 0.636 * ts33 - 0.107
    return np.asarray(th33 + ths33 - 0.097 * sand + 0.043)


def water_limits(sand: float, clay: float, om: float) -> tuple[float, float]:
    """Wilting point and available water capacity [m3 m-3] from sand, clay [fraction] and organic matter [%].

    Saxton and Rawls (2006), eqs 1 and 2; the capacity is at least 0.05.
    """
    t1500 = -0.024 * sand + 0.487 * clay + 0.006 * om + 0.005 * sand * om - 0.013 * clay * om + 0.068 * sand * clay
    t1500 += 0.031
    wilting = max(t1500 + 0.14 * t1500 - 0.02, 0.02)
    upper = float(_saxton_rawls_upper(np.array(sand), np.array(clay), np.array(om)))
    return wilting, max(upper - wilting, 0.05)


def county_soil(facts: pd.Series, *, fertility: float = 1.0, drainage: Drainage = Drainage()) -> Soil:
    """Profile of one county from its row of ``counties.csv`` (sand, silt, clay, soc [%], awc, wilting, ph, cec)."""
    middle = np.array(DEPTHS) - np.diff([0, *DEPTHS]) / 2
    decline = np.where(middle <= 20, 1.0, 0.05 + 0.95 * np.exp(-(middle - 20) / 35))
    carbon = float(facts["soc_pct"]) * decline
    lower = np.full(len(DEPTHS), float(facts["wilting_pct"]) / 100)
    upper = lower + float(facts["awc_cm_cm"])
    sand, clay = float(facts["sand_pct"]) / 100, float(facts["clay_pct"]) / 100
    # Organic matter above 8 % lies outside the equations' data.
    porosity = _saxton_rawls_saturation(np.array(sand), np.array(clay), np.minimum(carbon * 1.724, 8.0))
    saturation = np.clip(porosity, upper + 0.04, 0.65)
    return Soil(
        sand_pct=float(facts["sand_pct"]),
        silt_pct=float(facts["silt_pct"]),
        clay_pct=float(facts["clay_pct"]),
        ph=float(facts["ph"]),
        cec=float(facts["cec_cmol_kg"]),
        lower=lower,
        upper=upper,
        saturation=saturation,
        bulk_density=2.65 * (1 - saturation),
        carbon_pct=carbon,
        fertility=fertility,
        drainage=drainage,
    )
