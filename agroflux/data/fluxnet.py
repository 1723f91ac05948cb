"""Reader of FLUXNET2015 daily files (``FLX_…_DD_….csv``, or the same table as xlsx).

FLUXNET2015: Pastorello et al. 2020, doi 10.1038/s41597-020-0534-3. In daily files a ``_QC`` column is the share of
half-hours that were measured or filled with good quality; it is passed on as ``X_qc``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agroflux.data.towers import MISSING, MJ_PER_WATT, without_empty_ends
from agroflux.errors import DataError

#: house name -> columns in order of preference; the first one that holds values is taken.
VARIABLE_MAP: dict[str, tuple[str, ...]] = {
    "NEE": ("NEE_VUT_REF", "NEE_CUT_REF"),
    "GPP": ("GPP_NT_VUT_REF", "GPP_NT_CUT_REF", "GPP_DT_VUT_REF", "GPP_DT_CUT_REF"),
    "Reco": ("RECO_NT_VUT_REF", "RECO_NT_CUT_REF", "RECO_DT_VUT_REF", "RECO_DT_CUT_REF"),
    "PRECN": ("P_F", "P"),
    "SRAD": ("SW_IN_F", "SW_IN_F_MDS", "SW_IN"),
}
#: house name -> column with the share of good half-hours; GPP and Reco are partitioned from NEE.
QC_MAP: dict[str, str] = {
    "NEE_qc": "NEE_VUT_REF_QC",
    "GPP_qc": "NEE_VUT_REF_QC",
    "Reco_qc": "NEE_VUT_REF_QC",
    "PRECN_qc": "P_F_QC",
    "SRAD_qc": "SW_IN_F_QC",
}
_UNITS = {"SRAD": MJ_PER_WATT}
_GOOD = "share of half-hours measured or gap-filled with good quality (FLUXNET {column})"


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


def read_daily(
    path: str | Path, *, derive_temperature: Hargreaves | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read a FLUXNET2015 daily file.

    Parameters
    ----------
    path
        ``.csv`` or ``.xlsx`` with a TIMESTAMP column of days (YYYYMMDD); missing is -9999.
    derive_temperature
        The daily product has no TMAX and TMIN. None leaves them out; a :class:`Hargreaves` rebuilds them
        as TA_F plus and minus half the range told by radiation, and names them in ``metadata["derived"]``.

    Returns
    -------
    table
        index ``time`` (days); NEE, GPP, Reco [g C m-2 d-1], CO2_FLUX (equal to NEE), PRECN [mm d-1],
        SRAD [MJ m-2 d-1], their ``_qc`` [1], and TMAX, TMIN [degC] where derived. House signs.
    metadata
        site_id, source, columns (house name -> column), notes (house name -> remark), derived.

    Raises
    ------
    DataError
        no such file, no daily table, or no NEE in it.
    """
    file = Path(path)
    raw = _raw(file)
    taken = {name: _first_held(raw, columns) for name, columns in VARIABLE_MAP.items()}
    columns = {name: column for name, column in taken.items() if column is not None}
    if "NEE" not in columns:
        raise DataError(f"{file} holds no NEE ({' or '.join(VARIABLE_MAP['NEE'])}): is it a FLUXNET2015 daily file?")
    table = pd.DataFrame({name: raw[column] * _UNITS.get(name, 1.0) for name, column in columns.items()})
    notes: dict[str, str] = {}
    for name, column in QC_MAP.items():
        if name.removesuffix("_qc") in columns and column in raw:
            table[name] = raw[column].clip(0, 1).where(table[name.removesuffix("_qc")].notna())
            notes[name] = _GOOD.format(column=column)
    table["CO2_FLUX"] = table["NEE"]
    if "NEE_qc" in table:
        table["CO2_FLUX_qc"], notes["CO2_FLUX_qc"] = table["NEE_qc"], notes["NEE_qc"]
    notes |= {name: f"FLUXNET {column}" for name, column in columns.items()}
    derived = _temperature(raw, table, notes, derive_temperature) if derive_temperature else ()
    meta = {"site_id": _site(file), "source": file.name, "columns": columns, "notes": notes, "derived": derived}
    return without_empty_ends(table, str(file)), meta


def _raw(file: Path) -> pd.DataFrame:
    """All columns as numbers, -9999 as NaN, indexed by day."""
    if not file.is_file():
        raise DataError(f"no file at {file}: give the path of a FLUXNET2015 daily file")
    try:
        frame = pd.read_excel(file) if file.suffix.lower() in (".xlsx", ".xls") else pd.read_csv(file)
    except (ValueError, OSError, KeyError, pd.errors.ParserError) as error:
        raise DataError(f"{file} cannot be read as a table ({error}): give the file as downloaded") from error
    if "TIMESTAMP" not in frame.columns:
        raise DataError(f"{file} has no TIMESTAMP column: give a FLUXNET2015 daily file (FLX_…_DD_….csv)")
    stamps = frame["TIMESTAMP"].astype(str).str.removesuffix(".0")
    wrong = stamps[stamps.str.len() != 8]
    if len(wrong) or stamps.empty:
        example = f"TIMESTAMP {wrong.iloc[0]}" if len(wrong) else "no row"
        raise DataError(f"{file} is not daily ({example}): give the file whose name holds _DD_")
    try:
        days = pd.DatetimeIndex(pd.to_datetime(stamps, format="%Y%m%d"), name="time")
    except ValueError as error:
        raise DataError(f"{file} holds a TIMESTAMP that is no day ({error}): restore the original file") from error
    if days.has_duplicates:
        raise DataError(f"{file} holds {days[days.duplicated()][0]:%Y-%m-%d} twice: restore the original file")
    numbers = frame.drop(columns="TIMESTAMP").apply(pd.to_numeric, errors="coerce")
    numbers.index = days
    return numbers.replace(MISSING, np.nan).sort_index().asfreq("D")


def _first_held(raw: pd.DataFrame, columns: tuple[str, ...]) -> str | None:
    return next((c for c in columns if c in raw.columns and raw[c].notna().any()), None)


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


def _site(file: Path) -> str:
    """Site id from a name such as FLX_US-ARM_FLUXNET2015_…; the whole stem where there is none."""
    found = re.search(r"(?:^|_)([A-Z]{2}-[A-Za-z0-9]{3})(?:_|$)", file.stem)
    return found[1] if found else file.stem
