"""The report and the files of an answer: whole, self-contained, safe, and with the answer's own numbers."""

import io
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xarray as xr

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions import export, netcdf, notes, pdf, report, words
from agroflux.emissions.assess import Assessment, assess
from agroflux.emissions.question import Question, Sources, of_simulator
from agroflux.emissions.sums import whole_years
from agroflux.emissions.totals import COLUMNS
from agroflux.emissions.workbook import to_xlsx
from agroflux.figures.report import figures

DATA = "cornbelt-century"
HOSTILE = "<script>alert(1)</script>=cmd|' /c calc'!A1"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


@pytest.fixture(scope="module")
def sources() -> Sources:
    return of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)


@pytest.fixture(scope="module")
def answer(sources: Sources) -> Assessment:
    years = tuple(whole_years(catalog.open_dataset(DATA))[1:3])
    return assess(Question(168.0, years, indirect=True, draws=1000), sources, geo.county_facts())


class _Parts(HTMLParser):
    """Tags and addresses of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]


def _read(text: str) -> _Parts:
    parts = _Parts()
    parts.feed(text)
    return parts


def test_the_report_stands_on_its_own(answer: Assessment, sources: Sources) -> None:
    text = report.html(
        answer, {"map": SVG, "years": b"\x89PNG..."}, report.data_sources(sources), ["agroflux", "emissions"]
    )
    parts = _read(text)
    assert "script" not in parts.tags and "link" not in parts.tags
    assert len(parts.links) == 2 and all(link.startswith("data:image/") for link in parts.links)
    assert "url(" not in text and "@import" not in text
    assert notes.headline(answer) in text
    row = answer.interval("nee_t_co2")
    assert f"{row['value']:,.0f}" in text and f"{row['low80']:,.0f} to {row['high80']:,.0f}" in text
    for entry in report.data_sources(sources):
        assert entry.licence.split("(")[0].strip() in text
    assert "@page" in text and not re.search(r"size:\s*A4|size:\s*letter", text)  # the printer's paper decides


def test_hostile_text_stays_text(answer: Assessment) -> None:
    crops = answer.totals.crops.assign(county=HOSTILE)
    intervals = answer.intervals.assign(label=HOSTILE)
    bad = replace(
        answer, totals=replace(answer.totals, crops=crops, data=HOSTILE, area_source=HOSTILE), intervals=intervals
    )
    text = report.html(bad, {}, [report.Source(HOSTILE, HOSTILE, HOSTILE, True)], ["agroflux", HOSTILE])
    assert "script" not in _read(text).tags
    assert "Synthetic data" in text
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(bad, synthetic=False)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not any(cell.data_type == "f" for cell in cells)
    starts = "=+-@|%"
    assert not any(cell.value.lstrip().startswith(tuple(starts)) for cell in cells)


def test_the_command_makes_the_same_question_again() -> None:
    question = Question(84.0, (2013, 2015), "AR5", 20, True, 0.1, seed=3)
    said = report.command_line(question, DATA, model="m", polygon="my region.geojson")
    assert said[:4] == ["agroflux", "emissions", "--data", DATA]
    pairs = dict(itertools.pairwise(said))
    assert (pairs["--years"], pairs["--horizon"], pairs["--area-sd"]) == ("2013,2015", "20", "0.1")
    assert "--indirect" in said and pairs["--polygon"] == "my region.geojson" and "--place" not in said


def test_one_sheet_a_table_with_units_in_the_header(answer: Assessment) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(answer, synthetic=False)))
    assert book.sheetnames[:4] == ["Summary", "Region", "States", "Counties"]
    sheet = book["Counties"]
    head = [cell.value for cell in sheet[1]]
    table = export.with_intervals(answer, "county")
    assert len(list(sheet.rows)) == len(table) + 1
    at = head.index("n2o_t [t N2O yr-1]")
    assert sheet.cell(2, at + 1).value == pytest.approx(table["n2o_t"].iloc[0], rel=1e-12)
    assert "n2o_all_t_co2e_low80 [t CO2e yr-1]" in head
    assert not any(isinstance(cell.value, str) and cell.value == "nan" for row in sheet.rows for cell in row)


def test_netcdf_keeps_the_conventions_and_the_numbers(answer: Assessment) -> None:
    facts = geo.county_facts()
    raw = netcdf.to_netcdf(answer, facts, ["a citation"], synthetic=False)
    ds = xr.load_dataset(io.BytesIO(raw), engine="h5netcdf")
    assert ds.attrs["Conventions"].startswith("CF-1.")
    for name in ("title", "institution", "source", "history", "references", "comment"):
        assert ds.attrs[name]
    assert ds["lat"].attrs["standard_name"] == "latitude" and ds["lat"].attrs["units"] == "degrees_north"
    table = answer.totals.by("county").set_index("fips")
    fips = ds["fips"].to_numpy().tolist()
    np.testing.assert_allclose(ds["n2o_t"], table.loc[fips, "n2o_t"], rtol=1e-12)
    for name, variable in ds.data_vars.items():
        assert variable.attrs["units"] and variable.attrs["long_name"], name
    row = answer.interval("n2o_all_t_co2e", "county", fips[0])
    assert ds["n2o_all_t_co2e_interval"].sel(level=80).to_numpy()[0].tolist() == [row["low80"], row["high80"]]


def test_workbook_and_netcdf_say_whether_the_data_are_synthetic(answer: Assessment) -> None:
    for synthetic, told in ((True, "yes"), (False, "no")):
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(answer, synthetic=synthetic)))
        said = dict(row[:2] for row in book["Summary"].iter_rows(values_only=True))
        assert said["synthetic"] == told
        raw = netcdf.to_netcdf(answer, geo.county_facts(), synthetic=synthetic)
        assert xr.load_dataset(io.BytesIO(raw), engine="h5netcdf").attrs["synthetic"] == told


def test_netcdf_passes_the_compliance_checker(answer: Assessment, tmp_path_factory: pytest.TempPathFactory) -> None:
    suite = pytest.importorskip("compliance_checker.suite", reason="compliance-checker is not installed")
    path = tmp_path_factory.mktemp("cf") / "totals.nc"
    path.write_bytes(netcdf.to_netcdf(answer, geo.county_facts(), synthetic=False))
    suite.CheckSuite.load_all_available_checkers()
    checks = suite.CheckSuite()
    opened = checks.load_dataset(str(path))
    groups, _ = checks.run_all(opened, ["cf:1.11"], skip_checks=[])["cf:1.11"]
    failed = [f"{g.name}: {g.msgs}" for g in groups if g.weight >= 3 and g.value[0] < g.value[1]]
    assert failed == []


def test_geojson_carries_the_intervals(answer: Assessment) -> None:
    frame = geo.counties()
    shapes = dict(zip(frame["fips"], frame.geometry, strict=True))
    rows = export.with_intervals(answer, "county")
    found = json.loads(export.to_geojson(answer.totals, shapes, "county", rows, synthetic=False))
    properties = found["features"][0]["properties"]
    row = answer.interval("n2o_all_t_co2e", "county", properties["fips"])
    assert properties["n2o_all_t_co2e_low80"] == pytest.approx(row["low80"])
    assert found["units"]["n2o_all_t_co2e_low80"] == COLUMNS["n2o_all_t_co2e"].unit


def test_every_picture_of_the_report_has_its_figure(answer: Assessment) -> None:
    features = json.loads(geo.counties().to_json(drop_id=True))["features"]
    shapes = {f["properties"]["fips"]: f for f in features}
    curve = SimpleNamespace(curve=lambda: pd.DataFrame({"nominal": [0.5], "measured": [0.6]}))
    found = figures(answer, shapes, curve)  # type: ignore[arg-type]
    assert set(found) == set(report.PICTURES)
    # Asked with the indirect part: every figure of the headline says so, and the lever meets it at the marked rate.
    titled = {name: found[name].layout for name in ("drivers", "counties", "years", "lever")}
    for name, layout in titled.items():
        axis = layout.xaxis if name in ("drivers", "counties") else layout.yaxis
        assert axis.title.text.startswith("Direct and indirect N₂O as CO₂e"), name
    line = found["lever"].data[0]
    at = list(line.x).index(answer.question.n_rate)
    assert (line.name, line.y[at]) == (
        "Direct and indirect N₂O as CO₂e",
        pytest.approx(answer.interval("n2o_all_t_co2e")["value"]),
    )
    outlined = sum(trace.fill == "toself" for trace in found["map"].data)
    assert outlined == len(answer.totals.by("county"))


@pytest.mark.skipif(pdf.browser() is None, reason="no Chrome or Chromium to print with")
def test_a_pdf_is_printed() -> None:
    raw = pdf.to_pdf("<!doctype html><title>t</title><h1>Report</h1>")
    assert raw.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (2_130_000, 1_600_000, 2_900_000, "t CO2e yr-1", "2.1 million t CO2e, 80 % interval 1.6-2.9"),
        (15_000_000, 3_900_000, 16_200_000, "t CO2e yr-1", "15 million t CO2e, 80 % interval 3.9-16"),
        (-80_700_000, -142_000_000, -76_200_000, "t CO2 yr-1", "-81 million t CO2, 80 % interval -142 to -76"),
        (812, 790, 830, "t N2O yr-1", "812 t N2O, 80 % interval 790-830"),
        (0.0, 0.0, 0.0, "t N2O yr-1", "0 t N2O, 80 % interval 0-0"),
        (999_600, 900_000, 1_200_000, "t CO2e yr-1", "1.0 million t CO2e, 80 % interval 0.90-1.20"),
        (999_400, 900_000, 1_200_000, "t CO2e yr-1", "999 thousand t CO2e, 80 % interval 900-1,200"),
        (-999_600, -1_300_000, 200_000, "t CO2 yr-1", "-1.0 million t CO2, 80 % interval -1.3 to 0.20"),
        (999.7, 400, 2_000, "t N2O yr-1", "1.0 thousand t N2O, 80 % interval 0.40-2.0"),
        (9.96, 9.9, 20, "t N2O yr-1", "10 t N2O, 80 % interval 9.9-20"),
    ],
)
def test_figures_in_words(value: float, low: float, high: float, unit: str, text: str) -> None:
    assert words.with_interval(value, low, high, unit) == text


def test_the_notes_say_what_is_in_and_what_is_not(answer: Assessment, sources: Sources) -> None:
    said = " ".join(notes.is_and_is_not(answer))
    assert "not a measurement" in said and "process models" in said and "factors of indirect" in said
    assert "holds the field's background and indirect N2O as well." in said
    fips = answer.ranked("nee_t_co2")["place"].iloc[0]
    question = Question(168.0, answer.question.years[:1], counties=(fips,), draws=200)
    one = assess(question, sources, geo.county_facts())
    assert "counties" not in notes.what(one)
    assert "One year is chosen" in notes.trend(one)
    assert "Indirect N2O" in " ".join(notes.is_and_is_not(one))
    assert "holds the field's background as well." in " ".join(notes.is_and_is_not(one))
    assert (notes.axis(one), notes.axis(answer)) == ("N2O as CO2e", "Direct and indirect N2O as CO2e")
