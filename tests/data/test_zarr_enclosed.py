"""Zarr stores made by others: links that lead out, hostile zips, arrays of any size."""

import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
import xarray as xr

from agroflux.data import store
from agroflux.errors import DataError


@pytest.fixture
def folder(tmp_path: Path, tiny_observation: xr.Dataset) -> Path:
    """A data set of the contract as a Zarr folder."""
    return store.write_store(tiny_observation, tmp_path / "a.zarr")


def _pack(folder: Path, *more: tuple[zipfile.ZipInfo, bytes]) -> Path:
    path = folder.with_name("a.zarr.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
        for entry, content in more:
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("name", ["NEE/0.0", "NEE", ".zattrs"])
def test_a_link_out_of_a_folder_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    secret = (folder / name).rename(tmp_path / "secret")
    (folder / name).symlink_to(secret)
    with pytest.raises(DataError, match=rf"a\.zarr: {Path(name).name} is a link to another place: copy the file"):
        store.open_store(folder)


def test_a_folder_that_is_itself_a_link_opens(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zarr").symlink_to(folder)
    assert store.open_store(tmp_path / "b.zarr").sizes["site"] == 1


def test_a_pipe_in_a_folder_is_refused(folder: Path) -> None:
    (folder / "NEE" / "0.0").unlink()
    os.mkfifo(folder / "NEE" / "0.0")  # reading it would wait forever
    with pytest.raises(DataError, match=r"0\.0 is neither a file nor a folder"):
        store.open_store(folder)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "NEE/../../x", "..\\x"])
def test_an_entry_that_points_out_of_a_zip_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(DataError, match="points outside the archive"):
        store.open_store(_pack(folder, (zipfile.ZipInfo(name), b"x")))


def test_a_link_in_a_zip_is_refused(folder: Path) -> None:
    entry = zipfile.ZipInfo("NEE/9.9")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match=r"holds the link 'NEE/9\.9'"):
        store.open_store(_pack(folder, (entry, b"/etc/hostname")))


def test_a_zip_bomb_is_refused_and_a_sound_zip_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.open_store(_pack(folder)).sizes["site"] == 1
    path = _pack(folder, (zipfile.ZipInfo("NEE/9.9"), bytes(60_000_000)))

    def unpacked(*_: object) -> None:
        raise AssertionError("the zip was unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "testzip", unpacked)
    with pytest.raises(DataError, match=r"a\.zarr\.zip unpacks to .* zip bomb"):
        store.open_store(path)


def _told(folder: Path, name: str, **facts: object) -> None:
    """Change what the store says of an array, in both places."""
    held = json.loads((folder / ".zmetadata").read_text())
    held["metadata"][f"{name}/.zarray"] |= facts
    (folder / ".zmetadata").write_text(json.dumps(held))
    (folder / name / ".zarray").write_text(json.dumps(held["metadata"][f"{name}/.zarray"]))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("consolidated", [False, True])
def test_a_dimension_of_any_length_is_refused(
    packed: bool, consolidated: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _told(folder, "time", shape=[60_000_000], fill_value=5)
    if not consolidated:
        (folder / ".zmetadata").unlink()

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("xarray was asked to open the store")

    monkeypatch.setattr(store.xr, "open_zarr", opened)
    with pytest.raises(DataError, match="time has 60,000,000 values along one dimension"):
        store.open_store(_pack(folder) if packed else folder)


@pytest.mark.parametrize(
    "packing",
    [{"filters": [{"id": "pickle", "protocol": 5}]}, {"filters": None, "compressor": {"id": "pickle", "protocol": 5}}],
)
def test_a_codec_that_runs_what_it_reads_is_refused(packing: dict[str, object], folder: Path) -> None:
    """Zarr refuses it by itself; should a later version not, this fails."""
    _told(folder, "lat", **packing)
    (folder / "lat" / "0").write_bytes(b"cos\nabort\n(tR.")
    with pytest.raises(DataError, match=r"a\.zarr cannot be read.*pickle"):
        store.open_store(folder)
