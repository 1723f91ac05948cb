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
from agroflux.emissions.sums import CROP, QUANTITIES, by_month, sums
from agroflux.errors import DataError, SelectionError

#: Crop name -> value of the driver CROP.
CROPS = {"corn": 1, "soybean": 0}


def crop_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Mean annual flux per hectare of each crop over its years in ``years``.

    ``ds``: a contract simulation, or its :func:`agroflux.emissions.sums.sums`, already one nitrogen rate (several
    scenarios of one rate, such as two rotation phases, are averaged). Needs CROP and N2O_FLUX; takes what else
    :data:`agroflux.emissions.sums.QUANTITIES` are made from where it is there. Returns ``(site, crop)``: ``n2o``
    [kg N2O-N ha-1 yr-1], ``nee``, ``harvest``, ``soil_carbon``, ``soil_co2`` [t C ha-1 yr-1]; coordinates
    ``crop_years`` (the years used, as text) and ``years_away`` (0 in the period, NaN where the crop never grows). A
    missing day makes the mean NaN.
    SelectionError where a year is not in the data or not whole; DataError where a variable is missing.
    """
    added = _ready(ds, years)
    used, away, grown = _years_used(added, years)
    out = {name: _mean(added[name], used) for name in QUANTITIES if name in added}
    coords = {"site": added["site"].values, "crop": list(CROPS)}
    result = xr.Dataset(out).assign_coords(coords)
    return result.assign_coords(years_away=(("site", "crop"), away), crop_years=(("site", "crop"), grown))


def yearly_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Annual flux per hectare of each crop in each of ``years``, ``(site, crop, year)``: variables and units as in
    :func:`crop_fluxes`, NaN in a year in which the crop does not grow. Nothing is borrowed from other years.
    """
    added = _ready(ds, years)
    wanted = np.isin(added["year"].values, list(years))
    grows = _grows(added).isel(year=wanted)
    count = grows.sum("scenario").where(grows.any("scenario"))
    out = {}
    for name in (quantity for quantity in QUANTITIES if quantity in added):
        annual = added[name].isel(year=wanted).drop_vars([*added[name].coords])
        mean = annual.where(grows, 0.0).sum("scenario", skipna=False) / count
        out[name] = units.label(mean.transpose("site", "crop", "year"), units.units_of(annual))
    coords = {"site": added["site"].values, "crop": list(CROPS), "year": added["year"].values[wanted]}
    return xr.Dataset(out).assign_coords(coords)


def monthly_fluxes(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """What each calendar month adds to :func:`crop_fluxes`, ``(site, crop, month)``, in the same units.

    Daily variables only (``n2o``, ``nee``, ``soil_co2``); the twelve months sum to the annual flux.
    """
    added = _ready(ds, years)
    used, _, _ = _years_used(added, years)
    held = {name: _mean(added[by_month(name)], used) for name in QUANTITIES if by_month(name) in added}
    return xr.Dataset(held).assign_coords(site=added["site"].values, crop=list(CROPS), month=np.arange(1, 13))


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


def _ready(ds: xr.Dataset, years: Sequence[int]) -> xr.Dataset:
    """Sums of a simulation that has what a total needs and holds ``years``."""
    check_simulation(ds)
    added = sums(ds) if "time" in ds.dims else ds
    _check_years(years, added["year"].values)
    mixed = np.argwhere(np.isnan(added[CROP].values))
    if len(mixed):
        year = added["year"].values[mixed[0][-1]]
        raise DataError(f"CROP changes or is missing within {year}: totals need one crop a calendar year")
    return added


def _check_years(years: Sequence[int], whole: np.ndarray) -> None:
    if not len(whole):
        raise DataError("the data set holds no whole calendar year: totals need one")
    if not len(years):
        raise SelectionError(f"no year chosen: the data hold {whole[0]} to {whole[-1]}")
    if outside := sorted(set(map(int, years)) - set(whole.tolist())):
        shown = ", ".join(map(str, outside))
        raise SelectionError(f"year {shown} is not (whole) in the data: choose within {whole[0]} to {whole[-1]}")


def _grows(added: xr.Dataset) -> xr.DataArray:
    """Whether each crop grows, ``(site, crop, scenario, year)``."""
    crop = added[CROP].transpose("site", "scenario", "year").values
    grows = np.stack([crop == code for code in CROPS.values()], axis=1)
    return xr.DataArray(grows, dims=("site", "crop", "scenario", "year"))


def _years_used(added: xr.Dataset, years: Sequence[int]) -> tuple[xr.DataArray, np.ndarray, np.ndarray]:
    """Which (scenario, year) stand for each crop: the crop's years nearest to the chosen ones."""
    whole = added["year"].values
    distance = np.abs(whole[:, None] - np.asarray(years)[None, :]).min(axis=1).astype(float)
    grows = _grows(added)
    reach = np.where(grows.values, distance, np.inf)
    nearest = reach.min(axis=(2, 3))
    used = grows & (reach == nearest[..., None, None])
    years_text = np.empty(nearest.shape, dtype=object)
    for index in np.ndindex(*nearest.shape):
        years_text[index] = ", ".join(str(y) for y in whole[used.values[index].any(axis=0)])
    away = np.where(np.isfinite(nearest), nearest, np.nan)
    return used, away, years_text.astype(str)


def _mean(values: xr.DataArray, used: xr.DataArray) -> xr.DataArray:
    """Mean over the used years, ``(site, crop, ...)``; NaN where there is none or where one of them is missing."""
    bare = values.drop_vars([*values.coords])
    count = used.sum(("scenario", "year"))
    total = bare.where(used, 0.0).sum(("scenario", "year"), skipna=False)
    mean = total / count.where(count > 0)
    return units.label(mean.transpose("site", "crop", ...), units.units_of(values))
