"""The real engine: short rotations under real weather and soil."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agroflux import cli, contract
from agroflux.baselines import card as cards
from agroflux.data.store import open_store
from agroflux.errors import SimulationError
from agroflux.simulation import benchmark, dssat, workspace
from agroflux.simulation.county import benchmark_counties, county_scenario, county_site
from agroflux.simulation.dataset import assemble
from agroflux.simulation.scenario import Scenario, SoilModel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
FIPS = "19015"


def short(rate: float, model: SoilModel = "century", **changes: object) -> Scenario:
    """Two kept years, corn then soybean, two years of spin-up."""
    base = county_scenario(42.0, "corn", rate, model, (2005, 2006))
    return replace(base, first_year=2003, **changes)  # type: ignore[arg-type]


def run(scenario: Scenario, code: str = FIPS) -> dssat.Result:
    with workspace.scratch() as folder:
        result = dssat.run(scenario, county_site(code), folder / "r", dssat.prepare_home(folder))
    assert not folder.exists()
    return result


@pytest.fixture(scope="module")
def fertilised() -> dssat.Result:
    return run(short(168, balances=True))


def test_a_rotation_gives_every_day_and_closes_the_carbon_balance(fertilised: dssat.Result) -> None:
    daily = fertilised.daily
    assert len(daily) == 365 * 2
    assert not daily.isna().any().any()
    np.testing.assert_allclose(daily["NEE"], daily["Reco"] - daily["GPP"], atol=1e-9)
    assert daily["GPP"].min() >= 0
    assert daily["N2O_FLUX"].min() >= 0


def test_corn_and_soybean_look_like_corn_and_soybean(fertilised: dssat.Result) -> None:
    years = fertilised.daily.groupby(fertilised.daily.index.year)
    assert years["CROP"].mean().to_dict() == {2005: 1.0, 2006: 0.0}
    gpp = years["GPP"].sum()
    assert 900 < gpp[2005] < 2200
    assert 350 < gpp[2006] < 1100
    assert 200 < fertilised.annual.loc[2005, "Yield"] < 700
    assert 60 < fertilised.annual.loc[2006, "Yield"] < 220


def test_nitrogen_goes_to_corn_once_and_feeds_n2o(fertilised: dssat.Result) -> None:
    given = fertilised.daily["FERTZR_N"]
    assert given.sum() == pytest.approx(16.8)  # g N m-2
    assert given[given > 0].index.year.tolist() == [2005]
    without = run(short(0))
    assert without.daily["FERTZR_N"].sum() == 0
    assert fertilised.daily.loc["2005", "N2O_FLUX"].sum() > 2 * without.daily.loc["2005", "N2O_FLUX"].sum()
    assert fertilised.annual.loc[2005, "Yield"] > 1.15 * without.annual.loc[2005, "Yield"]


def test_the_engine_accounts_for_its_water_nitrogen_and_carbon(fertilised: dssat.Result) -> None:
    found = fertilised.balances
    assert all(len(values) >= 8 for values in found.values())  # four years of fallow and crop
    assert found["water"].abs().max() < 0.1  # mm
    assert found["carbon"].abs().max() < 1.0  # kg C ha-1
    assert found["nitrogen"].abs().max() < 3.0  # kg N ha-1: nodules of soybean are counted a day late


def test_the_two_soil_models_differ() -> None:
    century, ceres = run(short(168)), run(short(168, "ceres"))
    assert abs(century.daily["Rh"].sum() / ceres.daily["Rh"].sum() - 1) > 0.1


def test_soil_temperature_extremes_close_with_depth(fertilised: dssat.Result) -> None:
    daily = fertilised.daily
    spans = [(daily[f"TMAX_SOIL_{i}"] - daily[f"TMIN_SOIL_{i}"]).mean() for i in (1, 3, 5)]
    assert spans[0] > spans[1] > spans[2] > 0


def test_an_engine_that_stops_is_reported_in_its_own_words() -> None:
    wrong = replace(short(168), corn=replace(short(168).corn, cultivar="XX9999"))
    with pytest.raises(SimulationError, match="engine stopped"):
        run(wrong)


def test_weather_that_ends_too_early_is_refused() -> None:
    site = county_site(FIPS)
    cut = replace(site, weather=site.weather.loc[:"2007-06-30"])
    with workspace.scratch() as folder, pytest.raises(SimulationError, match="weather must cover 2002 to 2008"):
        dssat.run(short(0), cut, folder / "r", dssat.prepare_home(folder))


def test_a_set_resumes_reports_failures_and_becomes_a_contract_data_set(tmp_path: Path) -> None:
    plan = benchmark.Plan("century", (168.0,), (2000, 2001), "both")
    seen: list[tuple[benchmark.Piece, str | None]] = []
    failed = benchmark.run_all(plan, tmp_path, [FIPS, "99999"], 2, lambda p, e: seen.append((p, e)))
    assert {piece[0] for piece in failed} == {"99999"}
    assert len(seen) == 4
    assert list(tmp_path.glob("99999*.failed.txt"))
    stamps = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.npz")}
    assert benchmark.run_all(plan, tmp_path, [FIPS], 1, lambda p, e: None) == {}
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.npz")} == stamps, "finished parts were run again"
    with pytest.raises(SimulationError, match="another --out"):
        benchmark.run_all(replace(plan, soil_model="ceres"), tmp_path, [FIPS], 1, lambda p, e: None)
    ds = assemble(plan, tmp_path, [FIPS], "test").load()
    contract.validate(ds, values=True)
    assert ds["scenario"].values.tolist() == ["n168-corn", "n168-soybean"]
    own = benchmark.own_phase(FIPS)
    one = assemble(replace(plan, phases="alternate"), tmp_path, [FIPS], "test").load()
    assert one["first_crop"].item() == own
    np.testing.assert_array_equal(one["GPP"].squeeze(), ds["GPP"].sel(scenario=f"n168-{own}").squeeze())
    later = assemble(replace(plan, phases="alternate", years=(2001, 2001)), tmp_path, [FIPS], "test").load()
    np.testing.assert_array_equal(later["GPP"], one["GPP"].sel(time="2001"))
    assert later["first_crop"].item() != own, "the crop of the first kept year, not of the run's first"


def test_the_same_command_gives_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    found = set()
    for name, workers in (("a", "1"), ("b", "2")):
        usual = ["--n-rates", "1", "--years", "2000-2001", "--phases", "alternate"]
        with pytest.raises(SystemExit) as ended:
            cli.main(["simulate", "--sites", FIPS, *usual, "--out", str(tmp_path / name), "--workers", workers])
        assert ended.value.code == 0
        store = tmp_path / name / "cornbelt-century.zarr"
        found.add((cards.sha256(store), open_store(store).attrs["history"].partition(";")[0]))
    command = f"agroflux simulate --sites {FIPS} --n-rates 1 --phases alternate --years 2000-2001 --model century"
    assert {history for _, history in found} == {command}
    assert len(found) == 1


def test_pieces_cover_the_range_of_rates_early_and_each_once() -> None:
    codes = list(benchmark_counties().index)
    plan = benchmark.Plan("century", benchmark.benchmark_rates(20), (2000, 2018))
    pieces = plan.pieces(codes)
    assert len(pieces) == len(set(pieces)) == 99 * 20 * 2
    assert {rate for _, rate, _ in pieces[: 99 * 5]} == {0.0, 84.0, 168.0, 252.0, 336.0}
    assert set(benchmark.benchmark_rates(5)) <= set(benchmark.benchmark_rates(20))
    assert len(benchmark.noleap_days((2000, 2018))) == 19 * 365
