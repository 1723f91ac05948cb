"""``agroflux evaluate``: scores of a trained model, or of climatology, on a data set's test years."""

from typing import Annotated

import typer

COLUMNS = ("model", "target", "n", "r2", "r2_low", "r2_high", "rmse", "mae", "bias", "nse", "kge")


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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Score a model under a named protocol: one row a target, with 95 % intervals over site-years."""
    from agroflux.cli.output import print_rows
    from agroflux.cli.progress import bar
    from agroflux.data.subsample import Subsample, parse_rates
    from agroflux.evaluation import protocols

    part = Subsample(parse_rates(rates), phases)
    with bar("Scoring counties", show=not as_json) as progress:
        rows = protocols.evaluate(
            model, data, protocol=protocol, experiment=experiment, fold=fold, part=part, progress=progress
        )
    print_rows(rows, as_json=as_json, title=f"{data}, {protocol} {experiment}", columns=COLUMNS)
