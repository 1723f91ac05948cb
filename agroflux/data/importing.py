"""From a user's file to a data set in the user's folder: read, place, describe, check, write.

A data set is written beside its place and put there in one step, so that a reader sees the whole of it or nothing, and
two imports at once do not clash: of two under one id the second is told that the id is taken.
"""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from agroflux import paths
from agroflux.data import agroflux_convert, catalog, formats, management, management_table, replaced, towers
from agroflux.data.formats import Options
from agroflux.data.known_sites import SiteFacts
from agroflux.data.management import Season
from agroflux.data.report import Report
from agroflux.data.store import write_store
from agroflux.data.text_cells import FORMULA
from agroflux.data.towers import Reading
from agroflux.errors import DataError

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,63}")
#: Names that some systems keep for devices; a folder with such a data set could not be copied there.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
_SUFFIX = ".zarr.zip"
_REMOVED = ".removed."
#: Folders in which data sets are made and removed: a dot, the id (or file, or "removed"), and what tempfile adds.
_MAKING = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9_.-]{0,80}\.[a-z0-9_]{8}")
_NAMED = 10  # sites that a sentence names
_ABANDONED_S = 3600.0  # [s] without a change, after which such a folder is nobody's


@dataclass(frozen=True, slots=True)
class About:
    """What a data set says of itself; empty text takes the format's own words."""

    title: str = ""
    licence: str = ""
    citation: str = ""
    source: str = ""


def check_id(data_id: str) -> str:
    """``data_id`` if it can name a data set, else DataError: up to 64 letters, digits, ``_``, ``-``, single dots."""
    bare = data_id.split(".")[0].lower()
    if not _ID.fullmatch(data_id) or data_id.endswith((".", *catalog.SUFFIXES, ".zip")) or bare in _DEVICES:
        raise DataError(
            f"{data_id[:80]!r} cannot be the id of a data set: use up to 64 letters, digits, - and _, such as us-arm"
        )
    if data_id in catalog.BUNDLED:
        raise DataError(f"{data_id} is a bundled data set: choose another id")
    return data_id


def import_file(
    form: str,
    path: str | Path,
    data_id: str,
    *,
    site: SiteFacts | None = None,
    options: Options | None = None,
    about: About | None = None,
    seasons: Sequence[Season] = (),
    replace: bool = False,
    report: Report | None = None,
    history: str = "",
) -> Path:
    """Import the file, folder or zip at ``path`` in format ``form`` under the id ``data_id``.

    Parameters
    ----------
    site
        where it was measured; only for what holds one site. Known towers need none.
    seasons
        management table of the sites; of known towers what is published is taken for years that it leaves out.
    replace
        a data set of that id gives way; its management table stays where ``seasons`` and the file bring none.
    report
        receives what was found on the way.

    Returns
    -------
    target
        the data set's file in the user's folder.

    Raises
    ------
    DataError
        a bad or taken id, a file that cannot be read or is wrong (the first finding is named), a site without
        a position, a management table of a simulation; ContractError if the result breaks the contract.
    """
    check_id(data_id)
    (must_give_way if replace else must_be_free)(data_id)
    found = report if report is not None else Report()
    old = replaced.table(data_id, found) if replace and not seasons else ()
    ds = build(
        form, path, site=site, options=options, about=about, seasons=seasons, old=old, report=found, history=history
    )  # fmt: skip
    return save(ds, data_id, replace=replace)


def build(
    form: str,
    path: str | Path,
    *,
    site: SiteFacts | None = None,
    options: Options | None = None,
    about: About | None = None,
    seasons: Sequence[Season] = (),
    old: Sequence[Season] = (),
    report: Report,
    history: str = "",
) -> xr.Dataset:
    """The data set that :func:`import_file` would write, unwritten; ``old``: rows of the one that it replaces."""
    known = formats.get(form)
    readings = known.read(Path(path), options or Options(), report)
    report.stop()
    said = about or About()
    if isinstance(readings, xr.Dataset):
        if site not in (None, SiteFacts()):
            raise DataError(f"{Path(path).name} says itself where its sites lie: describe none")
        _ids([str(s) for s in readings["site"].to_numpy()])
        told = {k: v for k, v in asdict(said).items() if v}
        ds = readings.assign_attrs(told | {"history": f"{readings.attrs['history']}; {history}".strip("; ")})
        if not seasons:
            return replaced.into(ds, old, report)
        made = _managed(ds, seasons, Path(path).name)
        _overruled(management.changed(ds, made), "leave the table out to keep that", report)
        return made
    readings = placed(readings, site or SiteFacts())
    _ids([str(meta["site_id"]) for _, meta in readings])
    names = ", ".join(str(meta["site_id"]) for _, meta in readings)
    files = ", ".join(dict.fromkeys(str(meta["source"]) for _, meta in readings))
    network = readings[0][1].get("network") or known.label
    attrs: dict[str, Any] = {
        "title": said.title or f"{network} {names}"[:120],
        "source": said.source or f"{known.label}; files {files}",
        "licence": said.licence or known.licence,
        "citation": said.citation or known.citation,
        "synthetic": False,
        "format": known.name,
    }
    remarks = [f.sentence() for f in report.findings if f.level != "error"]
    if remarks:
        attrs["remarks"] = " | ".join(remarks)
    ds = towers.as_dataset(readings, attrs=attrs, history=history or f"agroflux data import {form} {files}")
    return management.apply(ds, _seasons(readings, seasons or replaced.fitting(old, ds, report), report))


def _seasons(readings: Sequence[Reading], told: Sequence[Season], report: Report) -> list[Season]:
    """The user's rows, and for years and sites that they leave out what the file and published sources say."""
    sites = [str(meta["site_id"]) for _, meta in readings]
    strangers = sorted({s.site for s in told} - set(sites))
    if strangers:
        what = f"rows of {', '.join(strangers[:5])} are left out: the data hold {', '.join(sites[:5])}"
        report.add("warning", replaced.TABLE, what)
    found = list(told)
    of_file = [
        Season(str(meta["site_id"]), year, crop, source=str(meta.get("crop_source", "")))
        for _, meta in readings
        for year, crop in meta.get("crops", {}).items()
    ]
    _overruled(_other_crops(of_file, found), "take those years out of the table to keep that", report)
    for source in (of_file, management_table.shipped()):
        have = {(s.site, s.year) for s in found}
        found += [s for s in source if s.site in sites and (s.site, s.year) not in have]
    return found


def _other_crops(of_file: Sequence[Season], told: Sequence[Season]) -> dict[str, list[str]]:
    """Sites where a table tells of a year, but not the crop that the file names; by column, as :func:`_overruled`."""
    named = {site: management.crops(s for s in told if s.site == site) for site in {s.site for s in of_file}}
    have = {(s.site, s.year) for s in told}
    other = [s.site for s in of_file if s.crop and (s.site, s.year) in have and named[s.site].get(s.year) != s.crop]
    return {"crop": list(dict.fromkeys(other))} if other else {}


def _overruled(sites: Mapping[str, Sequence[str]], remedy: str, report: Report) -> None:
    """Say of which columns of the file (the keys), and at which ``sites``, a management table takes the place."""
    places = [
        f"{name} at {', '.join(held[:_NAMED])}" + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")
        for name, held in sites.items()
    ]
    if places:
        what = f"it takes the place of what the file tells: {'; '.join(places)}"
        report.add("warning", replaced.TABLE, what, remedy)


def placed(readings: Sequence[Reading], site: SiteFacts) -> list[Reading]:
    """``readings`` with position, name and state in their metadata; DataError where a position is unknown."""
    series = all("series" in meta for _, meta in readings)
    if len(readings) > 1 and site != SiteFacts() and not series:
        raise DataError(f"the file holds {len(readings)} sites: a site can be described only for a file of one")
    out = []
    parts = _slugs([str(meta["site_id"]) for _, meta in readings])
    for (table, meta), part in zip(readings, parts, strict=True):
        many = len(readings) > 1
        own = SiteFacts(
            (f"{site.site_id}-{part}" if many else site.site_id) if site.site_id else part if series else "",
            _joined(site.name, str(meta.get("series", "")) if many else "") or str(meta.get("site_name", "")),
            site.state or str(meta.get("state", "")),
            site.lat if site.lat is not None else meta.get("lat"),
            site.lon if site.lon is not None else meta.get("lon"),
        ).filled(str(meta["site_id"]))
        notes = {"site_id": own.site_id, "site_name": own.name, "state": own.state, "lat": own.lat, "lon": own.lon}
        out.append((table, meta | notes))
    return out


def _ids(sites: Sequence[str]) -> None:
    """DataError for a site id that a link or an option could not name (commas stand between sites there), or that a
    spreadsheet would run as a formula.
    """

    def bad(site: str) -> bool:
        return "," in site or not site.strip() or not site.isprintable() or site.lstrip().startswith(FORMULA)

    wrong = next((s for s in sites if bad(s)), None)
    if wrong is not None:
        raise DataError(
            f"{wrong[:60]!r} cannot be the id of a site: begin with a letter or digit, and use letters, digits, - and "
            "_, such as US-Ne1"
        )


def _slugs(names: Sequence[str]) -> list[str]:
    """``names`` as parts of site ids: letters, digits and single hyphens; those that would be equal are numbered."""
    # Treatments are called N+ and N-.
    words = [re.sub(r"(?<=\w)\+$", " plus", re.sub(r"(?<=\w)-$", " minus", name.strip())) for name in names]
    plain = [re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-")[:40] or "site" for word in words]
    taken, out = set(plain), []
    for k, slug in enumerate(plain):
        number = 2
        if slug in plain[:k]:
            while f"{slug}-{number}" in taken:
                number += 1
            slug = f"{slug}-{number}"
            taken.add(slug)
        out.append(slug)
    return out


def _joined(name: str, part: str) -> str:
    return f"{name}: {part}" if name and part else name


def save(ds: xr.Dataset, data_id: str, *, replace: bool = False) -> Path:
    """Write ``ds`` as ``data_id`` into the user's folder; DataError if the id is taken and not to be replaced."""
    check_id(data_id)
    folder = paths.user_data() / "datasets"
    target = paths.inside(folder, data_id + _SUFFIX)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tidy(folder)
        with tempfile.TemporaryDirectory(prefix=f".{data_id}.", dir=folder) as work:
            made = write_store(ds, Path(work) / target.name)
            if replace:
                must_give_way(data_id)
                made.replace(target)
                remove_others(data_id, target)
            else:
                must_be_free(data_id)
                _put(made, target)
    except OSError as error:
        raise DataError(f"cannot write {target} ({error.strerror or error}): check space and permissions") from error
    return target


def set_management(data_id: str, seasons: Sequence[Season], *, force: bool = False) -> Path:
    """Give one of the user's observation data sets another management table; returns its file.

    DataError for a data set that is not the user's or no observation, a row of a site that it does not hold, or
    planting, crop and nitrogen that no table tells of and that would be lost; with ``force`` they are replaced.
    """
    entry = _own(data_id)
    must_give_way(data_id)
    ds = catalog.open_dataset(entry.id).load()
    made = _managed(ds, seasons, data_id)
    if not force and (lost := management_table.untold(ds)):
        named = ", ".join(f"{name} {count:,}" for name, count in lost.items())
        raise DataError(
            f"{data_id} holds management that no table tells of ({named} values), and a table would replace all of it "
            f"at every site for good: copy {entry.path} first, then replace it with --force"
        )
    return save(made, data_id, replace=True)


def _managed(ds: xr.Dataset, seasons: Sequence[Season], name: str) -> xr.Dataset:
    """``ds`` with another management table; DataError if it is no observation, or holds not every site of the table."""
    kind = ds.attrs["kind"]
    if kind != "observation":
        raise DataError(f"{name} is a {kind}: a management table belongs to measurements")
    sites = {str(s) for s in ds["site"].to_numpy()}
    strangers = sorted({s.site for s in seasons} - sites)
    if strangers:
        raise DataError(f"{name} holds no site {', '.join(strangers[:5])}: it holds {', '.join(sorted(sites)[:10])}")
    return management.apply(ds, seasons)


def _own(data_id: str) -> catalog.Entry:
    entry = catalog.get(data_id)
    if not entry.own:
        raise DataError(f"{data_id} is a bundled data set and stays as it is: only your own can be changed")
    return entry


def remove(data_id: str) -> Path:
    """Delete one of the user's data sets; DataError for a bundled or unknown one. Returns where it was."""
    entry = _own(data_id)
    try:
        tidy(entry.path.parent)
        with tempfile.TemporaryDirectory(prefix=_REMOVED, dir=entry.path.parent) as work:
            entry.path.replace(Path(work) / entry.path.name)
        if agroflux_convert.is_left(left := agroflux_convert.part(entry.path)):
            shutil.rmtree(left, ignore_errors=True)
    except FileNotFoundError:
        raise DataError(f"there is no data set called {data_id} any more: it was removed meanwhile") from None
    except OSError as error:
        raise DataError(f"cannot remove {entry.path} ({error.strerror or error}): check permissions") from error
    return entry.path


def tidy(folder: Path) -> None:
    """Delete what imports and removals that were killed left in ``folder``; never what has just been changed."""
    old = time.time() - _ABANDONED_S
    for path in folder.glob(".*"):
        making = _MAKING.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        if (making or agroflux_convert.is_left(path)) and _changed_at(path) < old:
            shutil.rmtree(path, ignore_errors=True)


def _changed_at(folder: Path) -> float:
    """When anything in ``folder`` was last changed [s since 1970]; now if it is being changed as we look."""
    try:
        return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return time.time()


def must_be_free(data_id: str) -> None:
    """DataError if one of the user's data sets goes by ``data_id``, be its file called so or otherwise."""
    path = catalog.place(data_id)
    if path is not None and catalog.stem(path) != data_id:
        raise DataError(f"{path.name} is listed as {data_id} already: choose another id")
    # A file system that does not tell a from A holds files that the catalog does not list by this id.
    if path is not None or _called(data_id):
        raise DataError(
            f"a data set called {data_id} is there already: choose another id, or replace it (Replace or --replace)"
        )


def must_give_way(data_id: str) -> None:
    """DataError if a data set written as ``data_id`` would take id or file of others than the one it replaces."""
    path = catalog.place(data_id)
    if path is not None and (own := catalog.stem(path)) != data_id:
        raise DataError(
            f"{path.name} is listed as {data_id}, because another data set is called {own}: rename the file first"
        )
    if len(files := _called(data_id)) > 1:
        names = " and ".join(file.name for file in files)
        raise DataError(f"{names} are data sets of their own, and all would be replaced: rename all but one first")


def _called(data_id: str) -> list[Path]:
    """The user's files and folders that are called ``data_id``, each with another ending."""
    files = [paths.user_data() / "datasets" / (data_id + suffix) for suffix in catalog.SUFFIXES]
    return [file for file in files if file.exists()]


def _put(made: Path, target: Path) -> None:
    """``made`` in its place unless something is there: a hard link fails where a rename would overwrite."""
    try:
        os.link(made, target)
    except FileExistsError:
        must_be_free(target.name.removesuffix(_SUFFIX))
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV):
            raise
        made.replace(target)  # a file system without hard links


def remove_others(data_id: str, target: Path) -> None:
    """Remove what else went by the id: a folder or NetCDF file that the new one replaces."""
    for suffix in catalog.SUFFIXES:
        other = target.with_name(data_id + suffix)
        if other != target and other.exists():
            shutil.rmtree(other) if other.is_dir() else other.unlink()
