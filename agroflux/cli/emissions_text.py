"""What ``agroflux emissions`` prints: a narrow table for a terminal, or JSON alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.emissions.assess import Assessment
    from agroflux.emissions.coverage import Coverage
    from agroflux.emissions.question import Sources

#: Column of the totals -> (narrow heading with unit, divisor, decimals), for a terminal.
_SHOWN = {
    "area_ha": ("area [1000 ha]", 1e3, 1),
    "n2o_t": ("N2O [t yr-1]", 1.0, 0),
    "n2o_t_co2e": ("CO2e [kt yr-1]", 1e3, 1),
    "n2o_all_t_co2e": ("with indirect [kt yr-1]", 1e3, 1),
    "n2o_kg_n_ha": ("N2O-N [kg ha-1 yr-1]", 1.0, 2),
    "nee_t_co2": ("NEE [kt CO2 yr-1]", 1e3, 1),
    "necb_t_co2": ("NECB [kt CO2 yr-1]", 1e3, 1),
}


def table(answer: "Assessment", by: str) -> "pd.DataFrame":
    """Rows of the answer by county, state or crop with intervals, or by year or month."""
    from agroflux.emissions.export import with_intervals

    if by == "year":
        return answer.years
    if by == "month":
        return answer.months
    return with_intervals(answer, by)  # type: ignore[arg-type]


def print_totals(answer: "Assessment", sources: "Sources", by: str, paths: Sequence[Path], *, as_json: bool) -> None:
    """Print an answer, and whether anything behind its ``sources`` is synthetic."""
    from agroflux.cli.output import print_json, print_rows
    from agroflux.emissions import export, notes, words
    from agroflux.emissions.totals import REGION

    made, rows = answer.totals, table(answer, by)
    region = export.with_intervals(answer, "region").iloc[0].to_dict()
    if as_json:
        print_json(
            {
                **export.provenance(made, synthetic=sources.synthetic),
                "units": {c: export.unit_of(c) for c in rows if export.unit_of(c)},
                "region": region,
                "totals": rows.to_dict("records"),
                "left_out": made.left_out.to_dict("records"),
                "gaps": list(answer.gaps),
                "about_years": notes.beside_years(answer),
                "tier1": answer.named(answer.tier1).to_dict("records"),
                "uncertainty": {
                    "headline": answer.headline,
                    "components": list(answer.components),
                    "models": list(answer.models),
                    "contributions": answer.parts.to_dict("records"),
                    "draws": answer.question.draws,
                    "seed": answer.question.seed,
                },
                "path": str(paths[0]) if paths else None,
                "paths": [str(path) for path in paths],
            }
        )
        return
    head = answer.interval(answer.headline)
    title = f"{made.data}, {made.n_rate:g} kg N ha-1, {made.period}, {made.gwp} GWP-{made.horizon}: per year"
    whole = "All" if answer.place == REGION else answer.place
    shown = [_row({"place": whole, **region}, answer), *(_row(row, answer) for row in rows.to_dict("records"))]
    print_rows(shown if by != "month" else rows.to_dict("records"), as_json=False, title=title)
    what = notes.NAMES[answer.headline]
    typer.echo(f"{what}: {words.with_interval(head['value'], head['low80'], head['high80'], head['unit'])} a year")
    if by == "year" and (text := notes.beside_years(answer)):
        typer.echo(text)
    _tell_synthetic(sources)
    for row in made.left_out.to_dict("records"):
        typer.echo(f"Left out: {row['crop']} in {row['county']}, {row['state']} ({row['reason']})", err=True)
    for text in answer.gaps:
        typer.echo(text, err=True)
    for path in paths:
        typer.echo(f"Wrote {path}", err=True)


def _tell_synthetic(sources: "Sources") -> None:
    """One line on stderr that names the synthetic data behind ``sources``, if any are."""
    from agroflux.emissions.report import data_sources, synthetic_titles

    if titles := synthetic_titles(data_sources(sources)):
        typer.echo(f"Synthetic data: {'; '.join(titles)}. Made by a model, not measured.", err=True)


def print_coverage(coverage: "Coverage", sources: "Sources", *, as_json: bool) -> None:
    """Print shares of held-out totals inside their intervals, and whether anything behind them is synthetic."""
    from agroflux.cli.output import print_json, print_rows

    told = coverage.summary()
    if as_json:
        print_json(told | {"synthetic": "yes" if sources.synthetic else "no"})
        return
    rows = [{"totals": f"county-years ({told['county_years']})", **told["coverage"]}]
    rows.append({"totals": "county-years, test years alone", **told["coverage_test_years"]})
    for kind, found in told["coverage_of_sums"].items():
        rows.append({"totals": f"{kind}-years ({found['n']})", **{k: v for k, v in found.items() if k != "n"}})
    what = f"share of held-out totals of {coverage.quantity} inside the model-error part of their interval"
    print_rows(rows, as_json=False, title=f"{coverage.model} on {coverage.data}: {what}")
    typer.echo(told["how"])
    _tell_synthetic(sources)


def _row(row: dict[str, Any], answer: "Assessment") -> dict[str, str]:
    county = f"{row['county']}, {row['state']}" if "county" in row else ""
    place = row.get("place") or county or row.get("state") or row.get("crop") or row.get("year")
    figures = {
        heading: f"{row[name] / divisor:,.{places}f}"
        for name, (heading, divisor, places) in _SHOWN.items()
        if name in row
    }
    low, high = (row.get(f"{answer.headline}_{end}80") for end in ("low", "high"))
    if low is not None and high is not None:
        what = "with indirect" if answer.question.indirect else "CO2e"
        figures[f"{what}, 80 % [kt yr-1]"] = f"{low / 1e3:,.1f} to {high / 1e3:,.1f}"
    return {"place": str(place), **figures}
