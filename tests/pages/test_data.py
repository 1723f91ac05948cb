"""The page "Data": cards of bundled data, files brought in, tables mapped, hostile names."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog, management_table, summary
from agroflux.data.importing import import_file, save
from agroflux.data.management import Season
from agroflux.ui import show
from tests.data.test_importing import ARM, HERE, daily
from tests.data.test_monthly import monthly_file
from tests.pages.opened import box as _box
from tests.pages.opened import open_page
from tests.pages.opened import said as _said
from tests.pages.opened import upload as _upload

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    yield tmp_path / "mine" / "datasets"


def _open(page: str = "data", **query: str) -> AppTest:
    app = open_page(page, **query)
    assert not app.exception, [e.value for e in app.exception]
    return app


def _html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def test_a_bundled_data_set_shows_its_card_variables_and_coverage() -> None:
    app = _open(data_set="towers-sample")
    entry = catalog.get("towers-sample")
    assert "10.17190/AMF/1246149" in _html(app) and "CC-BY-4.0" in _html(app) and "measured, bundled" in _html(app)
    table = app.dataframe[0].value.set_index("Name")
    assert table.at["NEE", "Unit"] == "g C m⁻² d⁻¹" and table.at["TMAX", "Derived at"] == "US-AR1"
    looks = json.loads(app.dataframe[0].proto.columns)
    assert {looks[name]["type_config"]["format"] for name in ("Mean", "Lowest", "Highest")} == {"%.4g"}
    assert len(app.get("plotly_chart")) == 1 and not app.error
    assert entry.title in [s.value.replace("\\", "") for s in app.subheader]
    assert not [b for b in app.button if b.label == "Delete it"], "what is bundled cannot be removed"


def test_the_table_of_variables_holds_their_statistics() -> None:
    table = _open(data_set="towers-sample").dataframe[0].value.set_index("Name")
    found = {row["variable"]: row for row in summary.statistics(catalog.open_dataset("towers-sample"))}
    for name in table.index:
        expected = [found[name][part] for part in ("mean", "min", "max")]
        assert table.loc[name, ["Mean", "Lowest", "Highest"]].tolist() == pytest.approx(expected, nan_ok=True)
    assert (table["Lowest"] < table["Highest"]).any()


def test_files_on_coverage_tell_data_set_and_site(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    _open(data_set="chambers-synthetic", data_site="CH-2")
    gaps = kept["gaps-chambers-synthetic-CH-2"]
    assert list(gaps.columns) == ["variable", "first", "last", "days"] and len(gaps)


def test_synthetic_data_bring_the_banner() -> None:
    assert "Synthetic data in view" in _said(_open(data_set="chambers-synthetic"))


def test_the_real_file_is_imported_and_then_on_the_map_and_in_the_comparison(measured: Path) -> None:
    app = _open(data_view="bring")
    _upload(app, ARM, (measured / "fluxnet" / ARM).read_bytes())
    assert f"{ARM} can be imported" in _said(app)
    assert _box(app, "selectbox", "Format").value == "fluxnet" and _box(app, "text_input", "Id").value == "us-arm"
    _box(app, "button", "Import").click().run()
    assert not app.exception and "us-arm is imported" in _said(app)
    ds = catalog.open_dataset("us-arm")
    raw = pd.read_csv(measured / "fluxnet" / ARM, na_values=[-9999])
    assert float(ds["GPP"].mean()) == pytest.approx(raw["GPP_NT_VUT_REF"].mean(), rel=1e-3)
    options = app.switch_page("pages/sites.py").run().multiselect[0].options
    assert any(option.startswith("US-ARM, ARM Southern Great Plains") for option in options)
    compared = app.switch_page("pages/compare.py").run()
    assert not compared.exception
    assert any("US\\-ARM (measured)" in option for option in compared.get("button_group")[0].options)


def test_from_an_import_a_way_leads_to_the_adaptation_of_a_model_to_it(measured: Path) -> None:
    app = _open(data_view="bring")
    _upload(app, ARM, (measured / "fluxnet" / ARM).read_bytes())
    _box(app, "button", "Import").click().run()
    assert "No model can be" not in _said(app)
    shown = _box(app, "button", "Adapt a model").click().run()
    assert not shown.exception and not shown.error and shown.title[0].value == "Transfer"
    assert _box(shown, "selectbox", "Measurements").value == "us-arm"
    assert _box(shown, "button", "Adapt").label == "Adapt" and "US-ARM:2003" in shown.query_params["transfer-train"]


def _missing(app: AppTest) -> list[str]:
    return [str(c.value).replace("\\", "") for c in app.caption if "No model can be" in c.value]


def test_of_what_no_model_can_do_with_a_data_set_the_reason_is_told(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path), "mine", site=HERE)
    app = _open(data_set="mine")
    assert {b.label for b in app.button} >= {"Show on the map", "See day by day"}
    assert not [b for b in app.button if b.label in ("Adapt a model", "Compare with models")]
    whole = "No model can be run on its weather. Missing: 365 days with TMAX, TMIN and PRECN: it has 0."
    assert _missing(app) == [whole, "No model can be adapted to it. Missing: daily weather (TMAX, TMIN or PRECN)."]
    ds = catalog.open_dataset("mine").load()
    mild = ds["NEE"].copy(data=ds["NEE"].to_numpy() + 5).assign_attrs(units="degC")
    save(ds.assign(TMAX=mild), "mine", replace=True)
    short = "No model can be adapted to it. Missing: 3 site-years with 60 days of a flux: it has 1."
    assert _missing(_open(data_set="mine")) == [whole, short]
    save(ds[["PLANTING", "CROP", "FERTZR_N"]].assign(TMAX=mild), "mine", replace=True)
    app = _open(data_set="mine")
    assert _missing(app)[1] == "No model can be adapted to it. Missing: a measured flux (NEE, GPP, Reco or N₂O)."
    assert not [b for b in app.button if b.label == "See day by day"], "there is nothing to see"


def test_a_management_table_stays_when_its_data_set_is_replaced(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path), "us-xx1", site=HERE, seasons=[Season("US-Xx1", 2005, "corn")])
    app = _open(data_view="bring")
    _upload(app, "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2006_1-4.csv", daily(tmp_path).read_bytes())
    _box(app, "number_input", "Latitude").set_value(41.0)
    _box(app, "number_input", "Longitude").set_value(-96.0)
    _box(app, "checkbox", "Replace").check()
    _box(app, "button", "Import").click().run()
    assert "us-xx1 is imported" in _said(app) and "rows kept of the data set replaced: 1" in _said(app)
    assert management_table.of(catalog.open_dataset("us-xx1")) == [Season("US-Xx1", 2005, "corn")]


def test_a_wrong_file_is_reported_by_row_and_column(tmp_path: Path) -> None:
    app = _open(data_view="bring")
    text = daily(tmp_path).read_text().replace("20050103,1.0", "20050103,<b>oops</b>")
    _upload(app, "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2006_1-4.csv", text.encode())
    assert "cannot be imported as it is" in _said(app) and "row 4, column NEE_VUT_REF: '<b>oops<" in _said(app)
    report = app.dataframe[1].value
    assert report.loc[0, ["row", "column"]].tolist() == [4, "NEE_VUT_REF"] and "<b>oops</b>" in report.at[0, "what"]
    assert list(report.columns) == ["what", "remedy", "row", "column", "level"], "of one file its name says nothing"
    assert not [b for b in app.button if b.label == "Import"]


def test_an_unknown_tower_asks_for_its_position(tmp_path: Path) -> None:
    app = _open(data_view="bring")
    _upload(app, "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2006_1-4.csv", daily(tmp_path).read_bytes())
    _box(app, "button", "Import").click().run()
    assert "position of site US-Xx1 is not known: give its latitude and longitude, as 41.2" in _said(app)
    _box(app, "number_input", "Latitude").set_value(41.0)
    _box(app, "number_input", "Longitude").set_value(-96.0)
    _box(app, "button", "Import").click().run()
    assert catalog.get("us-xx1").ok


def test_formulas_and_units_are_written_as_people_write_them() -> None:
    app = _open(data_view="bring")
    labels = app.dataframe[0].value["Format"].tolist()
    assert any("N₂O" in label for label in labels) and not any("N2O" in label for label in labels)
    _upload(app, "c.csv", b"date,flux\n2020-05-01,2\n")
    assert "g N ha⁻¹ d⁻¹" in _box(app, "selectbox", "Unit").options
    assert not any("N2O" in label for label in _box(app, "selectbox", "Format").options)


def test_a_county_is_told_with_its_state() -> None:
    app = _open(data_set="cornbelt-century")
    assert "17003 · Alexander, IL" in _box(app, "selectbox", "Site").options


def test_a_chamber_table_is_mapped_by_hand() -> None:
    app = _open(data_view="bring")
    evil = "<img src=x onerror=alert(1)>"
    rows = f"when,{evil},value\n2020-05-01,{evil},2\n2020-05-01,b,4\n".encode()
    _upload(app, "../../etc/passwd.csv", rows)
    assert _box(app, "selectbox", "Format").value == "n2o" and "Pick the day, the flux and its unit" in _said(app)
    for label, value in {"Day": "when", "N₂O flux": "value", "Unit": "mg N m-2 h-1", "Plot": evil}.items():
        _box(app, "selectbox", label).set_value(value).run()
    assert "passwd.csv can be imported" in _said(app)
    _box(app, "text_input", "Site id").set_value("field")
    _box(app, "number_input", "Latitude").set_value(42.0)
    _box(app, "number_input", "Longitude").set_value(-93.0)
    _box(app, "text_input", "Title").set_value(f"My {evil} [x](javascript:alert(1))")
    _box(app, "button", "Import").click().run()
    assert not app.exception and catalog.get("passwd").title.startswith("My <img")
    # 3 mg N m-2 h-1 x 24 h
    assert float(catalog.open_dataset("passwd")["N2O_FLUX"].max()) == pytest.approx(0.072)
    shown = _open(data_set="passwd")
    assert "<img" not in _html(shown) and "&lt;" not in "".join(s.value for s in shown.subheader)


def test_a_management_table_is_sent_where_it_belongs() -> None:
    app = _open(data_view="bring")
    _upload(app, "m.csv", b"site,year,crop,n_date_1\nUS-Ne1,2005,corn,2005-05-01\n")
    assert "This is a management table" in _said(app) and not app.selectbox


def test_measurements_told_by_site_year_and_crop_can_be_imported() -> None:
    app = _open(data_view="bring")
    _upload(app, "c.csv", b"date,site,year,crop,plot,N2O_g_ha_d\n2020-05-01,a,2020,corn,1,2\n")
    assert "management table, no" not in _said(app) and _box(app, "selectbox", "Format").value == "n2o"
    _box(app, "selectbox", "Unit").set_value("g N ha-1 d-1").run()
    assert "c.csv can be imported" in _said(app)
    _upload(app, "d.csv", b"when,site,year,crop,value\n2020-05-01,a,2020,corn,2\n")
    assert "This is a management table" in _said(app), "no format recognises it"
    _box(app, "checkbox", "It holds measurements").check().run()
    for label, value in {"Day": "when", "N₂O flux": "value", "Unit": "g N ha-1 d-1"}.items():
        _box(app, "selectbox", label).set_value(value).run()
    assert "d.csv can be imported" in _said(app)


def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    app = _open(data_view="bring")
    _upload(app, "photo.csv", bytes(range(256)))
    table = app.dataframe[0].value
    assert "not text" in table.at[0, "what"] and list(table.columns) == ["what", "level"], "nothing but what is told"


def test_what_was_written_for_one_file_is_not_for_the_next(tmp_path: Path) -> None:
    app = _open(data_view="bring")
    for site in ("US-Xx1", "US-Xx2"):
        _upload(app, f"FLX_{site}_FLUXNET2015_SUBSET_DD_2005-2006_1-4.csv", daily(tmp_path, site).read_bytes())
        assert _box(app, "text_input", "Title").value == "" and _box(app, "number_input", "Latitude").value is None
        _box(app, "text_input", "Title").set_value("Mine")
        _box(app, "number_input", "Latitude").set_value(41.0)
        _box(app, "button", "Import").click().run()
        assert "position of site" in _said(app) and _box(app, "text_input", "Title").value == "Mine"


def test_a_simulation_brought_in_is_said_to_be_there(tmp_path: Path, tiny_simulation: xr.Dataset) -> None:
    tiny_simulation.assign_attrs(synthetic=1).to_netcdf(tmp_path / "s.nc", engine="h5netcdf")
    app = _open(data_view="bring")
    _upload(app, "s.nc", (tmp_path / "s.nc").read_bytes(), "application/x-netcdf")
    _box(app, "button", "Import").click().run()
    assert not app.exception and "s is imported: it is among the simulators" in _said(app)


def test_a_monthly_file_is_laid_beside_its_data_set(measured: Path, tmp_path: Path) -> None:
    import_file("fluxnet", measured / "fluxnet" / ARM, "us-arm")
    path = monthly_file(tmp_path, measured / "fluxnet" / ARM)
    table = pd.read_csv(path)
    table.loc[table["TIMESTAMP"] == 200506, "NEE_VUT_REF"] += 1.0
    app = _open(data_set="us-arm", data_monthly="NEE")
    _upload(app, path.name, table.to_csv(index=False).encode())
    assert not app.error and f"{path.name} beside FLUXNET2015 US-ARM" in _said(app)
    overview = app.dataframe[-2].value.set_index("Variable")
    assert overview.loc["Net ecosystem exchange", ["Months", "Largest", "In"]].tolist() == [120, -1.0, "2005-06"]
    months = app.dataframe[-1].value.set_index("Month")
    assert months.loc["2005-06", ["Days", "Difference"]].tolist() == [30, -1.0] and months["Difference"].sum() == -1.0
    assert len(app.get("plotly_chart")) == 3, "coverage, both series, their difference"
    _box(app, "selectbox", "Variable").set_value("GPP").run()
    assert not app.exception and app.dataframe[-1].value["Difference"].abs().max() == 0
    assert app.query_params["data-monthly"] == "GPP"


@pytest.mark.parametrize("synthetic", [False, True])
def test_all_months_as_a_file_can_be_read_alone(
    synthetic: bool, measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file("fluxnet", measured / "fluxnet" / ARM, "us-arm")
    ds = catalog.open_dataset("us-arm").load()
    save(ds.assign_attrs(synthetic=synthetic), "us-arm", replace=True)
    path = monthly_file(tmp_path, measured / "fluxnet" / ARM)
    app = _open(data_set="us-arm")
    kept: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    _upload(app, path.name, path.read_bytes())
    table = kept["monthly-us-arm"]
    units = {"NEE": "g C m-2 d-1", "ET": "mm d-1", "PRECN": "mm d-1", "SRAD": "MJ m-2 d-1"}
    assert units.items() <= dict(zip(table["variable"], table["unit"], strict=True)).items()
    told = table[["site", "data_set", "monthly_file", "synthetic"]].drop_duplicates()
    assert told.to_numpy().tolist() == [["US-ARM", "us-arm", path.name, "yes" if synthetic else "no"]]
    assert table["month"].str.fullmatch(r"\d{4}-\d\d").all() and {"data", "file", "difference"} <= set(table)


def test_a_monthly_file_of_another_site_or_step_is_told_and_simulations_ask_for_none(tmp_path: Path) -> None:
    source = daily(tmp_path, days=60)
    import_file("fluxnet", source, "mine", site=HERE)
    app = _open(data_set="mine")
    _upload(app, "FLX_US-Ne1_FLUXNET2015_SUBSET_MM_2005-2005_1-4.csv", b"TIMESTAMP,NEE_VUT_REF\n200501,1\n")
    assert "is of site US-Ne1, the data set holds US-Xx1" in app.error[0].value.replace("\\", "")
    _upload(app, source.name, source.read_bytes())
    assert "is not monthly" in app.error[0].value.replace("\\", "")
    _upload(app, source.name.replace("DD", "MM"), b"TIMESTAMP,NEE_VUT_REF\n200501,1\n200503,1\n")
    assert not app.error and "Left out" in " ".join(e.label for e in app.expander)
    assert not _open(data_set="cornbelt-century").file_uploader


def test_an_own_data_set_can_be_removed(tmp_path: Path) -> None:
    import_file("fluxnet", daily(tmp_path), "mine", site=HERE)
    app = _open(data_set="mine")
    assert "measured, your own" in _html(app) and " kB" in _html(app) and "0.0 MB" not in _html(app)
    _box(app, "button", "Delete it").click().run()
    assert not app.exception and "mine" not in {e.id for e in catalog.entries()}
