"""A small untrained checkpoint whose scalers fit the tiny data set."""

from pathlib import Path

import pytest
import torch
import xarray as xr

from agroflux import schema
from agroflux.baselines import checkpoint, registry
from agroflux.baselines.card import Card
from agroflux.training import batches
from tests.synthetic_contract import tiny


@pytest.fixture(scope="session")
def simulation() -> xr.Dataset:
    return tiny(3, 2, 5)


@pytest.fixture(scope="session")
def model(simulation: xr.Dataset) -> checkpoint.Checkpoint:
    torch.manual_seed(3)
    _, x, y = batches.load(simulation, [2000, 2001], [2000, 2001])
    pairs = [[[n, schema.get(n).unit] for n in names] for names in (schema.DRIVERS, schema.TARGETS)]
    split = {"train": [2000, 2001], "validate": [2002], "test": [2003, 2004], "scaler": [2000, 2001]}
    config = registry.configuration("lstm", hidden=12)
    card = Card(
        id="lstm-tiny", title="LSTM of the tests", model="lstm", config=config, drivers=pairs[0], targets=pairs[1],
        warmup_days=730, protocol="clean", experiment="temporal", split=split, data={"id": "tiny"}, training={},
        code_version="0", command="none", seed=3, synthetic=True,
    )  # fmt: skip
    network = registry.build("lstm", hidden=12).eval().requires_grad_(False)
    return checkpoint.Checkpoint(card, network, x, y)


@pytest.fixture(scope="session")
def model_path(model: checkpoint.Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint.save(model, tmp_path_factory.mktemp("models"))
