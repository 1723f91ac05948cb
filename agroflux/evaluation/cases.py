"""How many cases of a transfer comparison gain over training from scratch, lose, or leave it open.

A case is one source model, source data, data set, way of testing, number of training site-years, recipe and target: its
row over all days, all seeds and all sites (:mod:`agroflux.evaluation.gains`).
"""

import fnmatch
import itertools
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from agroflux.data import field_days
from agroflux.errors import SelectionError
from agroflux.evaluation import gains

#: What a case is one of, and what cases may be counted by.
FIELDS = ("data", "protocol", "model", "source", "recipe", "n_site_years", "target")
#: The site of a row that is over several.
_ALL = "all"


def of(rows: Iterable[gains.Row]) -> list[gains.Row]:
    """The row of each case, in their order: without scratch itself and the source model as it is.

    ``behind`` is added to each, whether it gains, and the source model as it is does better still; and ``unchanged``,
    whether it is the source model as it was.
    """
    best: dict[tuple[Any, ...], gains.Row] = {}
    sources: dict[tuple[Any, ...], list[gains.Row]] = {}
    for row in rows:
        every_day = {name: row[name] for name in field_days.EVERY} == field_days.EVERY
        if every_day and row["recipe"] == gains.UNTRAINED:
            sources.setdefault(_tested(row), []).append(row)
        if not every_day or row["recipe"] in (gains.REFERENCE, gains.UNTRAINED):
            continue
        case = tuple(row[name] for name in FIELDS)
        if case not in best or _wide(row) > _wide(best[case]):
            best[case] = row
    return [{**row, **_beside_source(row, sources.get(_tested(row), []))} for row in best.values()]


def _tested(row: gains.Row) -> tuple[Any, ...]:
    """What a row and that of its source as it is have in common."""
    return (*(row[name] for name in FIELDS if name != "recipe"), row["site"], *sorted(row["seeds"]))


def _beside_source(row: gains.Row, others: Sequence[gains.Row]) -> dict[str, bool]:
    source = gains.untrained(row, others)
    return {
        "behind": gains.verdict(row) == "gains" and gains.source_leads(row, source),
        "unchanged": gains.unchanged(row, source),
    }


def _wide(row: gains.Row) -> tuple[bool, int]:
    """Of the rows of a case that with the greatest is the case's: over all sites first, then over most seeds."""
    return row["site"] == _ALL, len(row["seeds"])


def choose(rows: Iterable[gains.Row], **wanted: Sequence[Any]) -> list[gains.Row]:
    """The rows whose fields fit any of the shell patterns ``wanted`` of them, as ``tcn-*``; none given: all.

    SelectionError that names what there is, where a pattern fits no row that the others leave.
    """
    found = list(rows)
    for name, patterns in wanted.items():
        held = sorted({row[name] for row in found})
        fits: set[Any] = set()
        for each in patterns:
            fit = {value for value in held if fnmatch.fnmatchcase(str(value), str(each))}
            if not fit:
                there = ", ".join(map(str, held))
                raise SelectionError(f"no case with {name} {each!r}: there is {there or 'none at all'}")
            fits |= fit
        found = [row for row in found if not patterns or row[name] in fits]
    return found


def count(cases: Iterable[gains.Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """Cases counted by the fields ``by``: ``cases``, ``gains``, ``loses``, ``open`` as :func:`.gains.verdict`.

    ``open`` holds those that cannot be compared too, ``behind`` those that gain, and of which the source model as it
    is does better still, ``unchanged`` those that are that model, whatever they gain (of rows of :func:`of`).
    ``below_mean`` counts those whose own R2 is negative, and ``median_gain`` is of R2, None where no case has one.
    SelectionError: ``by`` names no field, or one that cases do not differ in.
    """
    wrong = [name for name in by if name not in FIELDS]
    if wrong or not by:
        raise SelectionError(f"cases cannot be counted by {', '.join(wrong) or 'nothing'}: use {', '.join(FIELDS)}")

    def key(row: gains.Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in by)

    found = []
    for values, group in itertools.groupby(sorted(cases, key=key), key):
        members = list(group)
        verdicts = [gains.verdict(row) for row in members]
        each = [row["gain"] for row in members if row["gain"] is not None]
        found.append(
            dict(zip(by, values, strict=True))
            | {"cases": len(members)}
            | {name: verdicts.count(name) for name in ("gains", "loses", "open")}
            | {"behind": sum(row.get("behind", False) for row in members)}
            | {"below_mean": sum(row["r2"] is not None and row["r2"] < 0 for row in members)}
            | {"median_gain": statistics.median(each) if each else None}
            | {"unchanged": sum(row.get("unchanged", False) for row in members)}
        )
    return found
