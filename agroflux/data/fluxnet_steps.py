"""Half-hours of the FLUXNET family added up to days, and the factors from the files' units to the house's."""

import numpy as np
import pandas as pd

from agroflux.data.towers import GC_PER_UMOL, MJ_PER_WATT

#: Latent heat of vaporisation [MJ kg-1] at T degC: 2.501 - 0.002361 T (FAO-56, eq. 3-1).
_LATENT, _LATENT_SLOPE, _TYPICAL = 2.501, 0.002361, 20.0
#: A half-hourly quality flag up to this is good: 0 measured, 1 filled with good quality (2 medium, 3 poor).
GOOD = 1


def factors(raw: pd.DataFrame, *, daily: bool) -> dict[str, "float | pd.Series"]:
    """From the file's unit to the house unit, for each house variable.

    ``daily``: carbon is in gC m-2 d-1 already, else in umolCO2 m-2 s-1. ET [mm d-1] = 0.0864 LE [W m-2] / latent
    heat [MJ kg-1] at TA_F [degC] (at 20 degC where that is missing).
    """
    carbon = 1.0 if daily else GC_PER_UMOL
    warmth = raw["TA_F"].fillna(_TYPICAL) if "TA_F" in raw else _TYPICAL
    latent = MJ_PER_WATT / (_LATENT - _LATENT_SLOPE * warmth)
    return {"NEE": carbon, "GPP": carbon, "Reco": carbon, "ET": latent, "PRECN": 1.0, "SRAD": MJ_PER_WATT}


def to_days(hours: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Half-hours (or hours) to days; a day with a step missing in a column has no value there.

    Returns means in the file's units (sums for P; shares with flag 0 or 1 for ``_QC``; root of the sum of squares over
    the number of steps for ``_RANDUNC``: errors of half-hours are independent), then TMAX and TMIN [degC] with
    their quality, and how those came about.
    """
    day = pd.DatetimeIndex(hours.index).normalize()
    full = _steps_a_day(hours)
    parts: dict[str, pd.Series] = {}
    for name in map(str, hours.columns):
        column = hours[name]
        if name.endswith("_QC"):
            parts[name] = (column <= GOOD).groupby(day).sum() / full
            continue
        if name.endswith("_RANDUNC"):
            groups = (column**2).groupby(day)
            made = np.sqrt(groups.sum()) / full
        else:
            groups = column.groupby(day)
            made = groups.sum() if name in ("P", "P_F") else groups.mean()
        parts[name] = made.where(groups.count() == full)
    extra, notes = extremes(hours)
    return pd.DataFrame(parts).rename_axis("time"), extra, notes


def extremes(hours: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """TMAX and TMIN [degC] of whole days, ``_qc`` the share of half-hours with flag 0 or 1, and how they came about."""
    if "TA_F" not in hours:
        return pd.DataFrame(index=pd.DatetimeIndex([], name="time")), {}
    day = pd.DatetimeIndex(hours.index).normalize()
    full = _steps_a_day(hours)
    groups = hours["TA_F"].groupby(day)
    whole = groups.count() == full
    out = pd.DataFrame({"TMAX": groups.max().where(whole), "TMIN": groups.min().where(whole)}).rename_axis("time")
    notes = {"TMAX": "largest half-hourly TA_F", "TMIN": "smallest half-hourly TA_F"}
    if "TA_F_QC" in hours:
        share = ((hours["TA_F_QC"] <= GOOD).groupby(day).sum() / full).rename_axis("time")
        for name in ("TMAX", "TMIN"):
            out[f"{name}_qc"] = share.where(out[name].notna())
            notes[f"{name}_qc"] = "share of half-hours with TA_F_QC 0 or 1"
    return out, notes


def _steps_a_day(hours: pd.DataFrame) -> int:
    step = hours.index[1] - hours.index[0] if len(hours) > 1 else pd.Timedelta(minutes=30)
    return round(pd.Timedelta(days=1) / step)
