"""Annual fluxes of corn and soybean per hectare, county by county, from a simulation or a prediction.

Counties rotate corn and soybean: a calendar year shows one crop. The flux of a crop in a period is the mean over
that crop's years **in** the period. Where the period holds no year of the crop, the crop's nearest year stands in
(both, where one before and one after are equally near), and ``years_away`` says how far it lies. A corn year runs
from January to December, so that what soybean residues release before planting counts for corn, and the reverse.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from agroflux.emissions import units
from agroflux.errors import DataError, SelectionError

#: Crop name -> value of the driver CROP.
CROPS = {"corn": 1, "soybean": 0}
#: Quantity -> (variables that can give it, in order of preference; unit per hectare).
_SOURCES: dict[str, tuple[tuple[str, ...], str]] = {
    "n2o": (("N2O_FLUX",), units.N2O_N_RATE),
    "nee": (("NEE", "CO2_FLUX"), units.C_RATE),
    "harvest": (("Yield",), units.C_RATE),
    "soil_carbon": (("Delta_SOC",), units.C_RATE),
    "soil_co2": (("Rh",), units.C_RATE),
}


def crop_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Mean annual flux per hectare of each crop over its years in ``years``.

    ``ds``: a contract simulation, already one nitrogen rate (several scenarios of one rate, such as two rotation
    phases, are averaged). Needs CROP and N2O_FLUX; takes NEE (or CO2_FLUX, or Reco - GPP), Yield, Delta_SOC and Rh
    where they are there. Returns ``(site, crop)``: ``n2o`` [kg N2O-N ha-1 yr-1], ``nee``, ``harvest``,
    ``soil_carbon``, ``soil_co2`` [t C ha-1 yr-1]; coordinates ``crop_years`` (the years used, as text) and
    ``years_away`` (0 in the period, NaN where the crop never grows). A missing day makes the mean NaN.
    SelectionError where a year is not in the data or not whole; DataError where a variable is missing.
    """
    starts, whole = _ready(ds, years)
    used, away, grown = _years_used(_crop_of_year(ds, starts, whole), whole, years)
    out = {
        name: _mean(units.convert(array.rename(name), unit), used)
        for name, (variables, unit) in _SOURCES.items()
        if (array := _annual(ds, name, variables, starts, whole)) is not None
    }
    coords = {"site": ds["site"].values, "crop": list(CROPS)}
    result = xr.Dataset(out).assign_coords(coords)
    return result.assign_coords(years_away=(("site", "crop"), away), crop_years=(("site", "crop"), grown))


def yearly_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Annual flux per hectare of each crop in each of ``years``, ``(site, crop, year)``: variables and units as in
    :func:`crop_fluxes`, NaN in a year in which the crop does not grow. Nothing is borrowed from other years.
    """
    starts, whole = _ready(ds, years)
    crop = _crop_of_year(ds, starts, whole)
    wanted = np.isin(whole, list(years))
    used = np.stack([crop == code for code in CROPS.values()], axis=1)
    grows = xr.DataArray(used, dims=("site", "crop", "scenario", "year")).isel(year=wanted)
    out = {}
    for name, (variables, unit) in _SOURCES.items():
        if (array := _annual(ds, name, variables, starts, whole)) is not None:
            annual = units.convert(array.rename(name), unit).isel(year=wanted)
            mean = annual.where(grows, 0.0).sum("scenario", skipna=False) / grows.sum("scenario").where(
                grows.any("scenario")
            )
            out[name] = units.label(mean.transpose("site", "crop", "year"), unit)
    coords = {"site": ds["site"].values, "crop": list(CROPS), "year": whole[wanted]}
    return xr.Dataset(out).assign_coords(coords)


def monthly_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """What each calendar month adds to :func:`crop_fluxes`, ``(site, crop, month)``, in the same units.

    Daily variables only (``n2o``, ``nee``, ``soil_co2``); the twelve months sum to the annual flux.
    """
    starts, whole = _ready(ds, years)
    used, _, _ = _years_used(_crop_of_year(ds, starts, whole), whole, years)
    month = ds["time"].dt.month.values
    parts = []
    for number in range(1, 13):
        one = ds.isel(time=np.flatnonzero(month == number))
        slices = _slices(one["time"].dt.year.values)
        held = {
            name: _mean(units.convert(array.rename(name), unit), used)
            for name, (variables, unit) in _SOURCES.items()
            if name not in ("harvest", "soil_carbon")
            and (array := _annual(one, name, variables, slices, whole)) is not None
        }
        parts.append(xr.Dataset(held))
    result = xr.concat(parts, dim=xr.IndexVariable("month", np.arange(1, 13)), combine_attrs="override")
    result = result.transpose("site", "crop", "month")
    return result.assign_coords(site=ds["site"].values, crop=list(CROPS))


def check_simulation(ds: xr.Dataset) -> None:
    """Raise DataError for measurements: a tower or chamber stands for no county."""
    if ds.attrs.get("kind") != "simulation":
        raise DataError("totals need a simulation or a prediction for counties; measured sites stand for no county")


def with_crops(prediction: xr.Dataset, drivers: xr.Dataset) -> xr.Dataset:
    """A prediction with the CROP that it was made with: a model gives its targets and not the crops behind them.

    ``drivers``: the data set it was run on, which holds its sites, days and scenarios.
    """
    if "CROP" in prediction or "CROP" not in drivers:
        return prediction
    crop = drivers["CROP"]
    labels = {d: prediction[d].values for d in ("site", "scenario", "time") if d in crop.dims}
    return prediction.assign(CROP=crop.sel(labels))


def whole_years(ds: xr.Dataset) -> list[int]:
    """The calendar years of which the data set holds every day (29 February aside in a noleap calendar)."""
    return _whole_years(ds)[1].tolist()


def _ready(ds: xr.Dataset, years: Sequence[int]) -> tuple[dict[int, slice], np.ndarray]:
    """Days of each year and the whole years of a simulation that has what a total needs and holds ``years``."""
    check_simulation(ds)
    missing = [v for v in ("CROP", "N2O_FLUX") if v not in ds]
    if missing:
        raise DataError(f"the data set holds no {' and no '.join(missing)}: choose one with N2O and crops")
    starts, whole = _whole_years(ds)
    _check_years(years, whole)
    return starts, whole


def _whole_years(ds: xr.Dataset) -> tuple[dict[int, slice], np.ndarray]:
    found, count = np.unique(ds["time"].dt.year.values, return_counts=True)
    leap = (found % 4 == 0) & ((found % 100 != 0) | (found % 400 == 0))
    need = 365 + (leap & (ds.attrs.get("calendar") == "standard"))
    return _slices(ds["time"].dt.year.values), found[count == need]


def _slices(year: np.ndarray) -> dict[int, slice]:
    """Where each year's days lie."""
    found, first, count = np.unique(year, return_index=True, return_counts=True)
    return {int(y): slice(int(f), int(f + c)) for y, f, c in zip(found, first, count, strict=True)}


def _check_years(years: Sequence[int], whole: np.ndarray) -> None:
    if not len(whole):
        raise DataError("the data set holds no whole calendar year: totals need one")
    if not len(years):
        raise SelectionError(f"no year chosen: the data hold {whole[0]} to {whole[-1]}")
    if outside := sorted(set(map(int, years)) - set(whole.tolist())):
        shown = ", ".join(map(str, outside))
        raise SelectionError(f"year {shown} is not (whole) in the data: choose within {whole[0]} to {whole[-1]}")


def _by_year(array: xr.DataArray, starts: dict[int, slice], whole: np.ndarray, how: str) -> np.ndarray:
    """Reduce days to whole years: ``(..., time) -> (..., year)``; NaN in a day makes the year NaN."""
    values = np.asarray(array.transpose(..., "time").values, dtype=float)
    reduce = {"sum": np.add, "min": np.minimum, "max": np.maximum}[how]
    return np.stack([reduce.reduce(values[..., starts[int(y)]], axis=-1) for y in whole], axis=-1)


def _crop_of_year(ds: xr.Dataset, starts: dict[int, slice], whole: np.ndarray) -> np.ndarray:
    """CROP of each year, ``(site, scenario, year)``; DataError where it changes within a calendar year."""
    crop = ds["CROP"].broadcast_like(xr.DataArray(np.zeros(ds.sizes["site"]), dims="site"))
    low, high = (_by_year(crop, starts, whole, how) for how in ("min", "max"))
    changed = np.argwhere(low != high)  # also where NaN
    if len(changed):
        year = whole[changed[0][-1]]
        raise DataError(f"CROP changes or is missing within {year}: totals need one crop a calendar year")
    dims = [d for d in crop.dims if d != "time"] + ["year"]
    labelled = xr.DataArray(low, dims=dims)
    if "scenario" not in dims:
        labelled = labelled.expand_dims(scenario=ds.sizes["scenario"])
    return labelled.transpose("site", "scenario", "year").values


def _years_used(
    crop: np.ndarray, whole: np.ndarray, years: Sequence[int]
) -> tuple[xr.DataArray, np.ndarray, np.ndarray]:
    """Which (scenario, year) stand for each crop: the crop's years nearest to the chosen ones."""
    distance = np.abs(whole[:, None] - np.asarray(years)[None, :]).min(axis=1).astype(float)
    grows = np.stack([crop == code for code in CROPS.values()], axis=1)  # (site, crop, scenario, year)
    reach = np.where(grows, distance, np.inf)
    nearest = reach.min(axis=(2, 3))
    used = grows & (reach == nearest[..., None, None])
    years_text = np.empty(nearest.shape, dtype=object)
    for index in np.ndindex(*nearest.shape):
        years_text[index] = ", ".join(str(y) for y in whole[used[index].any(axis=0)])
    away = np.where(np.isfinite(nearest), nearest, np.nan)
    return xr.DataArray(used, dims=("site", "crop", "scenario", "year")), away, years_text.astype(str)


def _annual(
    ds: xr.Dataset, quantity: str, variables: tuple[str, ...], starts: dict[int, slice], whole: np.ndarray
) -> xr.DataArray | None:
    """``(site, scenario, year)`` of a quantity per year, or None where the data set has no variable for it."""
    name = next((v for v in variables if v in ds), None)
    if name is None:
        if quantity == "nee" and {"Reco", "GPP"} <= set(ds.data_vars):
            reco, gpp = (_annual(ds, v, (v,), starts, whole) for v in ("Reco", "GPP"))
            if reco is not None and gpp is not None:
                return units.add(reco, units.label(-gpp, units.units_of(gpp)))
        return None
    array = ds[name]
    if "time" in array.dims:
        dims = [d for d in array.dims if d != "time"] + ["year"]
        values = xr.DataArray(_by_year(array, starts, whole, "sum"), dims=dims, attrs=array.attrs, name=name)
    else:
        lacking = sorted(set(whole.tolist()) - set(array["year"].values.tolist()))
        if lacking:
            raise DataError(f"{name} has no value for {lacking[0]}: the data set's years and days do not agree")
        chosen = array.sel(year=whole)
        values = xr.DataArray(chosen.values, dims=chosen.dims, attrs=array.attrs, name=name)
    return units.per_year(values, name)


def _mean(annual: xr.DataArray, used: xr.DataArray) -> xr.DataArray:
    """Mean over the used years; NaN where there is none or where one of them is missing."""
    count = used.sum(("scenario", "year"))
    total = annual.where(used, 0.0).sum(("scenario", "year"), skipna=False)
    return units.label((total / count.where(count > 0)).transpose("site", "crop"), units.units_of(annual))
