"""Text in tables for spreadsheets: nothing runs, numbers stay numbers, and our own apostrophe comes off again."""

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data.text_cells import as_told, text_cell, to_csv


@given(st.one_of(st.text(max_size=20), st.text("=+-@|%\t\r\n', a1", max_size=6)))
def test_no_text_runs_and_one_line_comes_back(text: str) -> None:
    cell = text_cell(text)
    assert cell.isprintable() and not cell.lstrip().startswith(("=", "+", "-", "@", "|", "%"))
    if text.isprintable() and not text.startswith("'"):
        assert as_told(cell) == text


@pytest.mark.parametrize("cell", ["'", "'tis", "it's", "''=1", "", "'a=1"])
def test_an_apostrophe_that_is_not_ours_stays(cell: str) -> None:
    assert as_told(cell) == cell


def test_text_index_and_headers_are_safe_and_numbers_stay() -> None:
    table = pd.DataFrame(
        {"=x": ["=1", "-1.5", None], "n": [-1.5, 2.0, float("nan")], "kind": pd.Categorical(["+a", "b", "b"])},
        pd.MultiIndex.from_tuples([("@s", 1), ("t", -2), ("u", 3)], names=["-site", "k"]),
    )
    assert to_csv(table) == "'-site,k,'=x,n,kind\n'@s,1,'=1,-1.5,'+a\nt,-2,-1.5,2.0,b\nu,3,,,b\n"
    assert to_csv(table.iloc[:0], index=False) == "'=x,n,kind\n"
    assert table["=x"].iloc[0] == "=1", "the table itself is not changed"


def test_a_table_without_odd_text_is_written_as_pandas_does() -> None:
    days = pd.date_range("2005-01-01", periods=3, name="time")
    table = pd.DataFrame({"a": [1, None, "x"], "b": [True, False, True], "c": [0.1, -2e-9, 3]}, days)
    assert to_csv(table, float_format="%.5g") == table.to_csv(float_format="%.5g")
    twice = pd.DataFrame([["=1", 2]], columns=["a", "a"])
    assert pd.read_csv(io.StringIO(to_csv(twice, index=False))).iloc[0].tolist() == ["'=1", 2]
