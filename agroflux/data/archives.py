"""The files in what a user brings: one file, a folder, or a zip. Nothing is unpacked onto the disk.

A zip may be hostile: one that claims to unpack into too much, holds too many files, or names a place outside
itself is refused before anything in it is read. Python's zipfile stops at the size that the directory states and
compares checksums, so that an entry cannot give more than it declared.
"""

import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from agroflux.errors import DataError

#: Limits: one file [bytes], all files of a zip together [bytes], number of files, and unpacked over packed size.
MAX_FILE = 2_000_000_000
MAX_TOTAL = 8_000_000_000
MAX_MEMBERS = 2_000
MAX_RATIO = 300
#: Below this unpacked size [bytes] the ratio says nothing: a short file of zeros packs very well.
SMALL = 5_000_000
#: A spreadsheet is a zip, and is held in memory as a whole.
MAX_SHEET = 300_000_000
#: Last row times last column of a spreadsheet: one stray cell in a corner makes a table of all before it.
MAX_CELLS = 20_000_000
#: A cell that holds something, and where it stands; a cell with a style alone ends at once (``/>``).
_CELL = re.compile(rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br=["']([A-Z]{1,3})(\d{1,7})["'][^<>]{0,200}(?<!/)>""")
_PIECE = 1_000_000  # bytes of a sheet that are searched at a time
TABLES = (".csv", ".txt", ".tsv", ".xlsx")


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its plain ``name``, its size [bytes], and how to open it for reading bytes."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]

    @property
    def suffix(self) -> str:
        """The ending of the name in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()


def members(path: str | Path, *, endings: tuple[str, ...] = TABLES) -> list[Member]:
    """Files with one of ``endings`` at ``path``: the file itself, those of a folder, or those in a zip, sorted by name.

    Raises
    ------
    DataError
        nothing there or nothing that may be read, a file or zip over the limits, a zip that is damaged, encrypted or
        names places outside itself.
    """
    where = Path(path)
    try:
        return _members(where, endings)
    except OSError as error:  # no permission, a name too long for the disk
        raise unreadable(where.name, error) from error


def tables(path: str | Path) -> list[Member]:
    """The tables at ``path``, at least one; DataError as :func:`members`, and where there is none."""
    name, found = Path(path).name, members(path)
    if found:
        return found
    if members(path, endings=(".nc",)):
        raise DataError(f"{name} holds NetCDF (.nc) and no table: unpack it and give one NetCDF file by itself")
    raise DataError(f"{name} holds no table ({', '.join(TABLES)}): give the file as downloaded")


def _members(where: Path, endings: tuple[str, ...]) -> list[Member]:
    if where.is_dir():
        inside = sorted(p for p in where.iterdir() if p.is_file() and not p.name.startswith("."))
        return [m for p in inside if p.suffix.lower() in (*endings, ".zip") for m in _members(p, endings)]
    if not where.is_file():
        raise DataError(f"no file at {where}: check the path")
    size = where.stat().st_size
    if where.suffix.lower() == ".zip":
        return [m for m in _zipped(where) if m.suffix in endings]
    if size > MAX_FILE:
        raise DataError(f"{where.name} has {size / 1e9:.1f} GB, more than the {MAX_FILE / 1e9:g} GB that are read")
    if where.suffix.lower() == ".xlsx":
        sheet_within_limits(where.name, where, size)
    return [Member(where.name, size, lambda: _opened(where))]


def _opened(where: Path) -> IO[bytes]:
    try:
        return where.open("rb")
    except OSError as error:
        raise unreadable(where.name, error) from error


def unreadable(name: str, error: OSError) -> DataError:
    """The error for a file that the system does not give."""
    return DataError(f"{name[:80]} cannot be read ({error.strerror or error}): check its name and permissions")


def _zipped(where: Path) -> list[Member]:
    try:
        with zipfile.ZipFile(where) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{where.name} is no zip that can be read ({error}): download it again") from error
    _within_limits(where.name, entries, where.stat().st_size, MAX_TOTAL)
    found = []
    for entry in sorted(entries, key=lambda e: e.filename):
        name = _safe_name(where.name, entry)
        if name.startswith(".") or "__MACOSX" in PurePosixPath(entry.filename).parts:
            continue  # what a Mac packs beside each file is no table
        if entry.file_size > MAX_FILE:
            raise DataError(f"{where.name}: {name} unpacks to {entry.file_size / 1e9:.1f} GB, more than {MAX_FILE:g}")
        found.append(Member(name, entry.file_size, _opener(where, entry)))
    return found


def _within_limits(name: str, entries: list[zipfile.ZipInfo], packed: int, limit: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_MEMBERS:
        raise DataError(f"{name} holds {len(entries):,} files, more than {MAX_MEMBERS:,}: give the files you need")
    if total > limit:
        raise DataError(
            f"{name} unpacks to {total / 1e9:.1f} GB, more than {limit / 1e9:g} GB: give the files you need"
        )
    worst = max((e.file_size / max(1, e.compress_size) for e in entries if e.file_size > SMALL), default=0.0)
    if worst > MAX_RATIO or total > max(SMALL, MAX_RATIO * packed):
        raise DataError(
            f"{name} unpacks to {max(worst, total / max(1, packed)):,.0f} times its size, which no table of "
            "measurements does: it is refused as a zip bomb; give the unpacked file if it is sound"
        )


def _safe_name(archive: str, entry: zipfile.ZipInfo) -> str:
    """The entry's last name; DataError for a name that leads out of the archive, a link, or an encrypted entry."""
    raw = entry.orig_filename
    parts = PurePosixPath(raw.replace("\\", "/")).parts
    outside = not parts or ".." in parts or raw.startswith(("/", "\\")) or ":" in raw
    if outside or any(ord(c) < 32 for c in raw):
        raise DataError(f"{archive} holds the entry {raw[:80]!r}, which points outside the archive: it is refused")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError(f"{archive} holds the link {raw[:80]!r}: pack the file itself")
    if entry.flag_bits & 0x1:
        raise DataError(f"{archive} is encrypted ({parts[-1]}): unpack it and give the files")
    return parts[-1]


def _opener(where: Path, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def start() -> IO[bytes]:
        try:
            # The entry's stream keeps its own handle of the file, which closes with it.
            with zipfile.ZipFile(where) as archive:
                return archive.open(entry)
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
            raise DataError(f"{where.name}: {entry.filename} cannot be unpacked ({error})") from error

    return start


def sheet_within_limits(name: str, file: Path | IO[bytes], size: int) -> None:
    """DataError for a spreadsheet of ``size`` [bytes] over the limits: it is a zip too, and the same ones hold."""
    if size > MAX_SHEET:
        raise DataError(
            f"{name} has more than the {MAX_SHEET / 1e6:g} MB of a spreadsheet that are read: save it as CSV"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            _within_limits(name, archive.infolist(), size, MAX_SHEET)
            for entry in archive.infolist():  # a sheet may go by any name
                with archive.open(entry) as part:
                    _cells_within_limits(name, part)
    except DataError:
        raise
    except Exception as error:  # the unpacker raises many kinds on damaged bytes
        raise DataError(f"{name} is no .xlsx spreadsheet ({error}): save it as .xlsx or CSV") from error


def _cells_within_limits(name: str, sheet: IO[bytes]) -> None:
    """DataError for a sheet whose cells reach too far; its own word for its size (``<dimension>``) is not believed."""
    row, column, rest = 0, b"", b""
    while piece := sheet.read(_PIECE):
        content = rest + piece
        if cells := _CELL.findall(content):
            letters, digits = map(set, zip(*cells, strict=True))
            row, column = max(row, *map(int, digits)), max(column, *letters, key=_number)
        rest = content[max(content.rfind(b"<"), len(content) - _PIECE) :]  # a cell may be cut in two
    if row * _number(column) > MAX_CELLS:
        raise DataError(
            f"{name} has a sheet whose cells reach to row {row:,} and column {column.decode()}, more than the "
            f"{MAX_CELLS / 1e6:g} million cells that are read: delete stray cells, or save the table as CSV"
        )


def _number(letters: bytes) -> int:
    """The number of a column: 1 of A, 27 of AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
