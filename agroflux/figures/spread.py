"""The mean over places with a band for how far they lie apart."""

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.series import trace_class


def spread(
    frame: pd.DataFrame, *, name: str, label: str, unit: str, colour: str, form: str = "%d %b %Y", height: int = 380
) -> go.Figure:
    """Mean line and 10-90 % band over counties; ``frame``: index ``time``, columns mean, low, high, n.

    The band is shown only where there are at least two counties.
    """
    fig = go.Figure()
    pretty = theme.pretty(unit)
    draw = trace_class(len(frame))
    if len(frame) and int(frame["n"].max()) > 1:
        edge = {"x": frame.index, "mode": "lines", "line": {"width": 0, "color": colour}, "legendgroup": "band"}
        fig.add_trace(go.Scatter(**edge, y=frame["low"], showlegend=False, hoverinfo="skip"))
        fig.add_trace(
            go.Scatter(
                **edge,
                y=frame["high"],
                name="10-90 % of counties",
                fill="tonexty",
                fillcolor=colours.translucent(colour, 0.25),
                customdata=frame["low"],
                hovertemplate=f"%{{customdata:.4g}} to %{{y:.4g}} {pretty}<extra>10-90 %</extra>",
            )
        )
    sparse = len(frame) <= 24
    fig.add_trace(
        draw(
            x=frame.index,
            y=frame["mean"],
            name=theme.text(name),
            mode="lines+markers" if sparse else "lines",
            connectgaps=False,
            line={"color": colour, "width": 1.8},
            hovertemplate=f"%{{y:.4g}} {pretty}<extra>mean</extra>",
        )
    )
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=height, y=f"{label} [{pretty}]", hover="x unified")
