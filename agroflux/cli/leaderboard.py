"""``agroflux leaderboard``: every evaluated combination; made again, or checked against the shipped checkpoints."""

from typing import Annotated, Any

import typer

_NO_CHECK = (
    "Rows scored on the full data, which is not shipped, are compared with the shipped models' cards. Not checked are "
    "rows of models that are not shipped, and those of ridge and boosting, which --refresh fits again."
)


#: What is asked of rows that are shown: scoring heeds none of it.
_SHOWS = (
    *("--protocol", "--experiment", "--target", "--data", "--scored-on", "--metric"),
    *("--json", "--markdown"),
)


def command(
    context: typer.Context,
    protocol: Annotated[str | None, typer.Option(help="clean or official; default: both.")] = None,
    experiment: Annotated[str | None, typer.Option(help="temporal, spatial or spatial-state; default: all.")] = None,
    target: Annotated[str | None, typer.Option(help="Target, as N2O_FLUX; default: all.")] = None,
    data: Annotated[str | None, typer.Option(help="Data set id; default: all.")] = None,
    scored_on: Annotated[str | None, typer.Option(help="bundle, full or subsample; default: all.")] = None,
    metric: Annotated[str, typer.Option(help="Metric of the table and of its ranks.")] = "r2",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON only.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables, models by targets.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Score the shipped checkpoints and write it.")] = False,
    only: Annotated[str | None, typer.Option(help="With --refresh: models whose id fits, as 'tcn-*'.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Score them again; exit 1 if a figure differs.")] = False,
) -> None:
    """Show models ranked within each task: data, protocol, experiment, and what they were scored on."""
    from agroflux.cli.output import print_json, print_rows, refuse, told
    from agroflux.errors import SelectionError
    from agroflux.evaluation import leaderboard

    if only and not refresh:
        raise SelectionError("--only names the models to score: give it with --refresh")
    if refresh or check:
        what = "--refresh" if refresh else "--check"
        refuse(told(context, *_SHOWS), f"{what} scores the shipped models and shows no rows")
        _score(refresh=refresh, check=check, only=only)
        return
    wanted: dict[str, Any] = {"protocol": protocol, "experiment": experiment, "target": target, "data": data}
    rows = leaderboard.select(leaderboard.read(), **wanted, scored_on=scored_on)
    leaderboard.better(metric, 0.0)  # a wrong name is refused, even where no row is left to rank
    if as_json:
        print_json(rows)
    elif markdown:
        typer.echo(leaderboard.markdown(rows, metric))
    else:
        columns = ("data", "protocol", "experiment", "scored_on", "target", "rank", "architecture", "preset")
        figures = ("runs", "value", "low", "high", *(["judged"] if metric == "bias" else []))
        shown = leaderboard.pooled(rows, metric)
        print_rows(shown, as_json=False, title=metric, columns=(*columns, *figures))
        for sentence in leaderboard.notes(shown):
            typer.echo(sentence)


def _score(*, refresh: bool, check: bool, only: str | None) -> None:
    from agroflux.evaluation import rescore

    def note(text: str) -> None:
        typer.echo(text, err=True)

    if refresh:
        typer.echo(str(rescore.refresh(note=note, only=only)))
    if check:
        problems = rescore.check(note=note)
        for sentence in problems:
            typer.echo(sentence)
        typer.echo(f"{len(problems)} figure(s) do not follow (within {rescore.TOLERANCE:g}).")
        typer.echo(_NO_CHECK)
        if problems:
            raise typer.Exit(1)
