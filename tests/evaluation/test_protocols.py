"""Scores of a data set under a protocol: rows, the right days, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from agroflux import schema
from agroflux.data.store import write_store
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import metrics, protocols
from agroflux.inference.predict import load, predict
from tests.inference.conftest import model, model_path, simulation  # noqa: F401

COLUMNS = ["model", "data", "protocol", "experiment", "target", "n", "r2", "rmse", "mae", "bias", "nse", "kge"]


@pytest.fixture(scope="module")
def store(simulation: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    path = tmp_path_factory.mktemp("data") / "tiny.zarr"
    write_store(simulation, path)
    return path


def test_rows_are_the_scores_of_the_test_years(
    model_path: Path,  # noqa: F811
    store: Path,
    simulation: xr.Dataset,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocols, "SITE_BLOCK", 2)
    rows = protocols.evaluate(str(model_path), str(store))
    assert [row["target"] for row in rows] == list(schema.TARGETS)
    assert all(list(row) == COLUMNS for row in rows)
    assert {(row["model"], row["protocol"], row["experiment"]) for row in rows} == {("lstm-tiny", "clean", "temporal")}
    test = predict(load(model_path), simulation, years=[2003, 2004])
    late = simulation.isel(time=slice(1095, None))
    want = metrics.score(late["NO3_1"].values, test["NO3_1"].values)
    got = next(row for row in rows if row["target"] == "NO3_1")
    assert {k: got[k] for k in want} == pytest.approx(want, rel=1e-4)
    annual = next(row for row in rows if row["target"] == "Yield")
    want = metrics.score(simulation["Yield"].sel(year=[2003, 2004]).values, test["Yield"].values)
    assert annual["n"] == 12
    assert {k: annual[k] for k in want} == pytest.approx(want, rel=1e-4)


def test_climatology_is_fitted_on_the_years_before(store: Path, simulation: xr.Dataset) -> None:  # noqa: F811
    rows = protocols.evaluate("climatology", str(store))
    assert [row["target"] for row in rows] == list(schema.TARGETS)
    assert {row["n"] for row in rows if row["target"] == "GPP"} == {3 * 2 * 365}
    assert next(row for row in rows if row["target"] == "GPP")["r2"] > 0.5


def test_what_cannot_be_scored_is_refused(model_path: Path, simulation: xr.Dataset, tmp_path: Path) -> None:  # noqa: F811
    late = tmp_path / "late.zarr"
    write_store(simulation.isel(time=slice(0, 1095), year=slice(0, 3)), late)
    with pytest.raises(SelectionError, match=r"none of the test years 2003, 2004"):
        protocols.evaluate(str(model_path), str(late))
    with pytest.raises(SelectionError, match="at least 4"):
        protocols.evaluate("climatology", str(late))
    with pytest.raises(ModelError, match="trained under clean temporal"):
        protocols.evaluate(str(model_path), str(late), protocol="official")
    with pytest.raises(SelectionError, match="unknown protocol"):
        protocols.evaluate(str(model_path), str(late), protocol="nice")
    with pytest.raises(SelectionError, match="needs the training years 1999"):
        protocols.climatology_rows(simulation, [1999], [2003], {})


def test_scores_ignore_what_the_model_was_not_asked(simulation: xr.Dataset) -> None:  # noqa: F811
    gaps = simulation.copy(deep=True)
    gaps["GPP"][0] = np.nan
    rows = protocols.climatology_rows(gaps, [2000, 2001, 2002], [2004], {"model": "climatology"})
    assert {row["target"]: row["n"] for row in rows}["GPP"] == 2 * 2 * 365
