"""Runs side by side: kept by content, few at a time, cancelled and killed without a trace; the real engine."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agroflux.data import catalog
from agroflux.errors import SelectionError
from agroflux.simulation import benchmark, dssat, effects, runs, workspace
from agroflux.simulation.runs import Case, Job
from agroflux.simulation.whatif import Change

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
ROOT = Path(__file__).resolve().parent.parent.parent
FIPS, YEARS = "19015", (2000, 2001)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user folder of its own, so that nothing is kept from another test."""
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    yield tmp_path
    assert not list(tmp_path.rglob("*.part"))


def _scratch_of(pid: int) -> list[Path]:
    return [p for p in workspace.scratch_parent().glob("agx-*") if p.name.split("-")[1] == str(pid)]


def test_a_kept_run_is_given_again_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FIPS, YEARS)
    first = runs.run_case(case)
    monkeypatch.setattr(dssat, "run", lambda *a, **k: pytest.fail("the engine ran again"))
    second = runs.run_case(case)
    assert (first.kept, second.kept) == (False, True)
    pd.testing.assert_frame_equal(first.daily, second.daily, check_freq=False)
    pd.testing.assert_frame_equal(first.annual, second.annual)


def test_the_key_follows_everything_the_run_depends_on() -> None:
    cases = [Case(FIPS, YEARS), Case("17003", YEARS), Case(FIPS, (2000, 2002)), Case(FIPS, YEARS, soil_model="ceres")]
    cases += [Case(FIPS, YEARS, Change.from_pairs([p])) for p in ("n_rate=84", "co2=500", "rain=0.9", "drainage=poor")]
    assert len({runs.key(*case.build()) for case in cases}) == len(cases)
    assert runs.key(*Case(FIPS, YEARS, Change(n_rate=168)).build()) == runs.key(*cases[0].build())


def test_no_tillage_is_refused_where_litter_would_not_decay() -> None:
    none = Change(tillage="none")
    with pytest.raises(SelectionError, match="tillage=reduced, or the soil model century"):
        Case(FIPS, YEARS, none, soil_model="ceres")
    assert Case(FIPS, YEARS, none).change == none
    assert Case(FIPS, YEARS, Change(tillage="reduced"), soil_model="ceres").soil_model == "ceres"


def test_years_in_the_wrong_order_are_told_as_such() -> None:
    with pytest.raises(SelectionError, match="years 2018-2009: the first comes after the last"):
        Case(FIPS, (2018, 2009)).build()


def test_a_damaged_file_is_made_again(own_folder: Path) -> None:
    runs.run_case(Case(FIPS, YEARS))
    (path,) = (own_folder / "whatif").glob("*.npz")
    path.write_bytes(path.read_bytes()[:1000])
    assert not runs.run_case(Case(FIPS, YEARS)).kept
    assert runs.run_case(Case(FIPS, YEARS)).kept


def test_the_usual_practice_is_the_bundled_simulation() -> None:
    ds = catalog.open_dataset("cornbelt-century").sel(site=FIPS)
    bundled = ds.isel(scenario=int(np.flatnonzero(ds["n_rate"].to_numpy() == 168)[0]))
    years = int(bundled["year"][0]), int(bundled["year"][-1])
    run = runs.run_case(Case(FIPS, years))
    daily = run.daily[~((run.daily.index.month == 2) & (run.daily.index.day == 29))]
    for name in ("GPP", "N2O_FLUX", "CROP"):
        expected = bundled[name].to_numpy()
        assert np.abs(daily[name].to_numpy() - expected).max() < 2e-3 * np.abs(expected).max()
    np.testing.assert_allclose(run.annual["Yield"], bundled["Yield"], rtol=2e-3)


def test_failures_are_reported_and_the_others_finish() -> None:
    seen: list[tuple[str, bool]] = []
    job = Job([Case("99999", YEARS), Case(FIPS, YEARS)], done=lambda c, r: seen.append((c.fips, r is not None)))
    job.start().wait()
    assert sorted(seen) == [(FIPS, True), ("99999", False)]
    assert "not one of the 99 benchmark counties" in job.failed[Case("99999", YEARS)]
    with pytest.raises(SelectionError, match="the weather allows"):
        runs.run_case(Case(FIPS, (2000, 2030)))


def test_an_engine_that_takes_too_long_is_ended(own_folder: Path) -> None:
    job = Job([Case(FIPS, (2000, 2018))], timeout=0.2).start().wait()
    assert "did not finish within 0.2 s" in next(iter(job.failed.values()))
    assert not _scratch_of(os.getpid())


def test_cancelling_stops_at_once_and_leaves_nothing(own_folder: Path) -> None:
    cases = [Case(FIPS, (2000, 2018), Change(n_rate=10.0 * i)) for i in range(10)]
    job = Job(cases).start()
    _until(lambda: _scratch_of(os.getpid()))
    job.cancel()
    job.wait()
    assert not job.running and not job.failed and len(job.runs) < len(cases)
    assert not _scratch_of(os.getpid())
    assert len(list((own_folder / "whatif").glob("*.npz"))) == len(job.runs)


def test_an_engine_that_is_killed_fails_its_case_alone_and_leaves_nothing(own_folder: Path) -> None:
    long, short = Case(FIPS, (2000, 2018)), Case(FIPS, YEARS)
    job = Job([long, short], workers=1).start()
    _until(lambda: _engines_in(_scratch_of(os.getpid())))
    os.kill(_engines_in(_scratch_of(os.getpid()))[0], signal.SIGKILL)
    job.wait()
    assert "the engine stopped" in job.failed[long] and short in job.runs
    assert not _scratch_of(os.getpid())
    assert len(list((own_folder / "whatif").glob("*.npz"))) == 1


def test_a_long_simulation_waits_for_a_place_as_a_what_if_does(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    plan = benchmark.Plan("century", (168.0,), (2000, 2000), "alternate")
    with workspace.place():
        work = threading.Thread(target=benchmark.run_piece, args=(plan, (FIPS, 168.0, "corn"), own_folder / "a.npz"))
        work.start()
        time.sleep(0.5)
        assert not _engines_in(_scratch_of(os.getpid()))
    work.join()
    assert (own_folder / "a.npz").exists()


def test_a_killed_process_leaves_no_half_result_and_its_scratch_is_swept(own_folder: Path) -> None:
    code = f"from agroflux.simulation.runs import *; run_case(Case({FIPS!r}, (2000, 2018)))"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    _until(lambda: _engines_in(_scratch_of(process.pid)))
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = _scratch_of(process.pid)
    assert left and _engines_in(left)
    assert not list((own_folder / "whatif").glob("*.npz"))
    runs.tidy()
    assert not _scratch_of(process.pid)
    _until(lambda: not _engines_in(left))
    assert runs.run_case(Case(FIPS, YEARS)).daily.shape[0] == 731, "the dead process held no place"


def test_the_scratch_of_a_living_process_is_not_swept() -> None:
    with workspace.scratch() as folder:
        workspace.sweep()
        assert folder.is_dir()


def test_five_sessions_with_ten_scenarios_each_all_finish(own_folder: Path) -> None:
    code = textwrap.dedent(f"""
        import sys
        from agroflux.simulation.runs import *
        start = int(sys.argv[1])
        job = Job([Case({FIPS!r}, {YEARS}, Change(n_rate=float(i % 8))) for i in range(start, start + 10)])
        job.start().wait()
        sys.exit(len(job.runs) != 8 or bool(job.failed))
    """)
    sessions = [
        subprocess.Popen([sys.executable, "-c", code, str(i)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        for i in range(5)
    ]
    most = 0
    while any(s.poll() is None for s in sessions):
        most = max(most, len(_engines_in([p for s in sessions for p in _scratch_of(s.pid)])))
        time.sleep(0.02)
    assert [s.returncode for s in sessions] == [0] * 5
    assert 0 < most <= (os.cpu_count() or 1)
    assert len(list((own_folder / "whatif").glob("*.npz"))) == 8


def test_abandoned_and_surplus_files_are_removed(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEEP_RUNS", 2)
    place = own_folder / "whatif"
    place.mkdir()
    ages = {"a.npz": 300, "b.npz": 200, "c.npz": 100, "x.1-1.part": 7200, "y.1-1.part": 10}
    for name, age in ages.items():
        (place / name).touch()
        os.utime(place / name, (time.time() - age,) * 2)
    runs.tidy()
    assert sorted(p.name for p in place.iterdir()) == ["b.npz", "c.npz", "y.1-1.part"]
    (place / "y.1-1.part").unlink()


def test_yearly_effects_are_worked_out_by_hand() -> None:
    days = pd.date_range("2001-01-01", "2002-12-31", name="time")
    corn = (days.year == 2001).astype(float)
    daily = pd.DataFrame(0.0, index=days, columns=list(runs.KEPT)).assign(GPP=2.0, NEE=-1.0, CROP=corn)
    daily["N2O_FLUX"] = np.where(corn, 0.001, 0.0005)  # g N m-2 d-1
    annual = pd.DataFrame(
        {"Yield": [420.0, 126.0], "Delta_SOC": [5.0, -3.0]}, index=pd.Index([2001, 2002], name="year")
    )
    less = Change(n_rate=84)
    both = [runs.Run(Case(FIPS, (2001, 2002)), daily, annual, False)]
    both += [runs.Run(Case(FIPS, (2001, 2002), less), daily.assign(**daily.drop(columns="CROP") * 0.5), annual, False)]
    table = effects.yearly(both)
    first = table.iloc[0]
    assert (first["crop"], first["corn_yield"], first["gpp"]) == ("corn", pytest.approx(10.0), pytest.approx(730))
    assert first["n2o"] == pytest.approx(3.65)  # kg N ha-1
    mean = effects.means(table)
    assert mean.loc["usual practice", ["n2o", "corn_yield", "soybean_yield", "delta_soc"]].tolist() == pytest.approx(
        [(3.65 + 1.825) / 2, 10.0, 3.0, 1.0]
    )
    assert effects.differences(table, "usual practice", less.label()).loc[FIPS, "gpp"] == pytest.approx(-365)
    curve = effects.trade_off({0.0: [both[1]], 168.0: [both[0]]})
    assert (curve.optimum, curve.enough) == (0.0, 0.0)
    assert curve.curve.loc[168.0, "scaled"] == pytest.approx((3.65 + 1.825) / 13)
    beans = runs.Run(Case(FIPS, (2002, 2002)), daily.loc["2002"], annual.loc[2002:], False)
    with pytest.raises(SelectionError, match="no corn grows"):
        effects.trade_off({0.0: [beans], 168.0: [beans]})


def _engines_in(folders: list[Path]) -> list[int]:
    """Process numbers of the engines that run in one of ``folders``."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            inside = any(place.readlink().is_relative_to(folder) for folder in folders)
        except OSError:
            continue
        if inside:
            found.append(int(place.parent.name))
    return found


def _until(true: object, patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come"
        threading.Event().wait(0.01)


def test_enough_nitrogen_gives_95_percent_of_the_highest_yield() -> None:
    days = pd.date_range("2001-01-01", "2001-12-31", name="time")
    daily = pd.DataFrame(0.0, index=days, columns=list(runs.KEPT)).assign(CROP=1.0, N2O_FLUX=0.001)

    def run(rate: float, grain: float) -> runs.Run:
        annual = pd.DataFrame({"Yield": [grain], "Delta_SOC": [0.0]}, index=pd.Index([2001], name="year"))
        return runs.Run(Case(FIPS, (2001, 2001), Change(n_rate=rate)), daily, annual, False)

    grain = {84.0: 385.0, 168.0: 400.0, 252.0: 420.0}
    curve = effects.trade_off({rate: [run(rate, value)] for rate, value in grain.items()})
    assert (curve.enough, curve.optimum) == (168.0, 252.0)
