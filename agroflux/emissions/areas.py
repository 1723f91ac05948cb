"""Harvested areas of corn and soybean: the survey's, or a user's own CSV file, checked row by row."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from agroflux.data.text_table import no_text
from agroflux.errors import DataError

#: Crop -> column of a table of areas, indexed by 5-digit FIPS; blank (NaN) means not reported.
AREA_OF = {"corn": "corn_area_ha", "soybean": "soybean_area_ha"}
AREA_COLUMNS = tuple(AREA_OF.values())
HEADER = ("fips", *AREA_COLUMNS)
#: Where the areas that ship with the project come from.
SURVEY_SOURCE = "USDA NASS Quick Stats, harvested area, mean of 2010-2019 (public domain)"

_MAX_BYTES = 1_000_000
_SHOWN = 5
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d{1,2})?|\.\d+")
_DECIMAL_COMMA = re.compile(r"[\d.]+,\d+|[\d,]+\.\d+|\d{1,3}( \d{3})+")


class AreasError(DataError):
    """A file of areas that cannot be used; the message names file, row, column and remedy."""


def survey_areas(facts: pd.DataFrame) -> pd.DataFrame:
    """Survey areas [ha] by FIPS from the county facts; NaN where the survey reports none."""
    table = facts.loc[:, list(AREA_COLUMNS)].astype(float)
    table.attrs["source"] = SURVEY_SOURCE
    return table


def template(areas: pd.DataFrame) -> str:
    """A CSV file in the form that :func:`read_areas` takes, filled with ``areas`` (1 decimal)."""
    rows = [",".join(HEADER)]
    for fips, row in areas.loc[:, list(AREA_COLUMNS)].iterrows():
        cells = ["" if pd.isna(value) else f"{value:.1f}" for value in row]
        rows.append(",".join([str(fips), *cells]))
    return "\n".join(rows) + "\n"


def read_areas(source: Path | str | bytes, facts: pd.DataFrame, *, name: str = "") -> pd.DataFrame:
    """Read a user's areas: columns ``fips, corn_area_ha, soybean_area_ha`` in any order.

    ``source`` is a path or the bytes of an upload (then ``name`` is what messages call it); ``facts`` gives the
    known FIPS and ``land_area_km2``. A blank cell means *not reported*. Returns areas [ha] indexed by FIPS.
    AreasError lists what is wrong, with row (the header is row 1), column and remedy.
    """
    raw, shown = _bytes(source, name)
    rows = _rows(raw, shown)
    columns = _header(rows[0], shown)
    parsed: dict[str, dict[str, float]] = {}
    first_row: dict[str, int] = {}
    problems: list[str] = []
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        found = _row(number, cells, columns, facts, parsed, first_row)
        problems += found
    if not parsed and not problems:
        problems = ["no row follows the header: give one row a county"]
    if not problems and not np.nansum([list(areas.values()) for areas in parsed.values()]) > 0:
        # Totals of nothing look like an answer: 0 t, with an interval from 0 to 0.
        problems = [f"columns {' and '.join(AREA_COLUMNS)} add up to 0 ha: give harvested hectares of at least one "
                    "county"]  # fmt: skip
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise AreasError(f"{shown}: " + "; ".join(problems[:_SHOWN]) + more)
    table = pd.DataFrame.from_dict(parsed, orient="index", columns=list(AREA_COLUMNS)).rename_axis("fips")
    table.attrs["source"] = f"own areas ({shown})"
    return table.sort_index()


def _bytes(source: Path | str | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        raw, shown = source, name or "the areas file"
    else:
        path = Path(source)
        shown = name or path.name
        try:
            size = path.stat().st_size
            raw = path.read_bytes() if size <= _MAX_BYTES else b" " * (_MAX_BYTES + 1)
        except OSError as error:
            raise AreasError(f"{path}: cannot be read ({error.strerror}): give the path of a CSV file") from None
    if len(raw) > _MAX_BYTES:
        raise AreasError(f"{shown}: larger than 1 MB: give one row a county with columns {', '.join(HEADER)}")
    return raw, shown


def _rows(raw: bytes, shown: str) -> list[list[str]]:
    if (kind := no_text(raw)) is not None:
        raise AreasError(f"{shown}: this is {kind[0]}, not a CSV file: save the sheet as CSV (UTF-8)")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AreasError(f"{shown}: not UTF-8 text: save it as CSV (UTF-8)") from None
    if "\0" in text:
        raise AreasError(f"{shown}: not a text file: save the table as CSV (UTF-8)")
    head = text.split("\n", 1)[0]
    for mark, what in ((";", "semicolons"), ("\t", "tabs")):
        if mark in head:
            raise AreasError(
                f"{shown}, row 1: the columns are separated by {what}: save with commas between columns "
                "and a point in decimals (12345.6)"
            )
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise AreasError(f"{shown}: not a CSV file ({error}): check its quotation marks") from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise AreasError(f"{shown}: row 1 is empty: it must name the columns {', '.join(HEADER)}")
    return rows


def _header(cells: list[str], shown: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    found = []
    if missing := [c for c in HEADER if c not in names]:
        found.append(f"column {', '.join(missing)} is missing")
    if extra := [c or "(no name)" for c in names if c not in HEADER]:
        found.append(f"column {', '.join(_quote(c) for c in extra)} is not known: remove it")
    if twice := sorted({c for c in names if names.count(c) > 1 and c in HEADER}):
        found.append(f"column {', '.join(twice)} appears twice: keep one")
    if found:
        raise AreasError(f"{shown}, row 1: " + "; ".join(found) + f"; the columns are {', '.join(HEADER)}")
    return names


def _row(
    number: int,
    cells: list[str],
    columns: list[str],
    facts: pd.DataFrame,
    parsed: dict[str, dict[str, float]],
    first_row: dict[str, int],
) -> list[str]:
    """Check one row and keep it in ``parsed``; the problems found."""
    if len(cells) != len(columns):
        return [
            f"row {number}: {len(cells)} cells instead of {len(columns)}: "
            "one comma between columns, a point in decimals, no thousands separator"
        ]
    row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    fips = row["fips"]
    if fips not in facts.index:
        return [f"row {number}, column fips: {_quote(fips)} is no county of the data: give a 5-digit FIPS like 19169"]
    if fips in first_row:
        return [f"row {number}, column fips: {fips} already stands in row {first_row[fips]}: keep one of them"]
    first_row[fips] = number
    problems, areas = [], {}
    for column in AREA_COLUMNS:
        try:
            areas[column] = _area(row[column])
        except ValueError as error:
            problems.append(f"row {number}, column {column}: {error}")
    if not problems:
        problems = _beyond_land(number, fips, areas, float(facts.at[fips, "land_area_km2"]) * 100.0)
    if not problems:
        parsed[fips] = areas
    return problems


def _area(cell: str) -> float:
    if not cell:
        return float("nan")
    if _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.startswith(("-", "\u2212")) and _NUMBER.fullmatch(cell[1:].strip()):
        raise ValueError(f"{_quote(cell)} is negative: an area is 0 or more, or blank if not known")
    if _DECIMAL_COMMA.fullmatch(cell):
        raise ValueError(f"{_quote(cell)} has a comma or space: write 12345.6, without thousands separator")
    raise ValueError(f"{_quote(cell)} is not a number: give hectares like 12345.6, or leave it blank")


def _beyond_land(number: int, fips: str, areas: dict[str, float], land_ha: float) -> list[str]:
    for column, area in areas.items():
        if area > land_ha:
            return [f"row {number}, column {column}: {area:,.0f} ha is more than the land of county {fips} "
                    f"({land_ha:,.0f} ha): give hectares, not acres or m2"]  # fmt: skip
    together = float(np.nansum(list(areas.values())))
    if together > land_ha:
        return [
            f"row {number}: corn and soybean together ({together:,.0f} ha) are more than the land of county {fips} "
            f"({land_ha:,.0f} ha): give hectares, not acres or m2"
        ]
    return []


def _quote(text: str) -> str:
    """A cell as it can be shown in one line."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return repr(clean if len(clean) <= 30 else clean[:27] + "...")
