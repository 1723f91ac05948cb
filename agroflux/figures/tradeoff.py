"""Yield against N2O as nitrogen rises, and N2O per tonne of grain, with the best rates marked."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from agroflux.figures import colours, theme

_CURVE, _BEST, _ENOUGH = "#0072B2", "#D55E00", "#009E73"


def trade_off(curve: pd.DataFrame, *, optimum: float, enough: float, height: int = 420) -> go.Figure:
    """Left: N2O over corn yield, a point a rate. Right: N2O-N per tonne of grain over the rate.

    ``curve``: index nitrogen rate [kg N ha-1]; columns corn_yield [t ha-1], n2o [kg N ha-1 yr-1], scaled [kg t-1].
    ``optimum`` and ``enough`` are rates of the index and are marked in both panels.
    """
    fig = make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    rates = [float(rate) for rate in curve.index]
    line = {
        "mode": "lines+markers",
        "line": {"color": _CURVE, "width": 2},
        "marker": {"size": 7, "color": _CURVE},
        "customdata": rates,
        "showlegend": False,
    }
    fig.add_scatter(
        x=curve["corn_yield"],
        y=curve["n2o"],
        **line | {"mode": "lines+markers+text"},
        text=[f"{rate:g}" for rate in rates],
        textposition="top left",
        hovertemplate="%{customdata:g} kg N ha⁻¹: %{x:.3g} t ha⁻¹, %{y:.3g} kg N₂O-N ha⁻¹ yr⁻¹<extra></extra>",
        row=1,
        col=1,
    )
    fig.add_scatter(
        x=rates,
        y=curve["scaled"],
        **line,
        hovertemplate="%{customdata:g} kg N ha⁻¹: %{y:.3g} kg N₂O-N per t<extra></extra>",
        row=1,
        col=2,
    )
    marks = (
        (optimum, f"Least N₂O per tonne of grain: {optimum:g} kg N ha⁻¹", _BEST, "diamond"),
        (enough, f"95 % of the highest corn yield: {enough:g} kg N ha⁻¹", _ENOUGH, "star"),
    )
    for rate, name, colour, symbol in marks:
        row = curve.loc[rate]
        look = {"color": colour, "size": 13, "symbol": symbol, "line": {"width": 1, "color": colours.NEUTRAL}}
        for col, x, y in ((1, row["corn_yield"], row["n2o"]), (2, rate, row["scaled"])):
            fig.add_scatter(
                x=[x], y=[y], name=name, mode="markers", marker=look, legendgroup=name, showlegend=col == 1,
                hovertemplate=f"{name}<extra></extra>", row=1, col=col,
            )  # fmt: skip
    theme.finish(fig, height=height)
    fig.update_xaxes(title_text="Corn yield, dry grain [t ha⁻¹]", row=1, col=1)
    fig.update_yaxes(title_text="N₂O, mean of corn and soybean years [kg N ha⁻¹ yr⁻¹]", row=1, col=1)
    fig.update_xaxes(title_text="Nitrogen to corn [kg N ha⁻¹]", row=1, col=2)
    fig.update_yaxes(title_text="N₂O-N per tonne of grain [kg t⁻¹]", rangemode="tozero", row=1, col=2)
    return fig
