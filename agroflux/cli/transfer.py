"""``agroflux transfer``: every recipe on the same test days, and what each gains over training from scratch."""

import json
import shlex
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
        Path, typer.Option(help="File for the rows; those of other models, data sets and recipes in it stay.")
    ] = Path("models/transfer.json"),
    work: Annotated[Path | None, typer.Option(help="File of finished runs, to go on from; default: user data.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON, and no progress.")] = False,
) -> None:
    """Compare transfer recipes with training from scratch and write the rows; a run that was stopped goes on.

    Each score over all seeds is also given by crop and by known and unknown management (fields by and group).
    """
    from agroflux import paths
    from agroflux.cli.output import print_json, print_rows
    from agroflux.data.field_days import words
    from agroflux.evaluation import gains, leaderboard
    from agroflux.inference.predict import load
    from agroflux.training import transfer
    from agroflux.training.adaptation import Budget
    from agroflux.training.comparison import Design

    design = Design(_list(recipe), _list(protocol), _numbers(shots), _numbers(seeds), Budget(epochs))
    for name in design.recipes:
        transfer.recipe(name)
    before = gains.read_file(out)  # a damaged file is said before hours of training
    done = work or paths.user_data() / "transfer" / "runs.jsonl"
    rows: list[dict[str, Any]] = []
    for checkpoint in [load(name) for name in _list(model)]:
        for data_id in _list(data):
            rows += _one(checkpoint, data_id, _list(target), design, source, done, show=not as_json)
    # What is printed is what was written, digit by digit.
    merged = gains.merge(before, rows)
    written = json.loads(leaderboard.write_lines(merged, out).read_text(encoding="utf-8"))
    rows = written[len(merged) - len(rows) :]
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
    table = [r | {"days": words(r["by"], r["group"])} for r in rows if r["seeds"] == every]
    print_rows(table, as_json=False, title=str(out), columns=shown)


def _one(
    checkpoint: "Checkpoint",
    data: str,
    wanted: tuple[str, ...],
    design: "Design",
    source: str,
    done: Path,
    *,
    show: bool,
) -> list[dict[str, Any]]:
    """Rows of one model on one data set."""
    from agroflux.baselines import card as cards
    from agroflux.cli.progress import bar
    from agroflux.data import catalog, joined
    from agroflux.errors import SelectionError
    from agroflux.evaluation import gains
    from agroflux.training import adversarial, comparison, transfer
    from agroflux.training import site_years as measured

    ds = catalog.open_dataset(data)
    targets = tuple(name for name in wanted if name in ds)
    if not targets:
        raise SelectionError(f"{data} holds none of {', '.join(wanted)}: name one that it holds with --target")
    windows = measured.build(ds, checkpoint.drivers, targets)
    if _COUPLED in design.recipes:
        windows = _coupled(ds, windows)
    simulated, simulations = None, source or str(checkpoint.card.data["id"])
    if any(transfer.needs_source(transfer.recipe(name)) for name in design.recipes):
        simulated = adversarial.simulated(joined.open_dataset(simulations), checkpoint)
    place = joined.find(data)
    label = {"data": place.id, "source": joined.find(source).id if source else simulations}
    about = {"data_sha256": cards.sha256(*place.paths), "synthetic": bool(ds.attrs.get("synthetic", False))}
    with bar(f"{checkpoint.card.id} on {label['data']}", show=show) as progress:
        rows = comparison.compare(
            checkpoint, windows, design, targets, label | about, done, source=simulated, progress=progress
        )
    # Who reads the rows elsewhere has no catalog entry of a data set that is not bundled.
    own = label["data"] not in catalog.BUNDLED
    told = {key: str(ds.attrs.get(key, "")) for key in gains.TOLD} if own else {}
    told |= {"weights": checkpoint.card.weights_sha256[:16]}
    return [row | told | {"command": _written(row, design, targets, source)} for row in rows]


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


def _written(row: dict[str, Any], design: "Design", targets: tuple[str, ...], source: str) -> str:
    """The command that makes a row again, without the folders of the machine it ran on."""
    from agroflux.data.joined import without_folders

    parts = ["agroflux", "transfer", "--model", row["model"], "--data", row["data"], "--target", ",".join(targets)]
    parts += ["--recipe", row["recipe"], "--protocol", row["protocol"], "--shots", str(row["n_site_years"])]
    parts += ["--seeds", ",".join(map(str, row["seeds"])), "--epochs", str(design.budget.epochs)]
    return shlex.join(parts + (["--source", without_folders(source)] if source else []))


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _numbers(text: str) -> tuple[int, ...]:
    from agroflux.errors import SelectionError

    if not _list(text) or not all(part.isdecimal() for part in _list(text)):
        raise SelectionError(f"{text!r} is no list of whole numbers: write them with commas, as in 1,2,4")
    return tuple(sorted({int(part) for part in _list(text)}))
