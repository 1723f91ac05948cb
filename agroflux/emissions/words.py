"""Figures as people say them: "2.1 million t CO2e, 80 % interval 1.6-2.9"."""

import math

_SCALES = ((1e9, " billion"), (1e6, " million"), (1e3, " thousand"), (1.0, ""))


def amount(value: float, unit: str) -> str:
    """``2130000, "t CO2e yr-1"`` -> ``2.1 million t CO2e``: two figures (three from 100), no time in the unit."""
    size, name = _scale(value)
    return f"{_short(value / size)}{name} {_without_year(unit)}".replace("  ", " ")


def with_interval(value: float, low: float, high: float, unit: str, percent: int = 80) -> str:
    """An amount and its interval on the same scale: ``2.1 million t CO2e, 80 % interval 1.6-2.9``."""
    size, _ = _scale(value)
    ends = [_end(end / size, (high - low) / size) for end in (low, high)]
    joined = " to ".join(ends) if low < 0 else "-".join(ends)
    return f"{amount(value, unit)}, {percent} % interval {joined}"


def percent(share: float, decimals: int = 0) -> str:
    """``0.825`` -> ``82 %``, set like the intervals."""
    return f"{share * 100:.{decimals}f} %"


def _scale(value: float) -> tuple[float, str]:
    """The scale in which the figure is written: that of the value once it is rounded to whole parts of the next one."""
    return next((s for s in _SCALES if abs(value) / s[0] * 1000 >= 999.5), _SCALES[-1])


def _short(value: float) -> str:
    if not math.isfinite(value):
        return "no figure"
    figures = 3 if abs(value) >= 100 else 2
    return f"{value:,.{_places(value, figures)}f}"


def _end(value: float, width: float) -> str:
    """An end of an interval: two figures, and more where the interval is narrow."""
    return f"{value:,.{min(max(_places(value, 2), _places(width, 2)), 4)}f}"


def _places(value: float, figures: int) -> int:
    """Decimals that show ``value`` to so many figures."""
    if not math.isfinite(value) or value == 0:
        return 0
    rounded = float(f"{value:.{figures - 1}e}")  # 0.996 is written as 1.0 and not as 1.00
    return max(figures - 1 - math.floor(math.log10(abs(rounded))), 0)


def _without_year(unit: str) -> str:
    return unit.removesuffix(" yr-1")
