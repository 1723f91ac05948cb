"""``agroflux whatif`` with the real engine: JSON alone, a table for people, each mistake in one line."""

import json
import resource
import sys
from functools import partial
from pathlib import Path

import pytest

from agroflux.simulation import effects, runs
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import USUAL, Change
from tests.cli.conftest import Call

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


@pytest.fixture
def run(call: Call) -> Call:
    """Call ``agroflux whatif``."""
    return partial(call, "whatif")


def test_baseline_scenario_and_difference(run: Call, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("scenarios:\n  none at all: {n_rate: 0}\n")
    common = ("--sites", "19015", "--years", "2000-2001", "--scenario", str(file), "--change", "n_rate=84")
    code, out, _ = run(*common, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["simulated"] is True
    assert told["scenarios"] == {"none at all": {"n_rate": 0.0}, "84 kg N ha-1": {"n_rate": 84.0}}
    n2o = {row["scenario"]: row for row in told["results"] if row["quantity"] == "N2O emission"}
    assert n2o["none at all"]["difference"] < n2o["84 kg N ha-1"]["difference"] < 0
    for row in told["results"]:
        assert row["with change"] - row["baseline"] == pytest.approx(row["difference"])
    assert len(told["yearly"]) == 3 * 2
    means = effects.means(
        effects.yearly(runs.run_case(Case("19015", (2000, 2001), c)) for c in (USUAL, Change(n_rate=84)))
    )
    assert n2o["84 kg N ha-1"]["baseline"] == pytest.approx(means.loc["usual practice", "n2o"], rel=1e-12)
    assert n2o["84 kg N ha-1"]["with change"] == pytest.approx(means.loc["84 kg N ha-1", "n2o"], rel=1e-12)
    code, out, _ = run(*common)
    assert code == 0
    assert "Simulated" in out and "Change of soil carbon" in out


@pytest.mark.parametrize("model", ["century", "ceres"])
def test_the_table_names_its_soil_model_and_has_a_dash_for_a_crop_that_did_not_grow(run: Call, model: str) -> None:
    code, out, _ = run("--sites", "19015", "--years", "2000", "--change", "n_rate=84", "--model", model)
    assert code == 0 and "nan" not in out
    assert f"Simulated, soil model {model}, 2000, mean of 19015" in " ".join(out.split())
    (corn,) = [line for line in out.replace("│", "|").splitlines() if "Corn yield" in line]
    assert [cell.strip() for cell in corn.split("|")[4:7]] == ["-"] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sites", "99999", "--change", "n_rate=84"), "'99999' is not one of the 99"),
        (("--sites", "19015", "--change", "n_rate=900"), "outside 0 to 336"),
        (("--sites", "19015"), "nothing differs"),
        (("--sites", "19015", "--change", "n_rate=168"), "nothing differs"),
        (("--sites", "19015", "--change", "n_rate=84", "--years", "2009-2050"), "the weather allows"),
        (("--sites", "19015", "--scenario", "nowhere.yaml"), "cannot be read"),
        (("--sites", "19015", "--change", "n_rate=84", "--model", "x"), "not one of century, ceres"),
        (("--sites", ",", "--change", "n_rate=84"), "no county"),
    ],
)
def test_a_mistake_is_one_line(run: Call, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err and len(err.strip().splitlines()) == 1


def test_one_run_that_fails_of_two_is_an_error(run: Call) -> None:
    runs.run_case(Case("19015", (2000, 2000)))  # kept: it needs no engine any more
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # too little for the files of the other run
    try:
        code, out, err = run("--sites", "19015", "--years", "2000", "--change", "n_rate=33", "--json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, out) == (2, "")
    assert "1 of 2 runs failed; 19015: " in err and len(err.strip().splitlines()) == 1


def test_the_levers_are_listed(run: Call) -> None:
    code, out, _ = run("--levers")
    assert code == 0 and "n_rate" in out and "tillage" in out
