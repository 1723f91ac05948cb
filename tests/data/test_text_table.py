"""Tables as people save them: encodings, delimiters, and rows that are named when they are wrong."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from agroflux.data.archives import MAX_FILE, members
from agroflux.data.report import Report
from agroflux.data.text_table import columns_of, read_table
from agroflux.errors import DataError


def _read(path: Path) -> tuple[pd.DataFrame, Report]:
    report = Report()
    (member,) = members(path)
    return read_table(member, report, text=("day",)), report


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_read_the_same(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "# Gebäude\nday,größe,x\n2005,1.5,-9999\n2006,2.5,NA\n".replace(",", delimiter)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    table, report = _read(tmp_path / "t.csv")
    assert (
        table["größe"].tolist() == [1.5, 2.5] and table["x"].isna().all() and table["day"].tolist() == ["2005", "2006"]
    )
    assert table.index.tolist() == [3, 4], "rows as an editor counts them"
    assert not report.errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("one column\n1\n", "has no columns"),
        ("a,b,a\n1,2,3\n", "the column 'a' twice"),
        ("a,b\n1,5,2,5\n", r"row 2: 4 cells under 2 column names.*decimal commas need semicolons"),
        ("# only a comment\n", "no header line"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        _read(tmp_path / "t.csv")


def test_a_workbook_by_another_name_is_called_one(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1], "b": [2]}).to_excel(tmp_path / "t.xlsx", index=False)
    (tmp_path / "t.xlsx").rename(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"^t\.csv is an Excel workbook: name it \.xlsx$"):
        _read(tmp_path / "t.csv")
    with zipfile.ZipFile(tmp_path / "t.csv", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"is a zip archive: name it \.zip$"):
        _read(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512))
    with pytest.raises(DataError, match=r"of the old kind \(\.xls\): save it as \.xlsx$"):
        _read(tmp_path / "t.csv")


def test_endless_numbers_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day,x\n1,inf\n2,1e999\n3,2\n")
    table, report = _read(tmp_path / "t.csv")
    assert [f.row for f in report.errors] == [2, 3] and table["x"].tolist()[2] == 2.0


def test_the_first_findings_of_a_kind_are_kept_and_the_rest_counted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day,x\n" + "1,bad\n" * 40)
    _, report = _read(tmp_path / "t.csv")
    assert len(report.errors) == 5 and list(report.more().values()) == [35]
    with pytest.raises(DataError, match=r"row 2, column x: 'bad' is no number.*and 39 more"):
        report.stop()


def test_a_file_of_two_gigabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    for name in ("t.csv", "t.xlsx"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(MAX_FILE + 1)  # a hole in the file: it takes no space
        with pytest.raises(DataError, match="more than the 2 GB"):
            members(tmp_path / name)


def test_a_spreadsheet_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"not a spreadsheet")
    with pytest.raises(DataError, match=r"no \.xlsx spreadsheet"):
        members(tmp_path / "t.xlsx")
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "u.xlsx", index=False)
    (member,) = members(tmp_path / "u.xlsx")
    assert columns_of(member, Report()) == ["a"]
    with pytest.raises(DataError, match="no sheet 'Data'"):
        read_table(member, Report(), sheet="Data")


def test_a_quoted_name_with_the_delimiter_is_one_column(tmp_path: Path) -> None:
    for end in ("", ","):
        (tmp_path / "t.csv").write_text(f'day,"site, field", "a;b;c;d",soil_temp\n2020-01-01,1,3.2,15{end}\n')
        table, report = _read(tmp_path / "t.csv")
        assert table.iloc[0].to_dict() == {"day": "2020-01-01", "site, field": 1, "a;b;c;d": 3.2, "soil_temp": 15}
        assert not report.errors


def test_a_name_over_two_lines_is_one_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('day,"N2O\n(g)",x\n2020-01-01,1,2\n')
    assert _read(tmp_path / "t.csv")[0].iloc[0].to_dict() == {"day": "2020-01-01", "N2O\n(g)": 1, "x": 2}


@pytest.mark.parametrize("extra", [",5", ",,,5", ',"5"', ", NA"])
@pytest.mark.parametrize("good", [0, 150])
def test_a_row_with_too_many_cells_is_named_wherever_it_is(tmp_path: Path, extra: str, good: int) -> None:
    rows = ["# note", "day,plot,N2O", *['2020-01-01,"1",2'] * good, f"2020-02-01,1,7{extra}", "2020-02-02,1,3"]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match=rf"row {good + 3}: \d cells under 3 column names"):
        _read(tmp_path / "t.csv")


def test_rows_padded_with_empty_cells_are_as_long_as_the_others(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('day,x\n2020-01-01,1,\n2020-01-02,2, ,"",\n\n2020-01-03,3\n')
    table, report = _read(tmp_path / "t.csv")
    assert table["x"].tolist() == [1, 2, 3] and table.index.tolist() == [2, 3, 5] and not report.findings


def test_one_endless_cell_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('day,x\n2020-01-01,1,\n"' + "a" * 140_000 + '",2\n')
    with pytest.raises(DataError, match=r"t\.csv cannot be read as a table .*check its quotes"):
        _read(tmp_path / "t.csv")


def test_none_is_a_word_in_text_and_missing_in_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day;x\nNone;1,5\n2020;None\nNA;2,5\n")
    pd.DataFrame({"day": ["None", "2020", "NA"], "x": [1.5, "None", 2.5]}).to_excel(tmp_path / "t.xlsx", index=False)
    for name in ("t.csv", "t.xlsx"):
        table, report = _read(tmp_path / name)
        assert table["day"].tolist() == ["None", "2020", ""] and table["x"].tolist()[::2] == [1.5, 2.5], name
        assert not report.errors


def test_a_name_keeps_the_end_that_a_whole_number_loses(tmp_path: Path) -> None:
    cells = ["N1.0", "N1", "plot-1.0", "v2.1.0", "5.0", "2005-05-01 10:00:00.0", "1.5"]
    pd.DataFrame({"day": cells, "x": 1.5}).to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame({"day": [*cells[:4], 5.0, *cells[5:]], "x": 1.5}).to_excel(tmp_path / "t.xlsx", index=False)
    for name in ("t.csv", "t.xlsx"):
        told = _read(tmp_path / name)[0]["day"].tolist()
        assert told == ["N1.0", "N1", "plot-1.0", "v2.1.0", "5", "2005-05-01 10:00:00", "1.5"], name
    pd.DataFrame({"day": [2005.0, None], "x": 1.5}).to_excel(tmp_path / "t.xlsx", index=False)
    assert _read(tmp_path / "t.xlsx")[0]["day"].tolist() == ["2005", ""]


def test_a_spreadsheet_in_a_zip_keeps_the_limits_of_one_alone(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "t.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "t.xlsx", "a", zipfile.ZIP_DEFLATED) as sheet:
        sheet.writestr("xl/media/bomb.bin", bytes(20_000_000))
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(tmp_path / "t.xlsx", "t.xlsx")
    with pytest.raises(DataError, match=r"t\.xlsx.*zip bomb"):
        _read(tmp_path / "t.zip")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("day;x;y\n1;1,5;7\n2;1,234;8\n", [1.5, 1.234]),  # the first one tells that commas are decimal
        ("day;x;y\n1;0,250;7\n2;1,234;8\n", [0.25, 1.234]),
        ("day;x;y\n1;1234,567;7\n", [1234.567]),
        ("day\tx\ty\n1\t1.5\t7\n2\t1.234\t8\n", [1.5, 1.234]),
        ("day;y;x\n1;7,5;0.250\n2;7,5;1.234\n", [0.25, 1.234]),  # a column of points beside one of commas
        ("day;x;y\n" + "1;3;7\n" * 150 + "2;1,5;7\n2;1,234;7\n", [3.0] * 150 + [1.5, 1.234]),
    ],
)
def test_decimal_marks_are_told_from_cells_that_are_no_thousands(
    tmp_path: Path, text: str, values: list[float]
) -> None:
    (tmp_path / "t.csv").write_text(text)
    table, report = _read(tmp_path / "t.csv")
    assert table["x"].tolist() == values and not report.errors
    assert ("decimal commas were read as decimal points" in [f.what for f in report.findings]) == ("," in text)


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("day\tx\ty\n1\t100\t1.5\n2\t1,234\t1.5\n", 3, "'1,234' may be thousands or a decimal comma: write it as 1234"),
        ("day;x;y\n1;100;1,5\n2;1.234;1,5\n", 3, "'1.234' may be thousands or a decimal point: write it as 1234 or 1,"),
        ("day;x;y\n1;1,5;7\n2;1.234;7\n3;0.5;7\n", 3, "'1.234' may be thousands or a decimal point"),
        ("day;x;y\n1;-1,234,567;1.5\n", 2, "'-1,234,567' may be thousands or a decimal comma"),
        ('day,x,y\n1,"1,234",1.5\n', 2, "'1,234' may be thousands or a decimal comma: write it as 1234 or 1.234"),
        ("day;x;y\n" + "1;1.5;7\n" * 150 + "2;1,5;7\n", 152, "'1,5' is no number"),
    ],
)
def test_what_may_be_thousands_is_asked(tmp_path: Path, text: str, row: int, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    table, report = _read(tmp_path / "t.csv")
    (error,) = report.errors
    assert (error.row, error.column) == (row, "x") and words in error.sentence()
    assert pd.isna(table.at[row, "x"]), "no number is taken for it"


def test_a_thousand_in_text_of_a_spreadsheet_is_asked(tmp_path: Path) -> None:
    pd.DataFrame({"day": ["1", "2"], "x": ["1,234", 1.234]}).to_excel(tmp_path / "t.xlsx", index=False)
    table, report = _read(tmp_path / "t.xlsx")
    (error,) = report.errors
    assert error.row == 2 and "may be thousands" in error.what and table["x"].tolist()[1] == 1.234


def test_in_a_file_with_decimal_commas_the_bad_cell_alone_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day;x\n1;1,5\n2;n.d.\n3;-9999,0\n4;2,5e-1\n5;7\n")
    table, report = _read(tmp_path / "t.csv")
    assert [(f.row, f.what) for f in report.errors] == [(3, "'n.d.' is no number")]
    assert table["x"].tolist()[::2] == [1.5, pytest.approx(float("nan"), nan_ok=True), 7.0] and table["x"][5] == 0.25
