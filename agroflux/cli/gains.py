"""``agroflux gains``: of how many cases of the transfer comparisons the intervals say that they gain or lose."""

from pathlib import Path
from typing import Annotated

import typer

from agroflux.cli.output import JSON

_COLUMNS = (
    "R2 against scratch; open: the interval holds 0 or is not there, behind: of those that gain the source as it is "
    "does better, below_mean: R2 < 0, unchanged: the source model as it was, as no epoch of the training did better"
)


def command(
    model: Annotated[str, typer.Option(help="Source models, with commas, as 'tcn-*'; default: all.")] = "",
    data: Annotated[str, typer.Option(help="Data sets of observations, with commas; default: all.")] = "",
    protocol: Annotated[str, typer.Option(help="Ways of testing, with commas; default: all.")] = "",
    recipe: Annotated[str, typer.Option(help="Recipes, with commas, as 'finetune*'; default: all.")] = "",
    shots: Annotated[str, typer.Option(help="Numbers of training site-years, with commas; default: all.")] = "",
    target: Annotated[str, typer.Option(help="Targets, with commas; default: all.")] = "",
    by: Annotated[str, typer.Option(help="What to count by, with commas.")] = "data,protocol,recipe",
    file: Annotated[Path | None, typer.Option(help="File of 'agroflux transfer'; default: the shipped one.")] = None,
    as_json: bool = JSON,
) -> None:
    """Count the cases (model, data, test, recipe, site-years, target) that gain over scratch, by their intervals.

    Each is the row over all seeds, sites and days; open is one whose interval holds zero; behind one that gains
    while the source model as it is does better still; below_mean has R2 < 0; unchanged is one that is the source
    model as it was, whatever it gains: no epoch of the training did better.
    """
    from agroflux.cli.lists import numbers, words
    from agroflux.cli.output import print_rows
    from agroflux.errors import DataError
    from agroflux.evaluation import cases, gain_rows

    if file and not file.is_file():
        raise DataError(f"{file} is no file: name one that 'agroflux transfer --out' wrote with --file")
    rows = cases.of(gain_rows.read_file(file) if file else gain_rows.read())
    chosen = cases.choose(
        rows,
        model=words(model),
        data=words(data),
        protocol=words(protocol),
        recipe=words(recipe),
        n_site_years=numbers(shots) if shots else (),
        target=words(target),
    )
    print_rows(cases.count(chosen, words(by)), as_json=as_json, title=f"{file or gain_rows.NAME}: {_COLUMNS}")
