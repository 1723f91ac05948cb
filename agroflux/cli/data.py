"""``agroflux data``: which data sets there are, what is in one, and your own: check, import, compare, remove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agroflux.cli import data_import, data_management
from agroflux.cli.output import JSON, print_json, print_rows

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="List, show, check, import and remove data sets.",
)
app.command("import")(data_import.import_)
app.command("fetch")(data_import.fetch)
app.command("check")(data_import.check)
app.command("template")(data_management.template)
app.command("manage")(data_management.manage)


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """All data sets: those that ship with AgroFlux Explorer, then your own."""
    from agroflux.data import catalog

    rows = [catalog.describe(entry) for entry in catalog.entries()]
    if as_json:
        print_json(rows)
        return
    print_rows([_short(row) for row in rows], as_json=False, title="Data sets")
    for row in rows:
        if row["status"] != catalog.OK:
            typer.echo(f"{row['id']}: {row['status']}", err=True)


@app.command("show")
def show(
    data: str = typer.Argument(..., metavar="ID", help="A data set of `agroflux data list`."), as_json: bool = JSON
) -> None:
    """One data set: its source and licence, and each variable's mean, range and missing share."""
    from agroflux.data import catalog, summary

    entry = catalog.get(data)
    facts = catalog.describe(entry) | {"statistics": summary.statistics(catalog.open_dataset(entry.id))}
    if as_json:
        print_json(facts)
        return
    rows = [{"field": key, "value": value} for key, value in facts.items() if key not in ("statistics", "variables")]
    print_rows(rows, as_json=False, title=entry.title)
    print_rows(facts["statistics"], as_json=False, title="Variables")


@app.command("compare")
def compare(
    data: Annotated[str, typer.Argument(metavar="ID", help="A data set of `agroflux data list`.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Monthly FLUXNET file (or zip) of one of its sites.")],
    as_json: bool = JSON,
) -> None:
    """Monthly means of a data set beside the monthly file that its network publishes for the same site."""
    from agroflux.data import catalog, monthly

    found = monthly.against(catalog.open_dataset(data), path)
    if as_json:
        tables = {"summary": found.summary(), "months": found.months, "left_out": found.left_out}
        rows = {name: _days(table).to_dict("records") for name, table in tables.items()}
        print_json({"data": data, "site": found.site, "file": found.source, "remarks": found.remarks} | rows)
        return
    title = f"{data} less {found.source}, means of months"
    print_rows(_days(found.summary()).to_dict("records"), as_json=False, title=title)
    if len(found.left_out):
        typer.echo(f"left out (--json lists them): {len(found.left_out)} monthly values, because {monthly.TOO_FEW}")
    for remark in found.remarks:
        typer.echo(f"note: {remark}")


@app.command("remove")
def remove(
    data: str = typer.Argument(..., metavar="ID", help="One of your own data sets."), as_json: bool = JSON
) -> None:
    """Delete one of your own data sets; bundled ones stay."""
    from agroflux.data import importing

    path = importing.remove(data)
    if as_json:
        print_json({"removed": data, "path": str(path)})
    else:
        typer.echo(f"{data} is removed ({path})")


def _days(table: "pd.DataFrame") -> "pd.DataFrame":
    """``table`` with months as text (2005-01)."""
    days = table.select_dtypes("datetime")
    return table.assign(**{name: days[name].dt.strftime("%Y-%m").fillna("") for name in days})


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """What fits in a terminal's line: one word says whether the values are simulated, measured or synthetic."""
    measured = "synthetic" if row["synthetic"] else "measured"
    what = {"observation": measured}.get(row["kind"], row["kind"])
    period = f"{row['start']} to {row['end']}" if row["start"] else ""
    return {"id": row["id"], "what": what, "sites": row["n_sites"], "period": period}
