"""A region run: selection, progress, spread, and messages."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from agroflux import paths
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data.store import write_store
from agroflux.errors import AgroFluxError, ModelError, SelectionError
from agroflux.inference.predict import predict
from agroflux.inference.region import available_models, run_region


def test_by_path_and_in_memory_it_is_the_same(
    model: Checkpoint, model_path: Path, simulation: xr.Dataset, tmp_path: Path
) -> None:
    store = tmp_path / "tiny.zarr"
    write_store(simulation, store)
    seen: list[tuple[int, int]] = []
    sites = ["19005", "19001"]
    told = run_region(model_path, store, sites, [2003], 336, lambda done, total: seen.append((done, total)))
    held = run_region(model, simulation, sites, [2003], 336)
    assert sorted(told["site"].values.tolist()) == sorted(sites)
    assert told["n_rate"].values.tolist() == [336]
    assert seen[-1] == (2, 2)
    np.testing.assert_allclose(told["GPP"], held["GPP"], atol=1e-4)
    whole = predict(model, simulation, years=[2003]).sel(site=told["site"]).isel(scenario=[1])
    np.testing.assert_allclose(told["GPP"], whole["GPP"], atol=1e-4)


def test_what_cannot_be_run_says_why(model: Checkpoint, simulation: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="pick at least one"):
        run_region(model, simulation, [], [2003])
    with pytest.raises(SelectionError, match="99999"):
        run_region(model, simulation, ["99999"], [2003])
    with pytest.raises(SelectionError, match="2031"):
        run_region(model, simulation, None, [2031])
    with pytest.raises(AgroFluxError, match="100"):
        run_region(model, simulation, None, [2003], 100)
    with pytest.raises(ModelError, match="nowhere"):
        run_region("nowhere", simulation)


def test_cards_are_found(model_path: Path) -> None:
    assert [card["id"] for card in available_models(model_path.parent)] == ["lstm-tiny"]


def test_of_the_first_simulator_the_most_skilful_comes_first_and_other_seeds_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def skill(card: dict[str, Any]) -> float:
        rows = [row for row in card["scores"] if row["model"] == card["id"]]
        return float(sum(row["r2"] for row in rows) / len(rows))

    def add(card: dict[str, Any], name: str, **changes: Any) -> None:
        better = [row | {"model": name, "r2": 0.999} for row in card["scores"] if row["model"] == card["id"]]
        text = json.dumps(card | {"id": name, "scores": better} | changes)
        (tmp_path / f"{name}.json").write_text(text)
        shutil.copy(paths.MODELS / f"{card['id']}.safetensors", tmp_path / f"{name}.safetensors")

    usual = [c for c in available_models() if c["data"]["id"] == "cornbelt-century" and not c["seed"]]
    assert [skill(card) for card in usual] == sorted((skill(card) for card in usual), reverse=True)
    for card in usual[:2]:
        for ending in ("json", "safetensors"):
            shutil.copy(paths.MODELS / f"{card['id']}.{ending}", tmp_path)
    add(usual[1], "tcn-seed", seed=1)
    add(usual[0], "lstm-ceres", data=usual[0]["data"] | {"id": "cornbelt-ceres"})
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    monkeypatch.setattr(paths, "user_models", lambda: tmp_path / "none")
    found = [card["id"] for card in available_models()]
    assert found == [usual[0]["id"], usual[1]["id"], "tcn-seed", "lstm-ceres"]
