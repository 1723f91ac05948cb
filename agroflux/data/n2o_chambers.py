"""Readers of N2O chamber measurements: any long table (date, plot, flux), and the tables of Saha et al. (2021).

A series is what the measurements of one day are averaged to: a treatment (of a site), an experiment or a field.
Chambers of one plot on one day are averaged first, then the plots: ``N2O_FLUX`` is the mean over plots,
``N2O_FLUX_unc`` its standard error (standard deviation with n - 1, over the root of the number of plots; missing for a
single plot). Before that each measurement is checked: one outside the range of :mod:`agroflux.schema`, and one that is
a mark of a missing value (-999, 9999 …) far from all others, would hide in the mean of its day (:func:`_measured`).

=========  ======================================  ==========================  =================================
house      long table                              Saha et al.                 house unit
=========  ======================================  ==========================  =================================
N2O_FLUX   the mapped column, in a unit of         N2O [g N ha-1 d-1]          g N m-2 d-1 (x 1e-4)
           :data:`n2o_units.TO_HOUSE`
SAND       -                                       Sand [g kg-1]               g kg-1
SILT       -                                       1000 - Sand - Clay          g kg-1
SOC        -                                       SOM [%] x 10 / 1.724        g kg-1 (van Bemmelen factor)
CROP       -                                       Vegetation of the year      by :mod:`agroflux.data.management`
=========  ======================================  ==========================  =================================

Saha et al. give N_rate a year without dates, soil N in kg ha-1 and water as filled pores: without dates, depth
and bulk density these make no driver or target, and they are left out. PP2, PP7 and AirT are no daily extremes.

Saha, D., Basso, B., Robertson, G. P. (2021) Machine learning improves predictions of agricultural nitrous oxide
emissions, Environ. Res. Lett. 16, 024004, doi 10.1088/1748-9326/abd2f3; data doi 10.5061/dryad.bnzs7h493.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agroflux import contract
from agroflux.data import n2o_units
from agroflux.data.archives import Member, members
from agroflux.data.calendar_days import stamps
from agroflux.data.report import Report
from agroflux.data.text_table import columns_of, read_table
from agroflux.data.towers import FEW, Reading, check_span, plausible, without_empty_ends
from agroflux.errors import DataError

_PER_SERIES = 2  # columns of a series' table: the flux and its standard error
_VAN_BEMMELEN = 1.724  # soil organic matter over soil organic carbon
_SAHA_TEXT = ("Date", "Experiment", "Replication", "Vegetation")
_SAHA_NUMBERS = ("N2O", "Clay", "Sand", "SOM")
#: Numbers that stand for a missing value in some files, beside those that every reader knows (-9999, -6999).
_MARKS = (
    *(-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.9, -99999.0, -999999.0, -777.0, -7777.0, -888.0, -8888.0),
    *(999.0, 999.9, 999.99, 9999.0, 9999.9, 99999.0, 999999.0),
)
#: A mark is one where the largest measurement of its sign is less than this share of it: peaks come near a 999.
_FAR = 0.5
_ROWS_NAMED = 10
_CROPS = {"corn": "corn", "glymx": "soybean", "triae": "winter wheat"}  # also EPPO codes of Glycine max, Triticum
#: Experiment -> site id, name, state, latitude, longitude [degrees] of the research station.
_PLACES = {
    "BCSE_KBS": ("KBS-BCSE", "Kellogg Biological Station, bioenergy experiment", "MI", 42.40, -85.38),
    "MCSE-T2": ("KBS-MCSE-T2", "Kellogg Biological Station, main experiment, treatment 2", "MI", 42.40, -85.38),
    "Arlington WI": ("Arlington-BCSE", "Arlington Research Station, bioenergy experiment", "WI", 43.30, -89.38),
}


#: Names of what is no N2O flux, whatever their unit: other gases, nitrogen in the soil, errors, counts and sums.
_OTHER = re.compile(
    r"no3|nh3|nh4|no2|co2|ch4|soil(?!.*n2o)|std|err|cumul|(?:^|[^a-z])(?:se|sd|sem|cv|ci|unc|cum|log|ln|count|qc|flag)(?![a-z])",
    re.I,
)
#: Names of days on which something else was done than measuring.
_OTHER_DAY = r"update|birth|plant|sow|seed|harvest|fert|appl|till"
#: Told where days such as 1/2/2010 stand in the table.
_WHICH_FIRST = "say which comes first (--day-first; on the Data page '1/2/2010 is 1 February'), or write 2010-02-01"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a long table is what. ``unit``: of the flux; ``plot`` and ``series`` may be absent (empty).

    ``series``: the columns whose values (site, treatment) together become sites; ``day_first``: 1/2/2010 is 1 February.
    """

    date: str
    flux: str
    unit: str
    plot: str = ""
    series: tuple[str, ...] = ()
    day_first: bool = False


def guess(names: list[str]) -> Columns:
    """A first mapping from the names of a table's columns; what is not found is empty text, for the user to fill.

    The flux is a column called N2O before one that only has a unit of it, and of several one in mass before moles.
    """

    def first(*patterns: str, without: str = "^$") -> str:
        held = [n for p in patterns for n in names if re.search(p, n, re.I) and not re.search(without, n, re.I)]
        return held[0] if held else ""

    def rank(name: str) -> tuple[bool, bool, bool]:
        told = n2o_units.in_name(name)
        return "n2o" not in name.lower(), not told, "mol" in told

    fluxes = [n for n in names if not _OTHER.search(n)]
    flux = min((n for n in fluxes if n2o_units.in_name(n) or re.search(r"n2o|flux", n, re.I)), key=rank, default="")
    return Columns(
        date=first(r"^date$", r"date", r"^day$", without=_OTHER_DAY),
        flux=flux,
        unit=n2o_units.in_name(flux),
        plot=first(r"^plot", r"chamber", r"^rep"),
        series=tuple(dict.fromkeys(n for p in (r"^site", r"experiment", r"^field", r"treat") if (n := first(p)))),
    )


def read(path: str | Path, columns: Columns | None = None, *, report: Report | None = None) -> list[Reading]:
    """Read a long table (CSV or xlsx) of chamber fluxes.

    Parameters
    ----------
    columns
        what each column is; None guesses it from the names, and says in ``report`` what was taken.

    Returns
    -------
    readings
        one ``(table, metadata)`` a series: table with index ``time`` (days) and N2O_FLUX, N2O_FLUX_unc
        [g N m-2 d-1], NaN on days without a measurement; metadata with site_id, series, source, notes, derived.

    Raises
    ------
    DataError
        a column that is not there, an unknown unit, cells that are no number, days that are none, more than one in a
        hundred fluxes that are implausible or marks of missing values.
    """
    found = report if report is not None else Report()
    member = _one(path)
    names = columns_of(member, found)
    told = columns or _guessed(names, member.name, found)
    unit = n2o_units.unit(told.unit)
    used = [("date", told.date), ("flux", told.flux), ("plot", told.plot), *(("series", c) for c in told.series)]
    for role, column in used:
        if (column or role in ("date", "flux")) and column not in names:
            raise DataError(f"{member.name} has no column {column!r} for the {role}: it has {', '.join(names[:20])}")
    twice = next((role for role, column in used if role != "flux" and column == told.flux), None)
    if twice is not None:
        raise DataError(f"{member.name}: column {told.flux!r} cannot be both flux and {twice}: name another for one")
    text = [c for c in (told.date, told.plot, *told.series) if c]
    frame = read_table(member, found, text=text, wanted=lambda n: n in (*text, told.flux))
    day = stamps(frame[told.date], found, member.name, day_first=told.day_first, which_first=_WHICH_FIRST)
    found.stop()
    factor = n2o_units.TO_HOUSE[unit]
    flux = _measured(frame[told.flux], "N2O_FLUX", factor, unit, member.name, found)
    for column in filter(None, (told.plot, *told.series)):
        _named(frame[column], flux.notna(), member.name, found)
    found.stop()
    blank = pd.Series("", index=frame.index)
    rows = pd.DataFrame(
        {
            "day": day.dt.normalize(),
            "plot": frame[told.plot] if told.plot else blank,
            "series": _labels(frame[list(told.series)]) if told.series else blank,
            "flux": flux * factor,
        }
    )
    note = f"{told.flux} [{unit}], mean over {'plots' if told.plot else 'measurements of a day'}"
    held = rows.groupby("series")["flux"].transform("count") > 0
    for series in rows.loc[~held, "series"].unique():
        found.add("warning", member.name, f"{str(series)[:40] or 'the table'} holds no flux and is left out")
    if not held.any():
        raise DataError(f"{member.name} holds no flux: check the mapping of columns")
    _together(rows[held]["series"], rows[held]["day"], rows[held]["flux"])
    series = rows[held].groupby("series", sort=False)
    return [_series(part, str(name), member, note, found) for name, part in series]


def read_saha(path: str | Path, *, report: Report | None = None) -> list[Reading]:
    """Read the workbook or CSV of Saha et al. (2021): one reading an experiment, replicates as plots.

    As :func:`read`, with SAND, SILT and SOC as the module says; the metadata also hold the sites' positions and
    ``crops`` (year -> crop).
    """
    found = report if report is not None else Report()
    member = _one(path)
    sheet = "Data" if member.suffix == ".xlsx" else None
    wanted = (*_SAHA_TEXT, *_SAHA_NUMBERS)
    frame = read_table(member, found, text=_SAHA_TEXT, wanted=lambda n: n in wanted, sheet=sheet)
    absent = [c for c in wanted if c not in frame.columns]
    if absent:
        raise DataError(f"{member.name} lacks {', '.join(absent)}: give the table of Saha et al. (2021)")
    day = stamps(frame["Date"], found, member.name)
    factor = n2o_units.TO_HOUSE["g N ha-1 d-1"]
    checked = (("N2O", "N2O_FLUX", factor, "g N ha-1 d-1"), ("SOM", "SOC", 10 / _VAN_BEMMELEN, "%"))
    for column, house, of_one, unit in (*checked, ("Sand", "SAND", 1.0, "g kg-1"), ("Clay", "SILT", 1.0, "g kg-1")):
        frame[column] = _measured(frame[column], house, of_one, unit, member.name, found)
    for column in ("Experiment", "Replication"):
        _named(frame[column], frame["N2O"].notna(), member.name, found)
    found.stop()
    flux = frame["N2O"] * factor
    rows = pd.DataFrame({"day": day.dt.normalize(), "plot": frame["Replication"], "flux": flux})
    _together(frame["Experiment"], rows["day"], flux)
    readings = []
    for experiment, part in rows.groupby(frame["Experiment"], sort=False):
        table, meta = _series(part, str(experiment), member, "N2O [g N ha-1 d-1], mean over replications", found)
        own = frame.loc[part.index]
        soil = own[["Sand", "Clay", "SOM"]].mean()
        table["SAND"], table["SILT"] = soil["Sand"], 1000 - soil["Sand"] - soil["Clay"]
        table["SOC"] = soil["SOM"] * 10 / _VAN_BEMMELEN
        meta["notes"] |= {"SAND": "mean of Sand", "SILT": "1000 - Sand - Clay", "SOC": "SOM / 1.724"}
        meta["crops"] = _crop_years(own["Vegetation"], part["day"])
        meta["crop_source"] = "Saha et al. (2021), column Vegetation"
        if str(experiment) in _PLACES:
            names = ("site_id", "site_name", "state", "lat", "lon")
            meta |= dict(zip(names, _PLACES[str(experiment)], strict=True))
        readings.append((table, meta | {"network": "Saha et al. (2021) N2O"}))
    return readings


def _measured(values: pd.Series, house: str, factor: float, unit: str, file: str, report: Report) -> pd.Series:
    """``values`` [``unit``] of a column without marks of missing values and what is outside the range of ``house``.

    A few are left out with a warning; more than one in a hundred (:data:`towers.FEW`), or all, are an error in
    ``report``. ``factor``: one ``unit`` in the unit of the house variable ``house``, whose range holds.
    """
    low, high = (limit / factor for limit in contract.limits(house))
    outside = (values < low) | (values > high)
    marks = _marks(values, values[~outside])
    wild = outside & ~marks
    wrong, held = int((wild | marks).sum()), int(values.count())
    many = wrong > max(1, FEW * held) or wrong == held
    numbers = " or ".join(f"{mark:g}" for mark in sorted(values[marks].unique()))
    empty = "leave cells empty, or write -9999, where nothing was measured"
    for which, what, remedy in (
        (marks, f"are {numbers}, far from all others, as marks of a missing value are", empty),
        (wild, f"lie outside {low:.6g} to {high:.6g} {unit}", f"check the unit and the sign of the column; {empty}"),
    ):
        rows = [int(row) for row in values.index[which.to_numpy()]]
        if rows:
            text = f"{len(rows):,} of {held:,} values {what} (rows {_some(rows)})"
            text += "" if many else "; they are left out"
            report.add("error" if many else "warning", file, text, remedy, row=rows[0], column=str(values.name))
    return values.where(~(wild | marks))


def _some(rows: list[int]) -> str:
    """The first of ``rows``, and how many more there are."""
    more = len(rows) - _ROWS_NAMED
    return ", ".join(map(str, rows[:_ROWS_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _marks(values: pd.Series, likely: pd.Series) -> pd.Series:
    """Which ``values`` are one of :data:`_MARKS` that no other of the ``likely`` values of its sign comes near."""
    others = likely[~likely.isin(_MARKS)]
    if not others.notna().any():  # nothing to be far from
        return pd.Series(False, index=values.index)
    low, high = min(others.min(), 0.0), max(others.max(), 0.0)
    return values.isin(_MARKS) & ((_FAR * values < low) | (_FAR * values > high))


def _named(names: pd.Series, held: pd.Series, file: str, report: Report) -> None:
    """An error for each row with a flux (``held``) that names no plot or series, where other rows do name one.

    Merged cells keep their text in the first row alone: the other rows would become a plot or a site of their own.
    """
    empty = held & (names == "")
    if (held & ~empty).any():
        for row in names.index[empty.to_numpy()]:
            what, remedy = "names nothing, as other rows do", "fill merged cells down, or give it a name other than NA"
            report.add("error", file, what, remedy, row=int(row), column=str(names.name), kind="rows without a name")


def _together(series: pd.Series, day: pd.Series, flux: pd.Series) -> None:
    """DataError where the days of all series cannot be laid out together, before any of them is."""
    days = day[flux.notna()]
    if len(days):
        check_span(series.nunique(), days.min(), days.max(), _PER_SERIES, _PER_SERIES * len(days))


def _labels(columns: pd.DataFrame) -> pd.Series:
    """One label a row from the text of ``columns``; a column that tells no two series more apart is not in it."""
    label = pd.Series("", index=columns.index)
    for name in columns:
        longer = (label + " " + columns[name]).str.strip()
        if longer.nunique() > label.nunique():
            label = longer
    return label if (label != "").any() else columns.iloc[:, 0]


def _one(path: str | Path) -> Member:
    given = members(path)
    if len(given) != 1:
        raise DataError(f"{Path(path).name} holds {len(given)} tables: give the one file with the chamber fluxes")
    return given[0]


def _guessed(names: list[str], file: str, report: Report) -> Columns:
    told = guess(names)
    lacking = [role for role in ("date", "flux", "unit") if not getattr(told, role)]
    if lacking:
        raise DataError(
            f"{file}: which column holds what cannot be told from the names {', '.join(names[:20])}; "
            f"not known: {', '.join(lacking)}: name them (--date, --flux, --unit, --plot, --series)"
        )
    words = f"date {told.date}, flux {told.flux} [{told.unit}]"
    words += f", plot {told.plot}" if told.plot else ""
    words += f", series {' and '.join(told.series)}" if told.series else ""
    report.add("note", file, f"columns were taken as {words}")
    return told


def _series(rows: pd.DataFrame, series: str, member: Member, note: str, report: Report) -> Reading:
    """One series' table: mean over plots, standard error, a row for each day from the first to the last."""
    daily = of_plots(rows)
    if daily.empty:
        raise DataError(f"{member.name}: {series} holds no flux: delete its rows")
    table = daily.reindex(pd.date_range(daily.index[0], daily.index[-1], freq="D")).rename_axis("time")
    meta: dict[str, Any] = {
        "site_id": series or Path(member.name).stem,
        "series": series,
        "network": "N2O chambers",
        "source": member.name,
        "notes": {"N2O_FLUX": note, "N2O_FLUX_unc": "standard error of the mean over plots"},
        "derived": (),
    }
    table = plausible(table, report, member.name)
    report.stop()
    return without_empty_ends(table, member.name), meta


def of_plots(rows: pd.DataFrame) -> pd.DataFrame:
    """Daily mean over plots and its standard error from rows ``day``, ``plot``, ``flux``.

    Several chambers of a plot on a day count as one plot (their mean): they are no replicates of the treatment. Without
    plots each measurement counts as one.
    """
    held = rows.dropna(subset=["flux"])
    named = held["plot"] != ""
    plot = held["plot"].where(named, held.index.to_series().astype(str))
    by_plot = held.groupby(["day", plot])["flux"].mean()
    groups = by_plot.groupby(level=0)
    count = groups.count()
    error = (groups.std(ddof=1) / np.sqrt(count)).where(count > 1)
    out = pd.DataFrame({"N2O_FLUX": groups.mean(), "N2O_FLUX_unc": error})
    return out.set_axis(pd.DatetimeIndex(out.index, name="time"))


def _crop_years(vegetation: pd.Series, day: pd.Series) -> dict[int, str]:
    """The crop named most often in each year; empty where the name is not one that is known."""
    named = vegetation.str.lower().map(lambda v: _CROPS.get(v, v))
    return {int(year): str(part.mode().iloc[0]) for year, part in named.groupby(day.dt.year)}
