"""Zips as they are downloaded, and zips that are made to do harm."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from agroflux.data import archives, contract_file
from agroflux.data.archives import members, tables
from agroflux.errors import DataError


def _zip(folder: Path, **entries: bytes) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return path


def test_a_file_a_folder_and_a_zip_give_their_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "notes.pdf").write_text("x")
    _zip(tmp_path, inner__b_csv=b"in the zip", picture=b"x")
    found = members(tmp_path)
    assert [m.name for m in found] == ["a.csv", "b.csv"]
    with found[1].open() as stream:
        assert stream.read() == b"in the zip"
    assert [m.name for m in members(tmp_path / "a.csv")] == ["a.csv"]


@pytest.mark.parametrize(
    "name", ["../x.csv", "/etc/x.csv", "a/../../x.csv", "C:/x.csv", "..\\x.csv", "\\x.csv", "a\nb.csv"]
)
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr(name, "1")
    with pytest.raises(DataError, match="points outside"):
        members(tmp_path / "data.zip")


def test_folders_with_backslashes_are_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("a\\b.csv", "1")
    assert [member.name for member in members(tmp_path / "data.zip")] == ["b.csv"]


def test_links_are_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("x.csv")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(DataError, match="link"):
        members(tmp_path / "data.zip")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="zip bomb"):
        members(_zip(tmp_path, bomb_csv=bytes(20_000_000)))
    sheet = _zip(tmp_path, xl__sheet_csv=bytes(20_000_000)).rename(tmp_path / "data.xlsx")
    with pytest.raises(DataError, match="zip bomb"):
        members(sheet)


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path: Path) -> None:
    path = _zip(tmp_path, a_csv=bytes(3_000_000))
    content = path.read_bytes().replace(struct.pack("<L", 3_000_000), struct.pack("<L", 100))
    path.write_bytes(content)
    with members(path)[0].open() as stream, pytest.raises(zipfile.BadZipFile):
        assert len(stream.read()) <= 100
        stream.read()


def test_too_many_and_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path, a_csv=b"12345", b_csv=b"12345")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    with pytest.raises(DataError, match="holds 2 files"):
        members(path)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    monkeypatch.setattr(archives, "MAX_TOTAL", 9)
    with pytest.raises(DataError, match="unpacks to"):
        members(path)
    (tmp_path / "big.csv").write_text("123456789")
    monkeypatch.setattr(archives, "MAX_FILE", 8)
    with pytest.raises(DataError, match="more than"):
        members(tmp_path / "big.csv")


def test_damaged_and_absent_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(DataError, match="download it again"):
        members(tmp_path / "data.zip")
    with pytest.raises(DataError, match="no file at"):
        members(tmp_path / "none.csv")


def test_what_a_mac_packs_beside_a_file_is_no_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for name in ("a/x.csv", "__MACOSX/a/._x.csv", "__MACOSX/a/x.csv", "a/._y.csv", ".z.csv"):
            archive.writestr(name, "1")
    assert [m.name for m in members(tmp_path / "data.zip")] == ["x.csv"]


def test_what_the_system_does_not_give_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ending in (".csv", ".zip"):
        with pytest.raises(DataError, match="cannot be read"):
            members(tmp_path / ("x" * 300 + ending))
    with pytest.raises(DataError, match="cannot be read"):
        contract_file.read(tmp_path / ("x" * 300 + ".nc"))
    (tmp_path / "a.csv").write_text("x")
    (member,) = members(tmp_path / "a.csv")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"a\.csv cannot be read \(Permission denied\)"):
        member.open()
    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(DataError, match=r"a\.csv cannot be read \(Permission denied\)"):
        members(tmp_path / "a.csv")


def test_a_netcdf_file_that_declares_more_than_memory_holds_is_refused(
    tmp_path: Path, tiny_observation: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = np.arange("1950-01-01", "2020-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    empty = tiny_observation.reindex(time=days).assign_attrs(synthetic=1)
    packed = {str(name): {"zlib": True, "complevel": 9} for name in (*empty.data_vars, "time")}
    empty.to_netcdf(tmp_path / "bomb.nc", engine="h5netcdf", encoding=packed)
    monkeypatch.setattr(contract_file, "MAX_FILE", empty.nbytes - 1)
    assert (tmp_path / "bomb.nc").stat().st_size < contract_file.MAX_FILE / 3
    with pytest.raises(DataError, match=r"bomb.nc unpacks to .* more than the .* that are read"):
        contract_file.read(tmp_path / "bomb.nc")


def test_what_holds_no_table_is_told_and_a_packed_netcdf_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.zip holds no table \(.csv, .txt, .tsv, .xlsx\)"):
        tables(_zip(tmp_path, picture=b"x"))
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("set.nc", b"x")
    with pytest.raises(DataError, match=r"packed.zip holds NetCDF .* unpack it"):
        tables(tmp_path / "packed.zip")
    (tmp_path / "data.zip").unlink()
    (tmp_path / "a.csv").write_text("x")
    assert [m.name for m in tables(tmp_path)] == ["a.csv"], "tables go before what lies beside them"


def _sheet(folder: Path, cells: str, size: str = "A1:C3") -> Path:
    path = folder / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = f'<row r="1"><c r="A1"><v>1</v></c></row>{cells}'
        text = f'<worksheet><dimension ref="{size}"/><sheetData>{rows}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", text)
    return path


@pytest.mark.parametrize("piece", [30, 31, 37, 1_000_000])
@pytest.mark.parametrize(
    "cell",
    ['<c r="BXX20000"><v>1</v></c>', "<c s='1' r='XFD1221' t='s'><v>1</v></c>", '<x:c r="U1048576"><x:v/></x:c>'],
)
def test_a_spreadsheet_with_a_stray_cell_far_off_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, piece: int
) -> None:
    monkeypatch.setattr(archives, "_PIECE", piece)  # one may end within the cell
    with pytest.raises(DataError, match=r"t\.xlsx has a sheet whose cells reach to row .* 20 million cells .* stray"):
        members(_sheet(tmp_path, cell))


@pytest.mark.parametrize(
    "cells", ['<c r="BXX20000" s="1"/>', '<c r="J1048576"><v>1</v></c>', '<c r="XFD1000"><v>1</v></c>']
)
def test_what_is_long_or_wide_or_only_coloured_far_off_is_no_large_table(tmp_path: Path, cells: str) -> None:
    assert [m.name for m in members(_sheet(tmp_path, cells, size="A1:XFD1048576"))] == ["t.xlsx"]
