"""Tables as people have them: encoding, delimiter and decimal sign found out, and each cell that is no number named.

Columns asked for as text stay text; every other column is numbers, with the usual marks of a missing value as NaN.
In text the word ``None`` is no such mark: it says that nothing was planted, or which plots were treated with nothing.
The index of what is returned is the row in the file, so that later findings can name it.
"""

import csv
import io
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import numpy as np
import pandas as pd

from agroflux.data.archives import MAX_SHEET, Member, sheet_within_limits
from agroflux.data.report import Report
from agroflux.errors import DataError

#: Numbers that stand for a missing value in files of this field; empty cells and ``NA`` do too.
MISSING = (-9999.0, -6999.0)
_MISSING_WORDS = ["", "NA", "N/A", "NaN", "nan", "null", "-", "."]
_MISSING_TEXT = [*_MISSING_WORDS, "None"]  # in columns of numbers
_MISSING_IN_SHEETS = [*_MISSING_WORDS, "n/a", "NULL", "#N/A", "<NA>"]
_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 65_536  # bytes from which the dialect is told
#: A number with a decimal comma, and one with a decimal point; what may be thousands is among both.
_COMMA = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")
_POINT = re.compile(r"\s*[-+]?\d*\.\d+(?:[eE][-+]?\d+)?\s*")
#: 1,234 and 1.234: a thousand, or one and a bit; only the other cells tell which.
_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\.\d{3})+)\s*")
#: What loses its ``.0``: a whole number, and a time as databases write it. Of a name (N1.0) it is a part.
_WHOLE = re.compile(r"(?:-?\d+|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)\.0")
_COMMAS_READ = "decimal commas were read as decimal points"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written. ``skipped``: lines before the header (comments); ``bare``: no row follows it."""

    encoding: str
    delimiter: str
    decimal: str
    skipped: int
    header: tuple[str, ...]
    comments: tuple[str, ...] = ()
    bare: bool = False


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
    told = None
    if member.suffix == ".xlsx":
        frame = _sheet(member, sheet, nrows=rows)
        frame.columns = [str(c).strip() for c in frame.columns]
        frame.index = pd.RangeIndex(2, len(frame) + 2)
        _unique(member.name, list(frame.columns))
        frame = frame[[c for c in frame.columns if wanted is None or wanted(c)]]
    else:
        told = dialect(member, report)
        frame = _csv(member, told, report, set(text), wanted, rows)
    frame = frame.dropna(how="all")
    name = member.name
    columns = {c: _text(frame[c]) if c in text else _numbers(frame[c], told, name, report) for c in frame.columns}
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
    delimiter = max(_DELIMITERS, key=re.sub('"[^"]*"', "", line).count)
    rows = [row for _, row in _rows((f"{row}\n" for row in lines[skipped : skipped + 101]), delimiter)]
    header = tuple(name.strip() for name in rows[0])
    while header and not header[-1]:  # a spreadsheet pads rows with empty cells
        header = header[:-1]
    if len(header) < 2:
        raise DataError(f"{member.name} has no columns (row {skipped + 1} is {line[:60]!r}): give a CSV table")
    _unique(member.name, list(header))
    commas = {cell for row in rows[1:] for cell in row if _COMMA.fullmatch(cell)}
    european = delimiter != "," and not all(_THOUSANDS.fullmatch(cell) for cell in commas)
    if european:
        report.add("note", member.name, _COMMAS_READ)
    bare = len(head) < _HEAD and not any(line.strip() for line in lines[skipped + 1 :])
    return Dialect(encoding, delimiter, "," if european else ".", skipped, header, tuple(lines[:skipped]), bare)


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number of its first line, from 1, and cells of each row; quotes count as in the parser of the whole file."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    first = 1
    for row in reader:
        yield first, row
        first = reader.line_num + 1


def no_text(head: bytes) -> tuple[str, str] | None:
    """What a file is, by its first bytes, and how to give it, where it is a workbook or an archive; else None."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "an Excel workbook of the old kind (.xls)", "save it as .xlsx"
    if not head.startswith(b"PK\x03\x04"):
        return None
    workbook = b"xl/" in head or b"[Content_Types].xml" in head
    return ("an Excel workbook", "name it .xlsx") if workbook else ("a zip archive", "name it .zip")


def _encoding(head: bytes, name: str, report: Report) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add("note", name, "text is UTF-16; read as such")
        return "utf-16"
    if (kind := no_text(head)) is not None:
        raise DataError(f"{name} is {kind[0]}: {kind[1]}")
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
    if told.bare:  # of which the parser says now this, now that
        return pd.DataFrame(columns=names, dtype="float64")
    text_at = [i for i in use if told.header[i] in text]
    options: dict[str, Any] = {
        "sep": told.delimiter,
        "decimal": told.decimal,
        "header": None,
        "skiprows": told.skipped + 1,
        "names": list(range(len(told.header))),
        "usecols": use,
        "index_col": False,
        "dtype": dict.fromkeys(text_at, str),
        "keep_default_na": False,
        "na_values": dict.fromkeys(use, _MISSING_TEXT) | dict.fromkeys(text_at, _MISSING_WORDS),
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
    _no_row_too_long(member, told, rows)
    return frame


def _no_row_too_long(member: Member, told: Dialect, rows: int | None) -> None:
    """DataError for a row with cells beyond the header's, which the parser cuts off without a word."""
    width, mark = len(told.header), told.delimiter.encode()
    stop = None if rows is None else told.skipped + 1 + rows
    with member.open() as stream:
        # Counting bytes is many times faster than reading cells, and enough where no cell is empty or quoted beyond.
        if told.encoding != "utf-16" and all(line.count(mark) < width for line in islice(stream, stop)):
            return
    try:
        with member.open() as stream:
            lines = io.TextIOWrapper(stream, told.encoding, errors="replace", newline="")
            cells = _rows(islice(lines, told.skipped, stop), told.delimiter)
            number, row = next((n, row) for n, row in cells if any(cell.strip() for cell in row[width:]))
    except StopIteration:
        return
    except csv.Error as error:  # one cell of more than 128 kB
        raise DataError(f"{member.name} cannot be read as a table ({error}): check its quotes") from error
    raise DataError(
        f"{member.name}, row {told.skipped + number}: {len(row)} cells under {width} column names: numbers with "
        "decimal commas need semicolons between columns, or decimal points; a cell with a delimiter in it needs quotes"
    )


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
            # A zip within a zip unpacks a second time: its own entries count, whatever the outer one says.
            content = io.BytesIO(stream.read(MAX_SHEET + 1))
        sheet_within_limits(member.name, content, len(content.getbuffer()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl on styles that it does not know
            frame: pd.DataFrame = pd.read_excel(
                content,
                sheet_name=sheet or 0,
                engine="openpyxl",
                keep_default_na=False,
                na_values=_MISSING_IN_SHEETS,
                **options,
            )
    except DataError:
        raise
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


def whole(cell: object) -> str:
    """A cell as stripped text; a whole number that a spreadsheet made a float (``2005.0``) loses its ``.0``."""
    text = str(cell).strip()
    return text.removesuffix(".0") if text.endswith(".0") and _WHOLE.fullmatch(text) else text


def _text(column: pd.Series) -> pd.Series:
    """Cells as stripped text, as :func:`whole` gives it; empty for missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d %H:%M").fillna("").str.removesuffix(" 00:00")
    filled = column.astype(object).where(column.notna(), "")
    return filled.map(whole).astype(str)


def _numbers(column: pd.Series, told: Dialect | None, file: str, report: Report) -> pd.Series:
    """float64 with NaN for missing; every cell that is no finite number, or may be two, is an error in the report.

    ``told``: how the file is written; None for a spreadsheet.
    """
    doubtful = pd.Series(False, index=column.index)
    if column.dtype == object or pd.api.types.is_string_dtype(column):  # some cell is no number to the parser
        column, doubtful = _pointed(column, told, file, report)
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    cells = column.astype(str).str.strip()
    wrong = (column.notna() & numbers.isna() & ~cells.isin(_MISSING_TEXT)) | np.isinf(numbers) | doubtful
    for row in numbers.index[wrong.to_numpy()]:
        what, remedy = "is no number", "correct the cell, or leave it empty or -9999 where nothing was measured"
        if doubtful[row]:
            what = f"may be thousands or a decimal {'comma' if ',' in cells[row] else 'point'}"
            remedy = "write it as 1234 or " + ("1,234" if told and told.decimal == "," else "1.234")
        report.add(
            "error",
            file,
            f"{str(column[row])[:40]!r} {what}",
            remedy,
            row=int(row),
            column=str(column.name),
            kind="cells that are no number",
        )
    return numbers.where(~numbers.isin(MISSING) & np.isfinite(numbers) & ~doubtful)


def _pointed(column: pd.Series, told: Dialect | None, file: str, report: Report) -> tuple[pd.Series, pd.Series]:
    """The column with decimal commas made points, and which of its cells may be a thousand as well as a decimal.

    The parser makes a column with one bad cell text, whose good cells it leaves as they are; and a comma that comes
    late in a file is not in the rows from which its dialect was told.
    """
    cells = column.where(column.map(lambda cell: isinstance(cell, str)), "").astype(str)
    comma, point = cells.str.fullmatch(_COMMA), cells.str.fullmatch(_POINT)
    thousands = cells.str.fullmatch(_THOUSANDS)
    commas = told is not None and told.decimal == ","
    certain = bool((comma & ~thousands).any() and not point.any())
    if told is not None and not commas and told.delimiter != "," and certain:
        report.add("note", file, _COMMAS_READ, column=str(column.name))
        commas = True
    if not commas:
        return column, thousands & cells.str.contains(",", regex=False)
    # A point beside decimal commas is a decimal point only where the column has no comma, and a point that is no mark
    # of thousands.
    points = bool((point & ~thousands).any() and not comma.any())
    return column.mask(comma, cells.str.replace(",", ".", regex=False)), thousands & ~comma & (not points)
