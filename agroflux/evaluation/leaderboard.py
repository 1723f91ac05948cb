"""The leaderboard: every evaluated combination of model, data, protocol, experiment, fold and seed, a row a target.

``scored_on`` says what a row was scored on: ``bundle``, the data that ships with the project, so that anyone can
score it again; ``full``, the whole simulated set that was trained on; ``subsample``, a stated part of that.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agroflux import paths, schema
from agroflux.baselines.registry import REFERENCES
from agroflux.errors import DataError, SelectionError
from agroflux.evaluation import metrics, peaks

Row = dict[str, Any]

NAME = "leaderboard.json"
#: What makes two rows the same figure; the later one stands.
KEY = ("model", "data", "protocol", "experiment", "fold", "seed", "scored_on", "target")
#: Metrics of which the smallest is the best, bias by its size; of the others the largest is.
ERRORS = ("rmse", "mae", "bias", "peak_false_alarm_ratio", "peak_false_alarm_rate")
#: Every figure that rows may carry beside ``n``.
FIGURES = (*metrics.METRICS, *peaks.SCORES)
#: Targets of the short table in the README.
SHORT = ("CO2_FLUX", "GPP", "Reco", "ET", "N2O_FLUX", "WTR_1", "NO3_1", "Yield")


def read(folder: Path | None = None) -> list[Row]:
    """All rows of ``leaderboard.json`` in ``folder`` (default ``models/``); none where there is no such file.

    Raises DataError for a damaged file.
    """
    path = (folder or paths.MODELS) / NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it again with 'make leaderboard'") from None
    if not isinstance(raw, list) or not all(isinstance(row, dict) and set(KEY) <= set(row) for row in raw):
        raise DataError(f"{path} is no leaderboard: make it again with 'make leaderboard'")
    return raw


def write(rows: Iterable[Row], folder: Path | None = None) -> Path:
    """Write the rows in order, one a line, figures to 7 digits, whole or not at all; returns the path."""
    ordered = sorted(rows, key=lambda row: [str(row[part]) for part in KEY[:-1]] + [_place(row["target"])])
    return write_lines(ordered, (folder or paths.MODELS) / NAME)


def write_lines(rows: Sequence[Any], path: Path) -> Path:
    """Write :func:`lines` of ``rows``, whole or not at all."""
    return write_whole(f"{lines(rows)}\n", path)


def lines(rows: Sequence[Any]) -> str:
    """A JSON list with one item a line, floats to 7 digits and NaN as null."""
    each = ",\n".join(json.dumps(_short(row), ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f"[\n{each}\n]"


def write_whole(text: str, path: Path) -> Path:
    """Write ``text`` to ``path``, whole or not at all; its folder is made where it is absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return paths.write_whole(path, text)


def merge(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Both, without repeats: a new row takes the place of the old one with the same ``KEY``."""
    return list({key(row): row for row in (*old, *new)}.values())


def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of ``KEY`` in ``row``."""
    return tuple(row[part] for part in KEY)


def select(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """Rows whose fields equal all of ``wanted``; None matches everything.

    Raises SelectionError that names what there is, when a wanted value is in no row at all.
    """
    found = list(rows)
    for name, value in wanted.items():
        if value is None:
            continue
        held = sorted({str(row.get(name)) for row in found})
        found = [row for row in found if row.get(name) == value]
        if not found and held:
            raise SelectionError(f"no row with {name} {value!r}: there is {', '.join(held)}")
    return found


def better(metric: str, value: float) -> float:
    """A sort key of ``metric``: the smaller, the better; a missing value is the worst. SelectionError if unknown."""
    if metric not in FIGURES:
        raise SelectionError(f"unknown metric {metric!r}: use one of {', '.join(FIGURES)}")
    if value is None or not math.isfinite(value):
        return math.inf
    return abs(value) if metric in ERRORS else -value


def pooled(rows: Iterable[Row], metric: str = "r2") -> list[Row]:
    """Mean of ``metric`` over the folds and seeds of the same model, with rank among the models of the same task.

    Where networks and references are not :func:`comparable`, each kind has ranks of its own.

    Returns:
        One row an architecture, preset, data, protocol, experiment, ``scored_on`` and target: these, ``metric``
        (its name), ``value``, ``low`` and ``high`` (the interval of a single run; over several runs the smallest
        and largest value), ``judged``, ``judged_low``, ``judged_high`` (what ranks go by: the same, of a bias its size
        and that of its runs or interval), ``runs``, ``rank``; best first within a task.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row.get(metric) is not None:
            groups.setdefault(tuple(row[part] for part in (*_TASK, *_MODEL)), []).append(row)
    found = [_pool(dict(zip((*_TASK, *_MODEL), group, strict=True)), runs, metric) for group, runs in groups.items()]
    found.sort(key=lambda row: [str(row[part]) for part in _TASK[:-1]] + [_place(row["target"]), _best(row)])
    rank: dict[tuple[Any, ...], int] = {}
    for row in found:
        kind = None if comparable(row["scored_on"]) else row["architecture"] in REFERENCES
        among = (*(row[part] for part in _TASK), kind)
        rank[among] = row["rank"] = rank.get(among, 0) + 1
    return found


def comparable(scored_on: str) -> bool:
    """Whether networks and references learned from the same years, so that one can be said to beat the other.

    On the bundled data they did not: references are fitted there anew, on the few training years that are bundled.
    """
    return scored_on != "bundle"


def notes(table: Iterable[Row]) -> list[str]:
    """Sentences that a reader of :func:`pooled` rows needs to read their ranks rightly; none for most."""
    rows = list(table)
    found = []
    apart = {row["architecture"] in REFERENCES for row in rows if not comparable(row["scored_on"])}
    if len(apart) > 1:
        found.append(
            "On the bundled data, references learned from the bundled training years alone, networks from all of "
            "theirs: they are ranked apart; compare the two on the full data."
        )
    if any(row["metric"] == "bias" for row in rows):
        found.append("Bias is ranked by its mean size over runs, as opposite signs cancel in the mean that is shown.")
    return found


def markdown(rows: Iterable[Row], metric: str = "r2", targets: Sequence[str] = SHORT) -> str:
    """Tables of ``metric``, a line a model and a column a target, one table a data set, experiment and scoring.

    First ranks are bold; :func:`notes` stand above the table that they are about.
    """
    tables: dict[tuple[Any, ...], dict[str, dict[str, str]]] = {}
    held: dict[tuple[Any, ...], list[Row]] = {}
    for row in pooled(rows, metric):
        title = tuple(row[part] for part in _TASK[:-1])
        name = row["architecture"] + ("" if row["preset"] in (None, "recommended") else f" ({row['preset']})")
        tables.setdefault(title, {}).setdefault(name, {})[row["target"]] = _cell(row)
        held.setdefault(title, []).append(row)
    parts = []
    for title, lines in tables.items():
        data, protocol, experiment, scored_on = title
        used = [name for name in targets if any(name in line for line in lines.values())]
        head = f"**{data}, {protocol} {experiment}, scored on the {scored_on} data: {metric}**\n\n"
        head += "".join(f"{sentence}\n\n" for sentence in notes(held[title]))
        head += f"| model | {' | '.join(used)} |\n|---{'|---' * len(used)}|\n"
        body = "\n".join(f"| {name} | {' | '.join(line.get(t, '') for t in used)} |" for name, line in lines.items())
        parts.append(head + body)
    return "\n\n".join(parts)


_TASK = ("data", "protocol", "experiment", "scored_on", "target")
_MODEL = ("architecture", "preset")


def _pool(group: Row, runs: list[Row], metric: str) -> Row:
    values = [row[metric] for row in runs]
    low, high = min(values), max(values)
    if len(runs) == 1:
        low, high = runs[0].get(f"{metric}_low"), runs[0].get(f"{metric}_high")
    found = {"metric": metric, "value": math.fsum(values) / len(values), "low": low, "high": high, "runs": len(runs)}
    judged = (found["value"], low, high)
    if metric == "bias":
        sizes = [abs(value) for value in values]
        ends = sizes if len(runs) > 1 or low is None or high is None else _sizes(low, high)
        judged = (math.fsum(sizes) / len(sizes), min(ends), max(ends))
    return group | found | dict(zip(("judged", "judged_low", "judged_high"), judged, strict=True))


def _sizes(low: float, high: float) -> list[float]:
    """The smallest and the largest size within an interval of signed values."""
    return [0.0 if low < 0 < high else min(abs(low), abs(high)), max(abs(low), abs(high))]


def _best(row: Row) -> float:
    return better(row["metric"], row["judged"])


def _cell(row: Row) -> str:
    value = f"{row['value']:.3g}" if row["metric"] in ERRORS[:3] else f"{row['value']:.2f}"
    return f"**{value}**" if row["rank"] == 1 else value


def _place(target: str) -> str:
    """Targets in the schema's order, as text that sorts so."""
    return f"{schema.TARGETS.index(target):02d}" if target in schema.TARGETS else target


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _short(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_short(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value
