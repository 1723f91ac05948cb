"""The contract accepts what keeps it and names each breach."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux import contract, schema
from agroflux.errors import AgroFluxError, ContractError

Break = Callable[[xr.Dataset], xr.Dataset]


def _units(ds: xr.Dataset, name: str, unit: object) -> xr.Dataset:
    ds[name].attrs = {} if unit is None else {"units": unit}
    return ds


def _leap_day(ds: xr.Dataset) -> xr.Dataset:
    time = ds["time"].values.copy()
    at = int(np.flatnonzero(time == np.datetime64("2016-02-28"))[0])
    time[at + 1] = np.datetime64("2016-02-29")  # in place of 1 March, so that time still increases
    return ds.assign_coords(time=time)


def _twice(ds: xr.Dataset) -> xr.Dataset:
    return ds.assign_coords(site=["17019", "17019", "19169"])


def _repeated_day(ds: xr.Dataset) -> xr.Dataset:
    time = ds["time"].values.copy()
    time[10] = time[9]
    return ds.assign_coords(time=time)


def _annual_by_day(ds: xr.Dataset) -> xr.Dataset:
    return ds.assign(Delta_SOC=(ds["GPP"].dims, ds["GPP"].values, {"units": "g C m-2"}))


def _attr(name: str, value: object) -> Break:
    return lambda ds: ds.assign_attrs({name: value})


def _without(name: str) -> Break:
    def drop(ds: xr.Dataset) -> xr.Dataset:
        del ds.attrs[name]
        return ds

    return drop


def _stamps(first: str, hours: int) -> Break:
    step = np.timedelta64(hours, "h")
    return lambda ds: ds.assign_coords(time=(np.datetime64(first) + step * np.arange(730)).astype("datetime64[ns]"))


BREACHES: dict[str, tuple[Break, str]] = {
    "kind": (_attr("kind", "guess"), "'guess', not one of simulation, observation"),
    "calendar": (_attr("calendar", "360_day"), "'360_day', not one of standard, noleap"),
    "synthetic": (_attr("synthetic", "no"), "'synthetic' must be true or false"),
    "no dimension": (lambda ds: ds.isel(scenario=0, drop=True), "dimension 'scenario' is missing"),
    "foreign dimension": (lambda ds: ds.rename(year="season"), "dimension 'season' does not belong"),
    "no latitude": (lambda ds: ds.drop_vars("lat"), "site coordinate 'lat' is missing"),
    "no rate": (lambda ds: ds.drop_vars("n_rate"), "scenario coordinate 'n_rate' is missing"),
    "one rate": (lambda ds: ds.assign_coords(n_rate=168.0), "'n_rate' holds no number [kg N ha-1] for each scenario"),
    "words for rates": (lambda ds: ds.assign_coords(n_rate=ds["n_rate"].astype(str)), "'n_rate' holds no number"),
    "no rate of a scenario": (lambda ds: ds.assign_coords(n_rate=ds["n_rate"] * np.nan), "'n_rate' holds no number"),
    "rates by site": (lambda ds: ds.assign_coords(n_rate=("site", [1.0, 2.0, 3.0])), "'n_rate' holds no number"),
    "one site": (lambda ds: ds.sel(site=ds["site"][0]), "dimension 'site' is missing"),
    "one day": (lambda ds: ds.isel(time=0), "dimension 'time' is missing"),
    "site twice": (_twice, "site names are not unique"),
    "day twice": (_repeated_day, "does not increase day by day at 2015-01-10"),
    "noon": (_stamps("2015-01-01T12", 24), "time 2015-01-01T12:00 is not the start of a day: floor the stamps"),
    "every 30th day": (_stamps("2000-01-01", 720), "no two days in a row (the closest are 30 days apart)"),
    "no day": (lambda ds: ds.isel(time=slice(0)), "time is empty"),
    "no site": (lambda ds: ds.isel(site=slice(0)), "site is empty"),
    "29 February": (_leap_day, "calendar is noleap but time holds 29 February"),
    "numbers for time": (lambda ds: ds.assign_coords(time=np.arange(730)), "time is int64, not datetime64"),
    "no time values": (lambda ds: ds.drop_vars("time"), "time has no coordinate values"),
    "foreign variable": (lambda ds: ds.rename(GPP="gpp"), "variable 'gpp' is not in the schema"),
    "wrong unit": (lambda ds: _units(ds, "GPP", "umol m-2 s-1"), "'umol m-2 s-1', not 'g C m-2 d-1'"),
    "no unit": (lambda ds: _units(ds, "NEE", None), "variable 'NEE' has units None"),
    "annual by day": (_annual_by_day, "'Delta_SOC' is annual"),
    "lists for text": (_attr("calendar", np.array([1, 2])), "attribute 'calendar' is no text"),
    "list of units": (lambda ds: _units(ds, "GPP", np.array([1, 2])), "variable 'GPP' has units array([1, 2])"),
    "numbers for sites": (lambda ds: ds.assign_coords(site=[1, 2, 3]), "site names are no text"),
    "no site values": (lambda ds: ds.drop_vars("site"), "site names are no text"),
    "nowhere": (lambda ds: ds.assign_coords(lat=ds["lat"] * np.nan), "'lat' holds no number from -90 to 90"),
    "off the globe": (lambda ds: ds.assign_coords(lon=ds["lon"] - 300), "'lon' holds no number from -180 to 180"),
    "words for latitude": (lambda ds: ds.assign_coords(lat=("site", ["a", "b", "c"])), "'lat' holds no number"),
    "no year values": (lambda ds: ds.drop_vars("year"), "year has no coordinate values"),
    "dates for years": (
        lambda ds: ds.assign_coords(year=ds["year"].values.astype("M8[Y]").astype("M8[ns]")),
        "year is datetime64[ns], not whole numbers such as 2005",
    ),
    "year twice": (lambda ds: ds.assign_coords(year=[2015, 2015]), "years are not unique"),
    "daily by year": (
        lambda ds: ds.assign(NEE=(("site", "year"), np.zeros((3, ds.sizes["year"])), {"units": "g C m-2 d-1"})),
        "'NEE' is not annual: its dimension is 'time', not 'year'",
    ),
    "numbers for names": (
        lambda ds: ds.assign_coords(site_name=("site", [1, 2, 3])),
        "site coordinate 'site_name' is no text along 'site'",
    ),
    "one state": (lambda ds: ds.assign_coords(state="IA"), "site coordinate 'state' is no text along 'site'"),
    "no variable": (lambda ds: ds.drop_vars(list(ds.data_vars)), "there is no variable"),
    "words for values": (lambda ds: ds.assign(GPP=ds["GPP"].astype(str)), "'GPP' holds no numbers but"),
    "no site of a variable": (lambda ds: ds.assign(GPP=ds["GPP"].isel(site=0)), "'GPP' lacks the dimension 'site'"),
}


def test_a_good_simulation_passes(tiny_simulation: xr.Dataset) -> None:
    assert contract.problems(tiny_simulation, values=True) == []
    assert contract.validate(tiny_simulation) is tiny_simulation


def test_a_good_observation_passes(tiny_observation: xr.Dataset) -> None:
    assert contract.problems(tiny_observation, values=True) == []


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_named(name: str, tiny_simulation: xr.Dataset) -> None:
    spoil, sentence = BREACHES[name]
    found = contract.problems(spoil(tiny_simulation))
    assert any(sentence in f for f in found), found


@pytest.mark.parametrize("rate", [150.0, "150"])
def test_a_rate_of_measurements_belongs_to_no_site(rate: object, tiny_observation: xr.Dataset) -> None:
    found = contract.problems(tiny_observation.assign_coords(n_rate=("site", [rate])))
    assert len(found) == 1 and "coordinate 'n_rate' holds no number" in found[0]


@pytest.mark.parametrize("name", contract.REQUIRED_ATTRS)
def test_each_attribute_is_required(name: str, tiny_simulation: xr.Dataset) -> None:
    assert f"attribute {name!r} is missing" in contract.problems(_without(name)(tiny_simulation))


def test_all_breaches_in_one_error(tiny_simulation: xr.Dataset) -> None:
    spoilt = _units(tiny_simulation, "GPP", "kg").drop_vars(["lat"])
    with pytest.raises(ContractError, match=r"^towers: .*'lat' is missing; .*'GPP' has units 'kg'") as caught:
        contract.validate(spoilt, name="towers")
    assert isinstance(caught.value, AgroFluxError)


def test_a_flipped_sign_is_seen_only_when_values_are_read(tiny_simulation: xr.Dataset) -> None:
    tiny_simulation["N2O_FLUX"] = -tiny_simulation["N2O_FLUX"].assign_attrs(units="g N m-2 d-1")
    tiny_simulation["N2O_FLUX"].attrs["units"] = "g N m-2 d-1"
    assert contract.problems(tiny_simulation) == []
    found = contract.problems(tiny_simulation, values=True)
    assert len(found) == 1 and "check its unit and sign" in found[0]


def test_missing_is_nan_and_no_breach(tiny_simulation: xr.Dataset) -> None:
    tiny_simulation["GPP"][0] = np.nan
    assert contract.problems(tiny_simulation, values=True) == []


def test_a_prediction_may_err_a_little_below_zero_and_a_simulation_may_not(tiny_simulation: xr.Dataset) -> None:
    name = next(str(n) for n in tiny_simulation.data_vars if contract.limits(str(n))[0] == 0.0)
    high = contract.limits(name)[1]
    values = tiny_simulation[name].to_numpy().copy()
    values.flat[0] = -0.01 * high
    ds = tiny_simulation.assign({name: tiny_simulation[name].copy(data=values)})
    assert any(f"{name!r} spans" in f for f in contract.problems(ds, values=True))
    predicted = ds.assign_attrs(model="lstm-cornbelt-century")
    assert contract.problems(predicted, values=True) == []
    values.flat[0] = -0.03 * high
    assert any(f"{name!r} spans" in f for f in contract.problems(predicted, values=True))


def test_a_quality_share_above_one_is_seen(tiny_observation: xr.Dataset) -> None:
    tiny_observation["NEE_qc"][0, 3] = 48.0  # half-hours counted, not divided
    assert any("'NEE_qc' spans" in f for f in contract.problems(tiny_observation, values=True))


@given(st.sampled_from(sorted(schema.VARIABLES)), st.text(max_size=12))
def test_any_unit_but_the_schemas_is_refused(name: str, unit: str) -> None:
    annual = schema.get(name).per == "year"
    ds = xr.Dataset({name: (("year",) if annual else ("time",), [1.0], {"units": unit})})
    refused = any("has units" in f for f in contract.problems(ds))
    assert refused == (unit != schema.get(name).unit)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=12))
def test_time_passes_only_when_it_increases(days: list[int]) -> None:
    time = np.datetime64("2016-01-01") + np.asarray(days).astype("timedelta64[D]")
    ds = xr.Dataset(coords={"time": time.astype("datetime64[ns]")})
    refused = any("does not increase" in f for f in contract.problems(ds))
    assert refused == any(b <= a for a, b in itertools.pairwise(days))


def test_seasons_and_chosen_years_may_leave_days_out(tiny_simulation: xr.Dataset) -> None:
    day = tiny_simulation["time"].dt.dayofyear
    assert contract.problems(tiny_simulation.isel(time=np.flatnonzero((day > 90) & (day < 270)))) == []
    assert contract.problems(tiny_simulation.isel(time=slice(0))) == ["time is empty: give at least one"]
