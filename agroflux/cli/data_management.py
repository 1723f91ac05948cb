"""``agroflux data template`` and ``agroflux data manage``: management tables of your own sites."""

from pathlib import Path
from typing import Annotated

import typer

from agroflux.cli.data_import import say, told_of
from agroflux.cli.output import JSON, print_json
from agroflux.errors import SelectionError

TEMPLATES = ("management",)


def template(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="management.")],
    data: Annotated[str, typer.Option(help="A data set: its sites and years are filled in.")] = "",
    out: Annotated[Path | None, typer.Option(help="A .csv or .xlsx file; left out, CSV is printed.")] = None,
) -> None:
    """An empty table to fill in. Empty cells mean unknown, which is never taken for zero."""
    from agroflux.data import catalog, management_table, text_cells

    if what not in TEMPLATES:
        raise SelectionError(f"no template called {what!r}: choose one of {', '.join(TEMPLATES)}")
    sites = None
    if data:
        ds = catalog.open_dataset(catalog.get(data).id)
        years = sorted({int(y) for y in ds["time"].dt.year.to_numpy()})
        sites = {str(site): years for site in ds["site"].to_numpy()}
    table = management_table.template(sites)
    if out is None:
        typer.echo(text_cells.to_csv(table, index=False), nl=False)
        return
    if out.suffix not in (".csv", ".xlsx"):
        raise SelectionError(f"--out {out.name}: name a .csv or .xlsx file")
    content = management_table.xlsx(table) if out.suffix == ".xlsx" else text_cells.to_csv(table, index=False).encode()
    try:
        with out.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise SelectionError(f"cannot write {out} ({error.strerror}): choose another name") from error
    typer.echo(f"{out}: {len(table)} rows to fill in")


def manage(
    data: Annotated[str, typer.Argument(metavar="ID", help="One of your own data sets.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Management table (CSV, xlsx).")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace planting, crop and fertiliser that no table tells of.")
    ] = False,
    as_json: bool = JSON,
) -> None:
    """Set the management table of one of your own data sets; planting, crop and fertiliser follow from it."""
    from agroflux.data import importing, management_table
    from agroflux.data.report import Report

    report = Report()
    seasons = management_table.read(table, report)
    path = importing.set_management(data, seasons, force=force)
    if as_json:
        print_json({"id": data, "rows": len(seasons), "path": str(path)} | told_of(report))
        return
    say(report, err=True)
    typer.echo(f"{data}: {len(seasons)} rows of management, {path}")
