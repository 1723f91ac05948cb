"""``agroflux data``: which data sets there are, and what is in one."""

from typing import Any

import typer

from agroflux.cli.output import print_json, print_rows

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="List and show data sets.",
)
_JSON = typer.Option(False, "--json", help="Print JSON and nothing else.")


@app.command("list")
def list_(as_json: bool = _JSON) -> None:
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
    data: str = typer.Argument(..., metavar="ID", help="A data set of `agroflux data list`."), as_json: bool = _JSON
) -> None:
    """One data set: its source and licence, and each variable's mean, range and missing share."""
    from agroflux.data import catalog, store

    entry = catalog.get(data)
    ds = catalog.open_dataset(entry.id)
    facts = catalog.describe(entry) | {"statistics": [_statistics(store.load(ds[[n]]), n) for n in ds.data_vars]}
    if as_json:
        print_json(facts)
        return
    rows = [{"field": key, "value": value} for key, value in facts.items() if key not in ("statistics", "variables")]
    print_rows(rows, as_json=False, title=entry.title)
    print_rows(facts["statistics"], as_json=False, title="Variables")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """What fits in a terminal's line: one word says whether the values are simulated, measured or synthetic."""
    measured = "synthetic" if row["synthetic"] else "measured"
    what = {"observation": measured}.get(row["kind"], row["kind"])
    period = f"{row['start']} to {row['end']}" if row["start"] else ""
    return {"id": row["id"], "what": what, "sites": row["n_sites"], "period": period}


def _statistics(ds: Any, name: Any) -> dict[str, Any]:
    """Mean, smallest and largest value [unit of the variable] and the share of missing values."""
    array = ds[name]
    return {
        "variable": str(name),
        "unit": array.attrs.get("units", ""),
        "mean": float(array.mean()),
        "min": float(array.min()),
        "max": float(array.max()),
        "missing": float(array.isnull().mean()),
        "derived": array.attrs.get("derived"),
    }
