"""A small model made on the spot, for tests of pages: valid in every way but never trained."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agroflux import paths, schema
from agroflux.data import catalog
from agroflux.data.select import select

ID = "lstm-untrained"


@contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """``folder`` with the untrained model alone in the place of the models that ship."""
    save(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        yield folder


def save(folder: Path, name: str = ID, seed: int = 5) -> Path:
    """Write model and card into ``folder`` as ``name``; scalers are those of two counties of the bundled simulation."""
    import torch

    from agroflux.baselines import checkpoint, registry
    from agroflux.baselines.card import Card

    torch.manual_seed(seed)
    changes = {"hidden": 8}
    card = Card(
        id=name, title="LSTM, not trained", model="lstm", config=registry.configuration("lstm", **changes),
        drivers=[[name, schema.get(name).unit] for name in schema.DRIVERS],
        targets=[[name, schema.get(name).unit] for name in schema.TARGETS],
        warmup_days=30, protocol="clean", experiment="temporal",
        split={"train": list(range(2000, 2015)), "validate": [2015, 2016], "test": [2017, 2018]},
        data={"id": "cornbelt-century"}, training={}, code_version="test", command="test", seed=seed, synthetic=False,
    )  # fmt: skip
    network = registry.build("lstm", **changes)
    made = checkpoint.Checkpoint(card, network, _scaler(schema.DRIVERS), _scaler(schema.TARGETS))
    return checkpoint.save(made, folder)


def _scaler(names: tuple[str, ...]) -> Any:
    from agroflux.data.scaling import Scaler

    ds = select(catalog.open_dataset("cornbelt-century"), sites=["19027", "17019"], years=[2016, 2017], n_rate=168)
    mean = np.array([float(ds[name].mean()) for name in names], np.float32)
    spread = np.array([max(float(ds[name].std()), 1e-3) for name in names], np.float32)
    return Scaler(names, mean, spread)


def numbers(values: Any) -> np.ndarray:
    """An array of a Plotly figure as it is sent: a list, or base64 with its type."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).astype(float)
    return np.array([np.nan if value is None else value for value in values], dtype=float)
