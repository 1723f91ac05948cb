"""``agroflux evaluate`` as a user calls it."""

import json
from pathlib import Path

import pytest
import xarray as xr

from agroflux.cli import main
from agroflux.data.store import write_store
from tests.inference.conftest import model, model_path, simulation  # noqa: F401


def test_json_rows_and_messages(
    model_path: Path,  # noqa: F811
    simulation: xr.Dataset,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = tmp_path / "tiny.zarr"
    write_store(simulation, store)
    for model_name in (str(model_path), "climatology"):
        with pytest.raises(SystemExit) as stopped:
            main(["evaluate", "--model", model_name, "--data", str(store), "--json"])
        assert not stopped.value.code
        rows = json.loads(capsys.readouterr().out)
        assert len(rows) == 20
        assert {"model", "data", "protocol", "experiment", "target", "n", "r2", "rmse", "mae"} <= set(rows[0])
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", "--model", str(model_path), "--data", str(store), "--protocol", "official"])
    assert stopped.value.code == 2
    assert "trained under clean temporal" in capsys.readouterr().err


def test_a_part_of_the_rates_is_scored(
    simulation: xr.Dataset,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = tmp_path / "tiny.zarr"
    write_store(simulation, store)
    rate = f"{float(simulation['n_rate'].values[0]):g}"
    days = {}
    for name, more in (("all", []), ("one", ["--rates", rate])):
        with pytest.raises(SystemExit) as stopped:
            main(["evaluate", "--model", "climatology", "--data", str(store), "--json", *more])
        assert not stopped.value.code
        days[name] = json.loads(capsys.readouterr().out)[0]["n"]
    assert 0 < days["one"] * simulation.sizes["scenario"] == days["all"]
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", "--model", "climatology", "--data", str(store), "--rates", "999"])
    assert stopped.value.code == 2
    assert "no N rate 999" in capsys.readouterr().err
