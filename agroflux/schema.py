"""Every variable once: name, label, unit, role, module, benchmark index, plausible range, colour scale.

House signs: a flux is positive when it goes to the air (Reco, Rh, NEE, CO2_FLUX, N2O_FLUX);
GPP and NPP are positive uptake; NEE = Reco - GPP. Units are those of the AgroFlux benchmark
(arXiv 2602.01614). ``low`` and ``high`` bound plausible daily (or annual) values: a value
outside is a sign of a wrong unit or sign, not of weather.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["driver", "target", "extra"]
Module = Literal["Weather", "Management", "Soil", "Carbon", "Thermal", "Water", "Nitrogen"]
Per = Literal["day", "year", "site"]
Scale = Literal["sequential", "emission", "gain"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. ``index`` is its column in the benchmark's X (drivers) or Y (targets) files.

    ``per``: how often it has a value: each ``day``, once a ``year``, or once a ``site`` (static).
    ``flux``: a daily rate that adds up over time (mean for states, sum for fluxes).
    ``scale``: how maps colour it: ``sequential`` from low to high, or about a meaningful zero, where ``emission`` has
    its positive side in the colours of what goes to the air, ``gain`` in those of what the field gains.
    """

    name: str
    label: str
    unit: str
    role: Role
    module: Module
    low: float
    high: float
    index: int | None = None
    per: Per = "day"
    flux: bool = False
    scale: Scale = "sequential"

    @property
    def axis(self) -> str:
        """Label with unit, as written on an axis."""
        return f"{self.label} [{self.unit}]"

    @property
    def title(self) -> str:
        """Label for people's eyes, with its formula as they write it: ``N₂O flux``. Files keep the label."""
        return written(self.label)


_GC, _GN, _MIN_N, _C = "g C m-2 d-1", "g N m-2 d-1", "g N Mg-1", "degC"

_ALL = (
    # -- drivers, in the benchmark's file order ------------------------------------------------
    Variable("TMAX", "Maximum air temperature", _C, "driver", "Weather", -60, 60, 0),
    Variable("TMIN", "Minimum air temperature", _C, "driver", "Weather", -70, 50, 1),
    Variable("PRECN", "Precipitation", "mm d-1", "driver", "Weather", 0, 500, 2, flux=True),
    Variable("FERTZR_N", "Fertiliser nitrogen", _GN, "driver", "Management", 0, 60, 3, flux=True),
    Variable("PLANTING", "Planting day", "1", "driver", "Management", 0, 1, 4),
    Variable("CROP", "Crop of the year (1 corn, 0 soybean)", "1", "driver", "Management", 0, 1, 5),
    Variable("BD", "Bulk density", "Mg m-3", "driver", "Soil", 0.5, 2.2, 6, "site"),
    Variable("SAND", "Sand", "g kg-1", "driver", "Soil", 0, 1000, 7, "site"),
    Variable("SILT", "Silt", "g kg-1", "driver", "Soil", 0, 1000, 8, "site"),
    Variable("PH", "Soil pH", "1", "driver", "Soil", 3, 10, 9, "site"),
    Variable("SOC", "Soil organic carbon", "g kg-1", "driver", "Soil", 0, 600, 10, "site"),
    # -- targets, in the benchmark's order of "All" ---------------------------------------------
    Variable("Reco", "Ecosystem respiration", _GC, "target", "Carbon", -2, 40, 0, flux=True),
    Variable("GPP", "Gross primary production", _GC, "target", "Carbon", -5, 60, 1, flux=True),
    Variable("CO2_FLUX", "Net CO2 flux to the air", _GC, "target", "Carbon", -50, 40, 2, flux=True, scale="emission"),
    Variable("Yield", "Grain yield (carbon)", "g C m-2", "target", "Carbon", 0, 1500, 3, "year"),
    Variable(
        "Delta_SOC",
        "Change of soil organic carbon",
        "g C m-2",
        "target",
        "Carbon",
        -1500,
        1500,
        4,
        "year",
        scale="gain",
    ),
    Variable("TMAX_SOIL_1", "Maximum soil temperature, layer 1", _C, "target", "Thermal", -40, 70, 5),
    Variable("TMIN_SOIL_1", "Minimum soil temperature, layer 1", _C, "target", "Thermal", -50, 60, 6),
    Variable("TMAX_SOIL_3", "Maximum soil temperature, layer 3", _C, "target", "Thermal", -30, 50, 7),
    Variable("TMIN_SOIL_3", "Minimum soil temperature, layer 3", _C, "target", "Thermal", -30, 50, 8),
    Variable("TMAX_SOIL_5", "Maximum soil temperature, layer 5", _C, "target", "Thermal", -20, 40, 9),
    Variable("TMIN_SOIL_5", "Minimum soil temperature, layer 5", _C, "target", "Thermal", -20, 40, 10),
    Variable("WTR_1", "Soil water, layer 1", "m3 m-3", "target", "Water", 0, 0.8, 11),
    Variable("WTR_3", "Soil water, layer 3", "m3 m-3", "target", "Water", 0, 0.8, 12),
    Variable("WTR_5", "Soil water, layer 5", "m3 m-3", "target", "Water", 0, 0.8, 13),
    Variable("ET", "Evapotranspiration", "mm d-1", "target", "Water", -1, 20, 14, flux=True),
    Variable("N2O_FLUX", "N2O flux", _GN, "target", "Nitrogen", -0.02, 1.0, 15, flux=True),
    Variable("NH4_1", "Ammonium, layer 1", _MIN_N, "target", "Nitrogen", 0, 2000, 16),
    Variable("NO3_1", "Nitrate, layer 1", _MIN_N, "target", "Nitrogen", 0, 2000, 17),
    Variable("NO3_3", "Nitrate, layer 3", _MIN_N, "target", "Nitrogen", 0, 2000, 18),
    Variable("NO3_5", "Nitrate, layer 5", _MIN_N, "target", "Nitrogen", 0, 2000, 19),
    # -- not in the benchmark -------------------------------------------------------------------
    Variable("SRAD", "Solar radiation", "MJ m-2 d-1", "extra", "Weather", 0, 45, flux=True),
    Variable("NPP", "Net primary production", _GC, "extra", "Carbon", -5, 40, flux=True),
    Variable("Rh", "Heterotrophic respiration", _GC, "extra", "Carbon", -1, 30, flux=True),
    Variable("NEE", "Net ecosystem exchange", _GC, "extra", "Carbon", -50, 40, flux=True, scale="emission"),
)

VARIABLES: dict[str, Variable] = {v.name: v for v in _ALL}


def _ordered(role: Role) -> tuple[str, ...]:
    chosen = [v for v in _ALL if v.role == role]
    return tuple(v.name for v in sorted(chosen, key=lambda v: v.index or 0))


#: The 11 drivers and 20 targets in the benchmark's file order.
DRIVERS: tuple[str, ...] = _ordered("driver")
TARGETS: tuple[str, ...] = _ordered("target")
#: Drivers that are weather.
WEATHER: tuple[str, ...] = ("TMAX", "TMIN", "PRECN")
#: Targets with one value a day, and those with one value a year.
DAILY_TARGETS: tuple[str, ...] = tuple(t for t in TARGETS if VARIABLES[t].per == "day")
ANNUAL_TARGETS: tuple[str, ...] = tuple(t for t in TARGETS if VARIABLES[t].per == "year")


def written(text: str) -> str:
    """``text`` with formulas as people write them: N₂O, CO₂."""
    return text.replace("N2O", "N₂O").replace("CO2", "CO₂")


def get(name: str) -> Variable:
    """The variable called ``name``; KeyError names the known ones."""
    try:
        return VARIABLES[name]
    except KeyError:
        raise KeyError(f"unknown variable {name!r}; known: {', '.join(VARIABLES)}") from None
