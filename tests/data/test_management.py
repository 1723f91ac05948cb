"""Management tables: what they say becomes drivers, what they leave out stays unknown."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import catalog, checking, importing, management, management_table, summary, text_cells
from agroflux.data.management import Event, Season, drivers
from agroflux.data.report import Report
from agroflux.data.store import write_store
from agroflux.errors import DataError
from tests.data.test_importing import HERE, daily

DAYS = pd.date_range("2004-01-01", "2006-12-31")
CORN = Season("a", 2005, "corn", date(2005, 5, 1), nitrogen=(Event(date(2005, 4, 20), 150.0),))
WHEAT = Season("a", 2006, "winter wheat", date(2005, 10, 5), harvest=date(2006, 7, 10))


def test_known_years_are_numbers_and_the_rest_is_unknown() -> None:
    table = drivers([CORN], DAYS)
    assert table["PLANTING"].loc["2005"].sum() == 1 and table["PLANTING"].loc["2005-05-01"] == 1
    assert table["FERTZR_N"].loc["2005-04-20"] == 15.0, "150 kg ha-1 = 15 g m-2"
    assert table["FERTZR_N"].loc["2005"].sum() == 15.0 and (table["CROP"].loc["2005"] == 1).all()
    assert table.loc["2004"].isna().all(axis=None) and table.loc["2006"].isna().all(axis=None)


def test_unknown_nitrogen_is_no_zero_and_none_given_is() -> None:
    unknown = drivers([Season("a", 2005, "soybean", date(2005, 5, 1))], DAYS)
    assert unknown["FERTZR_N"].isna().all() and (unknown["CROP"].loc["2005"] == 0).all()
    none = drivers([Season("a", 2005, "soybean", nitrogen=())], DAYS)
    assert (none["FERTZR_N"].loc["2005"] == 0).all() and none["PLANTING"].isna().all()


def test_a_crop_sown_in_autumn_is_known_from_sowing_to_harvest() -> None:
    table = drivers([WHEAT], DAYS)
    known = table["PLANTING"].dropna()
    assert (known.index[0], known.index[-1]) == (pd.Timestamp("2005-10-05"), pd.Timestamp("2006-07-10"))
    assert known.iloc[0] == 1 and known.iloc[1:].sum() == 0
    assert table["CROP"].isna().all(), "the benchmark's flag knows corn and soybean alone"


def test_two_crops_in_a_year_have_no_single_flag() -> None:
    both = [WHEAT, Season("a", 2006, "soybean", date(2006, 7, 12))]
    assert management.crops(both) == {2006: "winter wheat + soybean"} and drivers(both, DAYS)["CROP"].isna().all()


def test_planting_in_full_counts_days_once() -> None:
    split = (Event(date(2005, 4, 20), 50.0), Event(date(2005, 4, 20), 30.0), Event(date(2005, 6, 1), 100.0))
    table = drivers([Season("a", 2005, "corn", nitrogen=split)], DAYS)
    assert table["FERTZR_N"].loc["2005-04-20"] == 8.0 and table["FERTZR_N"].sum() == 18.0


def test_data_sets_carry_their_table(tiny_observation: xr.Dataset) -> None:
    season = Season("US-Xx1", 2016, "corn", date(2016, 3, 1), n_total=180.0, source="a paper")
    ds = management.apply(tiny_observation, [season, Season("elsewhere", 2016, "corn")])
    assert management_table.of(ds) == [season] and ds["crop_name"].sel(site="US-Xx1", year=2016).item() == "corn"
    assert ds["FERTZR_N"].isnull().all(), "a yearly sum without its days is no daily driver"
    again = management.apply(ds, [])
    assert again["CROP"].isnull().all() and again["crop_name"].item() == "" and management_table.of(again) == []


def test_tables_come_back_as_they_went_out(tmp_path: Path) -> None:
    seasons = [CORN, WHEAT, Season("a", 2004, "alfalfa", "none", tillage="none", irrigation=0.0, nitrogen=())]
    table = management_table.frame(seasons)
    table.to_csv(tmp_path / "m.csv", index=False)
    (tmp_path / "m.xlsx").write_bytes(management_table.xlsx(table))
    for name in ("m.csv", "m.xlsx"):
        assert management_table.read(tmp_path / name) == seasons


def test_a_site_that_looks_like_a_formula_comes_back_from_a_template(tmp_path: Path) -> None:
    seasons = [Season("=1+1", 2005, "corn", source="-0.5 kg"), Season("'s", 2005, "corn", irrigation=0.0)]
    text = text_cells.to_csv(management_table.frame(seasons), index=False)
    assert "\n'=1+1,2005,corn," in text and "\n's,2005," in text
    (tmp_path / "m.csv").write_text(text)
    assert management_table.read(tmp_path / "m.csv") == seasons


def test_a_spreadsheet_holds_no_formula(tmp_path: Path) -> None:
    import openpyxl

    (tmp_path / "m.xlsx").write_bytes(management_table.xlsx(management_table.frame([Season("=1+1", 2005, "corn")])))
    assert openpyxl.load_workbook(tmp_path / "m.xlsx").active["A2"].data_type == "s"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"planting": "2005-02-30"}, r"column planting: '2005-02-30' is no day"),
        ({"planting": "2005-06-01", "harvest": "2005-05-01"}, r"column harvest: harvest on 2005-05-01 lies before"),
        (
            {"planting": "2003-10-05", "harvest": "2004-06-20"},
            r"column harvest: 2004-06-20 does not belong to the harv",
        ),
        (
            {"planting": "2005-10-05", "harvest": "2006-06-20"},
            r"2006-06-20 .* the year of a row is that of its harvest",
        ),
        ({"planting": "2006-04-20"}, r"column planting: 2006-04-20 does not belong to the harvest of 2005"),
        ({"planting": "1995-05-01"}, r"does not belong to the harvest of 2005"),
        ({"n_rate_1_kg_ha": "150"}, r"column n_date_1: 150 kg N ha-1 without a day.*n_total_kg_ha"),
        ({"n_date_1": "2005-05-01"}, r"nitrogen without a rate"),
        (
            {"n_date_1": "2005-05-01", "n_rate_1_kg_ha": "1,120"},
            r"'1,120' may be thousands or a decimal comma: write it",
        ),
        ({"n_date_1": "2005-05-01", "n_rate_1_kg_ha": "15000"}, r"no number from 0 to 600"),
        ({"irrigation_mm": "much"}, r"'much' is no number"),
        ({"year": "x"}, r"column year"),
        ({"site": ""}, r"no site is named"),
        ({"tillage": "2005-04-01;soon"}, r"'soon' is no day"),
    ],
)
def test_wrong_cells_are_named(tmp_path: Path, cells: dict[str, str], words: str) -> None:
    row = dict.fromkeys(management_table.COLUMNS, "") | {"site": "a", "year": "2005", "crop": "corn"} | cells
    pd.DataFrame([row]).to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(DataError, match=words) as error:
        management_table.read(tmp_path / "m.csv")
    assert "m.csv, row 2" in str(error.value)


def test_days_of_a_year_that_is_not_known_are_not_wrong_too() -> None:
    report = Report()
    row = {"site": "a", "year": "2oo5", "crop": "corn", "planting": "2005-05-01", "harvest": "2005-10-01"}
    assert management_table.from_rows([row], report, "m.csv") == []
    assert [f.column for f in report.errors] == ["year"]


@pytest.mark.parametrize("name", ["n_rate_1", "n_date_1_kg_ha", "n_rate_01_kg_ha", "n_rate_0_kg_ha"])
def test_a_column_of_nearly_the_right_name_is_said_to_be_left_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "m.csv").write_text(f"site,year,crop,{name}\na,2005,corn,0\n")
    report = Report()
    assert management_table.read(tmp_path / "m.csv", report)[0].nitrogen is None
    assert f"columns {name} are not known and left out" in report.findings[0].what


def test_maize_is_corn_and_rows_come_once(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("site,year,crop\na,2005,Maize\n")
    assert management_table.read(tmp_path / "m.csv")[0].crop == "corn"
    (tmp_path / "m.csv").write_text("site,year,crop\na,2005,Maize\na,2005,corn\n")
    with pytest.raises(DataError, match="comes twice"):
        management_table.read(tmp_path / "m.csv")


@pytest.mark.parametrize("text", ["site,year,crop,planting\n", "site,year,crop,planting", "site;year;crop\n\n"])
def test_a_table_without_rows_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(DataError, match=r"m\.csv holds no row: fill in one for each site, year and crop"):
        management_table.read(tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("rows", "row", "column", "what", "remedy"),
    [
        (
            ["corn,2005-05-01,2005-10-01,200,2005-04-20,100"], 2, "n_total_kg_ha",
            "200 kg N ha-1 in the year, but 100 in its events, which alone feed the driver",
            "add the event that is missing, or correct the total",
        ),
        (["corn,,,200,,0"], 2, "n_total_kg_ha", "200 kg N ha-1 in the year, but 0 in its events", "add the event"),
        (
            ["corn,2005-04-20,2005-09-20,,,", "soybean,2005-05-28,2005-10-10,,,"], 3, "planting",
            "soybean is planted on 2005-05-28, while corn stands until 2005-09-20", "correct the days unless both",
        ),
        (["Mais,,,,,"], 2, "crop", "crop 'mais' is not known here, so CROP stays unknown all year", "write corn or"),
        (['"=HYPERLINK(""x"")",,,,,'], 2, "crop", "crop '=hyperlink(", "write corn or soybean if it is one of them"),
    ],
)  # fmt: skip
def test_what_can_hardly_be_meant_is_told(
    tmp_path: Path, rows: list[str], row: int, column: str, what: str, remedy: str
) -> None:
    head = "site,year,crop,planting,harvest,n_total_kg_ha,n_date_1,n_rate_1_kg_ha"
    (tmp_path / "m.csv").write_text("\n".join([head, *(f"a,2005,{cells}" for cells in rows)]) + "\n")
    report = Report()
    assert len(management_table.read(tmp_path / "m.csv", report)) == len(rows)
    (found,) = report.findings
    assert (found.level, found.row, found.column) == ("warning", row, column)
    assert what in found.what and remedy in found.remedy


def test_what_goes_together_is_not_doubted() -> None:
    report = Report()
    rows = [
        Season("a", 2005, "corn", date(2005, 4, 20), harvest=date(2005, 10, 1), n_total=150.5, nitrogen=(
            Event(date(2005, 4, 20), 150.0),
        )),
        Season("a", 2006, "winter wheat", date(2005, 10, 1), harvest=date(2006, 7, 10)),
        Season("a", 2006, "soybean", date(2006, 7, 10)),
        Season("b", 2006, "soybean", date(2006, 5, 10)),
        Season("c", 2005, "alfalfa", date(2004, 5, 10), harvest=date(2005, 9, 10)),
        Season("c", 2006, "alfalfa", date(2004, 5, 10), harvest=date(2006, 9, 10)),
    ]  # fmt: skip
    told = [management.as_row(row) for row in [*rows, *(s for s in management_table.shipped() if s.site != "a")]]
    management_table.from_rows(told, report, "m.csv")
    assert report.findings == []


def test_rows_outside_the_record_are_told() -> None:
    outside = management_table.outside
    corn = [Season("a", year, "corn") for year in (2031, 2004, 2030)]
    assert outside([corn[1], Season("a", 2030)], DAYS) == "", "a blank row asks for nothing"
    assert outside(corn[1:], DAYS) == "2030 lies outside the record 2004-2006: it sets no driver"
    assert outside(corn, DAYS[:366]) == "2030, 2031 lie outside the record 2004: they set no driver"
    late = Season("a", 2007, "corn", nitrogen=(Event(date(2006, 11, 1), 100.0),))
    assert outside([late], DAYS) == "" and drivers([late], DAYS)["FERTZR_N"].notna().any()
    assert outside([Season("a", 2007, "winter wheat", date(2006, 10, 1))], DAYS) == ""
    wheat = Season("a", 2006, "winter wheat", date(2005, 10, 5), harvest=date(2006, 7, 10))
    said = "2006 lies outside the record 2006-08-01 to 2006-12-31: it sets no driver"
    assert outside([wheat], DAYS[DAYS >= "2006-08-01"]) == said


@given(
    st.lists(st.dictionaries(st.sampled_from(management_table.COLUMNS), st.text(max_size=12), max_size=6), max_size=4)
)
def test_no_row_does_worse_than_a_finding(rows: list[dict[str, str]]) -> None:
    report = Report()
    seasons = management_table.from_rows(rows, report, "m.csv")
    assert report.errors or len(seasons) <= len(rows)
    drivers(seasons, DAYS)


def test_shipped_rows_name_their_source_and_hold_the_ini_file() -> None:
    rows = management_table.shipped()
    assert all(row.source and row.crop for row in rows)
    arm = management.crops(r for r in rows if r.site == "US-ARM")
    assert arm == {2003: "winter wheat", 2004: "winter wheat", 2005: "corn", 2006: "winter wheat + soybean"}


def test_import_takes_the_user_s_rows_before_published_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    path = daily(tmp_path, "US-Ne1", days=800)
    importing.import_file("fluxnet", path, "ne1", seasons=[Season("US-Ne1", 2005, "soybean", source="mine")])
    ds = catalog.open_dataset("ne1")
    assert ds["crop_name"].to_numpy().tolist() == [["soybean", "corn", "corn"]]
    assert management_table.of(ds)[0].source == "mine"
    importing.set_management("ne1", [])
    ds = catalog.open_dataset("ne1")
    assert ds["CROP"].isnull().all() and float(ds["NEE"].mean()) == 1.0
    cycle = summary.seasonal_cycle(ds, ["NEE"], ["US-Ne1"], [2005, 2006])
    assert len(cycle) == 365 and set(cycle["crop"]) == {""}, "years of an unknown crop are drawn too"
    with pytest.raises(DataError, match="no site US-Ne9"):
        importing.set_management("ne1", [Season("US-Ne9", 2005, "corn")])
    with pytest.raises(DataError, match="bundled"):
        importing.set_management("towers-sample", [])


def test_without_a_table_management_is_unknown_not_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    importing.import_file("fluxnet", daily(tmp_path), "mine", site=HERE)
    ds = catalog.open_dataset("mine")
    assert all(np.isnan(ds[name].to_numpy()).all() for name in management.DRIVERS)


def test_a_check_knows_management_tables(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("site,year,crop,planting\na,2005,corn,someday\n")
    done = checking.check(tmp_path / "m.csv")
    assert done.format == "management table" and [(f.row, f.column) for f in done.report.errors] == [(2, "planting")]
    (tmp_path / "m.csv").write_text("site,year,crop,planting\na,2005,corn,2005-05-01\n")
    assert checking.check(tmp_path / "m.csv").ok


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("date,site,year,crop,plot,N2O_gN_ha_d", "n2o"),
        ("site,year,crop,planting,n_date_1,notes", "management table"),  # no format knows a word of it
        ("site,year,crop,planting,n_date_1,n_rate_1_kg_ha", "management table"),
    ],
)
def test_measurements_told_by_site_year_and_crop_are_no_management_table(
    tmp_path: Path, header: str, form: str
) -> None:
    values = {"date": "2020-05-01", "site": "a", "year": "2020", "crop": "corn", "N2O_gN_ha_d": "2"}
    cells = [values.get(name, "") for name in header.split(",")]
    (tmp_path / "m.csv").write_text(f"{header}\n{','.join(cells)}\n")
    done = checking.check(tmp_path / "m.csv")
    assert done.format == form and done.ok, done.report.findings


def test_none_with_a_capital_says_that_nothing_was_planted(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"site": ["a", "b"], "year": [2005, 2005], "crop": ["alfalfa"] * 2, "planting": ["None", "NA"]}
    )
    table.to_csv(tmp_path / "m.csv", index=False)
    table.to_excel(tmp_path / "m.xlsx", index=False)
    for name in ("m.csv", "m.xlsx"):
        assert [s.planting for s in management_table.read(tmp_path / name)] == ["none", None], name


def test_a_table_of_other_sites_wipes_no_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_observation: xr.Dataset, tiny_simulation: xr.Dataset
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    path = tmp_path / "mine.nc"
    tiny_observation.assign_attrs(synthetic=1).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(DataError, match=r"mine\.nc holds no site elsewhere: it holds US-Xx1"):
        importing.import_file("netcdf", path, "mine", seasons=[Season("elsewhere", 2016, "corn")])
    importing.import_file("netcdf", path, "mine", seasons=[Season("US-Xx1", 2016, "corn", date(2016, 3, 1))])
    assert float(catalog.open_dataset("mine")["PLANTING"].sum()) == 1
    tiny_simulation.assign_attrs(synthetic=1).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(DataError, match=r"mine\.nc is a simulation: a management table belongs to measurements"):
        importing.import_file("netcdf", path, "sim", seasons=[Season("17019", 2016, "corn")])


def test_drivers_that_no_table_tells_of_are_lost_on_request_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_observation: xr.Dataset
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    path = tmp_path / "mine/datasets/mine.zarr.zip"
    ones = xr.ones_like(tiny_observation["NEE"])
    own = tiny_observation.assign(
        CROP=ones.assign_attrs(units="1"), FERTZR_N=ones.where(ones.time.dt.day == 1).assign_attrs(units="g N m-2 d-1")
    )
    seasons = [Season("US-Xx1", 2016, "soybean")]
    for told in ({}, {"management": "[]"}, {"management": "{no table"}):
        write_store(own.assign_attrs(told), path)
        with pytest.raises(
            DataError, match=r"CROP 60, FERTZR_N 2 values.* every site for good: copy .*mine\.zarr\.zip"
        ):
            importing.set_management("mine", seasons)
        np.testing.assert_array_equal(catalog.open_dataset("mine")["CROP"], 1.0)
    importing.set_management("mine", seasons, force=True)
    ds = catalog.open_dataset("mine")
    assert management_table.of(ds) == seasons and (ds["CROP"] == 0).all() and ds["FERTZR_N"].isnull().all()
    importing.set_management("mine", [])
    assert management_table.untold(catalog.open_dataset("mine")) == {}, "what a table told may be changed at will"


def test_saved_rows_that_another_table_lacks_are_told(tiny_observation: xr.Dataset) -> None:
    corn, wheat = Season("US-Xx1", 2015, "corn"), Season("US-Xx1", 2016, "winter wheat")
    soy, blank = Season("US-Xx1", 2016, "soybean"), Season("US-Xx1", 2015)
    ds = management.apply(tiny_observation, [corn, wheat, soy, Season("US-Xx1", 2014)])
    assert management_table.gone(ds, [blank, wheat]) == [corn, soy], "a blank row keeps none"
    assert management_table.gone(ds, [Season("US-Xx1", 2015, "alfalfa"), soy, wheat]) == [], "another crop, same row"
    assert management_table.gone(ds, []) == [corn, wheat, soy]
    assert management_table.gone(tiny_observation, []) == []
    assert management_table.gone(ds.assign_attrs(management="{no table"), []) == []


def test_a_template_keeps_what_is_saved() -> None:
    wheat = Season("a", 2006, "winter wheat")
    table = management_table.template({"b": [2006], "a": [2005, 2006]}, [wheat, Season("a", 2030, "corn")])
    assert table[["site", "year", "crop"]].to_numpy().tolist() == [
        ["a", 2005, ""], ["a", 2006, "winter wheat"], ["a", 2030, "corn"], ["b", 2006, ""]
    ]  # fmt: skip


def test_names_of_crops_that_no_table_tells_of_count_too(tiny_observation: xr.Dataset) -> None:
    named = tiny_observation.assign_coords(year=[2015, 2016], crop_name=(("site", "year"), [["", "alfalfa"]]))
    assert management_table.untold(named) == {"crop_name": 1} and management_table.untold(tiny_observation) == {}


@pytest.mark.parametrize("text", ["{no table", "[1]", "{}"])
def test_what_is_no_table_in_a_data_set_is_told(text: str, tiny_observation: xr.Dataset) -> None:
    with pytest.raises(DataError, match=r"holds no management table: set one with `agroflux data manage`"):
        management_table.of(tiny_observation.assign_attrs(management=text))
