"""Several simulations of the same places and days as one data set, so that a model can learn from all of them.

``cornbelt-century+cornbelt-ceres`` names the scenarios of both side by side: the same drivers, two answers. What a
model learns from them lies between the simulators where they disagree.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from agroflux import contract
from agroflux.data import catalog
from agroflux.errors import DataError

#: Stands between the ids or paths of the parts.
PLUS = "+"
#: Sites read together, as each variable is read by pieces.
_SITES = 8
_TOLD = ("title", "source", "licence", "citation", "history")


@dataclass(frozen=True)
class Place:
    """Where the data of a name lie: the id under which a card names them, and the file or folder of each part."""

    id: str
    paths: tuple[Path, ...]

    @property
    def location(self) -> str:
        """Names of files and folders, without the folders of the machine."""
        return PLUS.join(path.name for path in self.paths)


def find(data: str | os.PathLike[str]) -> Place:
    """Where ``data`` lies: an id of the catalog or a path, or several with ``+`` between; nothing is opened.

    Raises DataError for an id that the catalog does not know.
    """
    places = [_place(name) for name in _names(os.fspath(data))]
    return Place(PLUS.join(name for name, _ in places), tuple(path for _, path in places))


def open_dataset(data: str | os.PathLike[str]) -> xr.Dataset:
    """Open an id of the catalog, a path, or several with ``+`` between, lazily. DataError as :func:`join`."""
    names = _names(os.fspath(data))
    if len(names) == 1:
        return catalog.open_dataset(names[0])
    return join([catalog.open_dataset(name) for name in names], [_place(name)[0] for name in names])


def without_folders(data: str) -> str:
    """``data`` with the names of files alone."""
    return PLUS.join(Path(name).name for name in _names(data))


def join(parts: Sequence[xr.Dataset], names: Sequence[str]) -> xr.Dataset:
    """The scenarios of ``parts``, named by ``names``, side by side; variables that not all of them hold are left out.

    Raises DataError where they are no simulations, or differ in sites, days, or what all scenarios of a site share
    (weather, soil).
    """
    absent = [name for part, name in zip(parts, names, strict=True) if "scenario" not in part.dims]
    if absent:
        raise DataError(f"{', '.join(absent)} holds no simulations: join simulations alone with {PLUS}")
    shared = set.intersection(*({*part.variables} for part in parts))
    if len({*names}) < len(names):
        raise DataError(f"{PLUS.join(names)} names one data set twice: name each once")
    labelled = [
        part[[v for v in part.data_vars if v in shared]]
        .drop_vars([c for c in part.coords if c not in shared])
        .assign_coords(scenario=[f"{name}:{label}" for label in part["scenario"].to_numpy().tolist()])
        .chunk({"site": _SITES})
        for part, name in zip(parts, names, strict=True)
    ]
    try:
        whole = xr.concat(
            labelled, "scenario", data_vars="minimal", coords="minimal", compat="equals", join="exact",
            combine_attrs="drop_conflicts",
        )  # fmt: skip
    except (ValueError, xr.MergeError) as error:
        reason = str(error).splitlines()[0][:120]
        raise DataError(
            f"{PLUS.join(names)} cannot be joined, as sites, days, weather or soil differ ({reason}): "
            "give simulations of the same places and years"
        ) from error
    whole.attrs |= {key: _all(str(part.attrs.get(key, "")) for part in parts) for key in _TOLD}
    whole.attrs["synthetic"] = any(bool(part.attrs["synthetic"]) for part in parts)
    return contract.validate(whole, name=PLUS.join(names))


def _all(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _names(text: str) -> list[str]:
    """The parts of a name; a path may hold a plus itself. DataError for a plus with nothing beside it."""
    if Path(text).exists():
        return [text]
    names = [name.strip() for name in text.split(PLUS)]
    if not all(names):
        raise DataError(f"{text!r} names nothing beside a {PLUS}: write it as one{PLUS}two, without spaces at the ends")
    return names


def _place(name: str) -> tuple[str, Path]:
    path = Path(name)
    try:
        # An id goes before a file or folder of that name, as where the data are opened.
        entry = catalog.get(name)
    except DataError:
        if path.exists() or os.sep in name or name.endswith(catalog.SUFFIXES):
            return catalog.stem(path), path
        raise
    return entry.id, entry.path
