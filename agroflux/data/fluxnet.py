"""Reader of the FLUXNET family: FLUXNET2015, AmeriFlux FLUXNET, ICOS and other output of ONEFlux.

Daily (DD), half-hourly (HH), hourly (HR) and monthly (MM) tables, FULLSET or SUBSET, as CSV, xlsx or the zip as
downloaded. FLUXNET2015 and ONEFlux: Pastorello et al. 2020, doi 10.1038/s41597-020-0534-3.

==========  =======================================  ================  ==============  =========================
house name  column (first one with values)           unit, DD and MM   unit, HH        house unit
==========  =======================================  ================  ==============  =========================
NEE         NEE_{VUT,CUT}_REF                        gC m-2 d-1        umolCO2 m-2 s-1 g C m-2 d-1 (x 1.03775)
GPP         GPP_{NT,DT}_{VUT,CUT}_REF                gC m-2 d-1        umolCO2 m-2 s-1 g C m-2 d-1 (x 1.03775)
Reco        RECO_{NT,DT}_{VUT,CUT}_REF               gC m-2 d-1        umolCO2 m-2 s-1 g C m-2 d-1 (x 1.03775)
ET          LE_F_MDS                                 W m-2             W m-2           mm d-1 (latent heat)
TMAX, TMIN  TA_F                                     (daily mean)      degC            degC (extremes of the day)
PRECN       P_F                                      mm d-1            mm per step     mm d-1
SRAD        SW_IN_F                                  W m-2             W m-2           MJ m-2 d-1 (x 0.0864)
==========  =======================================  ================  ==============  =========================

``X_qc``: in daily files the share of half-hours measured or filled with good quality (``_QC``); from half-hours the
share with flag 0 (measured) or 1 (good). ``X_unc``: RANDUNC. ``X_p25``, ``X_p75``: columns ``_25`` and ``_75``, the
range over friction-velocity thresholds, from daily files only (a mean of half-hourly quartiles is none of the day's).
Missing is -9999. NEE is positive to the air in these files too.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from agroflux.data import fluxnet_files as files
from agroflux.data import fluxnet_steps
from agroflux.data.archives import Member, members
from agroflux.data.calendar_days import regular, stamps
from agroflux.data.report import Report
from agroflux.data.text_table import read_table
from agroflux.data.towers import Reading, plausible, without_empty_ends
from agroflux.errors import DataError

Threshold = Literal["VUT", "CUT"]
Partitioning = Literal["NT", "DT"]

#: house name -> columns in order of preference; the first one that holds values is taken.
VARIABLE_MAP: dict[str, tuple[str, ...]] = {
    "NEE": ("NEE_VUT_REF", "NEE_CUT_REF"),
    "GPP": ("GPP_NT_VUT_REF", "GPP_NT_CUT_REF", "GPP_DT_VUT_REF", "GPP_DT_CUT_REF"),
    "Reco": ("RECO_NT_VUT_REF", "RECO_NT_CUT_REF", "RECO_DT_VUT_REF", "RECO_DT_CUT_REF"),
    "ET": ("LE_F_MDS",),
    "PRECN": ("P_F", "P"),
    "SRAD": ("SW_IN_F", "SW_IN_F_MDS", "SW_IN"),
}
#: Columns that are not mapped to one house variable but needed to make one.
_ALSO = ("TA_F", "SW_IN_POT", "SW_IN_F")
_GOOD = "share of half-hours measured or gap-filled with good quality (FLUXNET {column})"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the product's versions to take; what a file lacks is replaced by what it has, with a note.

    ``threshold``: friction velocity threshold by year (VUT) or constant (CUT). ``partitioning`` of NEE into GPP and
    Reco: from night-time respiration (NT; Reichstein et al. 2005) or daytime light response (DT; Lasslop et al. 2010).
    """

    threshold: Threshold = "VUT"
    partitioning: Partitioning = "NT"

    def ordered(self, columns: tuple[str, ...]) -> list[str]:
        """``columns`` with the chosen threshold first and, within it, the chosen partitioning."""
        ut, part = f"_{self.threshold}_", f"_{self.partitioning}_"
        return sorted(columns, key=lambda c: (ut not in c, part not in c))


@dataclass(frozen=True, slots=True)
class Hargreaves:
    """Daily temperature range from radiation, where a file holds only the daily mean.

    SW_IN = k sqrt(TMAX - TMIN) SW_IN_POT (Hargreaves and Samani 1982, doi 10.1061/JRCEA4.0001390; FAO-56 eq. 50),
    solved for the range; k = 0.16 degC-0.5 inland, 0.19 by the sea. Good for a season, rough for a day: at US-Tw3
    (k = 0.19, 1,597 days) the mean range comes out as 12.4 degC against 13.4 measured, with an RMSE of 4.3 degC.
    """

    k: float = 0.16
    smallest: float = 2.0
    largest: float = 25.0

    def daily_range(self, sw_in: pd.Series, sw_potential: pd.Series) -> pd.Series:
        """TMAX - TMIN [degC] from incoming and potential radiation in the same unit; NaN where either is missing."""
        share = (sw_in / sw_potential.where(sw_potential > 0)).clip(lower=0)
        return ((share / self.k) ** 2).clip(self.smallest, self.largest)


def read(
    path: str | Path,
    *,
    choice: Choice | None = None,
    derive_temperature: Hargreaves | None = None,
    report: Report | None = None,
) -> list[Reading]:
    """Read every site in a file, a folder, or a zip as downloaded.

    Of each site the daily table is taken, and TMAX and TMIN from its half-hours where they are there too; without a
    daily table the half-hours are added up to days. Other files in a zip are left alone.

    Returns
    -------
    readings
        one ``(table, metadata)`` a site, as :func:`read_daily`.

    Raises
    ------
    DataError
        no table of that kind, or one with errors.
    """
    found = report if report is not None else Report()
    by_site: dict[str, dict[str, Member]] = {}
    given = members(path)
    for member in given:
        step = files.named_step(member.name)
        if len(given) > 1 and (step is None or files.BESIDE.search(member.name)):
            continue
        of_site, kept = by_site.setdefault(files.site(member.name), {}), step or files.step(member, found)
        if kept in of_site:
            found.add("warning", member.name, f"left out, because {of_site[kept].name} holds the same site and step")
        of_site.setdefault(kept, member)
    if any(_usable(held) for held in by_site.values()):
        for held in [h for h in by_site.values() if not _usable(h)]:
            found.add("warning", next(iter(held.values())).name, "left out: it is neither daily nor half-hourly")
        by_site = {site: held for site, held in by_site.items() if _usable(held)}
    readings = [_site_reading(held, choice or Choice(), derive_temperature, found) for held in by_site.values()]
    if not readings:
        raise DataError(
            f"{Path(path).name} holds no FLUXNET table (…_DD_….csv or …_HH_….csv): give the file as downloaded"
        )
    return readings


def read_daily(
    path: str | Path, *, choice: Choice | None = None, derive_temperature: Hargreaves | None = None
) -> Reading:
    """Read one daily file (CSV or xlsx).

    Parameters
    ----------
    derive_temperature
        The daily product has no TMAX and TMIN. None leaves them out; a :class:`Hargreaves` rebuilds them
        as TA_F plus and minus half the range told by radiation, and names them in ``metadata["derived"]``.

    Returns
    -------
    table
        index ``time`` (days); NEE, GPP, Reco [g C m-2 d-1], CO2_FLUX (equal to NEE), ET, PRECN [mm d-1], SRAD
        [MJ m-2 d-1], TMAX, TMIN [degC] where derived, and companions (``_qc``, ``_unc``, ``_p25``, ``_p75``).
    metadata
        site_id, network, source, resolution, columns (house name -> column), notes (house name -> remark), derived.

    Raises
    ------
    DataError
        no such file, no daily table, wrong cells or days, or no NEE in it.
    """
    report = Report()
    (member,) = members(path)
    step = files.step(member, report)
    if step != "DD":
        raise DataError(f"{member.name} is not daily ({files.SHOWN[step]}): give the file with _DD_ in its name")
    return _site_reading({"DD": member}, choice or Choice(), derive_temperature, report)


def read_monthly(path: str | Path, *, choice: Choice | None = None) -> Reading:
    """Read a monthly file (or that of a zip): index ``time`` (first of the month), monthly means of daily values.

    Columns and metadata as :func:`read_daily`. A monthly table makes no data set, because the contract is daily: it is
    laid beside one (:func:`agroflux.data.monthly.against`). DataError for any other file.
    """
    report = Report()
    member = files.monthly_table(path)
    if files.step(member, report) != "MM":
        raise DataError(f"{member.name} is not monthly: give the file with _MM_ in its name")
    raw = _raw(member, report, "TIMESTAMP", digits=6, freq="MS")
    table, meta = _converted(raw, member, choice or Choice(), report, daily=True)
    report.stop()
    return table, meta | {"resolution": "MM", "derived": ()}


def _usable(held: dict[str, Member]) -> bool:
    return bool({"DD", "HH"} & set(held))


def _site_reading(held: dict[str, Member], choice: Choice, rule: Hargreaves | None, report: Report) -> Reading:
    """One site's daily table from its daily and half-hourly files."""
    hours = held.get("HH")
    if "DD" in held:
        raw = _raw(held["DD"], report, "TIMESTAMP", digits=8, freq="D")
        table, meta = _converted(raw, held["DD"], choice, report, daily=True)
        meta["resolution"] = "DD"
        if hours is not None:
            extremes, notes = fluxnet_steps.extremes(_half_hours(hours, report, only=("TA_F", "TA_F_QC")))
            table = table.join(extremes)
            meta["notes"] |= {name: f"{text} of {hours.name}" for name, text in notes.items()}
        elif rule is not None:
            meta["derived"] = _temperature(raw, table, meta["notes"], rule)
    elif hours is not None:
        raw, extra, notes = fluxnet_steps.to_days(_half_hours(hours, report))
        table, meta = _converted(raw, hours, choice, report, daily=False)
        table = table.join(extra)
        meta |= {"resolution": "HH", "notes": meta["notes"] | notes}
    else:
        member = next(iter(held.values()))
        what = files.SHOWN.get(next(iter(held)), "another step")
        raise DataError(
            f"{member.name} is not daily but {what}: give the file with _DD_ or _HH_ in its name "
            "(a monthly one is laid beside its data set: `agroflux data compare`, or the Data page)"
        )
    table = plausible(table, report, str(meta["source"]))
    report.stop()
    return without_empty_ends(table, str(meta["source"])), meta


def _needed(name: str) -> bool:
    plain = re.sub(r"(_QC|_RANDUNC)$", "", name)
    stem = re.sub(r"_(25|75)$", "_REF", plain)
    return plain in _ALSO or any(stem in columns for columns in VARIABLE_MAP.values()) or name == "LE_RANDUNC"


def _raw(member: Member, report: Report, stamp: str, *, digits: int, freq: str) -> pd.DataFrame:
    text = (stamp, *files.SITES)
    frame = read_table(member, report, text=text, wanted=lambda n: n in text or _needed(n))
    frame = files.of_one_site(frame, member.name)
    if stamp not in frame.columns:
        raise DataError(f"{member.name} has no {stamp} column: give a FLUXNET table (FLX_…_DD_….csv)")
    times = stamps(frame[stamp], report, member.name, digits=digits)
    for row in times.index[(times.notna() & (times != times.dt.normalize())).to_numpy()]:
        what, remedy = f"{frame.at[row, stamp]!r} is not the start of a day", "leave the time of day out"
        report.add("error", member.name, what, remedy, row=int(row), column=stamp, kind="times within a day")
    if times.isna().all():
        report.stop()
        raise DataError(f"{member.name} holds no row: give the file as downloaded")
    table = regular(frame.drop(columns=stamp), times, report, member.name, step=freq, name="time")
    report.stop()
    return table


def _half_hours(member: Member, report: Report, only: tuple[str, ...] = ()) -> pd.DataFrame:
    """Half-hours or hours, indexed by their start; the step [minutes] is the index's frequency."""
    both = ("TIMESTAMP_START", "TIMESTAMP_END")
    text = (*both, *files.SITES)
    frame = read_table(member, report, text=text, wanted=lambda n: n in text or (n in only if only else _needed(n)))
    frame = files.of_one_site(frame, member.name)
    if not set(both) <= set(frame.columns):
        raise DataError(f"{member.name} has no TIMESTAMP_START and TIMESTAMP_END: give a FLUXNET HH or HR table")
    start, end = (stamps(frame[c], report, member.name, digits=12) for c in both)
    report.stop()
    if frame.empty:
        raise DataError(f"{member.name} holds no row: give the file as downloaded")
    minutes = ((end - start).dt.total_seconds() / 60).unique()
    if len(minutes) != 1 or minutes[0] not in (30, 60):
        raise DataError(
            f"{member.name} has intervals of {minutes[:3].tolist()} minutes: half-hours or hours are needed"
        )
    table = regular(
        frame.drop(columns=list(both)), start, report, member.name, step=f"{minutes[0]:.0f}min", name="start"
    )
    report.stop()
    return table


def _converted(
    raw: pd.DataFrame, member: Member, choice: Choice, report: Report, *, daily: bool
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Columns of a table of days in house names and units; half-hours come as means of the file's own units."""
    taken = {name: _first_held(raw, choice.ordered(columns)) for name, columns in VARIABLE_MAP.items()}
    columns = {name: column for name, column in taken.items() if column is not None}
    if "NEE" not in columns:
        raise DataError(
            f"{member.name} holds no NEE ({' or '.join(VARIABLE_MAP['NEE'])}): "
            "is it a FLUXNET daily or half-hourly file?"
        )
    factors = fluxnet_steps.factors(raw, daily=daily)
    table = pd.DataFrame({name: raw[column] * factors[name] for name, column in columns.items()})
    notes = {name: f"FLUXNET {column}" for name, column in columns.items()}
    for name, column in columns.items():
        others = {
            "_qc": f"{columns['NEE'] if name in ('GPP', 'Reco') else column}_QC",
            "_unc": f"{column.removesuffix('_F_MDS')}_RANDUNC",
            "_p25": column.replace("_REF", "_25") if daily else "",
            "_p75": column.replace("_REF", "_75") if daily else "",
        }
        for suffix, other in others.items():
            if other != column and other in raw and raw[other].notna().any():
                factor = 1.0 if suffix == "_qc" else factors[name]
                table[name + suffix] = (raw[other] * factor).where(table[name].notna())
                notes[name + suffix] = _GOOD.format(column=other) if suffix == "_qc" else f"FLUXNET {other}"
    for suffix in ("", "_qc", "_unc", "_p25", "_p75"):
        if f"NEE{suffix}" in table:
            table[f"CO2_FLUX{suffix}"], notes[f"CO2_FLUX{suffix}"] = table[f"NEE{suffix}"], notes[f"NEE{suffix}"]
    _say_choice(columns, choice, member.name, report)
    name = member.name
    meta = {
        "site_id": files.site(name),
        "network": files.network(name),
        "source": name,
        "columns": columns,
        "notes": notes,
    }
    return table, meta | {"derived": ()}


def _say_choice(columns: dict[str, str], choice: Choice, file: str, report: Report) -> None:
    for name, column in columns.items():
        asked = [f"_{choice.threshold}_", *([f"_{choice.partitioning}_"] if name != "NEE" else [])]
        if name in ("NEE", "GPP", "Reco") and not all(part in column for part in asked):
            what = f"{name} is {column}: the file holds no version chosen, or too few values of it"
            report.add("note", file, what, column=column)


def _first_held(raw: pd.DataFrame, columns: list[str]) -> str | None:
    """The first of ``columns`` with values, and with at least half as many as the fullest of them."""
    count = {c: int(raw[c].count()) for c in columns if c in raw.columns}
    most = max(count.values(), default=0)
    return next((c for c in count if count[c] and 2 * count[c] >= most), None)


def _temperature(raw: pd.DataFrame, table: pd.DataFrame, notes: dict[str, str], rule: Hargreaves) -> tuple[str, ...]:
    """Add TMAX and TMIN to ``table``; what was added."""
    if not {"TA_F", "SW_IN_F", "SW_IN_POT"} <= set(raw.columns):
        return ()
    half = rule.daily_range(raw["SW_IN_F"], raw["SW_IN_POT"]) / 2
    table["TMAX"], table["TMIN"] = raw["TA_F"] + half, raw["TA_F"] - half
    for name in ("TMAX", "TMIN"):
        notes[name] = (
            "derived, not measured: daily mean TA_F and a range from radiation "
            f"(Hargreaves and Samani 1982, k = {rule.k:g}, range {rule.smallest:g}-{rule.largest:g} degC)"
        )
    return ("TMAX", "TMIN")
