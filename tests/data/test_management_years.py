"""Several rows of one year at a site: what one row tells does not answer for what another leaves empty."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.data import catalog, importing, management, management_table
from agroflux.data.management import Event, Season, drivers
from agroflux.data.report import Report

DAYS = pd.date_range("2004-01-01", "2006-12-31")
WHEAT = Season("A", 2005, "winter wheat", date(2004, 10, 10), harvest=date(2005, 6, 25), n_total=90.0)
SOYBEAN = Season("A", 2005, "soybean", date(2005, 7, 1), harvest=date(2005, 10, 20), nitrogen=())
CORN = Season("A", 2005, "corn", date(2005, 5, 1), nitrogen=(Event(date(2005, 4, 20), 150.0),))
TABLE = """site,year,crop,planting,harvest,n_date_1,n_rate_1_kg_ha,n_total_kg_ha
A,2005,winter wheat,2004-10-10,2005-06-25,,,90
A,2005,soybean,2005-07-01,2005-10-20,,0,
"""


def test_nitrogen_of_a_crop_whose_days_are_not_known_is_not_zero() -> None:
    given = drivers([WHEAT, SOYBEAN], DAYS)["FERTZR_N"]
    assert given.loc["2004-01-01":"2005-06-25"].isna().all(), "90 kg were given on days that are not told"
    assert (given.loc["2005-06-26":"2005-12-31"] == 0).all() and given.loc["2006"].isna().all()
    sown = drivers([WHEAT, SOYBEAN], DAYS)["PLANTING"]
    assert sown.loc["2004-10-10"] == 1 and sown.loc["2005-07-01"] == 1 and sown.sum() == 2
    assert sown.loc["2004-10-10":"2005-12-31"].notna().all(), "both rows tell when they were planted"


def test_a_wheat_sown_in_autumn_makes_the_rest_of_the_year_unknown() -> None:
    wheat = Season("A", 2006, "winter wheat", date(2005, 10, 10), harvest=date(2006, 7, 10))
    given = drivers([CORN, wheat], DAYS)["FERTZR_N"]
    assert given.loc["2005-04-20"] == 15.0 and (given.loc["2005-04-21":"2005-10-09"] == 0).all()
    assert given.loc["2005-10-10":].isna().all(), "what the wheat was given is not told"


@pytest.mark.parametrize("first", [True, False])
def test_an_event_is_known_on_its_own_day(first: bool) -> None:
    unknown = Season("A", 2005, "oat")
    table = drivers([CORN, unknown] if first else [unknown, CORN], DAYS)
    assert table["FERTZR_N"].dropna().to_dict() == {pd.Timestamp("2005-04-20"): 15.0}
    assert table["PLANTING"].dropna().to_dict() == {pd.Timestamp("2005-05-01"): 1.0}


def test_a_crop_beside_one_without_a_name_has_no_flag() -> None:
    assert drivers([CORN, Season("A", 2005)], DAYS)["CROP"].isna().all()
    assert (drivers([CORN, Season("A", 2006)], DAYS)["CROP"].loc["2005"] == 1).all(), "another year is another row's"


def test_days_for_which_no_row_speaks_stay_unknown() -> None:
    wheats = [
        Season("A", 2005, crop, date(2004, 10, 1), harvest=date(2005, 6, 1), nitrogen=()) for crop in ("rye", "wheat")
    ]
    given = drivers(wheats, DAYS)["FERTZR_N"]
    assert (given.loc["2004-10-01":"2005-06-01"] == 0).all() and given.count() == 244


def test_an_import_keeps_unknown_nitrogen_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    (tmp_path / "m.csv").write_text(TABLE)
    days = pd.date_range("2005-01-01", "2005-12-31")
    table = pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "N2O_gN_ha_d": 2.0})
    table.to_csv(tmp_path / "dc.csv", index=False)
    site = importing.SiteFacts("A", lat=41.0, lon=-96.0)
    importing.import_file("n2o", tmp_path / "dc.csv", "a", site=site, seasons=management_table.read(tmp_path / "m.csv"))
    given = catalog.open_dataset("a")["FERTZR_N"].sel(site="A")
    assert given.sel(time="2005-03").isnull().all() and (given.sel(time="2005-08") == 0).all()


# -- what a table takes the place of ---------------------------------------------------------------------
def _own(ds: xr.Dataset, path: Path, rate: float) -> Path:
    """``ds`` as NetCDF with nitrogen [g N m-2 d-1] of its own on the first of each month, stored in 64 bits."""
    ones = xr.ones_like(ds["NEE"], dtype="float64")
    given = (ones * rate).where(ds["time"].dt.day == 1, 0.0).assign_attrs(units="g N m-2 d-1")
    own = ds.assign(FERTZR_N=given, CROP=ones.assign_attrs(units="1")).assign_attrs(synthetic=1)
    own.to_netcdf(path, engine="h5netcdf")
    return path


def _said(path: Path, form: str, seasons: list[Season]) -> list[str]:
    report = Report()
    importing.import_file(form, path, "mine", seasons=seasons, replace=True, report=report)
    return [found.sentence() for found in report.findings if "takes the place" in found.what]


def test_drivers_of_the_file_that_a_table_replaces_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_observation: xr.Dataset
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    path = _own(tiny_observation, tmp_path / "mine.nc", 11.2)
    told = "management table: it takes the place of what the file tells"
    keep = "leave the table out to keep that"
    assert _said(path, "netcdf", []) == []
    assert _said(path, "netcdf", [Season("US-Xx1", 2016, "corn")]) == [f"{told}: FERTZR_N at US-Xx1: {keep}"]
    soybean = [Season("US-Xx1", 2016, "soybean")]
    assert _said(path, "netcdf", soybean) == [f"{told}: CROP at US-Xx1; FERTZR_N at US-Xx1: {keep}"]
    days = pd.DatetimeIndex(tiny_observation["time"].to_numpy())
    events = tuple(Event(day.date(), 112.0) for day in days if day.day == 1)
    same = [Season("US-Xx1", 2016, "corn", nitrogen=events)]
    assert _said(path, "netcdf", same) == [], "the table tells what the file told"
    managed = management.apply(tiny_observation.assign_attrs(synthetic=1), same)
    managed.to_netcdf(tmp_path / "again.nc", engine="h5netcdf")
    assert _said(tmp_path / "again.nc", "netcdf", same) == []
    (said,) = _said(tmp_path / "again.nc", "netcdf", [Season("US-Xx1", 2016, "oat", nitrogen=events)])
    assert "tells: CROP at US-Xx1; crop_name at US-Xx1: leave" in said


def test_crops_of_the_file_that_a_table_replaces_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    path = tmp_path / "Saha_et_al_2020_ERL_Data.csv"
    path.write_text(
        "Date,Experiment,Replication,Vegetation,N2O,N_rate,Clay,Sand,SOM\n"
        "2012-06-01,MCSE-T2,R1,corn,2,2,2,2,2\n2013-06-01,MCSE-T2,R1,soybean,2,2,2,2,2\n"
    )
    assert _said(path, "saha-n2o", []) == []
    site = str(catalog.open_dataset("mine")["site"].item())
    assert _said(path, "saha-n2o", []) == [], "the table kept is what the file told"
    assert _said(path, "saha-n2o", [Season(site, 2012, "corn")]) == []
    (said,) = _said(path, "saha-n2o", [Season(site, 2012, "corn"), Season(site, 2013, "wheat")])
    assert f"what the file tells: crop at {site}: take those years out of the table" in said
    assert catalog.open_dataset("mine")["crop_name"].to_numpy().tolist() == [["corn", "wheat"]]


def test_only_sites_that_lose_something_are_named(tiny_observation: xr.Dataset) -> None:
    one = management.apply(tiny_observation, [Season("US-Xx1", 2016, "corn", nitrogen=())])
    two = one.assign_coords(site=["US-Xx2"])
    both = xr.concat([one, two], "site", data_vars="minimal", coords="minimal", compat="override", join="outer")
    left = management.apply(both, [Season("US-Xx1", 2016, "corn", nitrogen=())])
    assert management.changed(both, both) == {}
    assert management.changed(both, left) == {name: ["US-Xx2"] for name in ("CROP", "FERTZR_N", "crop_name")}
    assert np.isnan(left["FERTZR_N"].sel(site="US-Xx2")).all()


def test_a_wheat_whose_harvest_is_not_told_speaks_to_30_june() -> None:
    wheat = Season("A", 2005, "winter wheat", date(2004, 10, 10), nitrogen=())
    given = drivers([wheat], pd.date_range("2004-01-01", "2006-12-31"))["FERTZR_N"].dropna()
    assert (given == 0).all() and given.index.equals(pd.date_range("2004-10-10", "2005-06-30"))
