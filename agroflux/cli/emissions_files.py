"""Files that ``agroflux emissions`` writes, whole or not at all."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agroflux.cli.output import write_bytes

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.emissions.assess import Assessment
    from agroflux.emissions.question import Sources
    from agroflux.emissions.totals import Level


def write(answer: "Assessment", sources: "Sources", by: str, out: Path) -> None:
    """Write the rows of ``by`` (CSV, GeoJSON) or every table (XLSX, NetCDF) in the format that ``out`` names.

    Each says whether anything behind ``sources`` is synthetic; NetCDF cites the data.
    """
    from agroflux import geo
    from agroflux.cli.emissions_text import table
    from agroflux.emissions import export

    if out.suffix == ".xlsx":
        from agroflux.emissions.workbook import to_xlsx

        write_bytes(to_xlsx(answer, synthetic=sources.synthetic), out)
    elif out.suffix == ".nc":
        from agroflux.emissions.netcdf import to_netcdf
        from agroflux.emissions.report import data_sources

        cited = [one.citation for one in data_sources(sources)]
        write_bytes(to_netcdf(answer, geo.county_facts(), cited, synthetic=sources.synthetic), out)
    elif out.suffix == ".geojson":
        level: Level = "state" if by == "state" else "county"
        frame, key = (geo.states(), "state") if by == "state" else (geo.counties(), "fips")
        shapes = dict(zip(frame[key], frame.geometry, strict=True))
        rows = export.with_intervals(answer, level)
        text = export.to_geojson(answer.totals, shapes, level, rows, synthetic=sources.synthetic)
        write_bytes(text.encode(), out)
    else:
        made_by = export.provenance(answer.totals, synthetic=sources.synthetic)
        write_bytes(export.to_csv(table(answer, by), made_by).encode(), out)


def write_report(
    answer: "Assessment", sources: "Sources", facts: "pd.DataFrame", again: Sequence[str], path: Path
) -> None:
    """Write the report as HTML, or as PDF where a browser can print it; coverage is in it where it can be measured."""
    import json

    from agroflux import geo
    from agroflux.emissions import coverage, report
    from agroflux.emissions.pdf import to_pdf
    from agroflux.errors import SelectionError
    from agroflux.figures.report import pictures

    held = None
    with contextlib.suppress(SelectionError):  # too few held-out years or counties
        held = coverage.of_sources(sources, "n2o", facts)
    features = json.loads(geo.counties().to_json(drop_id=True))["features"]
    shapes = {str(one["properties"]["fips"]): one for one in features}
    text = report.html(answer, pictures(answer, shapes, held), report.data_sources(sources), again, held)
    write_bytes(to_pdf(text) if path.suffix == ".pdf" else text.encode(), path)
