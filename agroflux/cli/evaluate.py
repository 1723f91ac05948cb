"""``agroflux evaluate``: scores of a trained model, or of climatology, on a data set's test years."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

COLUMNS = ("model", "target", "n", "r2", "r2_low", "r2_high", "rmse", "mae", "bias", "nse", "kge")
_COUNTY = ("model", "target", "site", "n", "r2", "rmse", "bias")


def command(
    model: Annotated[
        str, typer.Option(help="Model id, path of a checkpoint, or a reference: climatology, ridge, boosting.")
    ] = "lstm-cornbelt-century",
    data: Annotated[
        str, typer.Option(help="Data set id, or path of a .zarr or .zarr.zip; several simulations with + between.")
    ] = "cornbelt-century",
    protocol: Annotated[str, typer.Option(help="clean or official.")] = "clean",
    experiment: Annotated[str, typer.Option(help="temporal, spatial or spatial-state.")] = "temporal",
    fold: Annotated[int, typer.Option(min=0, help="Spatial fold of a reference; a model has its own.")] = 0,
    rates: Annotated[str | None, typer.Option(help="N rates to score on, as 0,168,336; default: all.")] = None,
    phases: Annotated[str, typer.Option(help="Rotation phases to score on: both or one.")] = "both",
    target: Annotated[str | None, typer.Option(help="One target alone, as N2O_FLUX; default: all.")] = None,
    by_county: Annotated[bool, typer.Option("--by-county", help="One row a target and county.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Score a model under a named protocol: one row a target, with 95 % intervals over site-years; N2O's peak days."""
    from agroflux import schema
    from agroflux.cli.output import print_rows
    from agroflux.cli.progress import bar
    from agroflux.data.subsample import Subsample, parse_rates
    from agroflux.errors import SelectionError
    from agroflux.evaluation import protocols

    if target not in (None, *schema.TARGETS):
        raise SelectionError(f"unknown target {target!r}: choose one of {', '.join(schema.TARGETS)}")
    part = Subsample(parse_rates(rates), phases)
    with bar("Scoring counties", show=not as_json) as progress:
        every = protocols.evaluate(
            model,
            data,
            protocol=protocol,
            experiment=experiment,
            fold=fold,
            part=part,
            by_county=by_county,
            progress=progress,
        )
    rows = [row for row in every if target in (None, row["target"])]
    title = f"{data}, {protocol} {experiment}"
    print_rows(rows, as_json=as_json, title=title, columns=_COUNTY if by_county else COLUMNS)
    if (found := _peaks(rows)) and not as_json:
        print_rows(found, as_json=False, title="peak days, above the 90th percentile", columns=tuple(found[0]))


def _peaks(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a score of the peak days, which side by side are wider than a terminal."""
    from agroflux.evaluation import peaks

    return [
        {name: row[name] for name in ("model", "target")}
        | {"threshold": row["peak_threshold"], "score": score.removeprefix("peak_"), "value": row[score]}
        | {end: row[f"{score}_{end}"] for end in ("low", "high")}
        for row in rows
        if "peak_threshold" in row
        for score in peaks.SCORES
    ]
