"""``agroflux data template`` and ``agroflux data manage``: management tables of your own sites."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agroflux.cli.output import JSON, print_json, say, told_of
from agroflux.errors import DataError, SelectionError

if TYPE_CHECKING:
    from agroflux.data.management import Season

TEMPLATES = ("management",)


def template(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="management.")],
    data: Annotated[str, typer.Option(help="A data set: its sites, years and saved rows are filled in.")] = "",
    out: Annotated[Path | None, typer.Option(help="A .csv or .xlsx file; left out, CSV is printed.")] = None,
) -> None:
    """A table to fill in; of a data set that has one, its rows are in it. Empty means unknown, never zero."""
    from agroflux.data import catalog, management_table, text_cells

    if what not in TEMPLATES:
        raise SelectionError(f"no template called {what!r}: choose one of {', '.join(TEMPLATES)}")
    sites, held = None, []
    if data:
        ds = catalog.open_dataset(catalog.get(data).id)
        years = sorted({int(y) for y in ds["time"].dt.year.to_numpy()})
        sites = {str(site): years for site in ds["site"].to_numpy()}
        with suppress(DataError):  # what is no table has no rows, and a new one is the way out
            held = management_table.of(ds)
    table = management_table.template(sites, held)
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
    saved = f", {len(held)} of them with what is saved" if held else ""
    typer.echo(f"{out}: {len(table)} rows to fill in{saved}")


def manage(
    data: Annotated[str, typer.Argument(metavar="ID", help="One of your own data sets.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Management table (CSV, xlsx).")],
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace planting, crop and fertiliser that no table tells of, and drop saved rows that TABLE lacks.",
        ),
    ] = False,
    as_json: bool = JSON,
) -> None:
    """Set the management table of one of your own data sets; planting, crop and fertiliser follow from it.

    The table takes the place of the one that is saved: `agroflux data template management --data ID` writes that out.
    """
    from agroflux.data import catalog, importing, management_table
    from agroflux.data.report import Report

    report = Report()
    seasons = management_table.read(table, report)
    if not force:
        _none_goes(data, seasons)
    path = importing.set_management(data, seasons, force=force)
    if beyond := management_table.outside(seasons, catalog.open_dataset(data).indexes["time"]):
        report.add("warning", table.name, beyond, "check the year")
    if as_json:
        print_json({"id": data, "rows": len(seasons), "path": str(path)} | told_of(report))
        return
    say(report, err=True)
    typer.echo(f"{data}: {len(seasons)} rows of management, {path}")


def _none_goes(data: str, seasons: "Sequence[Season]") -> None:
    """DataError where rows saved in the user's data set ``data`` are not among ``seasons`` and would be lost."""
    from agroflux.data import catalog, management_table, replaced

    entry = catalog.get(data)
    if not entry.own:
        return  # it cannot be changed, and what sets the table says so
    ds = catalog.open_dataset(entry.id)
    lost = management_table.gone(ds, seasons)
    if lost and {s.site for s in seasons} <= set(ds["site"].to_numpy()):  # of other sites the table cannot be set
        many = f"{len(lost)} saved rows" if len(lost) > 1 else "1 saved row"
        raise DataError(
            f"{many} of {data} would go, as the table does not hold them: {replaced.named(lost)}; add them (`agroflux "
            f"data template management --data {data}` writes them out), or drop them with --force"
        )
