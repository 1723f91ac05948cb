"""A data set that another takes the place of: its management table stays where it fits, and what is lost is told."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from agroflux.data import catalog, importing, management_table
from agroflux.data.agroflux_import import import_part
from agroflux.data.management import Season
from agroflux.data.report import Report
from agroflux.data.store import write_store
from tests.data import agroflux_archive as made
from tests.data.test_importing import HERE, daily

SITE = "US-Xx1"
CORN = Season(SITE, 2005, "corn", date(2005, 5, 1), source="my notes")
LATER = Season(SITE, 2009, "soybean", date(2009, 5, 20))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    return tmp_path / "mine" / "datasets"


def _import(path: Path, *seasons: Season, form: str = "fluxnet", site: str = SITE) -> list[tuple[str, str]]:
    """What a replacing import under the id ``mine`` says of the management table."""
    report = Report()
    where = None if form == "netcdf" else importing.SiteFacts(site, HERE.name, HERE.state, HERE.lat, HERE.lon)
    importing.import_file(form, path, "mine", site=where, seasons=seasons, replace=True, report=report)
    return [(found.level, found.what) for found in report.findings if found.file == "management table"]


def _rows() -> list[Season]:
    return management_table.of(catalog.open_dataset("mine"))


def test_the_table_stays_unless_another_is_given(tmp_path: Path) -> None:
    assert _import(daily(tmp_path), CORN) == [], "there was none before"
    assert _import(daily(tmp_path, nee=2.0)) == [("note", "rows kept of the data set replaced: 1")]
    ds = catalog.open_dataset("mine")
    assert _rows() == [CORN] and float(ds["NEE"].mean()) == 2.0
    assert float(ds["PLANTING"].sel(time="2005-05-01").item()) == 1.0
    other = Season(SITE, 2005, "soybean")
    assert _import(daily(tmp_path), other) == [] and _rows() == [other]


def test_rows_outside_the_new_record_are_named_and_stay(tmp_path: Path) -> None:
    _import(daily(tmp_path, days=1800), CORN, LATER)
    said = _import(daily(tmp_path))  # to 4 February 2006
    what = "US-Xx1 2009 (soybean) of the data set replaced: no day of the new one, 2005-01-01 to 2006-02-04; "
    assert said == [
        ("warning", f"{what}kept all the same"),
        ("note", "rows kept of the data set replaced: 2"),
    ]
    assert _rows() == [CORN, LATER]


def test_a_wheat_sown_before_the_record_ends_lies_within_it(tmp_path: Path) -> None:
    wheat = Season(SITE, 2006, "winter wheat", date(2005, 10, 1), harvest=date(2006, 7, 1))
    _import(daily(tmp_path), wheat)
    assert _import(daily(tmp_path, days=365)) == [("note", "rows kept of the data set replaced: 1")]


def test_rows_of_a_site_that_is_gone_are_named(tmp_path: Path) -> None:
    _import(daily(tmp_path), CORN, LATER)
    what = "US-Xx1 2005 (corn), US-Xx1 2009 (soybean) of the data set replaced left out: the data hold US-Xx2"
    assert _import(daily(tmp_path), site="US-Xx2") == [("warning", what)]
    assert _rows() == []


def test_published_rows_are_taken_for_years_that_the_old_table_leaves_out(tmp_path: Path) -> None:
    own = Season("US-Ne1", 2005, "soybean", source="my notes")
    _import(daily(tmp_path, "US-Ne1", days=800), own, site="US-Ne1")
    importing.set_management("mine", [own])
    _import(daily(tmp_path, "US-Ne1", days=800), site="US-Ne1")
    assert [(row.year, row.crop) for row in _rows() if row.year in (2005, 2006)] == [(2005, "soybean"), (2006, "corn")]


def test_a_file_that_tells_management_itself_keeps_its_own(
    tmp_path: Path, tiny_observation: xr.Dataset, tiny_simulation: xr.Dataset
) -> None:
    path = tmp_path / "a.nc"
    plain = tiny_observation.assign_attrs(synthetic=1)
    plain.to_netcdf(path, engine="h5netcdf")
    sown = Season(SITE, 2016, "corn", date(2016, 3, 1))
    _import(path, sown, form="netcdf")
    assert _import(path, form="netcdf") == [("note", "rows kept of the data set replaced: 1")]
    assert float(catalog.open_dataset("mine")["PLANTING"].sum()) == 1.0
    left = "US-Xx1 2016 (corn) of the data set replaced left out: the new one"
    own = plain.assign(FERTZR_N=xr.zeros_like(plain["NEE"]).assign_attrs(units="g N m-2 d-1"))
    own.to_netcdf(path, engine="h5netcdf")
    assert _import(path, form="netcdf") == [("warning", f"{left} tells planting, crop or nitrogen itself")]
    np.testing.assert_array_equal(catalog.open_dataset("mine")["FERTZR_N"], 0.0)
    plain.to_netcdf(path, engine="h5netcdf")
    _import(path, sown, form="netcdf")
    tiny_simulation.assign_attrs(synthetic=1).to_netcdf(path, engine="h5netcdf")
    assert _import(path, form="netcdf") == [("warning", f"{left} is a simulation")]


def test_a_table_that_cannot_be_read_is_told(tmp_path: Path, folder: Path, tiny_observation: xr.Dataset) -> None:
    write_store(tiny_observation.assign_attrs(management="[1]"), folder / "mine.zarr.zip")
    ((level, what),) = _import(daily(tmp_path))
    assert level == "warning" and what.startswith("that of the data set replaced cannot be read and is left out")


@pytest.mark.parametrize(("part", "why"), [("ecosys", "is a simulation"), ("chambers", "tells planting")])
def test_a_part_of_the_archive_tells_what_it_leaves_out(part: str, why: str, tmp_path: Path) -> None:
    made.simulation(tmp_path, "mw", 3, 2, co2_sign=-1.0)
    made.observations(tmp_path)
    _import(daily(tmp_path), CORN)
    report = Report()
    import_part(tmp_path, part, "mine", replace=True, report=report)
    told = [found.what for found in report.findings if found.file == "management table"]
    assert len(told) == 1 and told[0].startswith(
        f"US-Xx1 2005 (corn) of the data set replaced left out: the new one {why}"
    )
