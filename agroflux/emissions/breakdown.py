"""The region's total taken apart: by year, by month, by nitrogen rate, and year by year for each cell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.emissions.areas import AREA_COLUMNS, AREA_OF
from agroflux.emissions.fluxes import monthly_fluxes, whole_years, yearly_fluxes
from agroflux.emissions.question import N2O_AND_GRAIN, Question, Sources, slim, totals_of
from agroflux.emissions.totals import COLUMNS, Totals, area_array, masses


def cells_by_year(column: str, question: Question, fluxes: xr.Dataset, made: Totals) -> np.ndarray:
    """Masses of the totals' cells year by year, ``(years, cells)``."""
    annual = yearly_fluxes(fluxes, question.years)
    array = masses(annual, _area_of(annual, made), question.n_rate, question.gwp, question.horizon)[column]
    cells = made.crops
    at = {
        "site": xr.DataArray(cells["fips"].to_numpy(str), dims="cell"),
        "crop": xr.DataArray(cells["crop"].to_numpy(str), dims="cell"),
    }
    return np.asarray(array.sel(at).transpose("year", "cell").values)


def _area_of(fluxes: xr.Dataset, made: Totals) -> xr.DataArray:
    """Areas [ha] of the totals' cells, ``(site, crop)``; NaN for cells that do not count."""
    wide = made.crops.pivot(index="fips", columns="crop", values="area_ha")
    named = wide.rename(columns=AREA_OF)
    return area_array(fluxes, named.reindex(columns=list(AREA_COLUMNS)))


def by_year(question: Question, fluxes: xr.Dataset, facts: pd.DataFrame) -> pd.DataFrame:
    """The region in each whole year of the data; ``in_period`` marks the chosen ones."""
    rows = []
    for year in whole_years(fluxes):
        one = totals_of(replace(question, years=(year,)), fluxes, facts)
        rows.append(one.by("region").assign(year=year, in_period=year in question.years))
    table = pd.concat(rows, ignore_index=True)
    first = ["year", "in_period", "outside_period"]
    return table[[*first, *(c for c in table if c in COLUMNS and COLUMNS[c].unit)]]


def by_month(question: Question, fluxes: xr.Dataset, made: Totals) -> pd.DataFrame:
    """What each month adds to the region's year: N2O, NEE and CO2 from soil, by crop and together."""
    monthly = monthly_fluxes(fluxes, question.years)
    made_by = masses(monthly, _area_of(monthly, made), question.n_rate, question.gwp, question.horizon)
    kept = [c for c in ("n2o_t", "n2o_t_co2e", "nee_t_co2", "soil_co2_t_co2") if c in made_by]
    sums = made_by[kept].sum("site").to_dataframe().reset_index()
    both = sums.groupby("month")[kept].sum().reset_index().assign(crop="both")
    table = pd.concat([sums, both], ignore_index=True)
    return table[["month", "crop", *kept]].sort_values(["crop", "month"]).reset_index(drop=True)


def by_rate(question: Question, sources: Sources, facts: pd.DataFrame) -> pd.DataFrame:
    """The region at each nitrogen rate of the data: what less or more nitrogen does to N2O and to grain."""
    rows = []
    for rate in sources.rates:
        at = replace(question, n_rate=rate)
        one = totals_of(at, slim(sources.at(rate), at, N2O_AND_GRAIN), facts)
        rows.append(one.by("region").assign(n_rate=rate))
    table = pd.concat(rows, ignore_index=True)
    kept = ["n_rate", "n2o_t", "n2o_t_co2e", "n2o_all_t_co2e", "grain_t", "co2e_per_grain", "n2o_n_per_n"]
    return table[[c for c in kept if c in table]]
