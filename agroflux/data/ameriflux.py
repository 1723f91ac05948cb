"""Reader of AmeriFlux BASE files (half-hourly or hourly CSV after ``#`` lines, or the zip), aggregated to days.

BASE: Chu et al. 2023, doi 10.1038/s41597-023-02531-2. A name may carry qualifiers: ``_PI`` (the site team's own
version), ``_F`` (gap-filled), then a position ``_H_V_R`` or a layer ``_L``. ``FC_PI_F`` is thus the team's gap-filled
flux, and it keeps a measured half-hour of ``FC`` only where the two are equal: where the team rejected the measurement
(low turbulence, failed test) the filled value differs. The measured share counts half-hours that are equal.

==========  ====================  ==================  ===========================================
house name  base names in order   unit in the file    house unit
==========  ====================  ==================  ===========================================
NEE         NEE, FC               umolCO2 m-2 s-1     g C m-2 d-1 (x 1.03775), mean of quarter-days
GPP         GPP                   umolCO2 m-2 s-1     g C m-2 d-1 (x 1.03775), positive uptake
Reco        RECO                  umolCO2 m-2 s-1     g C m-2 d-1 (x 1.03775)
TMAX, TMIN  TA                    degC                degC, extremes of the day
PRECN       P                     mm per step         mm d-1, sum of every step of the day, not below 0
SRAD        SW_IN                 W m-2               MJ m-2 d-1 (x 0.0864)
==========  ====================  ==================  ===========================================
"""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from agroflux.data import fluxnet_files
from agroflux.data.archives import Member, members
from agroflux.data.calendar_days import regular, stamps
from agroflux.data.report import Report
from agroflux.data.text_table import columns_of, dialect, read_table
from agroflux.data.towers import FEW, GC_PER_UMOL, MJ_PER_WATT, Reading, plausible, without_empty_ends
from agroflux.errors import DataError

#: house name -> base names in order of preference; of each, the gap-filled version goes before the plain one.
VARIABLE_MAP: dict[str, tuple[str, ...]] = {
    "NEE": ("NEE", "FC"),
    "GPP": ("GPP",),
    "Reco": ("RECO",),
    "TMAX": ("TA",),
    "TMIN": ("TA",),
    "PRECN": ("P",),
    "SRAD": ("SW_IN",),
}
#: Where a sensor stands: nothing, a layer ``_L``, or horizontal, vertical and replicate positions ``_H_V_R`` (``A``:
#: mean over replicates). What follows, as ``_N`` (number of samples) or ``_SD``, makes it another quantity.
_POSITION = r"(_\d+(?:_\d+_(?:\d+|A))?)?"
_STAMPS = ("TIMESTAMP_START", "TIMESTAMP_END")
_VERSIONS = ("_PI_F", "_F", "_PI", "")
_FACTOR = {"NEE": GC_PER_UMOL, "GPP": GC_PER_UMOL, "Reco": GC_PER_UMOL, "SRAD": MJ_PER_WATT}
#: Share of its half-hours without which a day, or a quarter of it, has no value; and of another version's values
#: without which a version of a variable is passed over.
ENOUGH = 0.5
#: Share of the half-hours of each quarter of a day without which a flux has no value: nights are often rejected.
_SOME = 0.25
#: How many times the values of the version taken another one must have for the report to warn.
_MORE = 1.25
#: Hours [local standard time] that must be half covered for an extreme to count: else a day with its
#: afternoon missing would report a morning's temperature as its maximum.
_HOURS = {"TMAX": (12, 18), "TMIN": (3, 9)}
#: Smallest and largest value of one half-hour, and their unit: a flux of -999 would hide in the mean of its day.
_RANGES = dict.fromkeys(("NEE", "FC", "GPP", "RECO"), (-200.0, 200.0, "umol m-2 s-1")) | {
    "SW_IN": (-50.0, 1500.0, "W m-2"),
    "TA": (-60.0, 60.0, "degC"),
    "P": (-1.0, 200.0, "mm"),  # gauges that weigh the rain lose a little to wind and evaporation
}
_DRY = -1.0  # [mm d-1] the most that such a gauge loses on a dry day
#: Share of days, those with the largest GPP of either sign, that tell its sign: in winter it is noise about 0.
_GROWING = 0.25
_SAME = 1e-3  # [umol m-2 s-1, degC, …]: BASE rounds to no less


def read(path: str | Path, *, report: Report | None = None) -> list[Reading]:
    """Read every BASE file in a file, a folder, or a BASE-BADM zip as downloaded; one reading a site.

    A site information sheet (``…_BIF_….xlsx``) in the zip gives position, name and state. Table, metadata and errors as
    :func:`read_base`.
    """
    found = report if report is not None else Report()
    given = members(path)
    tables = [m for m in given if m.suffix in (".csv", ".txt") and (len(given) == 1 or "_BASE_" in m.name)]
    if not tables:
        raise DataError(f"{Path(path).name} holds no BASE file (AMF_…_BASE_….csv): give the file as downloaded")
    facts = _site_information([m for m in given if "_BIF_" in m.name], found)
    readings = [_read(member, found) for member in tables]
    return [(table, meta | facts.get(str(meta["site_id"]), {})) for table, meta in readings]


def read_base(path: str | Path) -> Reading:
    """Read one AmeriFlux BASE file and add up its half-hours to days of local standard time.

    Fluxes and SRAD are the mean of four quarter-days: where nights are missing more often than days, as in a flux
    that is not gap-filled, a plain mean would show far too much uptake. A day of SRAD needs half of the half-hours of
    each quarter; a day of a flux needs half of them all and a quarter of those of each quarter. NEE is the team's
    gap-filled flux where there is one, else NEE_PI, else the plain flux; of these versions one is passed over that
    holds less than half of the values of another. No storage term is added and quality flags are not applied. TMAX
    and TMIN need half of the day's half-hours and half of 12-18 h and of 3-9 h, PRECN every step: a gap would count
    as no rain; a sum from -1 to 0 mm is 0. GPP is turned where the file has uptake negative. Of several positions of a
    sensor that with the most values is taken. Half-hours outside the range of their variable are left out first.

    Returns
    -------
    table
        index ``time`` (days); NEE, GPP, Reco [g C m-2 d-1], CO2_FLUX (equal to NEE), TMAX, TMIN [degC],
        PRECN [mm d-1] (sum), SRAD [MJ m-2 d-1], and their ``_qc`` [1]: measured, not filled, half-hours
        over all half-hours of the day (GPP, Reco: those of NEE). House signs.
    metadata
        site_id, network, version, source, step_minutes, columns (house name -> column), notes, derived (empty).

    Raises
    ------
    DataError
        no such file, no BASE table, wrong cells or times, more than one in a hundred half-hours outside their range,
        no CO2 flux in it, or no day with enough of its half-hours.
    """
    (member,) = members(path)
    return _read(member, Report())


def _read(member: Member, report: Report) -> Reading:
    header, whole, step = _raw(member, report)
    raw = _in_range(whole)
    columns = _choose(raw, report, member.name)
    _say_range(whole, raw, columns, report, member.name)
    if "NEE" not in columns:
        raise DataError(f"{member.name} holds no CO2 flux (NEE or FC, plain, _PI or _F): give the site's BASE file")
    day = pd.DatetimeIndex(raw.index).normalize()
    full = round(24 * 60 / step)
    parts: dict[str, pd.Series] = {}
    notes: dict[str, str] = {}
    for name, column in columns.items():
        parts[name] = _daily(name, raw[column], day, full) * _FACTOR.get(name, 1.0)
        notes[name] = f"AmeriFlux {column}"
        known = _measured(raw, column)
        if known is not None:
            measured, notes[f"{name}_qc"] = known
            parts[f"{name}_qc"] = (measured.groupby(day).sum() / full).clip(0, 1).where(parts[name].notna())
    _dried(parts, columns, report, member.name)
    if parts["NEE"].isna().all():
        raise DataError(
            f"{member.name} holds no usable day of NEE: on none has {columns['NEE']} half of the half-hours, and some "
            "in each quarter of the day; give a longer record, or delete that column so that another is taken"
        )
    if _plain(raw, columns["NEE"]) == columns["NEE"]:
        held = int(parts["NEE"].notna().sum())
        report.add(
            "warning",
            member.name,
            f"{columns['NEE']} is not gap-filled: NEE has a value on the {held:,} days with half of the half-hours, "
            "some of them in each quarter of the day, and may be biased towards the hours that were measured",
            "give a file with NEE_PI_F or FC_PI_F, or the site's FLUXNET product, where there is one",
            column=columns["NEE"],
        )
    _partitioned(parts, notes)
    table = pd.DataFrame(parts).asfreq("D").rename_axis("time")
    table, notes["GPP"] = _signed(table, notes.get("GPP", ""))
    table = _plausible(table, columns, report, member.name)
    report.stop()
    meta = {
        "site_id": header.get("Site") or fluxnet_files.site(member.name),
        "network": "AmeriFlux BASE",
        "version": header.get("Version", ""),
        "source": member.name,
        "step_minutes": step,
        "columns": columns,
        "notes": {name: text for name, text in notes.items() if name in table},
        "derived": (),
    }
    return without_empty_ends(table, member.name), meta


def _raw(member: Member, report: Report) -> tuple[dict[str, str], pd.DataFrame, int]:
    """The ``#`` lines as a dictionary, the table as numbers indexed by the start of each interval, the step [min]."""
    if not set(_STAMPS) <= set(columns_of(member, report)):
        raise DataError(f"{member.name} lacks {' and '.join(_STAMPS)}: give an AmeriFlux BASE file")
    header: dict[str, str] = {}
    for line in dialect(member, Report()).comments if member.suffix != ".xlsx" else ():
        key, _, value = line.lstrip("#").partition(":")
        header[key.strip()] = value.strip().strip(",;").strip()
    bases = "|".join(sorted({base for names in VARIABLE_MAP.values() for base in names}))
    wanted = re.compile(rf"({bases})(_PI)?(_F)?{_POSITION}")
    text = (*_STAMPS, *fluxnet_files.SITES)
    frame = read_table(member, report, text=text, wanted=lambda n: n in text or bool(wanted.fullmatch(n)))
    frame = fluxnet_files.of_one_site(frame, member.name)
    start, end = (stamps(frame[c], report, member.name, digits=12) for c in _STAMPS)
    report.stop()
    if frame.empty:
        raise DataError(f"{member.name} holds no row: give the file as downloaded")
    minutes = ((end - start).dt.total_seconds() / 60).unique()
    if len(minutes) != 1 or minutes[0] not in (30, 60):
        raise DataError(
            f"{member.name} has intervals of {minutes[:3].tolist()} minutes: give a half-hourly or hourly BASE file"
        )
    numbers = frame.drop(columns=list(_STAMPS))
    table = regular(numbers, start, report, member.name, step=f"{minutes[0]:.0f}min", name="start")
    report.stop()
    return header, table, int(minutes[0])


def _in_range(raw: pd.DataFrame) -> pd.DataFrame:
    """``raw`` without half-hours outside the range of their variable (:data:`_RANGES`)."""
    limits = {column: _RANGES[_base(column)] for column in map(str, raw.columns)}
    held = {column: raw[column].where(raw[column].between(low, high)) for column, (low, high, _) in limits.items()}
    return pd.DataFrame(held, index=raw.index)


def _base(column: str) -> str:
    """The base name of a column: SW_IN of SW_IN_1_1_1, FC of FC_PI_F."""
    return next(base for base in _RANGES if f"{column}_".startswith(f"{base}_"))


def _say_range(whole: pd.DataFrame, raw: pd.DataFrame, columns: dict[str, str], report: Report, file: str) -> None:
    """Report what was left out of ``whole`` in ``raw``: a warning where it is a few values, else an error.

    Many in one of several sensors are no error where another column is taken.
    """
    for column in map(str, whole.columns):
        wrong = whole[column].notna() & raw[column].isna()
        if not wrong.any():
            continue
        low, high, unit = _RANGES[_base(column)]
        time, held = wrong.idxmax(), int(whole[column].count())
        what = f"{int(wrong.sum()):,} of {held:,} values lie outside {low:g} to {high:g} {unit}, "
        what += f"the first on {time:%Y-%m-%d %H:%M} ({whole.at[time, column]:.6g})"
        names = [name for name, bases in VARIABLE_MAP.items() if _base(column) in bases]
        needed = column in columns.values() or any(name not in columns for name in names)
        if needed and wrong.sum() > max(1, FEW * held):
            remedy = "check its unit and sign; is another number than -9999 used for missing?"
            report.add("error", file, what, remedy, column=column)
        else:
            report.add("warning", file, what + "; they are left out", column=column)
    report.stop()


def _site_information(sheets: list[Member], report: Report) -> dict[str, dict[str, Any]]:
    """Position [degrees], name and state of each site from BADM interchange sheets (SITE_ID, VARIABLE, DATAVALUE)."""
    wanted = {"LOCATION_LAT": "lat", "LOCATION_LONG": "lon", "SITE_NAME": "site_name", "STATE": "state"}
    found: dict[str, dict[str, Any]] = {}
    columns = ("SITE_ID", "VARIABLE", "DATAVALUE")
    for member in sheets:
        table = read_table(member, report, text=columns, wanted=lambda n: n in columns)
        if not set(columns) <= set(table.columns):
            continue
        for site, variable, value in table[list(columns)].itertuples(index=False):
            if variable in wanted and value:
                number = wanted[variable] in ("lat", "lon")
                told = pd.to_numeric(value, errors="coerce") if number else value
                if not number or pd.notna(told):
                    found.setdefault(site, {})[wanted[variable]] = float(told) if number else told
    return found


def _choose(raw: pd.DataFrame, report: Report, file: str) -> dict[str, str]:
    """House name -> column that holds values: filled before plain, of several positions the one with most values.

    A version with less than half of the values of another one is passed over: teams fill some years only.
    """
    count = {str(column): int(raw[column].count()) for column in raw.columns}
    found: dict[str, str] = {}
    for name, bases in VARIABLE_MAP.items():
        held = []  # the best position of each version that has a value, in order of preference
        for candidate in [base + version for version in _VERSIONS for base in bases]:
            positions = [c for c in sorted(count) if count[c] and re.fullmatch(candidate + _POSITION, c)]
            if positions:
                held.append(max(positions, key=lambda c: count[c]))  # the first of equals
                if held[-1] != positions[0]:
                    _say(report, file, name, held[-1], positions[0], count)
        if not held:
            continue
        fullest = max(held, key=lambda c: count[c])
        found[name] = next(c for c in held if count[c] >= ENOUGH * count[fullest])
        if found[name] != held[0]:
            _say(report, file, name, found[name], held[0], count)
        elif count[fullest] > _MORE * count[held[0]]:
            report.add(
                "warning",
                file,
                f"{name} is taken from {held[0]} ({count[held[0]]:,} values), though {fullest} has {count[fullest]:,}",
                f"delete the column {held[0]} to take the longer one",
                column=held[0],
            )
    return found


def _say(report: Report, file: str, name: str, taken: str, left: str, count: dict[str, int]) -> None:
    what = f"{name} is taken from {taken} ({count[taken]:,} values), not {left} ({count[left]:,})"
    report.add("note", file, what)


def _daily(name: str, values: pd.Series, day: pd.DatetimeIndex, full: int) -> pd.Series:
    """Mean, sum or extreme of a day's half-hours; NaN for a day with too few of them, of a sum with any gap."""
    if name == "SRAD":
        return _mean(values, day, full, ENOUGH).clip(lower=0)  # sensors drift slightly below zero at night
    groups = values.groupby(day)
    if name not in _HOURS and name != "PRECN":
        return _mean(values, day, full, _SOME).where(groups.count() >= ENOUGH * full)
    made = {"TMAX": groups.max, "TMIN": groups.min, "PRECN": groups.sum}[name]()
    enough = groups.count() >= (1.0 if name == "PRECN" else ENOUGH) * full
    if name in _HOURS:
        first, last = _HOURS[name]
        hours = pd.DatetimeIndex(values.index).hour
        inside = values.where((hours >= first) & (hours < last)).groupby(day).count()
        enough &= inside >= ENOUGH * full * (last - first) / 24
    return made.where(enough)


def _dried(parts: dict[str, pd.Series], columns: dict[str, str], report: Report, file: str) -> None:
    """Take PRECN from :data:`_DRY` to 0 as 0: a day on which the gauge lost a little was dry, and is no gap.

    Single half-hours keep their sign, as noise of both signs cancels in the sum.
    """
    rain = parts.get("PRECN", pd.Series(dtype=float))
    slight = (rain < 0) & (rain >= _DRY)
    if slight.any():
        what = f"daily PRECN is slightly below 0 on {int(slight.sum()):,} of {int(rain.count()):,} days (down to "
        what += f"{rain[slight].min():.3g} mm d-1), as of a gauge that weighs the rain; it is taken as 0 there"
        report.add("warning", file, what, column=columns["PRECN"])
        parts["PRECN"] = rain.mask(slight, 0.0)


def _plausible(table: pd.DataFrame, columns: dict[str, str], report: Report, file: str) -> pd.DataFrame:
    """:func:`plausible`, with findings that name the file's own column; of CO2_FLUX none, for they are those of NEE."""
    own = Report()
    out = plausible(table, own, file)
    for found in own.findings:
        name = str(found.column)
        if name != "CO2_FLUX":
            what = f"of daily {name}, {found.what}"
            report.add(found.level, file, what, found.remedy, column=columns.get(name, name))
    return out


def _mean(values: pd.Series, day: pd.DatetimeIndex, full: int, share: float) -> pd.Series:
    """Mean of four quarter-day means, each of at least ``share`` of its half-hours.

    A plain mean of a day whose night is missing would double its radiation, and take its uptake for the whole day's.
    """
    quarter = pd.Index(pd.DatetimeIndex(values.index).hour // 6, name="quarter")
    groups = values.groupby([day, quarter])
    means = groups.mean().where(groups.count() >= share * full / 4).unstack("quarter")
    return means.reindex(columns=range(4)).mean(axis=1, skipna=False)


def _measured(raw: pd.DataFrame, column: str) -> tuple[pd.Series, str] | None:
    """Whether each half-hour is a measurement, and in words how that is told; None where nothing tells it."""
    plain = _plain(raw, column)
    if plain is None:
        return None
    if plain == column:
        return raw[column].notna(), f"share of half-hours with {column}"
    same = (raw[column] - raw[plain]).abs() < _SAME
    return same, f"share of half-hours at which {column} is the measured {plain}, not a filled value"


def _plain(raw: pd.DataFrame, column: str) -> str | None:
    """The unfilled companion of a filled column: FC or FC_PI of FC_PI_F; the column itself if it is not filled."""
    match = re.fullmatch(r"(.+?)(_PI)?_F" + _POSITION, column)
    if match is None:
        return column
    base, team, position = match[1], match[2] or "", match[3] or ""
    for name in (base + team + position, base + position, base + team, base):
        if name in raw.columns and raw[name].notna().any():
            return name
    return None


def _partitioned(parts: dict[str, pd.Series], notes: dict[str, str]) -> None:
    """GPP and Reco are modelled from NEE and take its measured share; CO2_FLUX is NEE by its benchmark name."""
    parts["CO2_FLUX"], notes["CO2_FLUX"] = parts["NEE"], notes["NEE"]
    for name in ("GPP", "Reco", "CO2_FLUX"):
        parts.pop(f"{name}_qc", None)
        if name in parts and "NEE_qc" in parts:
            parts[f"{name}_qc"] = parts["NEE_qc"].where(parts[name].notna())
            modelled = "" if name == "CO2_FLUX" else "; the flux itself is partitioned from NEE"
            notes[f"{name}_qc"] = notes["NEE_qc"] + modelled


def _signed(table: pd.DataFrame, note: str) -> tuple[pd.DataFrame, str]:
    """GPP as positive uptake: some teams submit it negative; the sign that closes NEE = Reco - GPP is taken.

    Without a day of all three it is the sign of GPP in the growing season (:data:`_GROWING`) that tells.
    """
    if "GPP" not in table or table["GPP"].isna().all():
        return table, note
    gpp, why = table["GPP"], ""
    reco = table["Reco"] if "Reco" in table else gpp * float("nan")
    as_is, turned = ((table["NEE"] - (reco - sign * gpp)).abs().median() for sign in (1, -1))
    if pd.isna(as_is):
        middle = gpp[gpp.abs() >= gpp.abs().quantile(1 - _GROWING)].median()
        as_is, turned = -middle, middle
        why = f" (told without RECO: on the days with the largest GPP its median is {middle:.3g} g C m-2 d-1)"
    if turned < as_is:
        return table.assign(GPP=-gpp), f"{note}, sign turned so that uptake is positive{why}"
    return table, f"{note}, sign kept{why}" if why else note
