"""``agroflux simulate``: what is said in vain is refused, and no run takes from a data set that is there."""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from agroflux.cli.simulate import TAKES
from agroflux.data.store import open_store
from tests.cli.conftest import Call

ROOT = Path(__file__).resolve().parent.parent.parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


@pytest.fixture
def run(call: Call) -> Call:
    """Call ``agroflux simulate``."""
    return partial(call, "simulate")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--benchmark --sites 17003", "--benchmark and --sites exclude each other"),
        ("--randomised 3 --sites 17003", "--sites and --randomised exclude each other"),
        ("--randomised 3 --n-rates 20 --phases both", "--n-rates, --phases cannot be told of --randomised"),
        ("--sites 17003 --seed 0", "--seed cannot be told of --sites"),
        ("--benchmark --seed 1", "--seed cannot be told of --benchmark"),
        ("--seed 1", "say what to simulate"),
        ("--sites ,", "say what to simulate"),
        ("--sites 99999", "not benchmark counties: 99999"),
        ("--sites 17003 --phases x", "not one of both, alternate"),
    ],
)
def test_what_is_said_in_vain_is_refused(run: Call, tmp_path: Path, options: str, says: str) -> None:
    code, out, err = run(*options.split(), "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert says in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", [("--sites", "17003"), ("--randomised", "1")])
def test_a_file_is_no_folder_to_write_to(run: Call, tmp_path: Path, what: tuple[str, ...]) -> None:
    (tmp_path / "afile").touch()
    code, _, err = run(*what, "--out", str(tmp_path / "afile"))
    assert code == 2 and "afile is no folder that can be written to" in err


def test_each_thing_to_simulate_is_an_option(run: Call) -> None:
    code, out, _ = run("--help")
    assert code == 0 and all(option in out for option in (*TAKES, *(o for told in TAKES.values() for o in told)))


@linux
def test_a_smaller_run_does_not_replace_a_larger_set(run: Call, tmp_path: Path) -> None:
    target = tmp_path / "cornbelt-century.zarr"
    usual = ("--years", "2000", "--phases", "alternate", "--out", str(tmp_path))
    both = ("--sites", "17003,19015", "--n-rates", "2", *usual)
    for _ in range(2):
        assert run(*both)[0] == 0, "a run that is repeated needs no --force"
    for fewer, says in (
        (("--sites", "17003", "--n-rates", "2"), "holds site 19015, which would be lost"),
        (("--sites", "17003,19015", "--n-rates", "1"), "holds scenario n000, n336, which would be lost"),
    ):
        code, _, err = run(*fewer, *usual)
        assert code == 2 and says in err and "--force" in err
        assert open_store(target).sizes["site"] == open_store(target).sizes["scenario"] == 2
    assert run("--sites", "17003,19015", "--n-rates", "3", *usual)[0] == 0, "nothing is lost"
    assert run("--sites", "17003", "--n-rates", "2", *usual, "--force")[0] == 0
    assert open_store(target)["site"].to_numpy().tolist() == ["17003"]


def test_what_is_no_such_set_is_left_alone(run: Call, tmp_path: Path) -> None:
    (tmp_path / "cornbelt-century.zarr").mkdir()
    code, _, err = run("--sites", "17003", "--out", str(tmp_path))
    assert code == 2 and "is no such data set" in err and "--force" in err


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_clean_keeps_what_was_simulated(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("build/full/parts-century", "build/lib", "dist"):
        (tmp_path / folder).mkdir(parents=True)
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == [
        "Makefile",
        "build",
        "build/full",
        "build/full/parts-century",
    ]
    subprocess.run(["make", "clean-data"], cwd=tmp_path, check=True, capture_output=True)
    assert not (tmp_path / "build" / "full").exists()
