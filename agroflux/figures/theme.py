"""The look that every figure shares: template, sizes, axis labels.

Text and grid colours are left to the page (Streamlit's theme follows light and dark while the page is open);
a downloaded figure is dark text on white. Colours of data come from :mod:`agroflux.figures.colours`.
"""

import html
import textwrap
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from agroflux import schema
from agroflux.figures import colours

FONT = "Source Sans, Source Sans Pro, Helvetica, Arial, sans-serif"
_GRID = "rgba(128,136,144,0.25)"

_AXIS = {
    "gridcolor": _GRID,
    "zeroline": False,
    "showline": True,
    "linecolor": "rgba(128,136,144,0.6)",
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": "rgba(128,136,144,0.6)",
    "automargin": True,
    "title": {"standoff": 8, "font": {"size": 13}},
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": "#1B2421"},
        "colorway": list(colours.SERIES),
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.02,
            "xanchor": "left",
            "x": 0,
            "title": {"text": ""},
        },
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT}},
    }
)


def finish(
    fig: go.Figure, *, height: int = 360, x: str = "", y: str = "", legend: bool = True, hover: str = "closest"
) -> go.Figure:
    """Give ``fig`` the house's look in place and return it.

    ``height`` [px]; ``x`` and ``y`` are axis titles with units; width follows the page.
    """
    fig.update_layout(template=TEMPLATE, height=height, showlegend=legend, hovermode=hover)
    if x:
        fig.update_xaxes(title_text=x)
    if y:
        fig.update_yaxes(title_text=y)
    return fig


def text(name: object) -> str:
    """``name`` as Plotly shows it letter by letter, where it came from data, a file's name or a user.

    Plotly reads ``<b>``, links and ``&lt;`` in every text as HTML, and ``%{y}`` as a value in what is pointed at.
    """
    return html.escape(str(name), quote=False).replace("%{", "%&#123;")


def lines(name: object, width: int) -> str:
    """:func:`text` of ``name`` on as many lines of ``width`` characters as it needs."""
    return "<br>".join(map(text, textwrap.wrap(str(name), width)))


def pretty(unit: str) -> str:
    """A unit as people write it: ``t CO2e ha-1`` becomes ``t CO₂e ha⁻¹``, ``degC`` becomes ``°C``."""
    if unit == "degC":
        return "°C"
    return " ".join(_power(part) for part in schema.written(unit).split())


def _power(part: str) -> str:
    body = part.rstrip("-0123456789")
    power = part[len(body) :]
    if not body or not power or not power.lstrip("-").isdigit():
        return part
    if not power.startswith("-") and not body.startswith(("m", "cm", "km")):
        return part  # H2O: a formula, not a power
    return body + power.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def interval(value: pd.Series, low: pd.Series, high: pd.Series, **look: Any) -> dict[str, Any]:
    """Error bars from ``low`` to ``high`` about ``value``: a trace's ``error_x`` or ``error_y``; ``look`` as there."""
    return {"type": "data", "symmetric": False, "array": high - value, "arrayminus": value - low, "width": 4} | look


def between(low: pd.Series, high: pd.Series, form: str = "+.2f") -> list[str]:
    """Intervals in words for where they are pointed at; Plotly would write a bound that there is not as zero."""
    bounds = zip(low.astype(float), high.astype(float), strict=True)
    return [f"{a:{form}} to {b:{form}}".replace("-", "\u2212") if a <= b else "no interval" for a, b in bounds]
