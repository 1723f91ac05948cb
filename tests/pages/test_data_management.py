"""Management tables on the page "Data": edited, filled in from a file, saved with consent to what goes, drawn."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog, management, management_table
from agroflux.data.importing import import_file, set_management
from agroflux.data.management import Event, Season
from agroflux.data.store import write_store
from agroflux.ui import data_management, show
from tests.data.test_importing import daily
from tests.pages.opened import box as _box
from tests.pages.opened import open_page
from tests.pages.opened import said as _said
from tests.pages.opened import upload as _upload


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    yield tmp_path / "mine" / "datasets"


def _open(**query: str) -> AppTest:
    app = open_page("data", data_view="manage", **query)
    assert not app.exception, [e.value for e in app.exception]
    return app


def test_management_is_edited_saved_and_drawn(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path, "US-Ne1"), "ne1")
    app = _open(data_set="ne1")
    assert "No day is known yet" in _said(app)
    wide = json.loads(app.dataframe[0].proto.columns)
    assert all(
        wide[name]["width"] >= 110 for name in ("crop", "planting", "emergence", "harvest", "tillage", "n_date_3")
    )
    head = "site,year,crop,planting,harvest,n_date_1,n_rate_1_kg_ha"
    table = f"{head}\nUS-Ne1,2005,corn,2005-05-01,2005-10-01,2005-04-20,150\n"
    _upload(app, "m.csv", table.encode())
    assert len(app.get("plotly_chart")) == 1
    _box(app, "checkbox", "Drop 7 saved rows").check().run()
    _box(app, "button", "Save the table").click().run()
    ds = catalog.open_dataset("ne1")
    assert management_table.of(ds)[0].nitrogen[0].rate == 150 and float(ds["FERTZR_N"].max()) == 15.0
    _upload(app, "m.csv", b"site,year,crop,planting\nUS-Ne1,2005,corn,someday\n")
    assert "'someday' is no day" in _said(app)


def test_what_is_shown_after_saving_is_what_was_saved(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path, "US-Ne1"), "ne1")
    app = _open(data_set="ne1")
    _upload(app, "m.csv", b"site,year,crop,n_rate_1\nUS-Ne1,2006,corn,150\n")
    assert "columns n_rate_1 are not known and left out" in _said(app)
    _box(app, "checkbox", "Drop").check().run()
    _box(app, "button", "Save the table").click().run()
    assert app.file_uploader[0].value is None, "a later edit would be undone by the file"
    assert app.dataframe[0].value["year"].tolist() == ["2005", "2006"] and "left out" not in _said(app)


def test_a_table_that_another_session_saved_meanwhile_is_not_said_to_be_this_one(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path, "US-Ne1"), "ne1")
    app = _open(data_set="ne1")
    set_management("ne1", [Season("US-Ne1", 2005, "soybean")])
    before = catalog.get("ne1").version()
    _box(app, "button", "Save the table").click().run()
    assert "changed elsewhere" in _said(app) and not app.toast and catalog.get("ne1").version() == before
    _box(app, "button", "Save the table").click().run()
    assert "changed elsewhere" not in _said(app) and app.toast
    assert catalog.open_dataset("ne1")["crop_name"].to_numpy().tolist() == [["soybean", ""]]


def test_saving_a_table_over_what_no_table_tells_of_is_asked(folder: Path, tiny_observation: xr.Dataset) -> None:
    crop = xr.ones_like(tiny_observation["NEE"]).assign_attrs(units="1")
    write_store(tiny_observation.assign(CROP=crop), folder / "mine.zarr.zip")
    app = _open(data_set="mine")
    _upload(app, "m.csv", b"site,year,crop\nUS-Xx1,2016,soybean\n")
    assert "CROP 60 values" in _said(app) and _box(app, "button", "Save the table").disabled
    _box(app, "checkbox", "Replace it").check().run()
    _box(app, "button", "Save the table").click().run()
    assert not app.exception and app.toast and not app.warning
    assert management_table.of(catalog.open_dataset("mine")) == [Season("US-Xx1", 2016, "soybean")]


def _own(folder: Path, ds: xr.Dataset, *seasons: Season) -> None:
    write_store(management.apply(ds, seasons), folder / "mine.zarr.zip")


def test_saved_rows_that_a_file_does_not_hold_are_named_and_go_with_consent(
    folder: Path, tiny_observation: xr.Dataset
) -> None:
    saved = [Season("US-Xx1", year, "corn") for year in (2014, 2015, 2016)]
    _own(folder, tiny_observation, *saved)
    app = _open(data_set="mine")
    _upload(app, "m.csv", b"site,year,crop\nUS-Xx1,2016,soybean\n")
    told = "2 saved rows are not in this file and will go: US-Xx1 2014 (corn), US-Xx1 2015 (corn). To keep"
    assert told in _said(app) and _box(app, "button", "Save the table").disabled
    _upload(app, "m.csv", b"site,year,crop\nUS-Xx1,2014,corn\nUS-Xx1,2015,soybean\nUS-Xx1,2016,soybean\n")
    assert "will go" not in _said(app) and not _box(app, "button", "Save the table").disabled
    _upload(app, "m.csv", b"site,year,crop\nUS-Xx1,2016,alfalfa\n")
    assert not _box(app, "checkbox", "Drop 2 saved rows").value, "consent is to one file"
    _box(app, "checkbox", "Drop 2 saved rows").check().run()
    _box(app, "button", "Save the table").click().run()
    assert app.toast and management_table.of(catalog.open_dataset("mine")) == [Season("US-Xx1", 2016, "alfalfa")]


def test_the_template_holds_what_is_saved(
    folder: Path, tiny_observation: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(show, "download", lambda label, make, *_: made.update({label: make()}))
    saved = Season("US-Xx1", 2015, "corn", nitrogen=(Event(date(2015, 5, 1), 120.0),))
    _own(folder, tiny_observation, saved)
    _open(data_set="mine")
    for label, name in {"Template (CSV)": "m.csv", "Template (Excel)": "m.xlsx"}.items():
        content = made[label]
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        assert management_table.read(folder / name) == [saved, Season("US-Xx1", 2016)]


def test_a_wrong_file_saves_nothing_and_is_told_in_full_with_what_is_on_the_page(
    folder: Path, tiny_observation: xr.Dataset
) -> None:
    _own(folder, tiny_observation, Season("US-Xx1", 2016, "corn"))
    app = _open(data_set="mine")
    _upload(app, "m.csv", b"site,year,crop,planting\nUS-Xx1,2016,corn,someday\nUS-Xx1,2017,corn,soon\n")
    (box,) = app.error
    said = _said(app)
    assert "row 2, column planting: 'someday' is no day" in said and "row 3, column planting: 'soon'" in said
    assert box.value.count("- m.csv") == 2 and "agroflux data" not in said
    assert _box(app, "button", "Save the table").disabled and "take it away" in _said(app)
    _upload(app, "m.csv", b"site,year,planting\nUS-Xx1,2016,2016-05-01\n")
    assert "m.csv has no column crop: start from the template (of the page Data, or of" in _said(app)
    assert _box(app, "button", "Save the table").disabled
    app.file_uploader[0].set_value(None).run()
    assert not app.error and not _box(app, "button", "Save the table").disabled


def test_rows_that_set_no_driver_or_contradict_themselves_are_told(folder: Path, tiny_observation: xr.Dataset) -> None:
    _own(folder, tiny_observation)
    app = _open(data_set="mine")
    _upload(app, "m.csv", b"site,year,crop,planting,harvest\nUS-Xx1,2030,Mais,2030-05-01,2030-10-01\n")
    assert "2030 lies outside the record 2016-2016" not in _said(app)
    assert "2030 lies outside the record 2016: it sets no driver: check the year" in _said(app)
    assert "row 1, column crop: crop 'mais' is not known here" in _said(app) and len(app.warning) == 1
    assert "The days told lie outside the record 2016" in _said(app) and not app.get("plotly_chart")
    assert not _box(app, "button", "Save the table").disabled


def test_a_wrong_cell_is_told_by_its_row_in_the_table() -> None:
    rows = [
        {"site": "a", "year": "2005", "crop": ""},
        {"site": "a", "year": "2006", "crop": "corn", "planting": "soon"},
    ]
    assert "row 2, column planting" in data_management._read(pd.DataFrame(rows).fillna(""), ["a"])[1][0]


def test_without_own_data_management_says_what_to_do() -> None:
    assert "You have no measurements of your own yet" in _said(_open())
