"""What the place of a question is called, and own areas that leave nothing of it: on the rotation of three counties."""

import html
import io
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
import xarray as xr
from shapely import to_geojson
from shapely.geometry import box

from agroflux import geo
from agroflux.emissions import export, notes, place, report
from agroflux.emissions.areas import read_areas, survey_areas
from agroflux.emissions.assess import Assessment
from agroflux.emissions.polygon import read_polygon
from agroflux.emissions.totals import REGION
from agroflux.emissions.workbook import to_xlsx
from agroflux.errors import SelectionError
from tests.emissions.conftest import FIPS

Rotation = Callable[..., xr.Dataset]
AnswerOf = Callable[..., Assessment]

IOWA, ILLINOIS = ("19153", "19169"), ("17019",)
HEAD = "fips,corn_area_ha,soybean_area_ha\n"


@pytest.mark.parametrize(
    ("counties", "name"),
    [
        (None, REGION),
        (tuple(FIPS), REGION),
        (IOWA, "Iowa"),
        (("19169",), "Story, IA"),
        (("19169", "17019"), "2 counties"),
    ],
)
def test_the_region_is_called_what_was_asked(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf, counties: tuple[str, ...] | None, name: str
) -> None:
    made = answer_of(rotation(), facts, counties=counties)
    assert made.place == name
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(made, synthetic=False)))
    head = [cell.value for cell in book["Intervals"][1]]
    rows = [dict(zip(head, row, strict=True)) for row in book["Intervals"].iter_rows(min_row=2, values_only=True)]
    assert {(row["place"], row["label"]) for row in rows if row["level"] == "region"} == {(name, name)}
    tier1 = {row[0] for row in book["Tier 1"].iter_rows(min_row=2, values_only=True)}
    assert name in tier1 and (REGION in tier1) == (name == REGION)
    assert made.interval("n2o_t")["value"] > 0, "the key of the region's rows stays"


def test_a_part_of_a_state_is_called_and_told_as_such(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    more = pd.concat([facts, facts.iloc[:1].rename(index={"19153": "19155"})])
    made = answer_of(rotation(), more, counties=IOWA)
    assert made.place == "Iowa (2 of 3 counties)" == export.provenance(made.totals, synthetic=False)["place"]
    (said,) = made.gaps
    assert said.startswith("Iowa stands for those of its counties that the data hold: 1 are left out")
    assert said in notes.is_and_is_not(made)
    summary = openpyxl.load_workbook(io.BytesIO(to_xlsx(made, synthetic=False)))["Summary"].iter_rows(values_only=True)
    assert dict(summary)["Place"] == "Iowa (2 of 3 counties)"
    for whole in (None, tuple(FIPS), ("19169",)):
        assert answer_of(rotation(), more, counties=whole).gaps == ()


def test_own_areas_of_counties_that_the_data_lack_are_told(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf
) -> None:
    own = read_areas((HEAD + "19153,10,10\n19169,10,\n17019,1000.4,200\n").encode(), facts, name="mine.csv")
    said = "1 of 3 counties of own areas (mine.csv) (1,200 ha) are not in the data and are not counted."
    two = rotation().sel(site=list(IOWA))
    made = answer_of(two, facts, areas=own)
    assert said in made.gaps and said in html.unescape(report.html(made, {}, [], ["agroflux"]))
    assert not any("not counted" in text for text in answer_of(rotation(), facts, areas=own).gaps)
    outlines = geo.counties()
    west, south, east, north = outlines.set_index("fips").geometry["19169"].bounds
    drawn = read_polygon(to_geojson(box(west, south, east, north)).encode(), "drawn.json")
    counties, part = place.inside(drawn, outlines, IOWA, facts, own)
    assert said in answer_of(two, facts, counties=counties, areas=part).gaps


def test_a_polygon_is_called_by_its_file(rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf) -> None:
    outlines = geo.counties()
    west, south, east, north = outlines.set_index("fips").geometry["19169"].bounds
    drawn = read_polygon(to_geojson(box(west + 0.1, south + 0.1, east - 0.1, north - 0.1)).encode(), "drawn.json")
    counties, part = place.inside(drawn, outlines, FIPS, facts)
    made = answer_of(rotation(), facts, counties=counties, areas=part)
    assert made.place == "drawn.json"
    assert set(made.named(made.tier1)["place"]) == {"drawn.json"}
    own = read_areas((HEAD + "19153,10,10\n17019,10,10\n").encode(), facts, name="mine.csv")
    with pytest.raises(SelectionError, match=r"none of the 2 counties of own areas \(mine\.csv\) lies in drawn\.json"):
        place.inside(drawn, outlines, FIPS, facts, own)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("19153,10,10\n19169,10,10\n", r"none of the 2 counties of own areas \(mine\.csv\) lies in Champaign, IL: "),
        ("19153,10,10\n", r"the only county of own areas \(mine\.csv\) does not lie in Champaign, IL: "),
        ("19153,10,10\n17019,0,0\n", r"own areas \(mine\.csv\) add up to nothing in Champaign, IL: "),
    ],
)
def test_own_areas_of_elsewhere_are_told_as_the_cause(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf, rows: str, message: str
) -> None:
    own = read_areas((HEAD + rows).encode(), facts, name="mine.csv")
    with pytest.raises(SelectionError, match=message + "choose another place, or remove these areas"):
        answer_of(rotation(), facts, counties=ILLINOIS, areas=own)
    assert answer_of(rotation(), facts, counties=IOWA, areas=own).interval("n2o_t")["value"] > 0


def test_areas_of_none_of_the_data(rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf) -> None:
    own = survey_areas(facts).loc[["17019"]]
    own.attrs["source"] = "own areas (mine.csv)"
    with pytest.raises(SelectionError, match="does not lie in the data set"):
        answer_of(rotation().sel(site=list(IOWA)), facts, areas=own)


@pytest.mark.parametrize(("found", "apart"), [((0.0, 0.0), False), ((10.0, 10.5), False), ((0.0, 9.0), True)])
def test_process_models_that_both_say_nothing_agree(
    rotation: Rotation, facts: pd.DataFrame, answer_of: AnswerOf, found: tuple[float, float], apart: bool
) -> None:
    made = replace(answer_of(rotation(), facts), simulators=dict(zip(("a", "b"), found, strict=True)))
    assert bool(notes.apart(made)) is apart
