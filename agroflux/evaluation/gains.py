"""What the rows of a transfer comparison say: judged by their intervals, with likely causes of no gain.

A row is one of :func:`agroflux.training.comparison.rows` or of a job's result: ``recipe``, ``r2``, ``gain`` of R2 over
``scratch`` on the same test days, its 95 % interval ``gain_low`` to ``gain_high``, ``n_test_site_years``, the number
of test days, and the group of days that it is of, ``by`` and ``group`` (:mod:`agroflux.data.field_days`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Row = Mapping[str, Any]
Verdict = Literal["gains", "loses", "open"]
Outcome = Literal["gains", "loses", "open", "unchanged"]

#: Recipes that are no way to adapt: what is compared with, and the source model as it is.
REFERENCE, UNTRAINED = "scratch", "zero-shot"
#: The recipe that takes nothing from the source model: its weights are new, what it adds is the process model.
_NEW_WEIGHTS = "hybrid"
#: Bounds of the causes: R2 that leaves little to win, test site-years that are few, share of days [1] that is little.
GOOD, FEW, LITTLE = 0.8, 5, 0.5
#: R2 by which one model must lead another to be called better: less is rounding (an epoch 0 that was kept).
LEAD = 0.001
#: R2 by which two scores of one model on the same days may differ: rounding.
SAME = 1e-6
#: The way of testing under which no day of the tested site is trained on.
_ELSEWHERE = "leave-one-site-out"


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


def untrained(row: Row, others: Sequence[Row]) -> Row | None:
    """The row of the source model as it is, on the same test days as ``row``; None where ``others`` hold none.

    Args:
        others: rows of the same site, target and group of days. One of another number of test days is not the same.
    """
    same = (one for one in others if one["recipe"] == UNTRAINED and _days(one) == _days(row))
    return next(same, None)


def source_leads(row: Row, source: Row | None) -> bool:
    """Whether the source model as it is does better than ``row``; ``source`` is its row (:func:`untrained`)."""
    return source is not None and _number(source.get("r2")) >= _number(row.get("r2")) + LEAD


def unchanged(row: Row, source: Row | None) -> bool:
    """Whether ``row`` is the source model as it was, by its R2: the training kept no epoch of its own.

    ``source``: the row of the source model on the same test days (:func:`untrained`).
    """
    return source is not None and abs(_number(source.get("r2")) - _number(row.get("r2"))) <= SAME


def outcome(row: Row, source: Row | None) -> Outcome:
    """:func:`verdict` of an adaptation, ``unchanged`` where it is none: what it gains is the source model's."""
    return "unchanged" if unchanged(row, source) else verdict(row)


def caveat(row: Row, source: Row | None = None) -> str:
    """What a gain does not tell, else empty: R2 below zero, below or that of the source, an interval of few site-years.

    ``source``: the row of the source model as it is (:func:`untrained`), if there is one.
    """
    found, r2, tested = [], _number(row.get("r2")), int(row["n_test_site_years"])
    if unchanged(row, source):
        found.append("It is the source model as it was: no epoch of the training did better.")
    if source is not None and source_leads(row, source):
        found.append(f"The source model as it is does better (R2 {_written(_number(source.get('r2')))}).")
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
        whose = "the other sites'" if row.get("protocol") == _ELSEWHERE else "the site's own"
        found.append(
            f"The gain falls from {_signed(first[1])} with {first[0]} to {_signed(last[1])} with {last[0]} site-years: "
            f"{whose} data replace what the source brought."
        )
    if verdict(row) == "open" and int(row["n_test_site_years"]) < FEW:
        tested = int(row["n_test_site_years"])
        are = "site-year is" if tested == 1 else "site-years are"
        found.append(f"Only {tested} {are} tested, and years differ: a gain of this size cannot be told from chance.")
    return found


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _days(row: Row) -> Any:
    """Number of test days: rows of a comparison and of a job name it differently."""
    return row.get("n_test_days", row.get("n"))


def _written(value: float) -> str:
    return _signed(value) if value < 0 else f"{value:.2f}"


def _signed(value: float) -> str:
    return (f"{value:+.2f}" if abs(value) >= 0.005 else f"{value:+.3f}").replace("-", "\u2212")
