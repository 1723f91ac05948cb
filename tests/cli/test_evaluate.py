"""``agroflux evaluate`` as a user calls it."""

import json
from pathlib import Path

import pytest
import xarray as xr

from agroflux.cli import main
from agroflux.data.store import write_store
from tests.inference.conftest import model, model_path, simulation  # noqa: F401


@pytest.fixture
def store(simulation: xr.Dataset, tmp_path: Path) -> Path:  # noqa: F811
    return write_store(simulation, tmp_path / "tiny.zarr")


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *map(str, args)])
    return int(stopped.value.code or 0)


def test_json_rows_and_messages(
    model_path: Path,  # noqa: F811
    store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for model_name in (str(model_path), "climatology"):
        assert run("--model", model_name, "--data", store, "--json") == 0
        rows = json.loads(capsys.readouterr().out)
        assert len(rows) == 20
        assert {"model", "data", "protocol", "experiment", "target", "n", "r2", "rmse", "mae"} <= set(rows[0])
    assert run("--model", model_path, "--data", store, "--protocol", "official") == 2
    assert "trained under clean temporal" in capsys.readouterr().err


def test_a_part_of_the_rates_is_scored(
    simulation: xr.Dataset,  # noqa: F811
    store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = ("--model", "climatology", "--data", store)
    days = []
    for more in ((), ("--rates", f"{float(simulation['n_rate'].values[0]):g}")):
        assert run(*usual, "--json", *more) == 0
        days.append(json.loads(capsys.readouterr().out)[0]["n"])
    assert days[0] == days[1] * simulation.sizes["scenario"] > 0
    assert run(*usual, "--rates", "999") == 2
    assert "no N rate 999" in capsys.readouterr().err


def test_counties_and_peak_days_of_one_target(
    simulation: xr.Dataset,  # noqa: F811
    store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = ("--model", "climatology", "--data", store, "--target", "N2O_FLUX")
    assert run(*usual, "--json") == 0
    (pooled,) = json.loads(capsys.readouterr().out)
    assert run(*usual, "--by-county", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["site"] for row in rows] == simulation["site"].values.tolist()
    assert sum(row["n"] for row in rows) == pooled["n"]
    assert sum(row["n"] * row["bias"] for row in rows) == pytest.approx(pooled["n"] * pooled["bias"])
    assert not any("r2_low" in row for row in rows), "one county has no interval of its own"
    assert run(*usual) == 0
    out = capsys.readouterr().out
    assert "peak days, above the 90th percentile" in out and "hit_rate" in out and "false_alarm_rate" in out
    assert run("--model", "climatology", "--data", store, "--target", "N2O") == 2
    assert "unknown target 'N2O': choose one of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--model", "climatology"), "the data set has none: give a simulation"),
        (("--model", "lstm-cornbelt-century", "--rates", "0"), "leave --rates and --phases out"),
        (("--model", "lstm-cornbelt-century", "--phases", "one"), "leave --rates and --phases out"),
    ],
)
def test_measurements_have_no_rates_and_that_is_said(
    args: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--data", "towers-sample", *args) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
