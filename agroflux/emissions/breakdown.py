"""The region's total taken apart: by year, by month, by nitrogen rate, and year by year for each cell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.emissions.areas import AREA_COLUMNS, AREA_OF
from agroflux.emissions.fluxes import monthly_fluxes, yearly_fluxes
from agroflux.emissions.question import N2O_AND_GRAIN, Question, Sources, totals_of_fields
from agroflux.emissions.totals import COLUMNS, Totals, area_array, masses

_LEVER = ("n_rate", "n2o_t", "n2o_t_co2e", "n2o_all_t_co2e", "grain_t", "co2e_per_grain", "n2o_n_per_n")


def cells_by_year(question: Question, fluxes: xr.Dataset, made: Totals) -> dict[str, np.ndarray]:
    """By column: masses of the totals' cells in all years of ``fluxes`` (sums), ``(years, cells)``; NaN: not grown."""
    annual = yearly_fluxes(fluxes, fluxes["year"].to_numpy().tolist())
    every = masses(annual, _area_of(annual, made), question.n_rate, question.gwp, question.horizon)
    cells = made.crops
    at = {
        "site": xr.DataArray(cells["fips"].to_numpy(str), dims="cell"),
        "crop": xr.DataArray(cells["crop"].to_numpy(str), dims="cell"),
    }
    kept = every[[name for name, array in every.items() if "year" in array.dims]].sel(at)
    return {str(name): array.transpose("year", "cell").to_numpy() for name, array in kept.items()}


def _area_of(fluxes: xr.Dataset, made: Totals) -> xr.DataArray:
    """Areas [ha] of the totals' cells, ``(site, crop)``; NaN for cells that do not count."""
    wide = made.crops.pivot(index="fips", columns="crop", values="area_ha")
    named = wide.rename(columns=AREA_OF)
    return area_array(fluxes, named.reindex(columns=list(AREA_COLUMNS)))


def by_year(
    question: Question, fluxes: xr.Dataset, facts: pd.DataFrame, made: Totals
) -> tuple[pd.DataFrame, list[str]]:
    """The fields of ``made`` in each whole year of the data; ``in_period`` marks the chosen ones.

    A year's row is what the question gives for that year alone: ``borrowed_crops`` county crops do not grow in it and
    stand with their nearest years, in or outside the period. The mean of the rows is therefore not the total of the
    period, which takes each crop from its own years. A year without a value for any field is left out. Returns also
    sentences that say which years lack fields.
    """
    rows, short = [], []
    for year in fluxes["year"].to_numpy().tolist():
        one = totals_of_fields(replace(question, years=(year,)), fluxes, facts, made.cells)
        told = 0 if one is None else len(one.crops)
        if one is not None:
            borrowed = int(one.crops["outside_period"].sum())
            row = one.by("region").assign(year=year, in_period=year in question.years, borrowed_crops=borrowed)
            rows.append(row)
        if told < len(made.crops):
            short.append(f"{year} ({told} of {len(made.crops)})")
    table = pd.concat(rows, ignore_index=True)
    first = ["year", "in_period", "borrowed_crops"]  # not outside_period: there the period is the one year
    said = [f"Years that lack county crops, for a missing value: {', '.join(short)}."] if short else []
    return table[[*first, *(c for c in table if c in COLUMNS and COLUMNS[c].unit)]], said


def by_month(question: Question, fluxes: xr.Dataset, made: Totals) -> pd.DataFrame:
    """What each month adds to the region's year: N2O, NEE and CO2 from soil, by crop and together."""
    monthly = monthly_fluxes(fluxes, question.years)
    made_by = masses(monthly, _area_of(monthly, made), question.n_rate, question.gwp, question.horizon)
    kept = [c for c in ("n2o_t", "n2o_t_co2e", "nee_t_co2", "soil_co2_t_co2") if c in made_by]
    sums = made_by[kept].sum("site").to_dataframe().reset_index()
    both = sums.groupby("month")[kept].sum().reset_index().assign(crop="both")
    table = pd.concat([sums, both], ignore_index=True)
    return table[["month", "crop", *kept]].sort_values(["crop", "month"]).reset_index(drop=True)


def by_rate(question: Question, sources: Sources, facts: pd.DataFrame, made: Totals) -> tuple[pd.DataFrame, list[str]]:
    """The region at each nitrogen rate of the data: what less or more nitrogen does to N2O and to grain.

    As the process model gives it, also where a trained model gives the fluxes: running that at every rate takes longer
    than a reader waits, and the process model is what it learned from (the data's own, where it learned from none).
    The fields are those of ``made`` that have N2O and grain at every rate, so that rates differ in nothing but
    nitrogen; a rate at which none has them is left out. Returns also sentences that say what is left out.
    """
    named = sources.own if sources.own in sources.truth else sources.truth[0]
    simulator = named if named in sources.simulators else ""
    found: dict[float, Totals] = {}
    fields = made.cells
    for rate in sources.rates:
        held = sources.sums(rate, simulator, N2O_AND_GRAIN)
        one = totals_of_fields(replace(question, n_rate=rate), held, facts, made.cells)
        if one is not None:
            found[rate] = one
            fields = fields.intersection(one.cells)
    said = [f"The nitrogen lever leaves out {rate:g} kg N ha-1: no county crop has all values at it."
            for rate in sources.rates if rate not in found]  # fmt: skip
    if named != sources.own:
        said.append(f"The nitrogen lever is that of {named}, which the model learned from, not of {sources.own}.")
    if len(fields) < len(made.crops):
        said.append(
            f"The nitrogen lever is of {len(fields)} of {len(made.crops)} county crops: the others lack N2O or grain "
            "at a nitrogen rate of the data."
        )
    if not len(fields):
        return pd.DataFrame(columns=list(_LEVER[:3])), said
    rows = [one.only(fields).by("region").assign(n_rate=rate) for rate, one in found.items()]
    table = pd.concat(rows, ignore_index=True)
    return table[[c for c in _LEVER if c in table]], said
