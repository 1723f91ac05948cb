"""A user's file of areas: what is taken, and what each mistake is told."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.emissions.areas import AREA_COLUMNS, AreasError, read_areas, survey_areas, template

LAND_HA = 100_000.0
FACTS = pd.DataFrame(
    {"land_area_km2": [1000.0, 1000.0], "corn_area_ha": [10_000.0, None], "soybean_area_ha": [5_000.0, 8_000.0]},
    index=pd.Index(["19153", "19169"], name="fips"),
)
HEAD = "fips,corn_area_ha,soybean_area_ha\n"


def _read(text: str) -> pd.DataFrame:
    return read_areas(text.encode(), FACTS, name="mine.csv")


def test_columns_in_any_order_and_blank_is_not_reported() -> None:
    table = _read("\ufeffsoybean_area_ha, fips ,corn_area_ha\r\n50.5,19169,\r\n\r\n0,19153,1e3\r\n")
    assert table.index.tolist() == ["19153", "19169"]
    assert table.loc["19153"].tolist() == [1000.0, 0.0]
    assert pd.isna(table.at["19169", "corn_area_ha"])
    assert table.at["19169", "soybean_area_ha"] == 50.5
    assert "mine.csv" in table.attrs["source"]


def test_the_template_reads_back() -> None:
    again = _read(template(survey_areas(FACTS)))
    pd.testing.assert_frame_equal(again, survey_areas(FACTS), check_names=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fips,corn_area_ha\n19153,1\n", "row 1: column soybean_area_ha is missing"),
        ("fips,corn_area_ha,soybean_area_ha,notes\n", "'notes' is not known: remove it"),
        ("fips,corn_area_ha,corn_area_ha,soybean_area_ha\n", "corn_area_ha appears twice"),
        ("fips;corn_area_ha;soybean_area_ha\n19153;1,5;2\n", "semicolons: save with commas"),
        ("fips\tcorn_area_ha\tsoybean_area_ha\n", "tabs"),
        ("", "row 1 is empty"),
        (HEAD, "no row follows the header"),
        (HEAD + "19153,0,0\n", "columns corn_area_ha and soybean_area_ha add up to 0 ha: give harvested hectares of"),
        (HEAD + "19153,0,\n19169,,\n", "add up to 0 ha"),
        (HEAD + "19153,1,2\n99999,1,2\n", "row 3, column fips: '99999' is no county"),
        (HEAD + "19153,1,2\n19153,1,2\n", "row 3, column fips: 19153 already stands in row 2"),
        (HEAD + "19153,-1,2\n", "row 2, column corn_area_ha: '-1' is negative"),
        (HEAD + "19153,1,many\n", "row 2, column soybean_area_ha: 'many' is not a number"),
        (HEAD + "19153,1,nan\n", "'nan' is not a number"),
        (HEAD + "19153,inf,1\n", "'inf' is not a number"),
        (HEAD + '19153,"12,5",1\n', "column corn_area_ha: '12,5' has a comma"),
        (HEAD + '19153,"1.234,5",1\n', "'1.234,5' has a comma"),
        (HEAD + "19153,12,5,1\n", "row 2: 4 cells instead of 3"),
        (HEAD + "19153,100001,1\n", "row 2, column corn_area_ha: 100,001 ha is more than the land"),
        (HEAD + "19153,60000,60000\n", r"corn and soybean together \(120,000 ha\) are more than the land"),
        (HEAD + '19153,"1\n', "not a CSV file"),
        (HEAD + "=cmd|'/c calc'!A1,1,2\n", "is no county of the data"),
    ],
)
def test_each_mistake_is_named(text: str, message: str) -> None:
    with pytest.raises(AreasError, match=r"^mine\.csv") as caught:
        _read(text)
    caught.match(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"PK\x03\x04...xl/workbook.xml", "an Excel workbook, not a CSV file"),
        (b"\xd0\xcf\x11\xe0old", "of the old kind .*, not a CSV file"),
        (b"fips\xff\xfe", "not UTF-8"),
        (b"fi\0ps", "not a text file"),
        (b"a" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_files_that_are_no_csv(raw: bytes, message: str) -> None:
    with pytest.raises(AreasError, match=message):
        read_areas(raw, FACTS, name="mine.csv")


def test_many_mistakes_are_counted_and_a_few_shown() -> None:
    with pytest.raises(AreasError, match="and 4 more") as caught:
        _read(HEAD + "x,1,1\n" * 9)
    assert str(caught.value).count("is no county") == 5


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AreasError, match=r"none\.csv: cannot be read"):
        read_areas(tmp_path / "none.csv", FACTS)


_CELLS = st.one_of(st.text(max_size=8), st.floats(allow_nan=True).map(str), st.sampled_from(["19153", "19169", ""]))


@given(st.lists(st.lists(_CELLS, max_size=4), max_size=5), st.booleans())
def test_any_table_is_read_or_refused_in_one_line(rows: list[list[str]], headed: bool) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(([HEAD.strip().split(",")] if headed else []) + rows)
    try:
        table = read_areas(out.getvalue().encode("utf-8", "surrogatepass"), FACTS, name="mine.csv")
    except AreasError as error:
        assert str(error).startswith("mine.csv")
        assert str(error).isprintable()
    else:
        assert set(table.index) <= set(FACTS.index)
        assert table.index.is_unique
        values = table[list(AREA_COLUMNS)]
        assert ((values.isna()) | ((values >= 0) & (values <= LAND_HA))).all().all()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(AreasError):  # random bytes never name the three columns
        read_areas(raw, FACTS, name="mine.csv")
