"""Management tables as files: read with every wrong cell named, written, and a template to fill in."""

import io
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from agroflux import paths
from agroflux.data.archives import Member, members
from agroflux.data.calendar_days import years_text
from agroflux.data.management import ATTRIBUTE, DRIVERS, NONE, Event, Season, as_row
from agroflux.data.report import Report
from agroflux.data.text_cells import as_told
from agroflux.data.text_table import columns_of, read_table, whole
from agroflux.errors import DataError

COLUMNS = (
    "site", "year", "crop", "planting", "emergence", "harvest", "tillage", "irrigation_mm", "n_total_kg_ha",
    "n_date_1", "n_rate_1_kg_ha", "n_date_2", "n_rate_2_kg_ha", "n_date_3", "n_rate_3_kg_ha", "source",
)  # fmt: skip
NEEDED = ("site", "year", "crop")
# Exactly as it is read: a column of nearly that name would be taken for known and its nitrogen be lost.
_EVENT = re.compile(r"n_(?=date_\d+$|rate_\d+_kg_ha$)(?:date|rate)_([1-9]\d?)(?:_kg_ha)?")
#: Names of crops as people write them -> the name used here.
_SAME = {
    "maize": "corn",
    "zea mays": "corn",
    "soy": "soybean",
    "soya": "soybean",
    "soybeans": "soybean",
    "glycine max": "soybean",
    "wheat (winter)": "winter wheat",
}
#: Crops that need no second look; of those that are not corn or soybean, CROP is unknown by its nature.
_CROPS = frozenset((
    "corn", "soybean", "wheat", "winter wheat", "spring wheat", "durum wheat", "barley", "winter barley",
    "spring barley", "oat", "oats", "rye", "winter rye", "triticale", "sorghum", "millet", "rice", "cotton",
    "canola", "rapeseed", "sunflower", "flax", "potato", "sugar beet", "sugarcane", "pea", "lentil", "chickpea",
    "bean", "dry bean", "peanut", "alfalfa", "clover", "hay", "grass", "pasture", "prairie", "switchgrass",
    "miscanthus", "cover crop", "fallow",
))  # fmt: skip
_ROUNDED = 1.0  # kg N ha-1 by which a sum and its events may differ
MOST_N = 600.0  # kg N ha-1 in one event: more is a wrong unit
MOST_WATER = 3000.0  # mm


def read(path: str | Path, report: Report | None = None) -> list[Season]:
    """Read a management table (CSV or xlsx); DataError with row and column of the first wrong cell."""
    found = report if report is not None else Report()
    given = members(path)
    if len(given) != 1:
        raise DataError(f"{Path(path).name} holds {len(given)} tables: give the one management table")
    return from_member(given[0], found)


def from_member(member: Member, report: Report) -> list[Season]:
    """As :func:`read`, for an opened file."""
    names = columns_of(member, report)
    lacking = [c for c in NEEDED if c not in names]
    if lacking:
        raise DataError(
            f"{member.name} has no column {', '.join(lacking)}: start from the template (of the page Data, or of "
            "`agroflux data template management`)"
        )
    if unknown := strangers(names):
        report.add("warning", member.name, f"columns {', '.join(unknown[:5])} are not known and left out")
    frame = read_table(member, report, text=names)
    if frame.empty:
        raise DataError(f"{member.name} holds no row: fill in one for each site, year and crop")
    told = (map(_told, cells) for cells in frame.itertuples(index=False, name=None))
    rows = [dict(zip(frame.columns, cells, strict=True)) for cells in told]
    seasons = from_rows(rows, report, member.name, [int(i) for i in frame.index])
    report.stop()
    return seasons


def strangers(names: Collection[str]) -> list[str]:
    """Those of ``names`` that are no column of a management table."""
    return [n for n in names if n and n not in COLUMNS and not _EVENT.fullmatch(n)]


def from_rows(
    rows: Sequence[Mapping[str, Any]], report: Report, file: str, numbers: Sequence[int] | None = None
) -> list[Season]:
    """Seasons from rows of cells by column name; wrong cells are errors in ``report``, their rows are left out."""
    held = []
    for number, row in zip(numbers or range(1, len(rows) + 1), rows, strict=True):
        cells = {name: _cell(value) for name, value in row.items()}
        if not any(cells.values()):
            continue
        before = len(report.errors)
        season = _Row(cells, report, file, number).season()
        if len(report.errors) == before:
            held.append((number, season))
    _doubts(held, report, file)
    seasons = [season for _, season in held]
    seen: set[tuple[str, int, str]] = set()
    for season in seasons:
        key = (season.site, season.year, season.crop)
        if key in seen:
            what = f"{season.crop or 'the crop'} of {season.site} in {season.year} comes twice"
            report.add("error", file, what, "one row a site, year and crop")
        seen.add(key)
    return seasons


def _doubts(held: Sequence[tuple[int, Season]], report: Report, file: str) -> None:
    """Warnings of what can be read and hardly be meant: (row number, season) in the order of the table."""

    def doubt(row: int, column: str, what: str, remedy: str) -> None:
        report.add("warning", file, what, remedy, row=row, column=column)

    for row, season in held:
        if season.crop and season.crop not in _CROPS:
            what = f"crop {season.crop[:40]!r} is not known here, so CROP stays unknown all year"
            doubt(row, "crop", what, "write corn or soybean if it is one of them")
        given = sum(event.rate for event in season.nitrogen or ())
        if season.nitrogen is not None and season.n_total is not None and abs(season.n_total - given) > _ROUNDED:
            what = f"{season.n_total:g} kg N ha-1 in the year, but {given:g} in its events, which alone feed the driver"
            doubt(row, "n_total_kg_ha", what, "add the event that is missing, or correct the total")
    planted = [(s.planting, row, s) for row, s in held if isinstance(s.planting, date)]
    for sown, _, first in planted:
        for day, row, season in planted:
            other = season is not first and season.site == first.site and (day, season.crop) != (sown, first.crop)
            if other and first.harvest and sown <= day < first.harvest:
                what = f"{season.crop or 'a crop'} is planted on {day}, while {first.crop or 'another'} stands"
                doubt(row, "planting", f"{what} until {first.harvest}", "correct the days unless both grew at once")


def outside(seasons: Sequence[Season], days: pd.DatetimeIndex) -> str:
    """Years of ``seasons`` that set no driver on ``days`` of a record (sorted), in a sentence; empty for none."""
    first, last = days[0].date(), days[-1].date()

    def beyond(season: Season) -> bool:
        begins, ends = season.span()
        events = any(first <= event.day <= last for event in season.nitrogen or ())
        return _tells(season) and (ends < first or begins > last) and not events

    years = sorted({season.year for season in seasons if beyond(season)})
    if not years:
        return ""
    if any(first.year <= year <= last.year for year in years):
        record = f"{first} to {last}"
    else:
        record = years_text(range(first.year, last.year + 1))
    lie, they = ("lie", "they set") if len(years) > 1 else ("lies", "it sets")
    return f"{', '.join(map(str, years))} {lie} outside the record {record}: {they} no driver"


class _Row:
    """One row being read: cells by name, findings with its number."""

    def __init__(self, cells: Mapping[str, str], report: Report, file: str, number: int) -> None:
        self.cells, self.report, self.file, self.number = cells, report, file, number

    def season(self) -> Season:
        site, crop = self.cells.get("site", ""), self.cells.get("crop", "").lower()
        if not site:
            self.wrong("site", "no site is named", "give the site id of the data set")
        year = self.number_of("year", 1900, 2199)
        told = year is not None and year == int(year)
        if not told and (year is not None or not self.cells.get("year")):
            self.wrong("year", "no year is given", "give the calendar year of the harvest")
        planting: date | str | None = NONE if self.cells.get("planting", "").lower() == NONE else self.day("planting")
        season = Season(
            site=site[:64],
            year=int(year or 1900),
            crop=_SAME.get(crop, crop)[:64],
            planting=planting,
            emergence=self.day("emergence"),
            harvest=self.day("harvest"),
            tillage=self.days("tillage"),
            irrigation=self.number_of("irrigation_mm", 0, MOST_WATER),
            nitrogen=self.events(),
            n_total=self.number_of("n_total_kg_ha", 0, MOST_N),
            source=self.cells.get("source", "")[:500],
        )
        if told:  # days cannot belong to a year that is not known
            self.in_order(season)
        return season

    def wrong(self, column: str, what: str, remedy: str) -> None:
        self.report.add("error", self.file, what, remedy, row=self.number, column=column)

    def day(self, column: str) -> date | None:
        return self.as_day(self.cells.get(column, ""), column)

    def as_day(self, text: str, column: str) -> date | None:
        if not text:
            return None
        dotted = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
        iso = re.fullmatch(r"(\d{4}-\d{2}-\d{2})([ T]00:00(:00)?)?", text)
        try:
            if iso:
                return date.fromisoformat(iso[1])
            if dotted:
                return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        except ValueError:
            pass
        self.wrong(column, f"{text[:40]!r} is no day", "write it as 2005-04-28")
        return None

    def days(self, column: str) -> str:
        text = self.cells.get(column, "")
        if text.lower() == NONE:
            return NONE
        held = [self.as_day(part.strip(), column) for part in text.split(";") if part.strip()]
        return ";".join(day.isoformat() for day in held if day)

    def number_of(self, column: str, low: float, high: float) -> float | None:
        text = self.cells.get(column, "")
        if not text:
            return None
        if re.fullmatch(r"\d{1,3}(,\d{3})+", text):  # 1.2 or 1200: a thousandth of the amount, or all of it
            self.wrong(column, f"{text[:40]!r} may be thousands or a decimal comma", "write it as 1200 or 1.200")
            return None
        value = pd.to_numeric(text.replace(",", "."), errors="coerce")
        if not low <= value <= high:  # NaN is in no range
            self.wrong(column, f"{text[:40]!r} is no number from {low:g} to {high:g}", "check the unit")
            return None
        return float(value)

    def events(self) -> tuple[Event, ...] | None:
        numbers = sorted({int(m[1]) for name in self.cells if (m := _EVENT.fullmatch(name))})
        found, none_given = [], False
        for number in numbers:
            day, column = self.day(f"n_date_{number}"), f"n_rate_{number}_kg_ha"
            rate = self.number_of(column, 0, MOST_N)
            if rate and day is None and not self.cells.get(f"n_date_{number}"):
                self.wrong(f"n_date_{number}", f"{rate:g} kg N ha-1 without a day", "give it, or use n_total_kg_ha")
            elif day is not None and rate is None and not self.cells.get(column):
                self.wrong(column, "nitrogen without a rate", "give the rate in kg N ha-1")
            elif day is not None and rate:
                found.append(Event(day, rate))
            elif rate == 0:
                none_given = True
        return tuple(found) if found or none_given else None

    def in_order(self, season: Season) -> None:
        named = (("planting", season.planting), ("emergence", season.emergence), ("harvest", season.harvest))
        held = [(name, day) for name, day in named if isinstance(day, date)]
        for (first, before), (name, day) in pairwise(held):
            if day < before:
                self.wrong(name, f"{name} on {day} lies before {first} on {before}", "check the years")
        for name, day in [*held, *((f"n_date_{i}", e.day) for i, e in enumerate(season.nitrogen or (), 1))]:
            earliest = season.year if name == "harvest" else season.year - 2
            latest = season.year + 1 if name.startswith("n_date") else season.year
            if not earliest <= day.year <= latest:
                what = f"{day} does not belong to the harvest of {season.year}"
                self.wrong(name, what, "check it; the year of a row is that of its harvest")


def _told(value: Any) -> Any:
    """A cell as it was before a template was written: text that looks like a formula got an apostrophe there."""
    return as_told(value) if isinstance(value, str) else value


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    return whole(value)


def of(ds: xr.Dataset) -> list[Season]:
    """The seasons that a data set carries (:func:`agroflux.data.management.apply`); empty where it carries none.

    Raises DataError for what is no table, as a file made elsewhere may carry.
    """
    try:
        rows = json.loads(ds.attrs.get(ATTRIBUTE, "[]"))
    except (TypeError, ValueError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(
            f"attribute {ATTRIBUTE!r} of the data set holds no management table: set one with `agroflux data manage`"
        )
    return from_rows(rows, Report(), "management")


def untold(ds: xr.Dataset) -> dict[str, int]:
    """Values of planting, crop and nitrogen in ``ds`` that no table tells of, by name; empty where it carries a table.

    Another table takes their place at all sites, and nothing could bring them back.
    """
    try:
        if of(ds):
            return {}
    except DataError:
        pass  # what is no table tells nothing
    held = {name: int(ds[name].notnull().sum()) for name in DRIVERS if name in ds}
    if "crop_name" in ds:
        names = ds["crop_name"]
        held["crop_name"] = int((names.notnull() & (names != "")).sum())
    return {name: count for name, count in held.items() if count}


def gone(ds: xr.Dataset, seasons: Sequence[Season]) -> list[Season]:
    """Rows that ``ds`` carries and that would be lost if ``seasons`` took the place of its table.

    A row with another crop takes the place of one of its site and year; one that tells nothing keeps nothing.
    """
    try:
        held = [season for season in of(ds) if _tells(season)]
    except DataError:
        return []  # what is no table holds no row
    new: dict[tuple[str, int], list[str]] = {}
    for season in filter(_tells, seasons):
        new.setdefault((season.site, season.year), []).append(season.crop)
    old = Counter((season.site, season.year) for season in held)
    fewer = {key for key, count in old.items() if count > len(new.get(key, ()))}
    return [s for s in held if (s.site, s.year) in fewer and s.crop not in new.get((s.site, s.year), ())]


def _tells(season: Season) -> bool:
    """Whether a row says more than where and when."""
    return season != Season(season.site, season.year)


def frame(seasons: Sequence[Season]) -> pd.DataFrame:
    """The table of ``seasons``: all columns of the template, and more nitrogen events where there are."""
    rows = [as_row(s) for s in seasons]
    more = sorted({n for row in rows for n in row} - set(COLUMNS), key=lambda n: (int(_EVENT.fullmatch(n)[1]), n))  # type: ignore[index]
    columns = [*COLUMNS[:-1], *more, COLUMNS[-1]]
    return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")


def template(sites: Mapping[str, Sequence[int]] | None = None, held: Sequence[Season] = ()) -> pd.DataFrame:
    """A table to fill in: the rows ``held``, and a blank one for each other year of each of ``sites`` (id -> years).

    Without either, one blank example.
    """
    have = {(season.site, season.year) for season in held}
    years = [(site, int(year)) for site, told in (sites or {}).items() for year in told]
    rows = [*held, *(Season(*key) for key in years if key not in have)]
    return frame(sorted(rows, key=lambda s: (s.site, s.year)) or [Season("US-Ne1", 2005)])


def xlsx(table: pd.DataFrame) -> bytes:
    """``table`` as a spreadsheet; cells are text and numbers, so that nothing in them is a formula."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="openpyxl") as book:
        table.to_excel(book, sheet_name="management", index=False)
        sheet = book.sheets["management"]
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"
        sheet.freeze_panes = "D2"
    return buffer.getvalue()


def shipped() -> list[Season]:
    """What files and papers say of the management of known towers (``assets/facts/management.csv``)."""
    report = Report()
    return read(paths.ASSETS / "facts" / "management.csv", report)
