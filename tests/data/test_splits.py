"""Which years and counties train, validate and test."""

import functools
import itertools

import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import catalog, splits
from agroflux.errors import SelectionError
from tests.synthetic_contract import tiny


@pytest.fixture(scope="module")
def bundled() -> xr.Dataset:
    return catalog.open_dataset("cornbelt-century")


@functools.cache
def _time() -> xr.DataArray:
    return tiny(1, 1, 8)["time"]


def counties(n: int, states: int = 3) -> xr.Dataset:
    """``n`` counties over ``states`` states and 8 noleap years, coordinates alone."""
    ids = [f"{17001 + 2 * k}" for k in range(n)]
    return xr.Dataset(coords={"time": _time(), "site": ids, "state": ("site", [f"S{k % states}" for k in range(n)])})


def test_the_clean_split_of_the_benchmark() -> None:
    split = splits.temporal(range(2000, 2019))
    assert split.train == tuple(range(2000, 2015))
    assert split.validate == (2015, 2016)
    assert split.test == (2017, 2018)
    assert split.scaler == split.train


def test_the_bundled_years_are_tested_on_the_same_years_as_the_full_ones() -> None:
    assert splits.temporal(range(2013, 2019)).test == splits.temporal(range(2000, 2019)).test


def test_the_official_split_keeps_its_shares_and_its_defect() -> None:
    split = splits.temporal(range(2001, 2019), "official")
    assert (len(split.train), len(split.validate), len(split.test)) == (14, 1, 3)
    assert split.scaler == tuple(range(2001, 2019))


@given(st.integers(1980, 2010), st.integers(6, 40), st.sampled_from(list(splits.PROTOCOLS)))
def test_no_year_leaks_in_time(first: int, n: int, protocol: str) -> None:
    split = splits.temporal(range(first, first + n), protocol)
    assert split.train + split.validate + split.test == tuple(range(first, first + n))
    assert split.train and split.validate and split.test
    if protocol == "clean":
        assert not set(split.scaler) & set(split.validate + split.test)
    assert split.sites() == {}


@given(st.integers(10, 120), st.integers(2, 6), st.sampled_from(["spatial", "spatial-state"]), st.data())
def test_no_county_leaks_in_space(n: int, states: int, experiment: str, draw: st.DataObject) -> None:
    ds = counties(n, states)
    protocol = draw.draw(st.sampled_from(list(splits.PROTOCOLS)))
    found = [splits.make(ds, protocol, experiment, k) for k in range(splits.folds(ds, experiment))]
    state = dict(zip(ds["site"].values.tolist(), ds["state"].values.tolist(), strict=True))
    for number, split in enumerate(found):
        sets = [set(part) for part in (split.train_sites, split.validate_sites, split.test_sites)]
        assert all(sets)
        assert not any(a & b for a, b in itertools.combinations(sets, 2))
        assert set.union(*sets) == set(ds["site"].values.tolist())
        assert split.fold == number
        if experiment == "spatial-state":
            assert not {state[s] for s in split.test_sites} & {state[s] for s in sets[0] | sets[1]}
        if protocol == "clean":
            assert not set(split.train) & set(split.validate + split.test)
            assert not set(split.validate) & set(split.test)
            assert (split.scaler_sites, split.scaler) == (split.train_sites, split.train)
    tested = [site for split in found for site in split.test_sites]
    assert sorted(tested) == sorted(ds["site"].values.tolist())


def test_the_bundled_counties_fall_into_five_folds_and_three_states(bundled: xr.Dataset) -> None:
    sizes = [len(splits.make(bundled, "clean", "spatial", k).test_sites) for k in range(5)]
    assert sorted(sizes) == [19, 20, 20, 20, 20]
    assert splits.folds(bundled, "spatial-state") == 3
    assert splits.folds(bundled, "temporal") == 1
    turned = bundled.isel(site=slice(None, None, -1))
    assert splits.make(turned, "clean", "spatial", 2) == splits.make(bundled, "clean", "spatial", 2)


def test_sites_are_picked_in_the_order_of_the_data(bundled: xr.Dataset) -> None:
    wanted = bundled["site"].values[[7, 3]].tolist()
    assert splits.pick(bundled, wanted)["site"].values.tolist() == sorted(wanted)
    assert splits.pick(bundled, ()) is bundled
    with pytest.raises(SelectionError, match="00000"):
        splits.pick(bundled, ["00000"])


def test_too_little_and_unknown_names_are_refused() -> None:
    with pytest.raises(SelectionError, match="at least 4"):
        splits.temporal([2013, 2014, 2015])
    with pytest.raises(SelectionError, match="clean"):
        splits.temporal(range(2000, 2019), "fair")
    with pytest.raises(SelectionError, match="temporal"):
        splits.check("clean", "spatial-temporal")
    with pytest.raises(SelectionError, match="folds 0 to 4"):
        splits.make(counties(20), "clean", "spatial", 5)
    with pytest.raises(SelectionError, match="at least 5"):
        splits.make(counties(4), "clean", "spatial")
    with pytest.raises(SelectionError, match="at least 2 states"):
        splits.make(counties(20, 1), "clean", "spatial-state")
