"""A report on a user's file before it is imported: what is wrong, in which row and column, and what it would give."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agroflux.contract import base_name, unit_of
from agroflux.data import formats
from agroflux.data.formats import Options
from agroflux.data.report import Report
from agroflux.data.towers import Reading
from agroflux.errors import DataError


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the format, the findings, and the sites read (empty where the file has errors)."""

    format: str
    report: Report
    readings: list[Reading]

    @property
    def ok(self) -> bool:
        """Whether the file can be imported."""
        return not self.report.errors

    def sites(self) -> list[dict[str, Any]]:
        """One row a site: site, first, last (ISO days), days, and variables (name, unit, mean, missing share)."""
        return [
            {
                "site": str(meta["site_id"]),
                "first": f"{table.index[0]:%Y-%m-%d}",
                "last": f"{table.index[-1]:%Y-%m-%d}",
                "days": len(table),
                "variables": [
                    {
                        "variable": name,
                        "unit": unit_of(name),
                        "mean": float(table[name].mean()),
                        "missing": float(table[name].isna().mean()),
                        "from": meta.get("notes", {}).get(name, ""),
                    }
                    for name in map(str, table.columns)
                    if base_name(name) == name
                ],
            }
            for table, meta in self.readings
        ]


def check(path: str | Path, form: str = "", options: Options | None = None) -> Checked:
    """Read ``path`` as an import would and keep all findings; nothing is written.

    ``form``: a format of :data:`agroflux.data.formats.FORMATS`; empty recognises it. Raises nothing for a bad file: a
    reader's error becomes a finding. DataError for an unknown format name.
    """
    report = Report()
    name = Path(path).name
    if form:
        formats.get(form)
    told = form
    try:
        told = form or formats.detect(path)
        readings = formats.get(told).read(Path(path), options or Options(), report)
    except DataError as error:
        if not report.errors:
            report.add("error", name, str(error).removeprefix(name).lstrip(" :,"))
        readings = []
    return Checked(told, report, [] if report.errors else readings)
