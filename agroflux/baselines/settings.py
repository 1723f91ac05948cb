"""What each setting of a network can be: a wrong one is refused by its name before any data is read."""

from collections.abc import Callable, Mapping
from typing import Any

from agroflux import schema
from agroflux.errors import ModelError

#: Days that one node of a pyramid's coarsest scale may stand for: longer than any series, and still quickly computed.
LONGEST_NODE = 65_536
#: Of a width, a number of days and the like, and of layers: far more than any network of use here has. A card or a
#: command that asks for more is refused before it takes all the memory, or a night, to find out.
MOST, DEEPEST = 65_536, 64


def _whole(least: int, most: int = MOST) -> tuple[Callable[[Any], bool], str]:
    def holds(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return holds, f"a whole number of at least {least} and at most {most:,}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _steps(value: Any) -> bool:
    return isinstance(value, list | tuple) and 0 < len(value) <= DEEPEST and all(_ONE[0](step) for step in value)


def _drivers(value: Any) -> bool:
    listed = isinstance(value, list | tuple) and all(name in schema.DRIVERS for name in value)
    return value is None or (listed and 0 < len(set(value)) < len(schema.DRIVERS))


_ANY = (lambda _: True), "anything"  # a setting of a network that is registered from elsewhere
_ZERO, _ONE, _TWO = _whole(0), _whole(1), _whole(2)
#: setting -> (whether a value will do, what will do in words).
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "hidden": _ONE,
    "layers": _whole(1, DEEPEST),
    "heads": _ONE,
    "feed": _ONE,
    "kernel": _ONE,
    "window": _ONE,
    "channels": _ONE,
    "narrow": _ONE,
    "fan": _TWO,
    "scales": _TWO,
    "reach": _ZERO,
    "context": _ZERO,
    "near": _ZERO,
    "dropout": (lambda value: _number(value) and 0 <= value < 1, "a number from 0 to less than 1"),
    "memory_days": (
        lambda value: _number(value) and 2 <= value <= MOST,
        f"a number of at least 2 and at most {MOST:,}",
    ),
    "dilations": (_steps, f"a list of whole numbers of at least 1, {DEEPEST} numbers at most"),
    "static": (_drivers, f"a list of some, not all, of {', '.join(schema.DRIVERS)}"),
}


def check(name: str, config: Mapping[str, Any]) -> None:
    """Raise ModelError for the first setting in ``config`` of which the network ``name`` cannot be built."""
    for key, value in config.items():
        holds, words = _RULES.get(key, _ANY)
        if not holds(value):
            raise ModelError(f"model {name!r} cannot be built with {key}={value}: give {words}")
    heads, hidden = config.get("heads", 1), config.get("hidden", 1)
    if hidden % heads:
        raise ModelError(
            f"model {name!r} cannot be built with heads={heads}: hidden {hidden} must be a multiple of heads {heads}"
        )
    days = config.get("fan", 1) ** min(config.get("scales", 1) - 1, LONGEST_NODE)
    if days > LONGEST_NODE:
        raise ModelError(
            f"model {name!r} cannot be built with fan={config['fan']} and scales={config['scales']}: "
            f"fan ** (scales - 1), the days of a coarsest node, must be {LONGEST_NODE:,} at most"
        )
