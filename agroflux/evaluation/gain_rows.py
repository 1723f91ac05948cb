"""The file of a transfer comparison: its rows read, joined with new ones, and written.

A row is one of :func:`agroflux.training.comparison.rows`, told in full by every function here. In the file what many
rows share stands once: ``facts`` is a list of such parts, and each of ``rows`` names its own by number, ``of``. A plain
list of rows is read too.
"""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agroflux import paths
from agroflux.data import field_days
from agroflux.errors import DataError
from agroflux.evaluation import leaderboard
from agroflux.evaluation.gains import Row

NAME = "transfer.json"
_NEEDED = ("model", "data", "source", "protocol", "site", "target", "recipe", "n_site_years", "seeds", "r2", "gain")
#: What rows say of a data set that is not bundled.
TOLD = ("title", "licence", "citation")
#: What rows are compared within, and what they are of: a change of these makes all rows of a group old.
_GROUP, _MADE_OF = ("model", "source", "data"), ("weights", "data_sha256")
#: Within a group, what one run of ``agroflux transfer`` makes all rows of, and what is measured against one scratch.
_RUN = ("protocol", "recipe", "n_site_years", "target")
_BESIDE = ("protocol", "n_site_years", "target")
#: Options of a row's command that decide the training of ``scratch``, beside its seeds.
_OPTIONS = ("--epochs", "--target")
#: Fields that stand once in the file for all rows that share them.
_SHARED = (*_GROUP, *_MADE_OF, "synthetic", *TOLD, "protocol", "recipe", "n_site_years", "seed", "seeds", "command")


def read(folder: Path | None = None) -> list[dict[str, Any]]:
    """Rows of ``transfer.json`` in ``folder`` (default ``models/``), as :func:`read_file`."""
    return read_file((folder or paths.MODELS) / NAME)


def merge(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Both, without the old rows that ``new`` has anew.

    Of a model, source and data set that ``new`` holds, an old row stays if the model's weights and the data are the
    same and ``new`` has no row of its protocol, recipe, number of site-years and target. DataError as
    :func:`check_merge`.
    """
    check_merge(old, new)
    return [*_staying(old, new), *new]


def check_merge(old: Sequence[Row], new: Sequence[Row]) -> None:
    """Raise DataError where old rows would stay beside a ``scratch`` that was trained otherwise than theirs.

    Their gains are measured against it: seeds, epochs and targets must be the same. ``new`` may be rows that are yet
    to be made: their scores are not looked at.
    """
    trained = _trained(new)
    for place, theirs in _trained(_staying(old, new)).items():
        ours = trained.get(place, theirs)
        if ours != theirs:
            (model, _, data), (protocol, number, target) = place
            raise DataError(
                f"gains of {model} on {data} ({protocol}, {number} site-years, {target}) are there already, against "
                f"scratch of {_told(theirs)}, not {_told(ours)}: ask for the same, or write to another file with --out"
            )


Place = tuple[tuple[Any, ...], tuple[Any, ...]]
Training = tuple[tuple[int, ...], tuple[str | None, ...]]


def _trained(rows: Sequence[Row]) -> dict[Place, Training]:
    """Of each place where gains are measured against one ``scratch``: all seeds, and the options of its command."""
    seeds: dict[Place, set[int]] = {}
    options: dict[Place, tuple[str | None, ...]] = {}
    for row in rows:
        place = (_named(row, _GROUP), _named(row, _BESIDE))
        seeds.setdefault(place, set()).update(row.get("seeds") or ())
        words = shlex.split(row.get("command") or "")
        options[place] = tuple(words[words.index(one) + 1] if one in words else None for one in _OPTIONS)
    return {place: (tuple(sorted(each)), options[place]) for place, each in seeds.items()}


def _told(training: Training) -> str:
    seeds, options = training
    said = [f"{name} {value}" for name, value in zip(_OPTIONS, options, strict=True) if value]
    return " ".join(["--seeds", ",".join(map(str, seeds)), *said])


def _staying(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """The rows of ``old`` that :func:`merge` keeps."""
    of = {_named(row, _GROUP): _named(row, _MADE_OF) for row in new}
    made = {_named(row, (*_GROUP, *_RUN)) for row in new}

    def stays(row: Row) -> bool:
        group = _named(row, _GROUP)
        same = group not in of or of[group] == _named(row, _MADE_OF)
        return same and _named(row, (*_GROUP, *_RUN)) not in made

    return [*filter(stays, old)]


def _named(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in names)


def read_file(path: Path) -> list[dict[str, Any]]:
    """Rows of a comparison that was written to ``path``, none where it is absent; DataError if damaged.

    Rows of an older file, which knows no groups of days, are of all days.
    """
    if not path.is_file():
        return []
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it again with 'make transfer'") from None
    try:
        rows = held if isinstance(held, list) else [_whole(row, held["facts"]) for row in held["rows"]]
        whole = all(set(_NEEDED) <= set(row) for row in rows)
    except (AttributeError, IndexError, KeyError, TypeError):
        whole = False
    if not whole:
        raise DataError(f"{path} holds no rows of a transfer comparison: make it again with 'make transfer'")
    return [row if "by" in row else row | field_days.EVERY for row in rows]


def _whole(row: Row, facts: Sequence[Row]) -> dict[str, Any]:
    return {**facts[row["of"]], **{name: value for name, value in row.items() if name != "of"}}


def write_file(rows: Sequence[Row], path: Path) -> Path:
    """Write ``rows`` to ``path``, figures to 7 digits, NaN as null, whole or not at all."""
    facts: dict[str, tuple[int, Row]] = {}
    own = []
    for row in rows:
        shared = {name: row[name] for name in _SHARED if name in row}
        place, _ = facts.setdefault(json.dumps(shared), (len(facts), shared))
        own.append({"of": place} | {name: value for name, value in row.items() if name not in shared})
    parts: dict[str, list[Any]] = {"facts": [shared for _, shared in facts.values()], "rows": own}
    text = ",\n".join(f'"{name}":{leaderboard.lines(items)}' for name, items in parts.items())
    return leaderboard.write_whole(f"{{{text}}}\n", path)
