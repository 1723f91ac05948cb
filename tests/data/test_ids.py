"""Ids of the user's files: each has one of its own, none hides or is taken for another."""

from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from agroflux.data import catalog, importing
from agroflux.data.importing import SiteFacts
from agroflux.data.management import Season
from agroflux.data.store import write_store
from agroflux.errors import DataError
from tests.data.test_importing import HERE, daily


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    return tmp_path / "mine" / "datasets"


def _write(ds: xr.Dataset, folder: Path, *names: str) -> None:
    for name in names:
        ds = ds.assign_attrs(title=name, synthetic=1)
        if name.endswith(".nc"):
            folder.mkdir(parents=True, exist_ok=True)
            ds.to_netcdf(folder / name, engine="h5netcdf")
        else:
            write_store(ds, folder / name)


def _listed() -> dict[str, str]:
    """Title, which is the file's name, of each of the user's data sets, by id."""
    return {entry.id: entry.title for entry in catalog.entries() if entry.own}


def test_a_file_goes_by_its_own_name_before_one_that_needs_another(folder: Path, tiny_observation: xr.Dataset) -> None:
    _write(tiny_observation, folder, "one.nc", "one.zarr.zip", "one-user.zarr.zip", "towers-sample.nc")
    assert _listed() == {
        "one-user": "one-user.zarr.zip",
        "one": "one.nc",
        "one-user-2": "one.zarr.zip",
        "towers-sample-user": "towers-sample.nc",
    }
    _write(tiny_observation, folder, "one-user-2.nc", "one.zarr")
    assert len(_listed()) == 6 and sorted(_listed().values()) == sorted(path.name for path in folder.iterdir())
    assert _listed()["one-user-2"] == "one-user-2.nc"


def test_what_is_removed_is_what_is_listed(folder: Path, tiny_observation: xr.Dataset) -> None:
    _write(tiny_observation, folder, "one.nc", "one.zarr.zip", "one-user.zarr.zip")
    assert importing.remove("one-user").name == "one-user.zarr.zip"
    assert sorted(path.name for path in folder.iterdir()) == ["one.nc", "one.zarr.zip"]


@pytest.mark.parametrize(("replace", "words"), [(False, "choose another id"), (True, "rename the file first")])
def test_an_id_that_a_file_of_another_name_goes_by_is_taken(
    replace: bool, words: str, tmp_path: Path, folder: Path, tiny_observation: xr.Dataset
) -> None:
    _write(tiny_observation, folder, "towers-sample.nc")
    with pytest.raises(DataError, match=rf"towers-sample\.nc is listed as towers-sample-user.*: {words}"):
        importing.import_file("fluxnet", daily(tmp_path), "towers-sample-user", site=HERE, replace=replace)
    assert _listed() == {"towers-sample-user": "towers-sample.nc"}


def test_only_one_file_gives_way_to_a_new_one(tmp_path: Path, folder: Path, tiny_observation: xr.Dataset) -> None:
    _write(tiny_observation, folder, "one.nc", "one.zarr.zip")
    with pytest.raises(DataError, match=r"one\.zarr\.zip and one\.nc are data sets of their own, .* rename all but"):
        importing.import_file("fluxnet", daily(tmp_path), "one", site=HERE, replace=True)
    with pytest.raises(DataError, match="are data sets of their own"):
        importing.set_management("one", [Season("US-Xx1", 2016, "corn")])
    assert len(_listed()) == 2
    (folder / "one.zarr.zip").rename(folder / "two.zarr.zip")
    importing.import_file("fluxnet", daily(tmp_path), "one", site=HERE, replace=True)
    assert sorted(path.name for path in folder.iterdir()) == ["one.zarr.zip", "two.zarr.zip"]


def test_a_second_file_of_a_name_is_not_said_to_be_named_like_a_bundled_one(
    folder: Path, tiny_observation: xr.Dataset
) -> None:
    _write(tiny_observation, folder, "one.nc", "one.zarr.zip", "towers-sample.zarr.zip")
    for name, other in {"one-user": "one", "towers-sample-user": "towers-sample"}.items():
        what = (
            f"{other}.zarr.zip is listed as {name}, because another data set is called {other}: rename the file first"
        )
        with pytest.raises(DataError) as error:
            importing.set_management(name, [Season("US-Xx1", 2016, "corn")])
        assert str(error.value) == what


# -- where a site lies that is called otherwise ---------------------------------------------------------
ARM = "FLX_US-ARM_FLUXNET2015_SUBSET_DD_2003-2012_1-4.csv"


def test_a_known_tower_lies_where_it_lies_whatever_it_is_called(measured: Path) -> None:
    importing.import_file("fluxnet", measured / "fluxnet" / ARM, "arm", site=SiteFacts("my-arm"))
    ds = catalog.open_dataset("arm")
    assert ds["site"].item() == "my-arm" and (ds["lat"].item(), ds["lon"].item()) == (36.6058, -97.4888)
    assert "Lamont" in ds["site_name"].item() and ds["state"].item() == "OK"


def test_what_is_told_of_a_site_goes_before_what_is_known_of_it() -> None:
    moved = SiteFacts("my-arm", "Mine", "KS", 37.0).filled("US-ARM")
    assert moved == SiteFacts("my-arm", "Mine", "KS", 37.0, -97.4888)
    assert SiteFacts("US-Ne1").filled("US-ARM").state == "NE", "another known tower is that tower"
    with pytest.raises(DataError, match="the position of site my-xx1 is not known"):
        SiteFacts("my-xx1").filled("US-Xx1")


@pytest.mark.parametrize(("file", "country"), [("BE-Lon", "BE"), ("US-Xx1", ""), ("a field", "")])
def test_the_country_is_that_of_the_network_s_id(file: str, country: str) -> None:
    assert SiteFacts("my-lon", lat=50.0, lon=4.0).filled(file).state == country
    assert SiteFacts(lat=50.0, lon=4.0).filled(file).state == country


def test_a_prefix_leaves_series_of_known_towers_in_their_place(tmp_path: Path) -> None:
    rows = pd.DataFrame({"date": ["2015-05-01", "2015-05-02"], "site": ["US-Ne1", "US-Ne2"], "N2O_gN_ha_d": 2.0})
    rows.to_csv(tmp_path / "chambers.csv", index=False)
    importing.import_file("n2o", tmp_path / "chambers.csv", "n2o", site=SiteFacts("my"))
    ds = catalog.open_dataset("n2o")
    assert ds["site"].to_numpy().tolist() == ["my-US-Ne1", "my-US-Ne2"]
    assert ds["lat"].to_numpy().tolist() == [41.1651, 41.1649]
