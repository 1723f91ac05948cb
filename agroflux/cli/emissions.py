"""``agroflux emissions``: totals of N2O and net CO2 with intervals, as a table, a file or a report."""

from pathlib import Path
from typing import Annotated, Literal

import typer

SUFFIXES = (".csv", ".geojson", ".xlsx", ".nc")
REPORTS = (".html", ".pdf")
Rows = Literal["county", "state", "crop", "year", "month"]
#: What makes no difference to the coverage of intervals.
_UNHEEDED = (
    *("--place", "--polygon", "--years", "--gwp", "--horizon", "--indirect", "--areas", "--area-sd", "--seed", "--by"),
    *("--out", "--report"),
)


def command(
    context: typer.Context,
    data: Annotated[str, typer.Option(help="Data set id, or path of a .zarr or .zarr.zip.")] = "cornbelt-century",
    model: Annotated[str, typer.Option(help="Model id: predict the fluxes from the data set's drivers.")] = "",
    n_rate: Annotated[float, typer.Option(help="N rate to corn [kg N ha-1].")] = 168.0,
    years: Annotated[str, typer.Option(help="Years, as 2015 or 2013-2018 or 2015,2017; default: all.")] = "",
    place: Annotated[str, typer.Option(help="all, a state (IA), or a county's FIPS (19027).")] = "all",
    polygon: Annotated[Path | None, typer.Option(help="GeoJSON of a region of your own, WGS 84.")] = None,
    gwp: Annotated[str, typer.Option(help="Warming potentials of AR4, AR5 or AR6.")] = "AR6",
    horizon: Annotated[int, typer.Option(help="Years of the warming potential: 100 or 20.")] = 100,
    indirect: Annotated[bool, typer.Option("--indirect", help="Add indirect N2O after IPCC Tier 1.")] = False,
    areas: Annotated[
        Path | None, typer.Option(help="CSV of own areas: fips,corn_area_ha,soybean_area_ha [ha].")
    ] = None,
    area_sd: Annotated[float, typer.Option(min=0, max=1, help="Relative error of harvested areas, 0.05 = 5 %.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    by: Annotated[Rows, typer.Option(help="Rows of the table.")] = "county",
    coverage: Annotated[bool, typer.Option("--coverage", help="Measure the intervals on held-out years.")] = False,
    quantity: Annotated[str, typer.Option(help="With --coverage: n2o, nee, necb, harvest, soil_carbon.")] = "n2o",
    report: Annotated[Path | None, typer.Option(help="Report to write: .html or .pdf.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write: .csv, .geojson, .xlsx or .nc.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Totals per year of the period with their intervals: flux per hectare times harvested area; IPCC Tier 1 beside."""
    from agroflux import geo
    from agroflux.cli import emissions_files as files
    from agroflux.cli import emissions_sources as parts
    from agroflux.cli import emissions_text as text
    from agroflux.cli.lists import year_list
    from agroflux.cli.output import check_file, refuse, told
    from agroflux.emissions.assess import assess
    from agroflux.emissions.question import Question
    from agroflux.emissions.report import command_line
    from agroflux.emissions.sums import whole_years
    from agroflux.emissions.units import potential

    potential(gwp, horizon)
    asked = year_list(years)
    if coverage:
        refuse(told(context, *_UNHEEDED), "--coverage measures all counties on the held-out years, and prints")
    else:
        refuse(told(context, "--quantity"), "a quantity is chosen for --coverage alone")
    if polygon is not None:
        refuse(told(context, "--place"), "--polygon says which counties, and how much of them")
    if out is not None and out.suffix == ".geojson":
        refuse({f"--by {by}": by not in ("county", "state")}, "a .geojson file holds counties or states")
    for path, option, endings in ((out, "--out", SUFFIXES), (report, "--report", REPORTS)):
        if path is not None:
            check_file(path, option, endings, force=force)
    facts = geo.county_facts()
    if coverage:
        held, made_of = parts.coverage(data, model, n_rate, facts, quantity, show=not as_json)
        text.print_coverage(held, made_of, as_json=as_json)
        return
    made_of = parts.sources(data, model, n_rate, show=not as_json)
    counties, own = parts.areas_and_counties(place, polygon, areas, data, facts)
    chosen = tuple(asked or whole_years(made_of.at(n_rate)))
    question = Question(n_rate, chosen, gwp, horizon, indirect, area_sd, own, counties, seed=seed)
    answer = assess(question, made_of, facts)
    if out is not None:
        files.write(answer, made_of, by, out)
    if report is not None:
        given = {"polygon": str(polygon or ""), "areas": str(areas or "")}
        again = command_line(question, data, model=model, place=place, **given)
        files.write_report(answer, made_of, facts, again, report)
    text.print_totals(answer, made_of, by, [path for path in (out, report) if path], as_json=as_json)
