"""Scores of a data set under a protocol: rows, the right days, and what is refused."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import schema
from agroflux.data import splits
from agroflux.data.splits import Split
from agroflux.data.store import write_store
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import metrics, protocols, tally
from agroflux.inference.predict import load, predict
from tests.inference.conftest import model, model_path, simulation  # noqa: F401
from tests.synthetic_contract import tiny

METRICS = ["r2", "rmse", "mae", "bias", "nse", "kge"]
COLUMNS = ["model", "data", "protocol", "experiment", "fold", "seed", "target", "n", *METRICS]
COLUMNS += [f"{name}_{end}" for name in METRICS for end in ("low", "high")]


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
    monkeypatch.setattr(tally, "SITE_BLOCK", 2)
    rows = protocols.evaluate(str(model_path), str(store))
    assert [row["target"] for row in rows] == list(schema.TARGETS)
    assert all(list(row)[: len(COLUMNS)] == COLUMNS for row in rows)
    assert all(row["rmse_low"] <= row["rmse"] <= row["rmse_high"] for row in rows)
    assert {row["seed"] for row in rows} == {3}
    assert [row["target"] for row in rows if "peak_hit_rate" in row] == ["N2O_FLUX"]
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


def test_a_model_that_gives_no_number_is_not_scored_on_the_days_left(
    model_path: Path,  # noqa: F811
    simulation: xr.Dataset,  # noqa: F811
) -> None:
    checkpoint = load(model_path)
    head = copy.deepcopy(checkpoint.network)
    with torch.no_grad():
        head.head.bias[schema.TARGETS.index("ET")] = float("nan")
    with pytest.raises(ModelError, match=r"gives no number for ET: its training diverged"):
        protocols.count_model(dataclasses.replace(checkpoint, network=head), simulation)


def test_a_reference_that_gives_no_number_is_not_scored_on_the_days_left(
    simulation: xr.Dataset,  # noqa: F811
) -> None:
    split = Split((2000, 2001, 2002), (), (2004,), ())
    gaps = simulation.copy(deep=True)
    gaps["ET"][..., : 3 * 365] = np.nan
    gaps["Yield"][..., :3] = np.nan
    with pytest.raises(ModelError, match=r"climatology gives no number for Yield, ET .* years 2000-2002 hold none"):
        protocols.count_reference("climatology", gaps, split)


def test_a_reference_is_scored_on_days_of_a_crop_and_rate_that_training_lacked(
    simulation: xr.Dataset,  # noqa: F811
) -> None:
    gaps = simulation.copy(deep=True)
    corn = gaps["CROP"].values[:, : 3 * 365] > 0
    gaps["GPP"].values[:, 0, : 3 * 365][corn] = np.nan
    rows = tally.rows(protocols.count_reference("climatology", gaps, Split((2000, 2001, 2002), (), (2004,), ())), {})
    assert {row["n"] for row in rows if row["target"] == "GPP"} == {3 * 2 * 365}


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
        protocols.count_reference("climatology", simulation, Split((1999,), (), (2003,), ()))


def test_scores_ignore_what_the_model_was_not_asked(simulation: xr.Dataset) -> None:  # noqa: F811
    gaps = simulation.copy(deep=True)
    gaps["GPP"][0] = np.nan
    split = Split((2000, 2001, 2002), (), (2004,), ())
    rows = tally.rows(protocols.count_reference("climatology", gaps, split), {"model": "climatology"})
    assert {row["target"]: row["n"] for row in rows}["GPP"] == 2 * 2 * 365


def test_a_spatial_reference_is_fitted_and_tested_on_other_counties() -> None:
    ds = tiny(5, 2, 6)
    split = splits.make(ds, "clean", "spatial", 3)
    counted = protocols.count_reference("climatology", ds, split)
    assert counted.sites == split.test_sites
    spoilt = ds.copy(deep=True)
    spoilt["GPP"].loc[{"site": list(split.test_sites)}] = np.nan
    fitted = protocols.references.fit("climatology", splits.pick(spoilt, split.train_sites), split.train)
    want = fitted.predict(splits.pick(ds, split.test_sites), slice(4 * 365, 6 * 365))[..., schema.TARGETS.index("GPP")]
    late = splits.pick(ds, split.test_sites)["GPP"].values[..., 4 * 365 :]
    row = next(row for row in tally.rows(counted, {}) if row["target"] == "GPP")
    assert row["rmse"] == pytest.approx(metrics.score(late, want)["rmse"], rel=1e-5)


def test_simulations_are_scored_side_by_side(simulation: xr.Dataset, tmp_path: Path) -> None:  # noqa: F811
    one = write_store(simulation, tmp_path / "one.zarr")
    two = write_store(simulation.assign(GPP=2 * simulation["GPP"]), tmp_path / "two.zarr")
    rows = protocols.evaluate("climatology", f"{one}+{two}")
    assert {row["n"] for row in rows if row["target"] == "GPP"} == {3 * 4 * 365}


@pytest.mark.parametrize("experiment", ["temporal", "chosen"])
def test_an_adapted_model_is_told_where_its_scores_are(experiment: str) -> None:
    """``chosen`` is what its card says, and no experiment to ask for."""
    with pytest.raises(ModelError, match=r"lstm-cornbelt-century adapted to chambers-synthetic.*agroflux transfer"):
        protocols.evaluate(
            "lstm-cornbelt-century-chambers-synthetic-finetune", "cornbelt-century", experiment=experiment
        )
