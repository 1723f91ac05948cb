"""``agroflux emissions``: county and state totals of N2O and net CO2, as a table, JSON, CSV or GeoJSON."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from agroflux.emissions.totals import Totals

SUFFIXES = (".csv", ".geojson")
#: Column of the totals -> (narrow heading with unit, divisor, decimals), for a terminal.
_SHOWN = {
    "area_ha": ("area [1000 ha]", 1e3, 1),
    "n2o_t": ("N2O [t yr-1]", 1.0, 0),
    "n2o_t_co2e": ("CO2e [kt yr-1]", 1e3, 1),
    "n2o_kg_n_ha": ("N2O-N [kg ha-1 yr-1]", 1.0, 2),
    "nee_t_co2": ("NEE [kt CO2 yr-1]", 1e3, 1),
    "necb_t_co2": ("NECB [kt CO2 yr-1]", 1e3, 1),
}


def command(
    data: Annotated[str, typer.Option(help="Data set id, or path of a .zarr or .zarr.zip.")] = "cornbelt-century",
    model: Annotated[str, typer.Option(help="Model id: predict the fluxes from the data set's drivers.")] = "",
    n_rate: Annotated[float, typer.Option(help="N rate to corn [kg N ha-1].")] = 168.0,
    years: Annotated[str, typer.Option(help="Years, as 2015 or 2013-2018 or 2015,2017; default: all.")] = "",
    gwp: Annotated[str, typer.Option(help="GWP-100 of AR4, AR5 or AR6.")] = "AR6",
    areas: Annotated[
        Path | None, typer.Option(help="CSV of own areas: fips,corn_area_ha,soybean_area_ha [ha].")
    ] = None,
    by: Annotated[Literal["county", "state"], typer.Option(help="Add up by county or by state.")] = "county",
    out: Annotated[Path | None, typer.Option(help="File to write: .csv or .geojson.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Totals per year of the period: flux per hectare times harvested area, with IPCC Tier 1 beside them."""
    from agroflux import geo
    from agroflux.data import catalog
    from agroflux.emissions import areas as areas_module
    from agroflux.emissions import fluxes, tier1, units

    units.potential(gwp)
    if out is not None:
        check_target(out, force=force)
    facts = geo.county_facts()
    own = areas_module.read_areas(areas, facts) if areas is not None else None
    ds = catalog.open_dataset(data)
    fluxes.check_simulation(ds)
    made = _totals(ds, data, model, n_rate, years, gwp, facts, own, show=not as_json)
    has_zero = bool((ds["n_rate"] == 0).any())
    zero = _totals(ds, data, model, 0.0, years, gwp, facts, own, show=not as_json) if has_zero else None
    comparison = tier1.compare(made, zero, facts)
    if out is not None:
        _write(made, by, out)
    _print(made, by, comparison, out, as_json=as_json)


def check_target(out: Path, *, force: bool) -> None:
    """Raise DataError unless ``out`` is named .csv or .geojson, has a folder to lie in, and may be written."""
    from agroflux.errors import DataError

    if out.suffix not in SUFFIXES:
        raise DataError(f"--out {out}: give a name that ends in .csv or .geojson")
    if not out.parent.is_dir():
        raise DataError(f"--out {out}: the folder {out.parent} does not exist: make it first")
    if out.exists() and not force:
        raise DataError(f"--out {out} exists: choose another name, or replace it with --force")


def _totals(
    ds: "xr.Dataset",
    data: str,
    model: str,
    n_rate: float,
    years: str,
    gwp: str,
    facts: "pd.DataFrame",
    own: "pd.DataFrame | None",
    *,
    show: bool,
) -> "Totals":
    from agroflux.cli.predict import parse_years
    from agroflux.emissions import fluxes
    from agroflux.emissions.totals import totals

    source, name = ds, data
    if model:
        from agroflux.cli.progress import bar
        from agroflux.inference.region import run_region

        # All years, so that a crop's nearest year is there when the period shows only the other crop.
        with bar(f"Predicting {n_rate:g} kg N ha-1", show=show) as progress:
            source = fluxes.with_crops(run_region(model, ds, None, None, n_rate, progress), ds)
        name = f"{model} on {data}"
    chosen = parse_years(years) or fluxes.whole_years(source)
    return totals(source, facts, n_rate=n_rate, years=chosen, gwp=gwp, areas=own, data=name)


def _write(made: "Totals", by: Literal["county", "state"], out: Path) -> None:
    """Write beside ``out`` and rename, so that an interrupted run leaves no half file under that name."""
    from agroflux import geo
    from agroflux.emissions import export

    if out.suffix == ".csv":
        text = export.to_csv(made.by(by), export.provenance(made))
    else:
        frame, key = (geo.counties(), "fips") if by == "county" else (geo.states(), "state")
        text = export.to_geojson(made, dict(zip(frame[key], frame.geometry, strict=True)), by)
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _print(
    made: "Totals", by: Literal["county", "state"], comparison: "pd.DataFrame", out: Path | None, *, as_json: bool
) -> None:
    from agroflux.cli.output import print_json, print_rows
    from agroflux.emissions import export
    from agroflux.emissions.totals import COLUMNS

    table, region = made.by(by), made.by("region").iloc[0].to_dict()
    if as_json:
        print_json(
            {
                **export.provenance(made),
                "units": {c: COLUMNS[c].unit for c in table if COLUMNS[c].unit},
                "region": region,
                "totals": table.to_dict("records"),
                "left_out": made.left_out.to_dict("records"),
                "tier1": comparison.to_dict("records"),
                "uncertainty": None,
                "path": str(out) if out else None,
            }
        )
        return
    rows = [_row(row, by) for row in [region | {"state": "All", "county": "All"}, *table.to_dict("records")]]
    title = f"{made.data}, {made.n_rate:g} kg N ha-1, {made.period}, {made.gwp}: per year, no uncertainty"
    print_rows(rows, as_json=False, title=title)
    for row in made.left_out.to_dict("records"):
        typer.echo(f"Left out: {row['crop']} in {row['county']}, {row['state']} ({row['reason']})", err=True)
    if out is not None:
        typer.echo(f"Wrote {out}", err=True)


def _row(row: dict[str, Any], by: str) -> dict[str, str]:
    place = row["state"] if by == "state" or row["county"] == "All" else f"{row['county']}, {row['state']}"
    figures = {
        heading: f"{row[name] / divisor:,.{places}f}"
        for name, (heading, divisor, places) in _SHOWN.items()
        if name in row
    }
    return {"place": place, **figures}
