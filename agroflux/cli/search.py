"""``agroflux search``: try settings of the networks on validation years, resumable."""

from pathlib import Path
from typing import Annotated

import typer

from agroflux.cli.output import JSON


def command(
    data: Annotated[Path, typer.Option(help="A full simulation, as DIR/cornbelt-century.zarr.")],
    model: Annotated[str | None, typer.Option(help="Networks, with commas between; default: all.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of search.json; default: models/ of the checkout.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for states of training; default: user data.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Training time of each candidate; default: 4.")
    ] = None,
    best: Annotated[
        int | None,
        typer.Option(min=1, help="Of each network only the best few of a shorter search, and what is recommended."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Candidates at a time, one core each.")] = 2,
    as_json: bool = JSON,
) -> None:
    """Train each candidate for the same time and rank them by their loss on the validation years."""
    from agroflux import paths
    from agroflux.baselines import registry
    from agroflux.cli.lists import words
    from agroflux.cli.output import check_folder, print_rows
    from agroflux.data import catalog, splits, subsample
    from agroflux.errors import DataError, ModelError
    from agroflux.training import search, study

    if not data.exists():
        raise DataError(f"{data} does not exist: make it with 'make simulate', or name another --data")
    models = words(model or "") or registry.names()
    for name in models:
        registry.configuration(name)
    out = out or paths.MODELS
    check_folder(out)
    # What is no data set, or lacks the part that is searched, is told before it is read through for its hash.
    part = subsample.take(catalog.open_dataset(data), study.PART)
    years = " and ".join(map(str, splits.make(part).validate))
    place = work or paths.user_data() / "search"
    rows, failed = search.run(
        models,
        data,
        out,
        place,
        minutes=minutes or search.MINUTES,
        workers=workers,
        best=best,
        note=lambda text: typer.echo(text, err=True),
    )
    search.record(out)
    columns = ("model", "validation_loss", "epochs", "best_epoch", "parameters", "settings")
    for name in models:
        typer.echo(search.advice(rows, name), err=True)
    print_rows(rows, as_json=as_json, title=f"validation loss, {years}", columns=columns)
    if failed:
        raise ModelError(f"{len(failed)} candidate(s) failed: " + "; ".join(failed))
