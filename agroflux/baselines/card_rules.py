"""What the entries of a model's card must be: whoever reads a card may rely on the types of what is in it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agroflux.baselines.card import Card

#: Lists within lists of a card at most, and days of a warm-up: far more than any has.
_DEEPEST, _LONGEST_WARMUP = 16, 36_500

_Holds = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, float) or _int(value)


def _or_none(holds: _Holds) -> _Holds:
    return lambda value: value is None or holds(value)


def _each(holds: _Holds) -> _Holds:
    return lambda value: isinstance(value, list) and all(map(holds, value))


def _by_name(holds: _Holds, needed: tuple[str, ...] = ()) -> _Holds:
    """Any entries that hold, those of ``needed`` among them."""
    return lambda value: isinstance(value, dict) and set(needed) <= set(value) and all(map(holds, value.values()))


def _entries(needed: Mapping[str, _Holds], known: Mapping[str, _Holds]) -> _Holds:
    """Each entry of ``needed``; of ``known`` what holds or nothing; any other."""

    def holds(value: Any) -> bool:
        rules = {**needed, **known}
        return (
            isinstance(value, dict)
            and set(needed) <= set(value)
            and all(rules[key](entry) for key, entry in value.items() if key in rules)
        )

    return holds


_TEXTS, _USES = _each(_text), ("train", "validate", "test")
_DATA = _entries(
    {"id": _text},
    {
        **dict.fromkeys(("sha256", "title", "source", "licence", "citation"), _text),
        "site_years": _by_name(_TEXTS, _USES),
        "earlier": _each(_entries({"id": _text, "sha256": _or_none(_text), "site_years": _by_name(_TEXTS)}, {})),
        "subsample": _entries({}, {}),
    },
)
_TRAINING = _entries(
    {},
    {
        "source_model": _entries({"id": _text}, {"weights_sha256": _text, "data": _or_none(_text)}),
        "recipe": _text,
        "targets": _TEXTS,
        "targets_left_alone": _TEXTS,
        "share_of_days_known": _by_name(_number),
        **dict.fromkeys(("parameters", "minutes", "site_years_per_second", "best_epoch"), _or_none(_number)),
    },
)
_PAIRS = _each(lambda value: _TEXTS(value) and len(value) == 2), "a list of [name, unit] pairs"
_TEXT, _SCORES = (_text, "text"), _each(_entries({"model": _text, "target": _text, "r2": _or_none(_number)}, {}))
#: entry -> (whether a value will do, what will do in words). Pages take the cards of a folder as they are.
_RULES: dict[str, tuple[_Holds, str]] = {
    **dict.fromkeys(("title", "model", "preset", "protocol", "experiment"), _TEXT),
    **dict.fromkeys(("code_version", "command", "weights_sha256"), _TEXT),
    "config": (_entries({}, {}), "an object of settings"),
    "drivers": _PAIRS,
    "targets": _PAIRS,
    "warmup_days": (
        lambda value: _int(value) and 0 <= value <= _LONGEST_WARMUP,
        f"a whole number from 0 to {_LONGEST_WARMUP:,}",
    ),
    "split": (_by_name(_each(_int), _USES), f"an object with the years of {', '.join(_USES)}"),
    "sites": (_by_name(_TEXTS), "an object with site ids by use"),
    "data": (_DATA, "an object with the id of the data set and texts about it"),
    "training": (_TRAINING, "an object with what the training was, its parts of their usual types"),
    "seed": (_or_none(_int), "a whole number"),
    "fold": (_or_none(_int), "a whole number or null"),
    "synthetic": (lambda value: isinstance(value, bool), "true or false"),
    "scores": (_SCORES, "a list of objects with model, target and r2"),
    "scores_by_group": (_SCORES, "a list of objects with model, target and r2"),
    "below_climatology": (_TEXTS, "a list of targets"),
}


def problem(card: "Card", name: str) -> str:
    """What is wrong with the first entry that is not what this version writes; empty for none.

    ``name``: that of its file, without suffix, which the id must be.
    """
    if card.id != name:
        return f"its id {str(card.id)[:80]!r} is not {name!r}, the name of its file"
    for entry, (holds, words) in _RULES.items():
        value = getattr(card, entry)
        if not _shallow(value):
            return f"{entry} is nested too deep, or holds characters that are none"
        if not holds(value):
            return f"{entry} is not {words}"
    adapted = card.training.get("source_model")
    if adapted and not ({"recipe", "targets"} <= {*card.training} and "site_years" in card.data):
        return "it tells a source_model, but not the recipe, targets and site_years of its adaptation"
    return ""


def _shallow(value: Any, levels: int = _DEEPEST) -> bool:
    """Whether a value can be copied, and its texts written: JSON may hold half a character, and lists without end."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value)
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not inner or (levels > 0 and all(_shallow(one, levels - 1) for one in inner))
