"""The AgroFlux archive into the user's data folder: one data set a part."""

from collections.abc import Callable
from pathlib import Path

from agroflux import paths
from agroflux.data import agroflux_convert, agroflux_npy, agroflux_observed, importing, replaced, towers
from agroflux.data.report import Report
from agroflux.errors import DataError

PARTS = (*agroflux_npy.SIMULATIONS, "chambers", "towers")


def import_part(
    archive: str | Path,
    part: str,
    data_id: str,
    *,
    first_year: int | None = None,
    replace: bool = False,
    report: Report | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Import ``part`` (ecosys, daycent, chambers or towers) of the archive at ``archive`` under ``data_id``.

    The simulations are converted block by block and go on where they stopped
    (:func:`agroflux.data.agroflux_convert.convert`); ``progress(done, all)`` counts counties. ``replace``: a data set
    of that id gives way once the new one is whole. DataError for an unknown part, a bad or taken id, and files that
    are missing, damaged or laid out otherwise.
    """
    if part not in PARTS:
        raise DataError(f"no part {part[:40]!r} of the archive: choose one of {', '.join(PARTS)}")
    importing.check_id(data_id)
    (importing.must_give_way if replace else importing.must_be_free)(data_id)
    found = report if report is not None else Report()
    old = replaced.table(data_id, found) if replace else []
    if part in agroflux_npy.SIMULATIONS:
        folder = paths.user_data() / "datasets"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or error
            raise DataError(f"cannot write {folder} ({why}): check space and permissions") from error
        target = folder / f"{data_id}.zarr"
        agroflux_convert.convert(archive, part, target, first_year=first_year, replace=replace, progress=progress)
        if replace:
            importing.remove_others(data_id, target)
        replaced.left_out(old, "the new one is a simulation", found)
        return target
    read = agroflux_observed.read_chambers if part == "chambers" else agroflux_observed.read_towers
    readings = read(archive, first_year=first_year, report=found)
    found.stop()
    year = f"first year {first_year}, told by the user" if first_year else "years, order and position of sites assumed"
    attrs = {
        "title": f"AgroFlux archive, {part}",
        "source": f"AgroFlux archive (t1), inverse-scaled to physical units; {year}",
        "licence": "CC-BY-4.0",
        "citation": agroflux_convert.CITATION,
        "synthetic": False,
        "format": "agroflux",
    }
    ds = towers.as_dataset(readings, attrs=attrs, history=f"agroflux data import agroflux, {part}")
    return importing.save(replaced.into(ds, old, found), data_id, replace=replace)
