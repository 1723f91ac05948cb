"""``agroflux simulate``: run DSSAT over the benchmark's counties or over random fields, and write one data set."""

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from agroflux.cli import output
from agroflux.cli.lists import words, year_span
from agroflux.errors import DataError, SelectionError, SimulationError

#: What is simulated, by the option that says it, and what else can be told of it; the other options go with all.
TAKES = {
    "--benchmark": ("--n-rates", "--phases"),
    "--sites": ("--n-rates", "--phases"),
    "--randomised": ("--seed",),
}
_WHAT = "say what to simulate: --benchmark, or --sites 17003,19015, or --randomised 100"
Years = Annotated[
    str, typer.Option(help="First and last year kept, as 2000-2018; default 2000-2018, of random fields 2003-2010.")
]
Randomised = Annotated[
    int, typer.Option(min=0, max=9999, help="So many random fields (crops, soils, climates) instead of counties.")
]
NRates = Annotated[
    int,
    typer.Option(
        min=1,
        max=100,
        help="Nitrogen rates from 0 to 336 kg N ha-1, equally spaced; the usual 20 are 16.8 apart up to 252, then 21.",
    ),
]


def command(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the parts and the finished .zarr data set.")],
    benchmark: Annotated[bool, typer.Option("--benchmark", help="All 99 counties of the AgroFlux benchmark.")] = False,
    sites: Annotated[str, typer.Option(help="County FIPS codes, comma separated, instead of --benchmark.")] = "",
    model: Annotated[str, typer.Option(help="Soil-carbon model: century or ceres.")] = "century",
    n_rates: NRates = 20,
    randomised: Randomised = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random fields.")] = 0,
    years: Years = "",
    phases: Annotated[str, typer.Option(help="Rotation phases: both, or alternate (one a county).")] = "both",
    force: Annotated[bool, typer.Option("--force", help="Replace a data set that holds more or others.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Runs of the engine at a time.")] = 2,
) -> None:
    """Run DSSAT for counties x nitrogen rates x rotation phases, or for random fields with --randomised.

    Stopped, the same command goes on where it was.
    """
    from agroflux.data.store import write_store
    from agroflux.simulation.benchmark import Piece, Plan, benchmark_rates, piece_name, run_all
    from agroflux.simulation.county import benchmark_counties, county_scenario
    from agroflux.simulation.dataset import assemble, scenario_ids
    from agroflux.simulation.dssat import engine
    from agroflux.simulation.scenario import SOIL_MODELS

    what = {"--benchmark": benchmark, "--sites": sites, "--randomised": randomised}
    _fits(what, output.told(context, "--n-rates", "--phases", "--seed"))
    if model not in SOIL_MODELS:
        raise SelectionError(f"--model {model!r} is not one of {', '.join(SOIL_MODELS)}")
    if phases not in ("both", "alternate"):
        raise SelectionError(f"--phases {phases!r} is not one of both, alternate")
    output.check_folder(out)
    if randomised:
        _randomised(randomised, seed, year_span(years or "2003-2010"), model, out, workers, force=force)
        return
    known = list(benchmark_counties().index)
    codes = known if benchmark else list(words(sites))
    unknown = [code for code in codes if code not in known]
    if not codes or unknown:
        raise SelectionError(f"not benchmark counties: {', '.join(unknown[:5])}" if unknown else _WHAT)
    span = year_span(years or "2000-2018")
    engine()
    county_scenario(42.0, "corn", 0, model, span)  # type: ignore[arg-type]
    plan = Plan(model, benchmark_rates(n_rates), span, phases)  # type: ignore[arg-type]
    parts, target = out / f"parts-{model}", out / f"cornbelt-{model}.zarr"
    if not force:
        kept = {"site": codes, "scenario": scenario_ids(plan), "year": range(span[0], span[1] + 1)}
        _check_kept(target, kept)
    with _bar(f"DSSAT, {model}", len(plan.pieces(codes))) as tell:

        def done(piece: Piece, error: str | None) -> None:
            tell(piece_name(piece), error)

        failed = run_all(plan, parts, codes, workers, done)
    whole = [code for code in codes if code not in {piece[0] for piece in failed}]
    if not whole:
        raise SimulationError(f"no county finished; the reasons lie in {parts}/*.failed.txt")
    which = ["--benchmark"] if benchmark else ["--sites", ",".join(codes)]
    rates = ["--n-rates", str(n_rates), *([] if phases == "both" else ["--phases", phases])]
    ds = assemble(plan, parts, whole, _written(*which, *rates, years=span, model=model))
    write_store(ds, target)
    typer.echo(f"{target}: {len(whole)} counties, {ds.sizes['scenario']} scenarios, {span[0]}-{span[1]}")
    if failed:
        raise SimulationError(
            f"{len(codes) - len(whole)} counties are left out; reasons in {parts}/*.failed.txt; run again to retry"
        )


def _fits(what: Mapping[str, object], told: Mapping[str, bool]) -> None:
    """SelectionError unless one thing is to be simulated and every other option that is told belongs to it."""
    chosen = [option for option, value in what.items() if value]
    if not chosen:
        raise SelectionError(_WHAT)
    if len(chosen) > 1:
        raise SelectionError(f"{' and '.join(chosen)} exclude each other: give one of them")
    vain = [option for option, said in told.items() if said and option not in TAKES[chosen[0]]]
    if vain:
        raise SelectionError(f"{', '.join(vain)} cannot be told of {chosen[0]}: leave it out")


def _check_kept(target: Path, kept: Mapping[str, Collection[object]], made: str = "") -> None:
    """DataError where ``target`` holds what the run does not write again, by coordinate, or was not ``made`` so."""
    from agroflux.data.store import open_store

    if not target.exists():
        return
    way_out = "name another --out, or replace it with --force"
    try:
        with open_store(target) as ds:
            held = {name: ds[name].to_numpy().tolist() for name in kept}
            history = str(ds.attrs.get("history", ""))
    except (DataError, KeyError) as error:
        raise DataError(f"{target} is there and is no such data set ({error}): {way_out}") from None
    if made not in history:
        raise DataError(f"{target} was made by `{history}`, not with {made}: {way_out}")
    for name, values in kept.items():
        lost = [str(value) for value in held[name] if value not in values]
        if lost:
            more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
            raise DataError(f"{target} holds {name} {', '.join(lost[:5])}{more}, which would be lost: {way_out}")


def _randomised(
    count: int, seed: int, years: tuple[int, int], model: str, out: Path, workers: int, *, force: bool
) -> None:
    """Run ``count`` random fields and write ``out/randomised.zarr``."""
    from agroflux.data.store import write_store
    from agroflux.simulation import fields, randomised
    from agroflux.simulation.dssat import engine

    engine()
    plan = randomised.Plan(count, seed, years, model)  # type: ignore[arg-type]
    fields.check_years(years)
    parts, target = out / "parts-randomised", out / "randomised.zarr"
    draw = _written("--randomised", str(count), "--seed", str(seed), years=years, model=model)
    if not force:
        # The same fields whatever their count.
        _check_kept(
            target, {"site": [randomised.name(number) for number in range(count)]}, draw[draw.index("--seed") :]
        )
    with _bar("DSSAT, random fields", count) as tell:
        failed = randomised.run_all(plan, parts, workers, lambda number, error: tell(randomised.name(number), error))
    whole = [number for number in range(count) if number not in failed]
    if not whole:
        raise SimulationError(f"no field finished; the reasons lie in {parts}/*.failed.txt")
    ds = randomised.assemble(plan, parts, whole, draw)
    write_store(ds, target)
    typer.echo(f"{target}: {len(whole)} random fields, {years[0]}-{years[1]} (synthetic)")
    if failed:
        # No error: another field is as good as one on which the engine stops.
        typer.echo(f"{len(failed)} fields are left out; reasons in {parts}/*.failed.txt; run again to retry", err=True)


def _written(*options: str, years: tuple[int, int], model: str) -> str:
    """The command of a data set: what decides its values, without the folders and cores of the machine it ran on."""
    return shlex.join(["agroflux", "simulate", *options, "--years", f"{years[0]}-{years[1]}", "--model", model])


@contextmanager
def _bar(text: str, total: int) -> Iterator[Callable[[str, str | None], None]]:
    """A progress bar; what it gives is told each finished piece and what went wrong with it, if anything."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(text, total=total)

        def tell(name: str, error: str | None) -> None:
            progress.advance(bar)
            if error:
                progress.console.print(f"{name} failed: {error}", markup=False)

        yield tell
