"""The evidence for the sign of the archive's CO2_FLUX: July is July by date, whenever the days start."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agroflux.data import agroflux_npy
from agroflux.data.agroflux_observed import read_chambers, read_towers
from agroflux.data.report import Report
from tests.data import agroflux_archive as made


@pytest.mark.parametrize("start", ["2016-01-01", "2016-04-01", "2017-06-15"])
def test_the_mean_of_july_is_that_of_its_dates(start: str) -> None:
    days = pd.date_range(start, periods=500)
    gpp = np.where(days.month == 7, 12.0, 1.0)
    sign = agroflux_npy.decide_sign(gpp - 2, gpp, np.full(500, 2.0), days=days)
    assert sign.factor == -1 and "mean of July then -10.00 g C m-2 d-1 (negative is uptake)" in sign.why


def test_without_dates_days_are_years_of_365_from_january() -> None:
    doy = np.arange(730) % 365
    gpp = np.broadcast_to(np.where((doy >= 181) & (doy < 212), 12.0, 1.0), (2, 3, 730))
    why = agroflux_npy.decide_sign(2 - gpp, gpp, np.full(gpp.shape, 2.0)).why
    assert "kept as in the file" in why and "mean of July then -10.00" in why


def test_a_season_without_july_says_so_and_no_number() -> None:
    days = pd.date_range("2016-04-01", periods=60)
    gpp = np.linspace(0, 10, 60)
    why = agroflux_npy.decide_sign(2 - gpp, gpp, days=days).why
    assert why.endswith("no day of July holds it") and "nan" not in why


@pytest.mark.parametrize("days", [122, 275])  # to 31 July, to 31 December
def test_chambers_from_april_tell_their_july(tmp_path: Path, days: int) -> None:
    made.observations(tmp_path, days=days)
    readings = [*read_chambers(tmp_path, report=Report()), *read_towers(tmp_path, report=Report())]
    for table, meta in readings:
        july = table.loc[pd.DatetimeIndex(table.index).month == 7, "CO2_FLUX"].mean()
        assert july < 0 and f"mean of July then {july:.2f} g C m-2 d-1" in meta["notes"]["CO2_FLUX"]
