"""Differences from a reference: over time, and their spread in each month."""

import calendar
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.series import add_line, looks


def residuals(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    reference: str,
    unit: str,
    form: str = "%d %b %Y",
    what: str = "Source",
) -> go.Figure:
    """``what`` minus ``reference`` over time (index ``time``, NaN breaks the line), with a line at zero.

    ``what`` is one word of the axis for all that is drawn.
    """
    fig = go.Figure()
    for name, look in looks(kinds).items():
        if name in frame:
            add_line(fig, name, frame[name], look, unit, width=1.2, marker=4, form="+.4g")
    _zero(fig)
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, y=_axis(what, reference, unit), hover="x unified")


def residuals_by_month(
    quantiles: pd.DataFrame, kinds: Mapping[str, str], *, reference: str, unit: str, what: str = "Source"
) -> go.Figure:
    """Boxes of the differences in each calendar month; ``what`` as in :func:`residuals`.

    ``quantiles``: index ``(source, month)``, columns q10, q25, q50, q75, q90; whiskers end at q10 and q90.
    """
    fig = go.Figure()
    for name, look in looks(kinds).items():
        if name not in quantiles.index.get_level_values("source"):
            continue
        part = quantiles.loc[name]
        fig.add_trace(
            go.Box(
                x=[calendar.month_abbr[month] for month in part.index],
                q1=part["q25"],
                median=part["q50"],
                q3=part["q75"],
                lowerfence=part["q10"],
                upperfence=part["q90"],
                name=theme.text(name),
                line={"color": look.colour, "width": 1.4},
                fillcolor=colours.translucent(look.colour, 0.3),
                hoverinfo="y+name",
                hoverlabel={"namelength": -1},  # Plotly would cut it, and &lt; with it
            )
        )
    _zero(fig)
    fig.update_layout(boxmode="group")
    fig.update_xaxes(categoryorder="array", categoryarray=list(calendar.month_abbr)[1:])
    return theme.finish(fig, y=_axis(what, reference, unit))


def _axis(what: str, reference: str, unit: str) -> str:
    return f"{theme.text(what)} minus {theme.text(reference)} [{theme.pretty(unit)}]"


def _zero(fig: go.Figure) -> None:
    fig.add_hline(y=0, line={"color": colours.NEUTRAL, "width": 1.2, "dash": "dash"})
