"""Time stamps of tables: days and intervals read strictly, with the row of each that is wrong; years in words."""

import re
from collections.abc import Iterable

import pandas as pd

from agroflux.data.report import Report

_FORMS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M"}
_SLASHED = r"\d{1,2}/\d{1,2}/\d{4}"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")
_EARLIEST, _LATEST = pd.Timestamp(1900, 1, 1), pd.Timestamp(2200, 1, 1)
_AHEAD = pd.Timedelta(days=1)  # an interval may end today, and east of here it is tomorrow already


def years_text(years: Iterable[int]) -> str:
    """Years in words, gaps told: ``2013``, ``2013-2018``, ``2001-2003, 2010``."""
    runs: list[list[int]] = []
    for year in sorted({int(year) for year in years}):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def stamps(
    cells: pd.Series,
    report: Report,
    file: str,
    *,
    digits: int = 8,
    day_first: bool = False,
    which_first: str = "write 2010-02-01",
) -> pd.Series:
    """Times from cells of text: ``digits`` digits (8: YYYYMMDD, 12: YYYYMMDDHHMM), ISO, or 31.12.2010 and 12/31/2010.

    ``day_first`` reads 1/2/2010 as 1 February; a dotted date always has the day first. What is no time between
    1900 and 2199 is NaT and an error in ``report`` (index = row), and so is a time in the future. Where no date tells
    which of two comes first, or the other order fits all dates and this one does not, the report says so, with
    ``which_first`` as the remedy. ISO dates beside 1/2/2010 are an error: a spreadsheet may have swapped them.
    """
    compact = cells.str.fullmatch(rf"\d{{{digits}}}")
    iso = cells.str.fullmatch(_ISO.pattern)
    dotted = cells.str.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}")
    slashed = cells.str.fullmatch(_SLASHED)
    parsed = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[s]")
    for mask, form in (
        (compact, _FORMS[digits]),
        (dotted, "%d.%m.%Y"),
        (slashed, "%d/%m/%Y" if day_first else "%m/%d/%Y"),
    ):
        if mask.any():
            parsed[mask] = pd.to_datetime(cells[mask], format=form, errors="coerce").astype("datetime64[s]")
    if iso.any():
        parsed[iso] = pd.to_datetime(cells[iso], format="ISO8601", errors="coerce").astype("datetime64[s]")
    parsed = parsed.where((parsed >= _EARLIEST) & (parsed < _LATEST))
    if _swapped(cells, iso, report, file):
        return parsed
    if slashed.any() and _order(cells[slashed], parsed[slashed], report, file, day_first, which_first):
        return parsed
    wanted = {4: "YYYY", 6: "YYYYMM", 8: "YYYYMMDD", 12: "YYYYMMDDHHMM"}[digits]
    for row in cells.index[parsed.isna().to_numpy()]:
        what = "the time is missing" if not cells[row] else f"{cells[row][:40]!r} is no time"
        report.add(
            "error", file, what, f"write it as {wanted}", row=int(row), column=str(cells.name), kind="wrong times"
        )
    now = pd.Timestamp.now()
    for row in cells.index[(parsed > now + _AHEAD).to_numpy()]:
        what = f"{cells[row][:40]!r} lies in the future"
        remedy = f"correct it, or this computer's clock ({now:%Y-%m-%d})"
        report.add("error", file, what, remedy, row=int(row), column=str(cells.name), kind="times in the future")
    return parsed


def _swapped(cells: pd.Series, iso: pd.Series, report: Report, file: str) -> bool:
    """Report dates such as 13/2/2010 beside ISO ones; whether there are any.

    A spreadsheet that takes 1/2/2010 for 2 January makes a date of it, and leaves 13/2/2010 as it is: what it made is
    wrong, and what it left no longer tells so.
    """
    slashed = cells.str.match(r"\d{1,2}/\d{1,2}/\d{2}")
    if not (iso.any() and slashed.any()):
        return False
    row, other = cells.index[slashed.to_numpy()][0], cells.index[iso.to_numpy()][0]
    what = f"{cells[row][:40]!r} stands beside {cells[other]!r} (row {other}): "
    what += "a spreadsheet may have swapped day and month"
    report.add("error", file, what, "write all as 2010-02-01", row=int(row), column=str(cells.name))
    return True


def _order(cells: pd.Series, parsed: pd.Series, report: Report, file: str, day_first: bool, which_first: str) -> bool:
    """Report dates such as 1/2/2010 whose order is open, or wrong; whether it is wrong for the whole table."""
    other = pd.to_datetime(cells, format="%m/%d/%Y" if day_first else "%d/%m/%Y", errors="coerce")
    if other.isna().any():
        return False
    said = "day/month" if day_first else "month/day"
    if parsed.isna().any():
        row = parsed.index[parsed.isna()][0]
        what = f"{cells[row]!r} is no time when dates are read as {said}, but all are when read the other way"
        report.add("error", file, what, which_first, row=int(row), column=str(cells.name))
        return True
    differ = parsed != other.astype(parsed.dtype)
    if differ.any():
        row = parsed.index[differ][0]
        what = f"dates are read as {said} ({cells[row]} as {parsed[row]:%Y-%m-%d}), and none tells which comes first"
        report.add("warning", file, what, which_first, column=str(cells.name))
    return False


def regular(table: pd.DataFrame, times: pd.Series, report: Report, file: str, *, step: str, name: str) -> pd.DataFrame:
    """``table`` in steps of ``step`` from its first to its last time, index ``name``; absent steps are NaN.

    ``times`` is aligned with the table's rows. A time that comes twice with the same values counts once (note), with
    different values it is an error naming the rows, and so is a time between two steps. Rows out of order are sorted
    and absent steps counted (notes).
    """
    form = "%Y-%m-%d" if step == "D" else "%Y-%m-%d %H:%M"
    out = table.assign(_time=times.to_numpy(), _row=table.index).dropna(subset="_time")
    twice = out["_time"].duplicated(keep=False)
    if twice.any():
        values = [c for c in out.columns if c not in ("_time", "_row")]
        unequal = out.drop_duplicates(subset=["_time", *values])
        clash = unequal[unequal["_time"].duplicated(keep=False)].sort_values(["_time", "_row"])
        for time, rows in clash.groupby("_time")["_row"]:
            others = ", ".join(str(r) for r in rows.iloc[1:4])
            what = f"{time:{form}} comes twice (again in row {others}) with different values"
            report.add("error", file, what, "delete the wrong row", row=int(rows.iloc[0]), kind="times that come twice")
        if not len(clash):
            report.add("note", file, f"{int(out['_time'].duplicated().sum())} rows come twice with the same values")
        out = out.drop_duplicates(subset="_time")
    if not out["_time"].is_monotonic_increasing:
        report.add("note", file, "rows are not in order of time; sorted")
        out = out.sort_values("_time")
    if out.empty:
        return out.drop(columns=["_time", "_row"])
    index = pd.DatetimeIndex(out["_time"], name=name)
    every = pd.date_range(index[0], index[-1], freq=step, name=name)
    for time, row in zip(index[~index.isin(every)], out["_row"][~index.isin(every)], strict=True):
        what = f"{time:%Y-%m-%d %H:%M} is not a whole number of steps ({step}) after {index[0]:%Y-%m-%d %H:%M}"
        report.add("error", file, what, "correct the time", row=int(row), kind="times between steps")
    missing = len(every) - len(index)
    if missing > 0:
        first = index[index.searchsorted(every.difference(index)[0]) - 1]
        what = f"{missing:,} {'days' if step == 'D' else 'time steps'} are absent, the first after {first:{form}}"
        report.add("warning", file, what + "; they are left empty", "restore them if the file was cut")
    return out.drop(columns=["_time", "_row"]).set_axis(index).reindex(every)
