"""Which data sets there are: those that ship in ``assets/data`` and those in the user's folder.

Title, licence, citation and the rest come from each data set's own attributes, so that there is one truth.
A file that is missing or damaged is listed too, with the reason in ``status``.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from agroflux import paths
from agroflux.data.store import open_store
from agroflux.errors import DataError

#: The bundled data sets, in the order in which they are listed.
BUNDLED = ("cornbelt-century", "cornbelt-ceres", "towers-sample", "chambers-synthetic")
SUFFIXES = (".zarr.zip", ".zarr", ".nc")
OK = "ok"
#: ``kind`` of an entry whose file cannot be read: neither simulation nor observation.
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """One data set. ``status`` is ``ok`` or says why it cannot be opened; then ``kind`` is ``unreadable``."""

    id: str
    title: str
    kind: str
    synthetic: bool
    licence: str
    citation: str
    path: Path
    source: str = ""
    status: str = OK

    @property
    def ok(self) -> bool:
        """Whether the data set opens."""
        return self.status == OK

    @property
    def own(self) -> bool:
        """Whether it lies in the user's folder, and so can be changed and removed."""
        return self.path.parent == paths.user_data() / "datasets"

    def version(self) -> str:
        """A short text that changes when the file does: a key for caches."""
        size, mtime = _stamp(self.path)
        return hashlib.sha256(f"{self.path}|{size}|{mtime}".encode()).hexdigest()[:16]


def entries(*, only_ok: bool = False) -> list[Entry]:
    """All data sets, bundled ones first; ``only_ok`` leaves out those that cannot be opened."""
    listed = [_entry(name, path, *_stamp(path)) for name, path in _paths().items()]
    return [entry for entry in listed if entry.ok or not only_ok]


def get(data: str) -> Entry:
    """The entry with id ``data``; DataError names the known ids."""
    known = _paths()
    if data not in known:
        raise DataError(f"no data set called {data!r}: choose one of {', '.join(known)}")
    return _entry(data, known[data], *_stamp(known[data]))


def open_dataset(data: str | os.PathLike[str]) -> xr.Dataset:
    """Open a catalog entry by id, or a file or folder by path, lazily. DataError as :func:`open_store`."""
    text = os.fspath(data)
    known = _paths()
    if text in known:
        return open_store(known[text])
    if Path(text).exists() or os.sep in text or text.endswith(SUFFIXES):
        return open_store(text)
    return open_store(get(text).path)


def place(data: str) -> Path | None:
    """Where the data set with id ``data`` lies; None where there is none. Nothing is opened."""
    return _paths().get(data)


def _paths() -> dict[str, Path]:
    """Where each data set lies, by id; nothing is opened."""
    bundled = {name: paths.ASSETS / "data" / f"{name}.zarr.zip" for name in BUNDLED}
    return bundled | _own_paths(_in_folder(paths.user_data() / "datasets"))


def _own_paths(files: list[Path]) -> dict[str, Path]:
    """The user's ``files`` by id, in their order: the name of each, else a free one made from it.

    A file that is called like an id has it before one that would have to be called so.
    """
    first: dict[str, Path] = {}
    for path in files:
        first.setdefault(stem(path), path)
    taken, found = {*BUNDLED, *first}, {}
    for path in files:
        name = stem(path)
        if name in BUNDLED or first[name] != path:
            name = _free(f"{name}-user", taken)
            taken.add(name)
        found[name] = path
    return found


def _free(name: str, taken: set[str]) -> str:
    """``name``, numbered from 2 until it is none of ``taken``."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def describe(entry: Entry) -> dict[str, Any]:
    """What is in a data set, as plain values: dates as ISO text, absent parts as None or empty.

    Keys: id, title, kind, synthetic, licence, citation, source, path, status, variables, n_sites, start, end
    (ISO days), calendar, n_scenarios, n_rates [kg N ha-1], years, rounding, size_mb [MB].
    """
    facts: dict[str, Any] = {
        "id": entry.id,
        "title": entry.title,
        "kind": entry.kind,
        "synthetic": entry.synthetic,
        "licence": entry.licence,
        "citation": entry.citation,
        "source": entry.source,
        "path": str(entry.path),
        "status": entry.status,
    }
    return facts | (_contents(entry.path, *_stamp(entry.path)) if entry.ok else _NOTHING)


_NOTHING: dict[str, Any] = {
    "variables": [],
    "n_sites": 0,
    "start": None,
    "end": None,
    "calendar": None,
    "n_scenarios": 0,
    "n_rates": [],
    "years": [],
    "rounding": None,
    "size_mb": None,
}


@lru_cache(maxsize=64)
def _contents(path: Path, size: int, mtime: int) -> dict[str, Any]:
    ds = open_store(path)
    days = ds["time"].to_numpy().astype("datetime64[D]")
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {
        "variables": [str(name) for name in ds.data_vars],
        "n_sites": ds.sizes["site"],
        "start": str(days[0]) if len(days) else None,
        "end": str(days[-1]) if len(days) else None,
        "calendar": ds.attrs["calendar"],
        "n_scenarios": ds.sizes.get("scenario", 0),
        "n_rates": sorted({float(r) for r in ds["n_rate"].to_numpy()}) if "n_rate" in ds.coords else [],
        "years": sorted({int(y) for y in np.unique(ds["time"].dt.year.to_numpy())}),
        "rounding": ds.attrs.get("rounding"),
        "size_mb": round(sum(p.stat().st_size for p in files) / 1e6, 3),
    }


@lru_cache(maxsize=64)
def _entry(name: str, path: Path, size: int, mtime: int) -> Entry:
    """Built once for each version of a file; ``size`` and ``mtime`` are its key."""
    try:
        attrs = open_store(path).attrs
    except DataError as error:
        return Entry(name, name, UNREADABLE, False, "", "", path, status=str(error))
    return Entry(
        id=name,
        title=str(attrs["title"]),
        kind=str(attrs["kind"]),
        synthetic=bool(attrs["synthetic"]),
        licence=str(attrs["licence"]),
        citation=str(attrs["citation"]),
        path=path,
        source=str(attrs["source"]),
    )


def _stamp(path: Path) -> tuple[int, int]:
    """Size [bytes] and time of change [ns]; of a folder, those of the metadata, which is written last."""
    for candidate in (path / ".zmetadata", path / "zarr.json", path):
        try:
            stat = candidate.stat()
        except OSError:
            continue
        return stat.st_size, stat.st_mtime_ns
    return 0, 0


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.name.endswith(SUFFIXES) and not p.name.startswith("."))


def stem(path: Path) -> str:
    """Name of a data set's file or folder without its ending."""
    return next((path.name.removesuffix(s) for s in SUFFIXES if path.name.endswith(s)), path.name)
