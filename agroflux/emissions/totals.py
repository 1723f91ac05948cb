"""County, crop, state and regional totals: flux per hectare times harvested area, added up.

Every sum is over the same fields: a county's crop is in all of them or in none. A crop without an area or without
a flux is left out and listed, never counted as zero. N2O and CO2 are kept in columns of their own and never added.
NEE is not a net carbon balance, since harvested grain leaves the field: NECB = -NEE - harvested C (positive where the
field gains carbon; Chapin et al. 2006, doi 10.1007/s10021-005-0105-7, without the small leaching and erosion terms).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data.calendar_days import years_text
from agroflux.data.select import select
from agroflux.emissions import units
from agroflux.emissions.areas import AREA_COLUMNS, survey_areas
from agroflux.emissions.fluxes import CROPS, check_simulation, crop_fluxes
from agroflux.emissions.indirect import indirect_n2o
from agroflux.errors import SelectionError

Level = Literal["county", "state", "crop", "region"]
_KEYS: dict[Level, list[str]] = {
    "county": ["fips", "county", "state"],
    "state": ["state"],
    "crop": ["crop"],
    "region": [],
}
#: Key of the rows that are of the whole region of a question, whatever it is called (``Assessment.place``).
REGION = "All counties"


class NoFluxError(SelectionError):
    """No county crop of a choice has both an area and every flux."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of totals. ``adds``: a mass or an area, which sums over counties."""

    label: str
    unit: str = ""
    adds: bool = False

    @property
    def axis(self) -> str:
        """Label with unit, as written on an axis and in a header."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


#: Every column of the tables made here; masses are means per year of the period.
COLUMNS: dict[str, Column] = {
    "fips": Column("County FIPS"),
    "county": Column("County"),
    "state": Column("State"),
    "crop": Column("Crop"),
    "crop_years": Column("Years behind the flux"),
    "outside_period": Column("Nearest year outside the period"),
    "counties": Column("Counties"),
    "area_ha": Column("Harvested area", units.AREA, adds=True),
    "n2o_kg_n_ha": Column("N2O-N per hectare", units.N2O_N_RATE),
    "n2o_t_n": Column("N2O-N", units.N2O_N, adds=True),
    "n2o_t": Column("N2O", units.N2O, adds=True),
    "n2o_t_co2e": Column("N2O as CO2 equivalents", units.CO2E, adds=True),
    "n2o_indirect_t": Column("Indirect N2O (Tier 1)", units.N2O, adds=True),
    "n2o_all_t_co2e": Column("Direct and indirect N2O as CO2 equivalents", units.CO2E, adds=True),
    "nee_t_c_ha": Column("NEE per hectare", units.C_RATE),
    "nee_t_co2": Column("NEE (net CO2 to the air)", units.CO2, adds=True),
    "harvest_t_co2": Column("Carbon in harvested grain, as CO2", units.CO2, adds=True),
    "necb_t_co2": Column("Field carbon balance (NECB), as CO2", units.CO2, adds=True),
    "soil_carbon_t_co2": Column("Change of soil carbon, as CO2", units.CO2, adds=True),
    "soil_co2_t_co2": Column("CO2 from soil (heterotrophic respiration)", units.CO2, adds=True),
    "grain_t": Column("Grain, dry", units.GRAIN, adds=True),
    "n_applied_t_n": Column("Nitrogen applied", units.N_APPLIED, adds=True),
    "co2e_per_grain": Column("N2O as CO2 equivalents per tonne of dry grain", units.PER_GRAIN),
    "n2o_n_per_n": Column("N2O-N per nitrogen applied", units.PER_N),
}
ADDITIVE = tuple(name for name, column in COLUMNS.items() if column.adds)
#: Intensity -> (mass, what it is divided by, factor between their units and the intensity's).
_RATES = {
    "n2o_kg_n_ha": ("n2o_t_n", "area_ha", 1000.0),
    "nee_t_c_ha": ("nee_t_co2", "area_ha", 1.0 / units.CO2_PER_C),
    "co2e_per_grain": ("n2o_t_co2e", "grain_t", 1000.0),
    "n2o_n_per_n": ("n2o_t_n", "n_applied_t_n", 1.0),
}


@dataclass(frozen=True)
class Totals:
    """Totals of one choice. ``crops``: one row a county and crop that counts; ``left_out``: those that do not.

    ``n_rate`` [kg N ha-1] to corn; ``gwp`` and ``horizon`` [yr]: the set behind CO2 equivalents; ``place``: what the
    counties are called.
    """

    crops: pd.DataFrame
    left_out: pd.DataFrame
    data: str
    n_rate: float
    years: tuple[int, ...]
    gwp: str
    area_source: str
    horizon: int = 100
    place: str = REGION

    def by(self, level: Level) -> pd.DataFrame:
        """Sums by county, state, crop or region, largest N2O first; intensities are ratios of the sums."""
        keys = _KEYS[level]
        table = self.crops
        sums = [c for c in ADDITIVE if c in table]
        if keys:
            grouped = table.groupby(keys, sort=True)
            out = grouped[sums].sum(min_count=1).reset_index()
            out["counties"] = grouped["fips"].nunique().to_numpy()
            out["outside_period"] = grouped["outside_period"].any().to_numpy()
        else:
            out = table[sums].sum(min_count=1).to_frame().T
            out["counties"] = table["fips"].nunique()
            out["outside_period"] = bool(table["outside_period"].any())
        out = with_intensities(out)
        order = [c for c in COLUMNS if c in out and not (level == "county" and c == "counties")]
        return out[order].sort_values("n2o_t", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def cells(self) -> pd.MultiIndex:
        """The county crops that count: (fips, crop)."""
        return pd.MultiIndex.from_frame(self.crops[["fips", "crop"]])

    def only(self, cells: pd.MultiIndex) -> "Totals":
        """The totals of those county crops that are in ``cells``, which may be none."""
        return replace(self, crops=self.crops[self.cells.isin(cells)].reset_index(drop=True))

    @property
    def borrowed(self) -> str:
        """How many county crops take their flux from outside the period, in a sentence; empty where none does."""
        outside = self.crops["outside_period"]
        if not outside.any():
            return ""
        return (
            f"{int(outside.sum())} of {len(outside)} county crops do not grow in the chosen period: their flux is that "
            "of the same county's nearest year with the crop."
        )

    @property
    def period(self) -> str:
        """The years as text: ``2013-2018``, gaps told."""
        return years_text(self.years)


def with_intensities(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` of masses with its intensities: per hectare, per tonne of grain, per nitrogen applied.

    NaN where there is nothing to divide by, and no column where the data have no such quantity.
    """
    out = table.copy()
    for name, (mass, over, factor) in _RATES.items():
        if mass in out and over in out:
            out[name] = (out[mass] * factor / out[over]).where(out[over] > 0)
    return out


def totals(
    ds: xr.Dataset,
    facts: pd.DataFrame,
    *,
    n_rate: float,
    years: Sequence[int],
    gwp: str = "AR6",
    horizon: int = 100,
    indirect: bool = False,
    areas: pd.DataFrame | None = None,
    counties: Sequence[str] | None = None,
    data: str = "",
) -> Totals:
    """Totals of a simulation or a prediction for counties, as means per year of ``years``.

    ``ds``: contract data set whose sites are county FIPS; ``facts``: county, state and survey areas by FIPS
    (:func:`agroflux.geo.county_facts`); ``areas`` [ha] by FIPS in place of the survey's
    (:func:`agroflux.emissions.areas.read_areas`); ``counties``: these alone (default: all). The nitrogen rate
    [kg N ha-1] is the one given to corn; soybean gets none, and its fields carry over what corn's rate left in the
    soil. ``gwp`` and ``horizon`` [yr] give CO2 equivalents; ``indirect`` adds indirect N2O after IPCC Tier 1
    (:mod:`agroflux.emissions.indirect`). Raises SelectionError or DataError; NoFluxError where no county crop counts.
    """
    check_simulation(ds)
    chosen = select(ds, sites=counties, n_rate=n_rate)
    fluxes = crop_fluxes(chosen, years)
    table = areas if areas is not None else survey_areas(facts)
    made = masses(fluxes, area_array(fluxes, table), n_rate, gwp, horizon, indirect=indirect)
    frame = _frame(made, facts)
    sums = [c for c in ADDITIVE if c in frame]
    counts = np.isfinite(frame[sums].to_numpy(dtype=float)).all(axis=1)
    if not counts.any():
        raise NoFluxError("no county of the data set has both an area and a flux: check the table of areas")
    return Totals(
        crops=frame.loc[counts].reset_index(drop=True),
        left_out=_left_out(frame.loc[~counts]),
        data=data or str(ds.attrs.get("title", "")),
        n_rate=float(n_rate),
        years=tuple(sorted({int(y) for y in years})),
        gwp=gwp,
        area_source=str(table.attrs.get("source", "given areas")),
        horizon=horizon,
    )


def area_array(fluxes: xr.Dataset, areas: pd.DataFrame) -> xr.DataArray:
    """Areas [ha] ``(site, crop)`` of the sites of ``fluxes``; NaN where the table ``areas`` has none."""
    found = areas.reindex(fluxes["site"].to_numpy())[list(AREA_COLUMNS)].to_numpy(dtype=float)
    coords = {"site": fluxes["site"].to_numpy(), "crop": list(CROPS)}
    return xr.DataArray(found, coords, ("site", "crop"), "harvested area", {"units": units.AREA})


def masses(
    fluxes: xr.Dataset, area: xr.DataArray, n_rate: float, gwp: str, horizon: int = 100, *, indirect: bool = False
) -> xr.Dataset:
    """The additive columns of each county and crop, ``(site, crop, ...)``, each by a step whose units are checked.

    ``fluxes`` per hectare as :func:`agroflux.emissions.fluxes.crop_fluxes` gives them, with or without years or
    months; ``area`` [ha]; ``n_rate`` [kg N ha-1 yr-1] to corn.
    """
    n2o_n = units.over_area(fluxes["n2o"], area)
    n2o = units.convert(n2o_n, units.N2O)
    to_crop = xr.DataArray([n_rate if crop == "corn" else 0.0 for crop in CROPS], {"crop": list(CROPS)}, ("crop",))
    applied = units.over_area(units.label(to_crop, units.N_RATE), area)
    out = {
        "area_ha": area,
        "n2o_t_n": n2o_n,
        "n2o_t": n2o,
        "n2o_t_co2e": units.co2e(n2o, gwp, horizon),
        "n_applied_t_n": applied,
    }
    if indirect:
        out["n2o_indirect_t"] = indirect_n2o(applied)
        out["n2o_all_t_co2e"] = units.co2e(units.add(n2o, out["n2o_indirect_t"]), gwp, horizon)
    carbon = {
        name: units.over_area(fluxes[name], area)
        for name in ("nee", "harvest", "soil_carbon", "soil_co2")
        if name in fluxes
    }
    if "harvest" in carbon:
        out["grain_t"] = units.convert(carbon["harvest"], units.GRAIN)
    co2 = {name: units.convert(array, units.CO2) for name, array in carbon.items()}
    out |= {f"{name}_t_co2": array for name, array in co2.items()}
    if {"nee", "harvest"} <= set(co2):
        gained = units.add(co2["nee"], co2["harvest"])
        out["necb_t_co2"] = units.label(-gained, units.CO2)
    for name, array in out.items():
        units.require(array, COLUMNS[name].unit)
    return xr.Dataset(out)


def _frame(made: xr.Dataset, facts: pd.DataFrame) -> pd.DataFrame:
    """One row a county and crop, columns in the order of COLUMNS."""
    frame = made.to_dataframe().reset_index().rename(columns={"site": "fips"})
    unknown = sorted(set(frame["fips"]) - set(facts.index))
    if unknown:
        raise SelectionError(
            f"site {unknown[0]!r} is no county of the county table: totals need a data set whose sites are county FIPS"
        )
    frame["outside_period"] = frame.pop("years_away") > 0
    frame = with_intensities(frame.join(facts[["county", "state"]], on="fips"))
    return frame[[c for c in COLUMNS if c in frame]]


def _left_out(frame: pd.DataFrame) -> pd.DataFrame:
    """County and crop that no sum contains, and why."""
    out = frame[["fips", "county", "state", "crop"]].reset_index(drop=True)
    no_area = frame["area_ha"].isna().to_numpy()
    never = (frame["crop_years"] == "").to_numpy()
    reasons = np.where(no_area, "no harvested area", np.where(never, "crop not grown in the data", "no flux"))
    return out.assign(reason=reasons)
