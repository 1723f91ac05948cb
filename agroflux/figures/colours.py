"""Colour scales and series colours that figures and maps share. No plotting library is needed for them.

Sequential: cividis (Nunez et al. 2018, doi 10.1371/journal.pone.0199239), uniform and the same to readers
with and without colour-blindness. Diverging: vik (Crameri 2018, doi 10.5281/zenodo.1243862), zero in the middle.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from agroflux import schema

CIVIDIS = (
    "#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838",
)  # fmt: skip
VIK = (
    "#001261", "#033e7d", "#1e6f9d", "#71a8c4", "#c9dde7", "#eacebd", "#d39774", "#be6533", "#8b2706", "#590008",
)  # fmt: skip

#: Stands for a variable where a map shows one model less another, or a bias.
DIFFERENCE = "difference"

# Hues of Okabe and Ito's palette, told apart by colour-blind readers. A figure does not know whether it stands on the
# light page, the dark one or paper: each colour has a contrast of 3 and more (WCAG 2.2, 1.4.11) with all of them.
BLUE, VERMILION, GREEN, MAUVE = "#1B7CC6", "#CB5600", "#009E73", "#CC79A7"
AMBER, SKY, BROWN, GREY, VIOLET = "#C68700", "#1E9BE6", "#7D5F45", "#74767F", "#7B50EA"
#: Colours of series in the order they are handed out; `.streamlit/config.toml` has them too.
SERIES = (BLUE, VERMILION, GREEN, MAUVE, AMBER, SKY, BROWN, GREY)
_FIXED = {"cornbelt-century": BLUE, "cornbelt-ceres": VERMILION, "measured": GREEN, "baseline": MAUVE}
_FIXED |= {"towers-sample": GREEN, "chambers-synthetic": AMBER}
#: Recipes of transfer learning; none is the green of measurements, and the source as it is has a baseline's colour.
_FIXED |= {"finetune": BLUE, "finetune-head": VERMILION, "finetune-gradual": BROWN, "adversarial": SKY}
_FIXED |= {"pooled": AMBER, "zero-shot": MAUVE, "scratch": GREY, "hybrid": VIOLET}

#: A grey that reads on white and on the dark background.
NEUTRAL = "#808890"


def scale_of(variable: str) -> schema.Scale:
    """The kind of scale that the schema names; a difference is coloured as an emission, any other name in sequence."""
    if variable == DIFFERENCE:
        return "emission"
    return schema.VARIABLES[variable].scale if variable in schema.VARIABLES else "sequential"


def crosses_zero(variable: str, low: float, high: float) -> bool:
    """True where the scale of ``variable`` from ``low`` to ``high`` has its zero in the middle."""
    return scale_of(variable) != "sequential" and low < 0 < high


def stops(variable: str, low: float, high: float) -> Sequence[str]:
    """Colours from ``low`` to ``high`` for ``variable``.

    About a meaningful zero blue is uptake or what the field gains, brown emission or loss. Where all values are on one
    side, that half of the scale is used alone: with the other half unused, counties could not be told apart.
    """
    kind = scale_of(variable)
    if kind == "sequential":
        return CIVIDIS
    scale = VIK[::-1] if kind == "gain" else VIK
    half = len(scale) // 2
    return scale if low < 0 < high else scale[:half] if high <= 0 else scale[half:]


def limits(values: Iterable[float], variable: str) -> tuple[float, float]:
    """Lowest and highest value of the scale; symmetric about zero where a diverging variable has both signs.

    One value alone is shown on a scale that begins at zero: ends close to it would tell of a range that is none.
    """
    finite = np.asarray([v for v in values if np.isfinite(v)], dtype=float)
    if not finite.size:
        return (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if crosses_zero(variable, low, high):
        reach = max(-low, high)
        return (-reach, reach)
    if high - low < 1e-12:
        low, high = min(low, 0.0), max(high, 0.0)
        return (low, high) if high - low > 1e-12 else (low, 1.0)
    return (low, high)


def at(share: float, scale: Sequence[str]) -> str:
    """The colour at ``share`` (0 to 1, clipped) of ``scale``, linear between its stops, as ``#rrggbb``."""
    where = min(max(share, 0.0), 1.0) * (len(scale) - 1)
    left = min(int(where), len(scale) - 2)
    part = where - left
    mixed = [round(a + (b - a) * part) for a, b in zip(_rgb(scale[left]), _rgb(scale[left + 1]), strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def series(name: str, position: int | None = None) -> str:
    """The colour of a series: fixed for the bundled data sets and kinds, else by position or by its name."""
    turn = sum(name.encode()) if position is None else position
    return _FIXED.get(name, SERIES[turn % len(SERIES)])


def apart(kinds: Mapping[str, str]) -> dict[str, str]:
    """A colour for each series of one figure, no two alike while there are enough.

    ``kinds``: name -> data set or kind. The first of a kind with a fixed colour has that one (:func:`series`); every
    other takes the next that is free, the green of measurements last.
    """
    made: dict[str, str] = {}
    for name, kind in kinds.items():
        if kind in _FIXED and _FIXED[kind] not in made.values():
            made[name] = _FIXED[kind]
    turn = [*(colour for colour in SERIES if colour != _FIXED["measured"]), _FIXED["measured"]]
    free = [colour for colour in turn if colour not in made.values()] or turn
    others = [name for name in kinds if name not in made]
    made |= {name: free[position % len(free)] for position, name in enumerate(others)}
    return {name: made[name] for name in kinds}


def translucent(colour: str, alpha: float) -> str:
    """``#rrggbb`` as ``rgba(...)`` with ``alpha`` (0 to 1)."""
    red, green, blue = _rgb(colour)
    return f"rgba({red},{green},{blue},{alpha:g})"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
