"""From the engine's daily text files to house variables in physical units and house signs.

GPP is not an output of CERES-Maize: NPP is the three-day mean of the daily gain of all biomass (tops CWAD + roots
RWAD, losses counted as zero) x 0.42 C, and GPP = NPP / CUE with a carbon-use efficiency of 0.55 (corn) and 0.50
(soybean). Rh is the soil's CO2; Reco = Rh + GPP - NPP; NEE = Reco - GPP. The engine gives one soil temperature a
day; the maximum and minimum follow from the day's air range, damped with depth as in a half-space
(e-folding depth of the diurnal wave 0.12 m), times the share of radiation that a crop canopy lets through; in
frozen soil, often under snow, a third of that.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from agroflux.errors import SimulationError
from agroflux.simulation.scenario import Scenario
from agroflux.simulation.soil import BENCHMARK_LAYERS, DEPTHS

CARBON = 0.42
CUE = {"corn": 0.55, "soybean": 0.50}
#: Depth at which the diurnal temperature wave has fallen to 1/e [cm]; moist loam, diffusivity 0.005 cm2 s-1.
DIURNAL_DEPTH = 12.0
#: Share of the diurnal range left in frozen soil.
FROZEN = 0.3


def read_daily(path: Path, columns: tuple[str, ...], since: int) -> pd.DataFrame:
    """Daily rows of one .OUT file from the year ``since`` on, all components after each other, indexed by date.

    Each component has its own header, whose columns differ by crop. A day printed twice keeps its last row.
    """
    if not path.exists():
        raise SimulationError(f"the engine wrote no {path.name}: see WARNING.OUT in its folder")
    wanted = ("YEAR", "DOY", *columns)
    first = f"{since:04d}".encode()
    blocks: list[np.ndarray] = []
    header = b""
    rows: list[bytes] = []
    for line in [*path.read_bytes().split(b"\n"), b"@YEAR"]:
        if line[:1] == b" " and line[1:5].isdigit():
            if line[1:5] >= first:
                rows.append(line.rstrip())
        elif line.startswith(b"@YEAR"):
            if rows:
                blocks.append(_columns(header, rows, wanted))
                rows = []
            header = line
    values = np.concatenate(blocks) if blocks else np.empty((0, len(wanted)))
    year = values[:, 0].astype(int)
    dates = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + (values[:, 1].astype(int) - 1)
    table = pd.DataFrame(values[:, 2:], columns=list(columns), index=pd.DatetimeIndex(dates, name="time"))
    return table.loc[~table.index.duplicated(keep="last")]


def _columns(header: bytes, rows: list[bytes], wanted: tuple[str, ...]) -> np.ndarray:
    """Values (rows, wanted) of one block. A column ends where its header word ends and starts where the last one did.

    Only the wanted columns are converted: these files are most of what a run costs in Python.
    """
    spans: dict[str, tuple[int, int]] = {}
    start = 1
    for word in re.finditer(rb"[^\s@]+", header):
        spans[word.group().decode()] = (start, word.end())
        start = word.end()
    table = np.array(rows)
    letters = table.view("S1").reshape(len(rows), -1)
    out = np.empty((len(rows), len(wanted)))
    for i, name in enumerate(wanted):
        first, last = spans[name]
        text = np.ascontiguousarray(letters[:, first:last]).view(f"S{last - first}").ravel()
        out[:, i] = text.astype(float)
    return out


def house_series(
    folder: Path, scenario: Scenario, weather: pd.DataFrame, planted: dict[int, pd.Timestamp]
) -> pd.DataFrame:
    """All daily variables of one run, ``keep_from`` to ``last_year``, leap days kept. Units as in the schema."""
    days = pd.date_range(f"{scenario.keep_from}-01-01", f"{scenario.last_year}-12-31", name="time")
    crops = np.array([scenario.crop(y) for y in days.year])
    out = daily_values(folder, days, weather, np.where(crops == "corn", CUE["corn"], CUE["soybean"]))
    doses = [dose for year, day in planted.items() for dose in scenario.applications(year, day)]
    return out.assign(**events(days, planted.values(), doses), CROP=(crops == "corn").astype(float))


def events(
    days: pd.DatetimeIndex, planted: Iterable[pd.Timestamp], doses: Iterable[tuple[pd.Timestamp, float]]
) -> dict[str, pd.Series]:
    """FERTZR_N [g N m-2 d-1] of ``doses`` [kg N ha-1] and PLANTING (0 or 1) on ``days``; those outside are left out."""
    given, sown = pd.Series(0.0, index=days), pd.Series(0.0, index=days)
    for date, amount in doses:
        if date in days:  # a dose before planting may lie in the year before
            given[date] += amount / 10
    for date in planted:
        if date in days:
            sown[date] = 1.0
    return {"FERTZR_N": given, "PLANTING": sown}


def daily_values(folder: Path, days: pd.DatetimeIndex, weather: pd.DataFrame, carbon_use: np.ndarray) -> pd.DataFrame:
    """Fluxes, soil and water on ``days`` (time) from the engine's files in ``folder``. Units as in the schema.

    ``carbon_use``: net over gross primary production of what grows on each day [1].
    """
    since = days[0].year
    layers = list(BENCHMARK_LAYERS.values())
    soil = {
        "GHG": ("CO2GED", "N2OGED"),
        "ET": ("ETAA",),
        "SoilTemp": tuple(f"TS{i + 1}D" for i in layers),
        "SoilWat": tuple(f"SW{i + 1}D" for i in layers),
        "SoilNi": ("NH1D", *(f"NI{i + 1}D" for i in layers)),
    }
    raw = pd.concat(
        [read_daily(folder / f"{name}.OUT", cols, since) for name, cols in soil.items()], axis=1, sort=True
    ).reindex(days)
    missing = raw.isna().any(axis=1)
    if missing.any():
        raise SimulationError(
            f"the engine printed nothing for {int(missing.sum())} days, first {days[missing][0]:%Y-%m-%d}"
        )
    plant = read_daily(folder / "PlantGro.OUT", ("CWAD", "RWAD", "LAID"), since).reindex(days)
    out = pd.DataFrame(index=days)
    gain = (plant["CWAD"] + plant["RWAD"]).diff().clip(lower=0).fillna(0) * 0.1 * CARBON
    out["NPP"] = gain.rolling(3, center=True, min_periods=1).mean()
    out["GPP"] = out["NPP"] / carbon_use
    out["Rh"] = raw["CO2GED"] / 1e4
    out["Reco"] = out["Rh"] + out["GPP"] - out["NPP"]
    out["NEE"] = out["Reco"] - out["GPP"]
    out["CO2_FLUX"] = out["NEE"]
    out["N2O_FLUX"] = raw["N2OGED"] / 1e4
    out["ET"] = raw["ETAA"]
    air_range = (weather["TMAX"] - weather["TMIN"]).reindex(days)
    light = np.exp(-0.5 * plant["LAID"].fillna(0))
    middle = np.array(DEPTHS) - np.diff([0, *DEPTHS]) / 2
    for layer, i in BENCHMARK_LAYERS.items():
        mean = raw[f"TS{i + 1}D"]
        half = 0.5 * air_range * np.exp(-middle[i] / DIURNAL_DEPTH) * light * np.where(mean < 0, FROZEN, 1.0)
        out[f"TMAX_SOIL_{layer}"] = mean + half
        out[f"TMIN_SOIL_{layer}"] = mean - half
        out[f"WTR_{layer}"] = raw[f"SW{i + 1}D"]
        out[f"NO3_{layer}"] = raw[f"NI{i + 1}D"]
    out["NH4_1"] = raw["NH1D"]
    return out


def annual_values(folder: Path, scenario: Scenario) -> pd.DataFrame:
    """Yield and Delta_SOC [g C m-2] of each year; Delta_SOC: soil and litter carbon, 31 December less a year before."""
    table = yearly_values(folder, range(scenario.keep_from, scenario.last_year + 1), ("MZ", "SB"))
    if len(lost := table.index[table["Yield"].isna()]):
        raise SimulationError(
            f"the engine harvested nothing in {lost[0]}: what grew before still stood when the crop's day came; "
            "plant earlier, or choose an earlier maturity"
        )
    return table


def yearly_values(folder: Path, years: range, crops: Sequence[str]) -> pd.DataFrame:
    """Yield of the first harvest of ``crops`` (letters) and Delta_SOC [g C m-2] of ``years``; NaN is none."""
    harvest = read_summary(folder / "Summary.OUT")
    harvest = harvest[harvest["CR"].isin(crops)].set_index("HYEAR")
    carbon = read_daily(folder / "SoilOrg.OUT", ("SOCD",), years[0] - 1)["SOCD"]
    ends = carbon[(carbon.index.month == 12) & (carbon.index.day == 31)]
    ends.index = ends.index.year
    table = pd.DataFrame(index=pd.Index(years, name="year"))
    table["Yield"] = harvest.loc[~harvest.index.duplicated(), "HWAM"].reindex(years).astype(float) * 0.1 * CARBON
    table["Delta_SOC"] = (ends.diff() * 0.1).reindex(years)
    return table


def read_summary(path: Path) -> pd.DataFrame:
    """Crop, harvest year and grain dry weight [kg ha-1] of each component; ``-99`` is missing."""
    text = path.read_text(encoding="latin-1").splitlines()
    at = next((i for i, line in enumerate(text) if line.startswith("@")), None)
    if at is None:
        raise SimulationError(f"the engine wrote no {path.name}: is there room in {path.parent.parent}?")
    names = text[at].lstrip("@").replace(".", " ").split()
    tail = [line for line in text[at + 1 :] if line.strip()]
    keep = ["CR", "HYEAR", "HWAM"]
    # Free text (treatment name) stands before WSTA: count columns from the right, where every field is one word.
    rows = []
    for line in tail:
        words = line.split()
        record = dict(zip(reversed(names), reversed(words), strict=False))
        record["CR"] = words[5]
        rows.append({k: record[k] for k in keep})
    table = pd.DataFrame(rows)
    numeric = [k for k in keep if k != "CR"]
    table[numeric] = table[numeric].apply(pd.to_numeric, errors="coerce").replace([-99, -99.0], np.nan)
    return table
