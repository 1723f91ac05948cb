"""The observations of the AgroFlux archive: six N2O chambers and eleven towers, as readings of one site each."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agroflux import paths, schema
from agroflux.data import agroflux_npy as npy
from agroflux.data.report import Report
from agroflux.data.towers import Reading, plausible
from agroflux.errors import DataError

CHAMBERS, TOWERS = 6, 11
#: The facility of the chambers, and the first day of their season: assumed, the files tell neither.
FACILITY = ("Controlled-environment facility, Saint Paul", "MN", 44.99, -93.18)
SEASON_START, FIRST_YEAR = "04-01", 2016


def read_chambers(archive: str | Path, *, first_year: int | None = None, report: Report) -> list[Reading]:
    """The chambers (days, years, features); targets are N2O_FLUX alone or all 20.

    Days run from 1 April of each year (assumed).
    Readings as every reader gives: daily tables in house names, units and signs. DataError for missing or wrong files.
    """
    scalers = npy.scaler(archive, "X_scaler"), npy.scaler(archive, "Y_scaler_Combined")
    start = first_year or FIRST_YEAR
    readings = []
    for number in range(CHAMBERS):
        x, y, file = _pair(archive, f"X_real_scaled_{number}.npy", f"Y_real_scaled_Combined_{number}.npy")
        names = {1: ("N2O_FLUX",), len(schema.TARGETS): schema.TARGETS}.get(y.shape[2])
        if names is None:
            raise DataError(f"{file} has {y.shape[2]} features: 1 (N2O_FLUX) or 20 are known")
        years = [pd.date_range(f"{start + k}-{SEASON_START}", periods=len(x), freq="D") for k in range(x.shape[1])]
        parts = [_table(x[:, k], y[:, k], names, scalers, years[k]) for k in range(x.shape[1])]
        table = pd.concat(parts).asfreq("D").rename_axis("time")
        name, state, lat, lon = FACILITY
        meta: dict[str, Any] = {
            "site_id": f"AgroFlux-chamber-{number}",
            "site_name": f"{name}, chamber {number}",
            "state": state,
        }
        readings.append(_signed(table, meta | {"lat": lat, "lon": lon, "source": file}, report))
    return readings


def read_towers(archive: str | Path, *, first_year: int | None = None, report: Report) -> list[Reading]:
    """The towers (days, 1, features), targets GPP and CO2_FLUX, in the benchmark's order of towers (assumed).

    The first year is that of each tower's record in ``assets/facts/towers.csv`` unless told (assumed too).
    """
    scalers = npy.scaler(archive, "X_scaler"), npy.scaler(archive, "Y_scaler_Combined")
    known = pd.read_csv(paths.ASSETS / "facts" / "towers.csv", dtype={"site_id": str})
    readings = []
    for number in range(TOWERS):
        x, y, file = _pair(
            archive, f"X_real_scaled_ECfluxnet_{number}.npy", f"Y_real_scaled_ECfluxnet_Combined_{number}.npy"
        )
        if y.shape[2] != len(npy.TOWER_TARGETS):
            raise DataError(f"{file} has {y.shape[2]} features: GPP and CO2_FLUX are due")
        row = known.iloc[number]
        told = pd.Series(str(row["years"])).str.extract(r"(\d{4})")[0].item()
        days = npy.noleap_days(first_year or int(told), len(x))
        table = _table(x[:, 0], y[:, 0], npy.TOWER_TARGETS, scalers, pd.DatetimeIndex(days))
        meta: dict[str, Any] = {"site_id": str(row["site_id"]), "site_name": str(row["name"])}
        meta |= {"state": str(row["state"])}
        meta |= {"lat": float(row["lat"]), "lon": float(row["lon"]), "source": file}
        readings.append(_signed(table.asfreq("D"), meta, report))
    return readings


def _pair(archive: str | Path, x_name: str, y_name: str) -> tuple[np.ndarray, np.ndarray, str]:
    x, y = npy.mapped(npy.find(archive, x_name), 3), npy.mapped(npy.find(archive, y_name), 3)
    if x.shape[:2] != y.shape[:2] or x.shape[2] != len(schema.DRIVERS) or not x.size:
        raise DataError(f"{x_name} {x.shape} and {y_name} {y.shape} do not belong together: download them again")
    return x, y, y_name


def _table(
    x: np.ndarray,
    y: np.ndarray,
    targets: tuple[str, ...],
    scalers: tuple[npy.Scaler, npy.Scaler],
    days: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Drivers and daily targets in units and house signs, all but the sign of CO2_FLUX."""
    columns = {n: scalers[0].physical(n, x[:, i]) for i, n in enumerate(schema.DRIVERS)}
    for name in ("PLANTING", "CROP"):
        columns[name] = np.round(columns[name])
    for name in ("PRECN", "FERTZR_N"):
        columns[name] = np.where(np.abs(columns[name]) < 1e-3, 0, columns[name])
    for i, name in enumerate(targets):
        if schema.get(name).per == "day":
            values = scalers[1].physical(name, y[:, i])
            columns[name] = -values if name in npy.TURNED else values
    return pd.DataFrame(columns, index=pd.DatetimeIndex(days, name="time")).astype(float)


def _signed(table: pd.DataFrame, meta: dict[str, Any], report: Report) -> Reading:
    """CO2_FLUX in house sign with the decision in the notes, NEE beside it; what is implausible is left out."""
    notes = {"N2O_FLUX": "sign turned: published negative where the land emits"} if "N2O_FLUX" in table else {}
    if {"CO2_FLUX", "GPP"} <= set(table.columns) and table["CO2_FLUX"].notna().any():
        co2, gpp = table["CO2_FLUX"].to_numpy(), table["GPP"].to_numpy()
        reco = table["Reco"].to_numpy() if "Reco" in table else None
        # With their dates: chambers start in April, and only dates tell which of their days are July.
        sign = npy.decide_sign(co2, gpp, reco, days=pd.DatetimeIndex(table.index))
        table = table.assign(CO2_FLUX=table["CO2_FLUX"] * sign.factor)
        notes |= {"CO2_FLUX": sign.why, "NEE": "equal to CO2_FLUX"}
        table = table.assign(NEE=table["CO2_FLUX"])
    table = plausible(table, report, str(meta["source"]))
    return table, meta | {"notes": notes, "derived": (), "network": "AgroFlux archive"}
