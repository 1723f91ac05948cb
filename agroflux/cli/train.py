"""``agroflux train``: a baseline on a data set, resumable."""

from pathlib import Path
from typing import Annotated

import typer

Changes = Annotated[list[str] | None, typer.Option("--set", help="Model setting, as hidden=96; may be repeated.")]


def command(
    data: Annotated[str, typer.Option(help="Data set id or path of a .zarr; several simulations with + between.")],
    model: Annotated[str, typer.Option(help="Name of the baseline.")] = "lstm",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the checkpoint and its card; default: models/ of the checkout.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for the state of a run, to resume it from; default: user data.")
    ] = None,
    protocol: Annotated[str, typer.Option(help="clean or official.")] = "clean",
    preset: Annotated[str, typer.Option(help="recommended or official.")] = "recommended",
    experiment: Annotated[str, typer.Option(help="temporal, spatial or spatial-state.")] = "temporal",
    fold: Annotated[int, typer.Option(min=0, help="Fold of a spatial experiment.")] = 0,
    rates: Annotated[str | None, typer.Option(help="N rates to train on, as 0,168,336; default: all.")] = None,
    phases: Annotated[str, typer.Option(help="Rotation phases to train on: both or one.")] = "both",
    seed: Annotated[int, typer.Option(min=0, max=2**64 - 1, help="Seed of the weights and of the windows drawn.")] = 0,
    max_epochs: Annotated[int, typer.Option(min=1, help="Epochs at most.")] = 80,
    max_minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help="Minutes of training at most; the learning rate then follows the clock too."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads; more than 1 helps on idle cores only.")] = 1,
    devices: Annotated[
        int | None, typer.Option(min=1, help="GPUs that share each batch (without one: processes); default: all GPUs.")
    ] = None,
    unknown_management: Annotated[
        float, typer.Option(min=0, max=1, help="Share of site-years whose planting, crop and nitrogen are hidden.")
    ] = 0.0,
    any_day: Annotated[
        bool | None,
        typer.Option("--any-day/--january", help="First days of training windows; default: the network's own."),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-6, max=1.0, help="First learning rate; default: the network's own.")
    ] = None,
    settings: Changes = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model of that name of other data.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON, and no progress.")] = False,
) -> None:
    """Train a baseline, restore its best epoch, score it on the test years and write checkpoint and card."""
    from agroflux import paths
    from agroflux.baselines import card as cards
    from agroflux.cli.output import check_folder, print_json, print_rows
    from agroflux.data import joined, splits, subsample

    out = out or paths.MODELS
    check_folder(out)
    splits.check(protocol, experiment)
    part = subsample.Subsample(subsample.parse_rates(rates), phases)
    place = joined.find(data)
    ds = subsample.take(joined.open_dataset(data), part)
    split = splits.make(ds, protocol, experiment, fold)
    from agroflux.training import recipes, supervised

    limits = {"seed": seed, "max_epochs": max_epochs, "max_minutes": max_minutes, "threads": threads}
    limits |= {"unknown_management": unknown_management} | ({} if any_day is None else {"any_day": any_day})
    limits |= {} if learning_rate is None else {"learning_rate": learning_rate}
    recipe = recipes.recipe(model, config=_settings(settings or []), preset=preset, **limits)
    command = recipes.command(recipe, place.location, protocol, experiment, split, part)
    source = supervised.Source(place.id, cards.sha256(*place.paths), command, part)
    name = recipes.identifier(recipe, place.id, protocol, experiment, split, part)
    if not force:
        _check_kept(out / f"{name}{cards.WEIGHTS}", source.sha256)
    path = supervised.train(
        ds,
        split,
        recipe,
        source,
        out=out,
        work=work or paths.user_data() / "training" / name,
        protocol=protocol,
        experiment=experiment,
        devices=devices,
        progress=not as_json,
    )
    card = cards.read(path)
    if as_json:
        print_json(card.as_dict())
        return
    print_rows(card.scores, as_json=False, title=str(path), columns=("model", "target", "n", "r2", "rmse", "mae"))
    typer.echo(f"No better than climatology on: {', '.join(card.below_climatology) or 'no daily target'}", err=True)


def _check_kept(path: Path, sha256: str) -> None:
    """DataError where a model of that name is there which learned from other data: a trial must not take its place.

    Weights without a whole card are no model that could be used: a training that is killed between the two leaves them.
    """
    from agroflux.baselines import card as cards
    from agroflux.errors import DataError, ModelError

    if not path.is_file():
        return
    try:
        held = cards.read(path).data
    except ModelError:
        return
    if held.get("sha256") != sha256:
        what = f"{held.get('id')}, SHA-256 {str(held.get('sha256'))[:12]}"
        raise DataError(f"{path} was trained on other data ({what}): name another --out, or replace it with --force")


def _settings(pairs: list[str]) -> dict[str, int | float]:
    from agroflux.errors import ModelError

    found: dict[str, int | float] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        try:
            found[key] = int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            raise ModelError(f"--set {pair!r} is not name=number, as in hidden=96") from None
    return found
