"""``agroflux study``: train and score every model of the study, resumable."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    data: Annotated[Path, typer.Option(help="Folder with the full cornbelt-century.zarr and cornbelt-ceres.zarr.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of shipped checkpoints and leaderboard.json; default: models/ of the checkout."),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for states and the other checkpoints; default: user data.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Runs whose id fits this pattern, as 'lstm-*'; default: all.")
    ] = None,
    epochs_a_minute: Annotated[
        float | None,
        typer.Option(min=0.01, max=1000, help="Epochs for each minute of a budget, which then is no limit itself."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Runs at a time, one core each.")] = 2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the runs with their budgets; train nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON only.")] = False,
) -> None:
    """Train and score the runs of the plan that are not finished; stop it at any time and call it again."""
    from agroflux import paths
    from agroflux.cli.output import check_folder, print_rows
    from agroflux.errors import ModelError
    from agroflux.training import search, study

    out = out or paths.MODELS
    runs = study.chosen(only)
    if epochs_a_minute:
        runs = [study.by_epochs(run, epochs_a_minute) for run in runs]
    place = work or paths.user_data() / "study"
    if dry_run:
        rows = [
            {
                "id": run.id,
                "rates": list(run.part.rates) or "all",
                "phases": run.part.phases,
                "minutes": run.minutes,
                **({"epochs": run.epochs or ""} if epochs_a_minute else {}),
                "finished": study.finished(run, out, place),
            }
            for run in runs
        ]
        limit = "" if epochs_a_minute else f", at most {study.hours(runs, workers):.1f} h on {workers} core(s)"
        print_rows(rows, as_json=as_json, title=f"{len(runs)} runs{limit}")
        return
    check_folder(out)
    failed = study.perform(runs, data, out, place, workers=workers, note=lambda text: typer.echo(text, err=True))
    search.record(out)
    if failed:
        raise ModelError(f"{len(failed)} run(s) failed: " + "; ".join(failed))
