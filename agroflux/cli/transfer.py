"""``agroflux transfer``: every recipe on the same test days, and what each gains over training from scratch."""

import itertools
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import xarray as xr

    from agroflux.baselines.checkpoint import Checkpoint
    from agroflux.training.comparison import Design
    from agroflux.training.site_years import SiteYears

_RECIPES = "scratch,finetune,finetune-head,finetune-gradual,adversarial,pooled,zero-shot,hybrid"
#: The recipe for which the process model runs at each site, where it can.
_COUPLED = "hybrid"


def command(
    model: Annotated[str, typer.Option(help="Ids or paths of source models, with commas.")] = "lstm-cornbelt-century",
    data: Annotated[str, typer.Option(help="Data sets of observations, with commas.")] = (
        "towers-sample,chambers-synthetic"
    ),
    target: Annotated[str, typer.Option(help="Targets; each data set is adapted to those it holds.")] = (
        "NEE,GPP,Reco,N2O_FLUX"
    ),
    recipe: Annotated[
        str, typer.Option(help="Recipes, with commas; scratch always runs; hybrid runs DSSAT too, where it can.")
    ] = _RECIPES,
    protocol: Annotated[str, typer.Option(help="How test site-years are held out.")] = (
        "leave-years-out,leave-one-site-out"
    ),
    shots: Annotated[str, typer.Option(help="Numbers of training site-years, with commas.")] = "1,2,4,8",
    seeds: Annotated[str, typer.Option(help="Seeds, with commas.")] = "0,1,2",
    epochs: Annotated[int, typer.Option(min=1, help="Epochs at most.")] = 120,
    source: Annotated[
        str, typer.Option(help="Simulations for adversarial and pooled, as A+B; default: what a model learnt.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the rows; those of other models, data sets and recipes in it stay; "
            "default: models/transfer.json of the checkout."
        ),
    ] = None,
    work: Annotated[Path | None, typer.Option(help="File of finished runs, to go on from; default: user data.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON, and no progress.")] = False,
) -> None:
    """Compare transfer recipes with training from scratch and write the rows; a run that was stopped goes on.

    Each score over all seeds is also given by crop and by known and unknown management (fields by and group).
    """
    from agroflux import paths
    from agroflux.cli.lists import numbers, words
    from agroflux.cli.output import check_folder, print_json, print_rows
    from agroflux.data import field_days
    from agroflux.errors import DataError, SelectionError
    from agroflux.evaluation import gain_rows
    from agroflux.inference.predict import load
    from agroflux.training import folds, locks, transfer
    from agroflux.training.adaptation import Budget
    from agroflux.training.comparison import Design

    out = out or paths.MODELS / "transfer.json"
    for option, text in (("model", model), ("data", data), ("recipe", recipe), ("protocol", protocol)):
        if not words(text):
            raise SelectionError(f"--{option} names nothing: leave it out for its default, or name one or several")
    design = Design(words(recipe), words(protocol), numbers(shots), numbers(seeds), Budget(epochs))
    if 0 in design.shots:
        raise SelectionError("--shots 0 leaves nothing to train on: the recipe zero-shot is the one without training")
    if max(design.seeds) >= 2**64:
        raise SelectionError(f"--seeds {max(design.seeds)} is too large a number: seeds are below 2^64")
    for name in design.recipes:
        transfer.recipe(name)
    for name in design.protocols:
        folds.folds(name, ())
    # What is wrong with file, models or data is said before hours of training.
    check_folder(out.parent)
    if out.is_dir():
        raise DataError(f"{out} is a folder: name a file for the rows with --out")
    before = gain_rows.read_file(out)
    pairs = itertools.product([load(name) for name in words(model)], words(data))
    asked = [_ask(checkpoint, data_id, words(target), source) for checkpoint, data_id in pairs]
    gain_rows.check_merge(before, [row for one in asked for row in _planned(one, design)])
    done = work or paths.user_data() / "transfer" / "runs.jsonl"
    rows = [row for one in asked for row in _rows(one, design, done, show=not as_json)]
    if not rows:
        raise SelectionError(f"no fold of {data} has {shots} site-years to train on: ask for fewer with --shots")
    with locks.alone(out.parent):  # another comparison may have written its rows since
        merged = gain_rows.merge(gain_rows.read_file(out), rows)
        written = gain_rows.read_file(gain_rows.write_file(merged, out))
    rows = written[len(merged) - len(rows) :]  # what is printed is what was written, digit by digit
    if as_json:
        print_json(rows)
        return
    shown = (
        "model",
        "data",
        "protocol",
        "site",
        "target",
        "days",
        "recipe",
        "n_site_years",
        "r2",
        "gain",
        "gain_low",
        "gain_high",
    )
    every = list(design.seeds)
    table = [r | {"days": field_days.words(r["by"], r["group"])} for r in rows if r["seeds"] == every]
    print_rows(table, as_json=False, title=str(out), columns=shown)


@dataclass(frozen=True)
class _Asked:
    """One model on one data set: the targets that it holds, what starts each row, simulations other than its own."""

    checkpoint: "Checkpoint"
    ds: "xr.Dataset"
    targets: tuple[str, ...]
    label: dict[str, Any]
    source: str

    @property
    def weights(self) -> dict[str, str]:
        """What a row says of the model's weights."""
        return {"weights": self.checkpoint.card.weights_sha256[:16]}


def _ask(checkpoint: "Checkpoint", data: str, wanted: tuple[str, ...], source: str) -> _Asked:
    """Open ``data``. SelectionError where it holds none of the targets ``wanted``, or the model has seen it."""
    from agroflux.baselines import card as cards
    from agroflux.data import catalog, joined
    from agroflux.errors import SelectionError
    from agroflux.training import lineage

    ds, place, card = catalog.open_dataset(data), joined.find(data), checkpoint.card
    targets = tuple(name for name in wanted if name in ds)
    if not targets:
        raise SelectionError(f"{data} holds none of {', '.join(wanted)}: name one that it holds with --target")
    sha256 = cards.sha256(*place.paths)
    lineage.check_new(card, place.id, sha256, set(map(str, ds["site"].to_numpy())))
    label = {"data": place.id, "source": joined.find(source).id if source else str(card.data["id"])}
    about = {"data_sha256": sha256, "synthetic": bool(ds.attrs.get("synthetic", False))}
    return _Asked(checkpoint, ds, targets, label | about, source)


def _planned(asked: _Asked, design: "Design") -> list[dict[str, Any]]:
    """The rows that are asked for, without scores."""
    from agroflux.training.comparison import REFERENCE

    common = asked.label | asked.weights | {"model": asked.checkpoint.card.id, "seeds": list(design.seeds)}
    names = ("protocol", "recipe", "n_site_years", "target")
    recipes = dict.fromkeys((REFERENCE, *design.recipes))
    each = itertools.product(design.protocols, recipes, design.shots, asked.targets)
    rows = [common | dict(zip(names, values, strict=True)) for values in each]
    return [row | {"command": _written(row, design, asked)} for row in rows]


def _rows(asked: _Asked, design: "Design", done: Path, *, show: bool) -> list[dict[str, Any]]:
    """Run what ``done`` does not hold, and give the rows."""
    from agroflux.cli.progress import bar
    from agroflux.data import catalog, joined
    from agroflux.evaluation import gain_rows
    from agroflux.training import adversarial, comparison, site_years, transfer

    checkpoint, ds, targets = asked.checkpoint, asked.ds, asked.targets
    windows = site_years.build(ds, checkpoint.drivers, targets)
    if _COUPLED in design.recipes:
        windows = _coupled(ds, windows)
    simulated = None
    if any(transfer.needs_source(transfer.recipe(name)) for name in design.recipes):
        simulations = joined.open_dataset(asked.source or str(checkpoint.card.data["id"]))
        simulated = adversarial.simulated(simulations, checkpoint)
    with bar(f"{checkpoint.card.id} on {asked.label['data']}", show=show) as progress:
        rows = comparison.compare(
            checkpoint, windows, design, targets, asked.label, done, source=simulated, progress=progress
        )
    # Who reads the rows elsewhere has no catalog entry of a data set that is not bundled.
    own = asked.label["data"] not in catalog.BUNDLED
    told = {key: str(ds.attrs.get(key, "")) for key in gain_rows.TOLD} if own else {}
    return [row | told | asked.weights | {"command": _written(row, design, asked)} for row in rows]


def _coupled(ds: "xr.Dataset", windows: "SiteYears") -> "SiteYears":
    """``windows`` with what the process model gives for their sites; sites where it cannot run are named."""
    from agroflux.errors import SimulationError
    from agroflux.simulation import towers
    from agroflux.training.hybrid import with_simulated

    series = {}
    for site in dict.fromkeys(site for site, _ in windows.keys):
        try:
            series[site] = towers.simulate(ds, site)
        except SimulationError as error:
            typer.echo(f"hybrid is left out at {site}: {error}", err=True)
    return with_simulated(windows, series)


def _written(row: dict[str, Any], design: "Design", asked: _Asked) -> str:
    """The command that makes a row again, without the folders of the machine it ran on."""
    from agroflux.data.joined import without_folders

    parts = ["agroflux", "transfer", "--model", row["model"], "--data", row["data"]]
    parts += ["--target", ",".join(asked.targets)]
    parts += ["--recipe", row["recipe"], "--protocol", row["protocol"], "--shots", str(row["n_site_years"])]
    parts += ["--seeds", ",".join(map(str, row["seeds"])), "--epochs", str(design.budget.epochs)]
    return shlex.join(parts + (["--source", without_folders(asked.source)] if asked.source else []))
