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
