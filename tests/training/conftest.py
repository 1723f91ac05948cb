"""What the tests of transfer share: a small untrained network under the shipped model's scalers, real towers."""

import dataclasses

import pytest
import torch

from agroflux.baselines import checkpoint, registry
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import catalog
from agroflux.training import site_years
from agroflux.training.site_years import SiteYears

TARGETS = ("NEE", "GPP")


@pytest.fixture(scope="session")
def shipped() -> Checkpoint:
    return checkpoint.load("lstm-cornbelt-century")


@pytest.fixture(scope="session")
def small(shipped: Checkpoint) -> Checkpoint:
    """An LSTM of 6 units, as new, with the scalers of the shipped model."""
    config = {"hidden": 6, "layers": 1, "memory_days": 730.0}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = registry.build("lstm", **config).requires_grad_(False)
    return dataclasses.replace(shipped, card=dataclasses.replace(shipped.card, config=config), network=network)


@pytest.fixture(scope="session")
def towers(shipped: Checkpoint) -> SiteYears:
    return site_years.build(catalog.open_dataset("towers-sample"), shipped.drivers, TARGETS)
