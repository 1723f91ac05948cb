"""The engine's own balances: what it could not account for, component by component."""

import re
from pathlib import Path

import pandas as pd

from agroflux.errors import SimulationError

_WATER = re.compile(r"Final Balance\s+(-?\d+\.?\d*)")


def water(folder: Path) -> pd.Series:
    """Unaccounted water [mm] of each component of a rotation run with ``balances=True``."""
    text = _text(folder / "SoilWatBal.OUT")
    return pd.Series([float(m) for m in _WATER.findall(text)], name="water_mm")


def nitrogen(folder: Path) -> pd.Series:
    """Unaccounted soil nitrogen [kg N ha-1] of each component (CENTURY soil carbon only)."""
    return _last_column(folder / "SoilNBalSum.OUT").rename("nitrogen_kg_ha")


def carbon(folder: Path) -> pd.Series:
    """Unaccounted soil carbon [kg C ha-1] of each component (CENTURY soil carbon only)."""
    return _last_column(folder / "SoilCBalSum.OUT").rename("carbon_kg_ha")


def _last_column(path: Path) -> pd.Series:
    rows = [line.split() for line in _text(path).splitlines() if line[:4].strip().isdigit()]
    return pd.Series([float(row[-1]) for row in rows])


def _text(path: Path) -> str:
    if not path.exists():
        raise SimulationError(f"no {path.name}: run the scenario with balances=True")
    return path.read_text(encoding="latin-1")
