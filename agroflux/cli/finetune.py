"""``agroflux finetune``: adapt a trained model to measured site-years."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from agroflux.training.adaptation import Progress


def command(
    data: Annotated[str, typer.Option(help="Id or path of a data set of observations.")],
    target: Annotated[str, typer.Option(help="Targets to adapt, as NEE,GPP.")],
    site_years: Annotated[str, typer.Option(help="Site-years to train on, as US-Tw3:2014,US-Tw3:2015.")],
    model: Annotated[str, typer.Option(help="Id or path of the source model.")] = "lstm-cornbelt-century",
    recipe: Annotated[
        str, typer.Option(help="finetune, finetune-head, finetune-gradual, adversarial, pooled, scratch or zero-shot.")
    ] = "finetune",
    validate: Annotated[str, typer.Option(help="Site-years that choose the epoch; default: the last one left.")] = "",
    test: Annotated[str, typer.Option(help="Site-years to score on; default: all that are left.")] = "",
    source: Annotated[
        str, typer.Option(help="Simulations for adversarial and pooled, as A+B; default: what the model learnt.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the checkpoint and its card; default: models/ in user data, where ids are found."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**64 - 1, help="Seed of new weights and of the order of windows.")
    ] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs at most.")] = 120,
    seconds: Annotated[float | None, typer.Option(help="Seconds at most; the learning rate then follows them.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Epochs between two looks at the validation year.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON, and no progress.")] = False,
) -> None:
    """Adapt a model to measured site-years, choose its epoch by a validation year, score it on others and save it."""
    from agroflux import paths
    from agroflux.baselines import card as cards
    from agroflux.cli.lists import words
    from agroflux.cli.output import check_folder, print_json, print_rows
    from agroflux.data import field_days
    from agroflux.errors import SelectionError
    from agroflux.inference.predict import load
    from agroflux.training import transfer
    from agroflux.training.prepared import prepare
    from agroflux.training.request import Request

    out = out or paths.user_models()
    check_folder(out)
    if source and not transfer.needs_source(transfer.recipe(recipe)):
        raise SelectionError(f"--source is for recipes that train on simulations too: leave it out with {recipe}")
    targets = words(target)
    request = Request(
        data, targets, site_years, model, recipe, validate, test, source, seed, epochs, seconds, every
    )  # fmt: skip
    made = prepare(request, load(model))
    with _watching(show=not as_json) as report:
        path = transfer.adapt_and_save(
            made.checkpoint, made.windows, made.run, made.origin, out, source=made.simulated, report=report
        )
    card = cards.read(path)
    plain = transfer.adapted_name(made.checkpoint, made.run, made.origin)
    if card.id != plain:
        typer.echo(f"Another adaptation is called {plain}: this one is called {card.id}", err=True)
    if as_json:
        print_json(card.as_dict())
        return
    rows = [row | {"days": field_days.words(row["by"], row["group"])} for row in card.scores + card.scores_by_group]
    shown = ("model", "target", "days", "n", "r2", "rmse", "bias")
    print_rows(rows, as_json=False, title=str(path), columns=shown)
    if "best_epoch" in card.training:  # what is not trained has none
        kept = card.training["best_epoch"]
        typer.echo(f"Best epoch: {kept}, chosen by {', '.join(card.data['site_years']['validate'])}", err=True)


@contextmanager
def _watching(*, show: bool) -> "Iterator[Callable[[Progress], None] | None]":
    """A report callback that moves a bar by the share of the budget."""
    from agroflux.cli.progress import bar

    with bar("Adapting", show=show) as move:
        if move is None:
            yield None
        else:
            yield lambda at: move(round(1000 * at.share), 1000)
