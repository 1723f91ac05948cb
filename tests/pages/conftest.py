"""Fixtures of tests of "Run on a region": two untrained models, and the files that the page offers."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from agroflux import paths
from agroflux.ui import region_models
from tests.pages import untrained


@pytest.fixture
def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two untrained models that differ in their weights, the only ones that the page sees."""
    folder = tmp_path / "models"
    for seed, name in enumerate(("first", "second")):
        untrained.save(folder, name, seed)
    monkeypatch.setattr(paths, "MODELS", folder)
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    yield folder


@pytest.fixture
def region_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Every CSV file that the page offers, by name; the first page is run before it and has its own."""
    held: dict[str, pd.DataFrame] = {}

    def keep(frame: pd.DataFrame, name: str, *_: object, **__: object) -> None:
        held.update({name: frame} if name.startswith("region-") else {})

    monkeypatch.setattr(region_models.show, "csv", keep)
    return held
