"""Coverage of a record as a heat map: a row a variable, a column a month, the darker the fuller."""

import pandas as pd
import plotly.graph_objects as go

from agroflux import schema
from agroflux.figures import theme

#: From nothing (the page's own colour shines through) to every day, in one hue, so that it reads without colour.
_SCALE = ((0.0, "rgba(128,136,144,0.12)"), (0.001, "#D7E6F2"), (0.5, "#6FA6CE"), (1.0, "#0B4F86"))
_ROW = 26  # px


def coverage(shares: pd.DataFrame) -> go.Figure:
    """``shares``: index month, one column a variable, share of the month's days with a value [1]."""
    names = list(reversed(list(shares.columns)))
    labels = [schema.VARIABLES[n].title if n in schema.VARIABLES else theme.text(n) for n in names]
    fig = go.Figure(
        go.Heatmap(
            x=_middles(pd.DatetimeIndex(shares.index)),
            y=labels,
            z=[shares[name].tolist() for name in names],
            zmin=0,
            zmax=1,
            colorscale=_SCALE,
            xgap=0.5,
            ygap=2,
            hovertemplate="%{y}<br>%{x|%b %Y}: %{z:.0%} of days<extra></extra>",
            colorbar={
                "title": {"text": "days with a value", "side": "top", "font": {"size": 12}},
                "tickformat": ".0%",
                "orientation": "h",
                "thickness": 10,
                "len": 0.5,
                "x": 0,
                "xanchor": "left",
                "y": 1.0,
                "yanchor": "bottom",
            },
        )
    )
    theme.finish(fig, height=120 + _ROW * len(names), legend=False)
    fig.update_yaxes(ticks="", showgrid=False)
    fig.update_xaxes(showgrid=False)
    return fig


def _middles(months: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The middle of each month, about which its cell is drawn."""
    first = months.to_period("M").start_time
    return first + (first + pd.offsets.MonthBegin() - first) / 2
