"""What the rows of a transfer comparison say: read, judged by their intervals, and likely causes of no gain.

A row is one of :func:`agroflux.training.comparison.rows` or of a job's result: ``recipe``, ``r2``, ``gain`` of R2 over
``scratch`` on the same test days, its 95 % interval ``gain_low`` to ``gain_high``, ``n_test_site_years``, and the
group of days that it is of, ``by`` and ``group`` (:mod:`agroflux.data.field_days`).
"""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from agroflux import paths
from agroflux.data import field_days
from agroflux.errors import DataError

Row = Mapping[str, Any]
Verdict = Literal["gains", "loses", "open"]

NAME = "transfer.json"
#: Recipes that are no way to adapt: what is compared with, and the source model as it is.
REFERENCE, UNTRAINED = "scratch", "zero-shot"
#: The recipe that takes nothing from the source model: its weights are new, what it adds is the process model.
_NEW_WEIGHTS = "hybrid"
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
#: Bounds of the causes: R2 that leaves little to win, test site-years that are few, share of days [1] that is little.
GOOD, FEW, LITTLE = 0.8, 5, 0.5


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
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it again with 'make transfer'") from None
    if not isinstance(rows, list) or not all(isinstance(r, dict) and set(_NEEDED) <= set(r) for r in rows):
        raise DataError(f"{path} holds no rows of a transfer comparison: make it again with 'make transfer'")
    return [row if "by" in row else row | field_days.EVERY for row in rows]


def verdict(row: Row) -> Verdict:
    """``gains`` or ``loses`` where the interval of the gain leaves out zero, else ``open`` (also without one)."""
    low, high = _number(row.get("gain_low")), _number(row.get("gain_high"))
    if low > 0:
        return "gains"
    return "loses" if high < 0 else "open"


def sentence(row: Row) -> str:
    """The gain with its interval and what it rests on, as a clause: ``beats scratch by 0.12 R2 (95 % ...)``."""
    value = _number(row.get("gain"))
    if not math.isfinite(value):
        return "cannot be compared with scratch: one of the two has no score"
    low, high = _number(row.get("gain_low")), _number(row.get("gain_high"))
    tested = int(row["n_test_site_years"])
    rest = f"{tested} test site-year{'' if tested == 1 else 's'}"
    if not math.isfinite(low):
        return f"differs from scratch by {_signed(value)} R2 (no interval: {rest})"
    between = f"(95 % interval {_signed(low)} to {_signed(high)}, {rest})"
    return {
        "gains": f"beats scratch by {value:.2f} R2 {between}",
        "loses": f"is worse than scratch by {-value:.2f} R2 {between}",
        "open": f"does not beat scratch beyond doubt: {_signed(value)} R2 {between}",
    }[verdict(row)]


def caveat(row: Row) -> str:
    """What a gain does not tell, else empty: an R2 below zero, an interval from too few site-years."""
    found, r2, tested = [], _number(row.get("r2")), int(row["n_test_site_years"])
    if r2 < 0:
        found.append(f"Its R2 is {_signed(r2)}: the mean of the measurements alone does better.")
    if verdict(row) != "open" and tested < FEW:
        found.append(f"An interval from {tested} site-years is likely too narrow: take it as a hint.")
    return " ".join(found)


def causes(
    row: Row,
    others: Sequence[Row],
    *,
    management: float | None = None,
    curve: Sequence[tuple[int, float]] = (),
) -> list[str]:
    """Likely causes, as sentences, why ``row`` does not beat scratch; none where it does.

    Args:
        others: rows of the other recipes on the same test days: ``scratch`` and ``zero-shot`` are looked for.
        management: share of days [1] on which crop, planting and fertiliser are known; None: not told.
        curve: number of training site-years and gain of the same recipe.
    """
    if verdict(row) == "gains":
        return []
    by_recipe = {str(other["recipe"]): _number(other.get("r2")) for other in others}
    scratch, source = by_recipe.get(REFERENCE, math.nan), by_recipe.get(UNTRAINED, math.nan)
    of_source = row["recipe"] != _NEW_WEIGHTS
    found = []
    if of_source and source < 0:
        found.append(
            f"The source model as it is has R2 {_signed(source)} here, worse than the mean of the measurements: its "
            "fluxes are not those of this place, and training has to undo them first."
        )
    if scratch >= GOOD:
        found.append(f"Scratch alone reaches R2 {scratch:.2f}: there is little left to win.")
    if of_source and management is not None and management < LITTLE:
        found.append(
            f"The drivers crop, planting and fertiliser are known on {100 * management:.0f} % of the days: the source "
            "model learned from them, and here it has to do without."
        )
    known = sorted((number, gain) for number, gain in curve if math.isfinite(gain))
    if of_source and len(known) > 1 and known[0][1] > max(known[-1][1], 0.0):
        first, last = known[0], known[-1]
        found.append(
            f"The gain falls from {_signed(first[1])} with {first[0]} to {_signed(last[1])} with {last[0]} site-years: "
            "the site's own data replace what the source brought."
        )
    if verdict(row) == "open" and int(row["n_test_site_years"]) < FEW:
        tested = int(row["n_test_site_years"])
        are = "site-year is" if tested == 1 else "site-years are"
        found.append(f"Only {tested} {are} tested, and years differ: a gain of this size cannot be told from chance.")
    return found


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _signed(value: float) -> str:
    return (f"{value:+.2f}" if abs(value) >= 0.005 else f"{value:+.3f}").replace("-", "\u2212")
