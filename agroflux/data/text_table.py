"""Tables as people have them: encoding, delimiter and decimal sign found out, and each cell that is no number named.

Columns asked for as text stay text; every other column is numbers, with the usual marks of a missing value as NaN.
The index of what is returned is the row in the file, so that later findings can name it.
"""

import io
import re
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pandas as pd

from agroflux.data.archives import Member
from agroflux.data.report import Report
from agroflux.errors import DataError

#: Numbers that stand for a missing value in files of this field; empty cells and ``NA`` do too.
MISSING = (-9999.0, -6999.0)
_MISSING_TEXT = ["", "NA", "N/A", "NaN", "nan", "null", "None", "-", "."]
_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 65_536  # bytes from which the dialect is told
_EUROPEAN = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written. ``skipped`` counts the lines before the header (comments)."""

    encoding: str
    delimiter: str
    decimal: str
    skipped: int
    header: tuple[str, ...]
    comments: tuple[str, ...] = ()


def columns_of(member: Member, report: Report) -> list[str]:
    """Names in the header of a text table or of a spreadsheet's first sheet."""
    if member.suffix == ".xlsx":
        return [str(c).strip() for c in _sheet(member, None, nrows=0).columns]
    return list(dialect(member, report).header)


def read_table(
    member: Member,
    report: Report,
    *,
    text: Collection[str] = (),
    wanted: Callable[[str], bool] | None = None,
    sheet: str | None = None,
    rows: int | None = None,
) -> pd.DataFrame:
    """Read a CSV-like file or a spreadsheet.

    Parameters
    ----------
    text
        columns kept as text (stripped, empty for missing); every other is float64 with NaN for missing.
    wanted
        says of a column name whether to read it; None reads all.
    sheet
        of a spreadsheet; None takes the first.
    rows
        read no more than so many.

    Returns
    -------
    frame
        one row a data row, indexed by the row in the file (header = row 1 + comment lines). Cells that are no
        number are NaN and in ``report`` as errors: call ``report.stop()`` before use.

    Raises
    ------
    DataError
        not a table at all: binary, no header, a column twice, rows of different lengths.
    """
    if member.suffix == ".xlsx":
        frame = _sheet(member, sheet, nrows=rows)
        frame.columns = [str(c).strip() for c in frame.columns]
        frame.index = pd.RangeIndex(2, len(frame) + 2)
        _unique(member.name, list(frame.columns))
        frame = frame[[c for c in frame.columns if wanted is None or wanted(c)]]
    else:
        frame = _csv(member, dialect(member, report), report, set(text), wanted, rows)
    frame = frame.dropna(how="all")
    columns = {c: _text(frame[c]) if c in text else _numbers(frame[c], member.name, report) for c in frame.columns}
    return pd.DataFrame(columns, index=frame.index)


def dialect(member: Member, report: Report) -> Dialect:
    """Encoding, delimiter, decimal sign and header of a text table; DataError if it is none."""
    with member.open() as stream:
        head = _read(stream, _HEAD, member.name)
    if not head.strip():
        raise DataError(f"{member.name} is empty: give the file as downloaded")
    encoding = _encoding(head, member.name, report)
    decoded = head.decode(encoding, errors="ignore" if encoding != "cp1252" else "replace")
    lines = decoded.splitlines()
    if len(head) == _HEAD and len(lines) > 1:
        lines = lines[:-1]  # the last one may be cut off
    skipped = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if skipped is None:
        raise DataError(f"{member.name} holds no header line: give the file as downloaded")
    line = lines[skipped]
    delimiter = max(_DELIMITERS, key=line.count)
    header = tuple(name.strip().strip('"').strip() for name in line.split(delimiter))
    while header and not header[-1]:  # a spreadsheet pads rows with empty cells
        header = header[:-1]
    if len(header) < 2:
        raise DataError(f"{member.name} has no columns (row {skipped + 1} is {line[:60]!r}): give a CSV table")
    _unique(member.name, list(header))
    rows = [row.split(delimiter) for row in lines[skipped + 1 : skipped + 101] if row.strip()]
    cells = [cell.strip().strip('"') for row in rows for cell in row]
    european = delimiter != "," and any(_EUROPEAN.fullmatch(c) for c in cells)
    if european:
        report.add("note", member.name, "decimal commas were read as decimal points")
    long = next((i for i, row in enumerate(rows) if _extra(row, len(header))), None)
    if long is not None and '"' not in decoded:
        raise DataError(
            f"{member.name}, row {skipped + 2 + long}: {len(rows[long])} cells under {len(header)} column names: "
            "numbers with decimal commas need semicolons between columns, or decimal points"
        )
    return Dialect(encoding, delimiter, "," if european else ".", skipped, header, tuple(lines[:skipped]))


def _extra(row: list[str], width: int) -> bool:
    return any(cell.strip() for cell in row[width:])


def _encoding(head: bytes, name: str, report: Report) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add("note", name, "text is UTF-16; read as such")
        return "utf-16"
    if b"\0" in head:
        raise DataError(f"{name} is not text (it holds zero bytes): give a CSV file or an .xlsx spreadsheet")
    try:
        head.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4:  # cut within a character
            return "utf-8-sig"
        report.add("note", name, "text is not UTF-8; read as Windows-1252", "check that names with accents are right")
        return "cp1252"


def _csv(
    member: Member,
    told: Dialect,
    report: Report,
    text: set[str],
    wanted: Callable[[str], bool] | None,
    rows: int | None,
) -> pd.DataFrame:
    use = [i for i, name in enumerate(told.header) if name and (wanted is None or wanted(name))]
    names = [told.header[i] for i in use]
    options: dict[str, Any] = {
        "sep": told.delimiter,
        "decimal": told.decimal,
        "header": None,
        "skiprows": told.skipped + 1,
        "names": list(range(len(told.header))),
        "usecols": use,
        "index_col": False,
        "dtype": {i: str for i in use if told.header[i] in text},
        "keep_default_na": False,
        "na_values": _MISSING_TEXT,
        "skip_blank_lines": False,
        "skipinitialspace": True,
        "low_memory": False,
        "nrows": rows,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # empty cells after the last column
        frame = _parse(member, told.encoding, options, report)
    frame.columns = pd.Index(names)
    frame.index = pd.RangeIndex(told.skipped + 2, told.skipped + 2 + len(frame))
    return frame


def _parse(member: Member, encoding: str, options: dict[str, Any], report: Report) -> pd.DataFrame:
    try:
        with member.open() as stream:
            return pd.read_csv(stream, encoding=encoding, **options)
    except UnicodeDecodeError:
        if encoding == "cp1252":
            raise DataError(f"{member.name} holds bytes that are no text: save it as UTF-8") from None
        report.add("note", member.name, "text is not all UTF-8; read as Windows-1252")
        return _parse(member, "cp1252", options, report)
    except DataError:
        raise
    except Exception as error:  # the parser and the unpacker raise many kinds on damaged bytes
        where = re.search(r"line (\d+)", str(error))
        row = f", row {where[1]}" if where else ""
        brief = " ".join(str(error).split())[:160]
        raise DataError(
            f"{member.name}{row} cannot be read as a table ({brief}): give the file as downloaded"
        ) from error


def _read(stream: IO[bytes], size: int, name: str) -> bytes:
    try:
        return stream.read(size)
    except Exception as error:  # a damaged zip entry
        raise DataError(f"{name} cannot be unpacked ({error}): download it again") from error


def _sheet(member: Member, sheet: str | None, **options: Any) -> pd.DataFrame:
    try:
        with member.open() as stream:
            content = io.BytesIO(stream.read())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl on styles that it does not know
            frame: pd.DataFrame = pd.read_excel(content, sheet_name=sheet or 0, engine="openpyxl", **options)
    except ValueError as error:
        if sheet and "Worksheet" in str(error):
            raise DataError(f"{member.name} has no sheet {sheet!r}: check the name") from error
        raise DataError(f"{member.name} cannot be read as a spreadsheet ({_brief(error)}): save it as .xlsx") from error
    except Exception as error:  # openpyxl raises many kinds on damaged parts
        raise DataError(f"{member.name} cannot be read as a spreadsheet ({_brief(error)}): save it as .xlsx") from error
    if not len(frame.columns):
        raise DataError(f"{member.name} holds an empty sheet: put the table on the first sheet")
    return frame


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def _unique(name: str, header: list[str]) -> None:
    twice = next((c for i, c in enumerate(header) if c and c in header[:i]), None)
    if twice is not None:
        raise DataError(f"{name} has the column {twice[:60]!r} twice: delete or rename one")


def _text(column: pd.Series) -> pd.Series:
    """Cells as stripped text; a whole number that a spreadsheet made a float loses its ``.0``."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d %H:%M").fillna("").str.removesuffix(" 00:00")
    filled = column.astype(object).where(column.notna(), "")
    return filled.map(lambda cell: str(cell).strip().removesuffix(".0")).astype(str)


def _numbers(column: pd.Series, file: str, report: Report) -> pd.Series:
    """float64 with NaN for missing; every cell that is no finite number is an error in the report."""
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    cells = column.astype(str).str.strip()
    wrong = (column.notna() & numbers.isna() & ~cells.isin(_MISSING_TEXT)) | np.isinf(numbers)
    for row in numbers.index[wrong.to_numpy()]:
        report.add(
            "error",
            file,
            f"{str(column[row])[:40]!r} is no number",
            "correct the cell, or leave it empty or -9999 where nothing was measured",
            row=int(row),
            column=str(column.name),
            kind="cells that are no number",
        )
    return numbers.where(~numbers.isin(MISSING) & np.isfinite(numbers))
