"""The catalog: bundled data sets, a user's own, and broken ones that must not break the list."""

import os
from pathlib import Path

import pytest
import xarray as xr

from agroflux.data import catalog
from agroflux.data.store import write_store
from agroflux.errors import DataError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    return tmp_path / "datasets"


def test_measured_towers_ship_with_licence_and_citation() -> None:
    entry = catalog.get("towers-sample")
    facts = catalog.describe(entry)
    assert (entry.kind, entry.synthetic, entry.ok) == ("observation", False, True)
    assert "CC-BY-4.0" in entry.licence and "10.17190/AMF/1246149" in entry.citation
    assert facts["n_sites"] == 2 and facts["start"] == "2009-01-01" and "NEE_qc" in facts["variables"]


def test_own_data_are_listed_opened_and_described(folder: Path, tiny_simulation: xr.Dataset) -> None:
    write_store(tiny_simulation, folder / "mine.zarr.zip")
    entry = catalog.get("mine")
    assert entry.ok and entry.synthetic and entry.title == tiny_simulation.attrs["title"]
    facts = catalog.describe(entry)
    assert facts["n_rates"] == [0.0, 168.0] and facts["years"] == [2015, 2016] and facts["size_mb"] > 0
    by_id, by_path = catalog.open_dataset("mine"), catalog.open_dataset(folder / "mine.zarr.zip")
    assert by_id.sizes == by_path.sizes == tiny_simulation.sizes


def test_a_broken_file_is_listed_with_its_reason(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "bad.zarr.zip").write_bytes(b"PK no")
    bad = catalog.get("bad")
    assert not bad.ok and bad.kind == catalog.UNREADABLE and "bad.zarr.zip" in bad.status
    assert catalog.describe(bad)["variables"] == [] and bad not in catalog.entries(only_ok=True)
    assert catalog.get("towers-sample").ok
    with pytest.raises(DataError, match=r"bad\.zarr\.zip"):
        catalog.open_dataset("bad")


def test_version_follows_the_file(folder: Path, tiny_observation: xr.Dataset) -> None:
    path = write_store(tiny_observation, folder / "mine.zarr.zip")
    before = catalog.get("mine").version()
    assert catalog.get("mine").version() == before
    os.utime(path, ns=(1, 1))
    assert catalog.get("mine").version() != before


def test_a_name_that_is_taken_gets_its_own(folder: Path, tiny_observation: xr.Dataset) -> None:
    write_store(tiny_observation, folder / "towers-sample.zarr")
    assert catalog.get("towers-sample-user").path.parent == folder
    assert catalog.get("towers-sample").path.parent != folder


def test_unknown_names_and_paths_say_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"choose one of.*towers-sample"):
        catalog.open_dataset("nowhere")
    with pytest.raises(DataError, match="no data set at"):
        catalog.open_dataset(tmp_path / "nowhere.zarr")
