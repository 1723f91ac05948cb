"""NetCDF made by others: what lies in another file, or opens into too much, is refused before anything is read."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from agroflux.data import array_limits, catalog, contract_file, hdf5_enclosed, store
from agroflux.errors import DataError

REMEDY = "write all values into the file itself"


@pytest.fixture
def sound(tmp_path: Path, tiny_observation: xr.Dataset) -> Path:
    """A data set of the contract as NetCDF."""
    path = tmp_path / "mine.nc"
    tiny_observation.assign_attrs(synthetic=1).to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture
def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """xarray must not be asked to open anything."""

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("xarray was asked to open the file")

    monkeypatch.setattr(store.xr, "open_dataset", opened)


def _replaced(file: h5py.File, make: Callable[[tuple[int, ...]], h5py.Dataset]) -> None:
    """NEE, made anew by ``make`` from its shape, with units and dimensions as before."""
    shape, units = file["NEE"].shape, file["NEE"].attrs["units"]
    del file["NEE"]
    made = make(shape)
    made.attrs["units"] = units
    for place, name in enumerate(("site", "time")):
        made.dims[place].attach_scale(file[name])


def _external(file: h5py.File, secret: Path) -> None:
    def make(shape: tuple[int, ...]) -> h5py.Dataset:
        return file.create_dataset("NEE", shape, "u1", external=[(str(secret), 0, int(np.prod(shape)))])

    _replaced(file, make)


def _virtual(file: h5py.File, secret: Path) -> None:
    def make(shape: tuple[int, ...]) -> h5py.Dataset:
        layout = h5py.VirtualLayout(shape, "f4")
        layout[...] = h5py.VirtualSource(str(secret), "v", shape)
        return file.create_virtual_dataset("NEE", layout)

    _replaced(file, make)


def _external_link(file: h5py.File, secret: Path) -> None:
    del file["NEE"]
    file["NEE"] = h5py.ExternalLink(str(secret), "/v")


def _soft_link(file: h5py.File, secret: Path) -> None:
    del file["NEE"]
    file["NEE"] = h5py.SoftLink("/away/v")
    file["away"] = h5py.ExternalLink(str(secret), "/")


def _deep(file: h5py.File, secret: Path) -> None:
    file.create_group("a/b")["c"] = h5py.ExternalLink(str(secret), "/v")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_external, r"mine\.nc: NEE holds values in another file \(external storage\)"),
        (_virtual, r"mine\.nc: NEE holds values in another file \(virtual data set\)"),
        (_external_link, r"mine\.nc: NEE holds values in another file or place \(external link\)"),
        (_soft_link, r"mine\.nc: NEE holds values in another file or place \(link\)"),
        (_deep, r"mine\.nc: a/b/c holds values in another file or place \(external link\)"),
    ],
)
@pytest.mark.parametrize("pipe", [False, True])
@pytest.mark.usefixtures("unopened")
def test_values_in_another_file_are_refused(
    spoil: Callable[[h5py.File, Path], None], words: str, pipe: bool, sound: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    if pipe:
        os.mkfifo(secret)  # reading it would wait forever
    else:
        secret.write_bytes(b"secret " * 1000)
    with h5py.File(sound, "r+") as file:
        spoil(file, secret)
    for read in (contract_file.read, store.open_store):
        with pytest.raises(DataError, match=f"{words}: {REMEDY}"):
            read(sound)


def test_a_data_set_in_the_own_folder_is_checked_too(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    place = sound.rename(tmp_path / "datasets" / "mine.nc")
    assert catalog.get("mine").ok
    with h5py.File(place, "r+") as file:
        _external(file, tmp_path / "secret")
    assert "holds values in another file" in catalog.get("mine").status


@pytest.mark.usefixtures("unopened")
def test_a_small_file_that_opens_into_much_is_refused(sound: Path) -> None:
    with h5py.File(sound, "w") as file:
        file.create_dataset("time", (60_000_000,), "i4", chunks=(1_000_000,), compression="gzip", fillvalue=5)
    assert sound.stat().st_size < 100_000
    for read in (contract_file.read, store.open_store):
        with pytest.raises(DataError, match=r"mine\.nc: time has 60,000,000 values along one dimension.*5,000,000"):
            read(sound)


@pytest.mark.usefixtures("unopened")
def test_values_of_all_variables_count_together_and_by_each_name(sound: Path) -> None:
    with h5py.File(sound, "w") as file:
        file.create_dataset("a", (1000, 60_000), "f4", chunks=(1000, 1000), compression="gzip")
        for name in "bcdef":
            file[name] = file["a"]  # xarray would read one array under six names
    with pytest.raises(DataError, match=r"mine\.nc unpacks to 2\.9 GB, more than the 2 GB that are read"):
        contract_file.read(sound)


@pytest.mark.usefixtures("unopened")
def test_long_texts_are_counted(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5_enclosed, "MAX_FILE", 1_000_000)
    monkeypatch.setattr(array_limits, "MAX_FILE", 1_000_000)
    monkeypatch.setattr(hdf5_enclosed, "_PIECE", 100_000)
    with h5py.File(sound, "w") as file:
        names = ["x" * 1000] * 2000
        file.create_dataset("site", data=names, dtype=h5py.string_dtype())
    with pytest.raises(DataError, match=r"mine\.nc unpacks to .* split it"):
        contract_file.read(sound)


def test_a_chunk_larger_than_memory_is_refused() -> None:
    with pytest.raises(DataError, match=r"f: NEE must be read 8\.0 GB at a time.*smaller chunks"):
        array_limits.array_bytes("f", "NEE", (1, 10), (1000, 1_000_000), 8)
    assert array_limits.array_bytes("f", "NEE", (100, 1000), None, 8) == 800_000


def test_groups_that_hold_themselves_or_go_too_deep_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "ring.nc", "w") as file:
        file.create_group("a")["b"] = file["/"]
    with pytest.raises(DataError, match=r"ring\.nc: group a/b is held twice, or holds itself"):
        hdf5_enclosed.check(tmp_path / "ring.nc")
    with h5py.File(tmp_path / "deep.nc", "w") as file:
        file.create_group("/".join("abcdefghij")).create_group("k")
    with pytest.raises(DataError, match=r"deep\.nc holds more than .* 8 deep"):
        hdf5_enclosed.check(tmp_path / "deep.nc")
    with h5py.File(tmp_path / "many.nc", "w") as file:
        for number in range(hdf5_enclosed.MAX_NAMES + 1):
            file.create_group(str(number))
    with pytest.raises(DataError, match=r"many\.nc holds more than 2,000 names"):
        hdf5_enclosed.check(tmp_path / "many.nc")


def test_records_are_refused_and_text_is_not(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file.create_dataset("site", data=["a", "b"] * 40, dtype=h5py.string_dtype())
        file.create_dataset("crop", data=np.array([[b"corn"] * 9] * 9))
    hdf5_enclosed.check(tmp_path / "a.nc", 1e6)
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file["rows"] = np.zeros(3, [("x", "f4"), ("y", "f4")])
    with pytest.raises(DataError, match=r"a\.nc: rows holds records"):
        hdf5_enclosed.check(tmp_path / "a.nc")
