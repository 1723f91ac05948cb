"""Years before the bundled data: the table is what the engine gives, and the drivers are those of its runs."""

import sys
from pathlib import Path

import pytest

from agroflux.simulation import earlier, runs
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import Change

FIPS = "19015"


@pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
def test_the_table_is_what_the_engine_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    run = runs.run_case(Case(FIPS, earlier.YEARS, Change(n_rate=84)))
    table = earlier.annual("cornbelt-century", 84.0)
    assert table is not None
    here = table.sel(site=FIPS)
    for year in earlier.years():
        daily = run.daily.loc[str(year)]
        daily = daily[~((daily.index.month == 2) & (daily.index.day == 29))]
        crop = "corn" if daily["CROP"].iloc[0] > 0.5 else "soybean"
        one = here.sel(crop=crop, year=year)
        assert float(one["n2o"]) == pytest.approx(10 * daily["N2O_FLUX"].sum(), rel=1e-3)  # g m-2 -> kg ha-1
        assert float(one["nee"]) == pytest.approx(daily["NEE"].sum() / 100, rel=1e-3, abs=1e-3)  # -> t ha-1
        assert float(one["harvest"]) == pytest.approx(run.annual.loc[year, "Yield"] / 100, rel=1e-3)
        assert float(one["soil_carbon"]) == pytest.approx(run.annual.loc[year, "Delta_SOC"] / 100, rel=1e-3, abs=1e-3)
        assert here.drop_sel(crop=crop).sel(year=year)["n2o"].isnull().all(), "one crop a year"


def test_all_counties_rates_and_soil_models_are_there() -> None:
    for data in earlier.SOIL_MODEL_OF:
        for rate in (0.0, 84.0, 168.0, 252.0, 336.0):
            table = earlier.annual(data, rate)
            assert table is not None and int(table["n2o"].notnull().sum()) == 99 * 5
            assert {name: table[name].attrs["units"] for name in table} == earlier.UNITS
    assert earlier.annual("cornbelt-century", 100.0) is None and earlier.annual("towers-sample", 168.0) is None


def test_drivers_begin_two_years_before() -> None:
    drivers = earlier.drivers(168.0)
    assert drivers.sizes["site"] == 99
    assert str(drivers["time"].values[0])[:10] == "1993-01-01"
    assert str(drivers["time"].values[-1])[:10] == "1999-12-31"
    given = drivers["FERTZR_N"].sel(site=FIPS).groupby("time.year").sum()
    assert sorted(given.values.tolist()) == pytest.approx([0.0] * 3 + [16.8] * 4, rel=1e-5)  # corn every second year
