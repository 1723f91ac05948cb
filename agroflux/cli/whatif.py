"""``agroflux whatif``: the process model under other practices or weather, beside the usual practice."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agroflux.cli import output, progress
from agroflux.cli.lists import words, year_span
from agroflux.errors import SelectionError, SimulationError

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.simulation.whatif import Change


def command(
    sites: Annotated[str, typer.Option(help="County FIPS codes, comma separated, as 19015,17019.")] = "",
    years: Annotated[str, typer.Option(help="First and last year, as 2009-2018.")] = "2009-2018",
    change: Annotated[
        list[str] | None, typer.Option(help="lever=value, as n_rate=84; repeat it to change several levers at once.")
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(help="YAML file: lever: value lines, or scenarios: {name: {lever: value}}.")
    ] = None,
    model: Annotated[str, typer.Option(help="Soil-carbon model: century or ceres.")] = "century",
    workers: Annotated[int, typer.Option(min=1, max=256, help="Runs of the engine at a time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, help="Longest time for one run [s].")] = 60.0,
    levers: Annotated[bool, typer.Option("--levers", help="List the levers and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Simulate counties under changed practices and print baseline, scenario and difference (simulated values)."""
    from agroflux.simulation import effects
    from agroflux.simulation.runs import Case, Job
    from agroflux.simulation.scenario import SOIL_MODELS
    from agroflux.simulation.whatif import USUAL

    if levers:
        output.print_rows(_levers(), as_json=as_json)
        return
    if model not in SOIL_MODELS:
        raise SelectionError(f"--model {model!r} is not one of {', '.join(SOIL_MODELS)}")
    codes = words(sites)
    if not codes:
        raise SelectionError("no county is given: --sites 19015,17019")
    named = _scenarios(change or [], scenario)
    span = year_span(years)
    cases = [Case(code, span, c, model) for code in codes for c in (USUAL, *named.values())]  # type: ignore[arg-type]
    for case in cases[:: len(named) + 1]:
        case.build()  # unknown counties and years are said before anything runs
    with progress.bar("DSSAT", show=not as_json) as update:
        job: Job

        def done(*_: object) -> None:
            if update is not None:
                update(len(job.runs) + len(job.failed), len(job.cases))

        job = Job(cases, workers=workers, timeout=timeout, done=done)
        job.start().wait()
    if job.failed:
        case, reason = next(iter(job.failed.items()))
        raise SimulationError(f"{len(job.failed)} of {len(job.cases)} runs failed; {case.fips}: {reason}")
    table = effects.yearly(job.runs[case] for case in job.cases)
    means = effects.means(table)
    rows = [row for name, c in named.items() for row in _rows(name, means, USUAL.label(), c.label())]
    if as_json:
        output.print_json(
            {
                "simulated": True,
                "model": model,
                "sites": codes,
                "years": list(span),
                "scenarios": {name: c.changed() for name, c in named.items()},
                "results": rows,
                "yearly": table.to_dict("records"),
            }
        )
    else:
        title = f"Simulated, soil model {model}, {years}, mean of {', '.join(codes)}"
        output.print_rows(rows, as_json=False, title=title)


def _scenarios(pairs: list[str], file: Path | None) -> "dict[str, Change]":
    """Scenarios by name from the file and the --change options; at least one that differs from the usual practice."""
    from agroflux.simulation.whatif import USUAL, Change, from_yaml

    named: dict[str, Change] = {}
    if file is not None:
        try:
            named |= from_yaml(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise SelectionError(f"{file} cannot be read: {error}") from None
    if pairs:
        change = Change.from_pairs(pairs)
        named[change.label()] = change
    if not named or USUAL in named.values():
        raise SelectionError("nothing differs from the usual practice: give --change n_rate=84, or see --levers")
    return named


def _rows(name: str, means: "pd.DataFrame", usual: str, label: str) -> list[dict[str, Any]]:
    from agroflux.simulation.effects import MEASURES

    return [
        {
            "scenario": name,
            "quantity": measure.label,
            "unit": measure.unit,
            "baseline": float(means.loc[usual, key]),
            "with change": float(means.loc[label, key]),
            "difference": float(means.loc[label, key] - means.loc[usual, key]),
        }
        for key, measure in MEASURES.items()
    ]


def _levers() -> list[dict[str, Any]]:
    from agroflux.simulation.levers import LEVERS, Choice

    rows = []
    for name, lever in LEVERS.items():
        if isinstance(lever, Choice):
            rows.append({"lever": name, "values": ", ".join(lever.options), "usual": lever.usual, "what": lever.help})
        else:
            values = f"{lever.low:g} to {lever.high:g} {lever.unit}"
            usual = "" if lever.usual is None else f"{lever.usual:g}"
            rows.append({"lever": name, "values": values, "usual": usual, "what": lever.help})
    return rows
