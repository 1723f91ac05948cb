"""Yield against N2O as nitrogen rises, and N2O per tonne of grain, with the best rates marked."""

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme

_HEIGHT = 400  # px
_CURVE, _BEST, _ENOUGH = colours.BLUE, colours.VERMILION, colours.GREEN


def yield_and_n2o(curve: pd.DataFrame, *, optimum: float, enough: float) -> go.Figure:
    """N2O over corn yield, a point a rate.

    ``curve``: index nitrogen rate [kg N ha-1]; columns corn_yield [t ha-1], n2o [kg N ha-1 yr-1], scaled [kg t-1].
    ``optimum`` and ``enough`` are rates of the index and are marked.
    """
    fig = _line(
        curve["corn_yield"], curve["n2o"], "%{customdata:g} kg N ha⁻¹: %{x:.3g} t ha⁻¹, %{y:.3g} kg N₂O-N ha⁻¹ yr⁻¹"
    )
    rates = [f"{float(rate):g}" for rate in curve.index]
    fig.update_traces(mode="lines+markers+text", text=rates, textposition="top left")
    _mark(fig, curve["corn_yield"], curve["n2o"], optimum, enough)
    theme.finish(fig, height=_HEIGHT)
    fig.update_xaxes(title_text="Corn yield, dry grain [t ha⁻¹]")
    fig.update_yaxes(title_text="N₂O, mean of both crops' years [kg N ha⁻¹ yr⁻¹]")
    return fig


def n2o_per_grain(curve: pd.DataFrame, *, optimum: float, enough: float) -> go.Figure:
    """N2O-N per tonne of grain over the rate; ``curve`` and marks as in :func:`yield_and_n2o`."""
    rates = pd.Series(curve.index.to_numpy(float), index=curve.index)
    fig = _line(rates, curve["scaled"], "%{customdata:g} kg N ha⁻¹: %{y:.3g} kg N₂O-N per t")
    _mark(fig, rates, curve["scaled"], optimum, enough)
    theme.finish(fig, height=_HEIGHT)
    fig.update_xaxes(title_text="Nitrogen to corn [kg N ha⁻¹]")
    fig.update_yaxes(title_text="N₂O-N per tonne of grain [kg t⁻¹]", rangemode="tozero")
    return fig


def _line(x: pd.Series, y: pd.Series, hover: str) -> go.Figure:
    return go.Figure(
        go.Scatter(
            x=x.to_numpy(),
            y=y.to_numpy(),
            mode="lines+markers",
            line={"color": _CURVE, "width": 2},
            marker={"size": 7, "color": _CURVE},
            customdata=[float(rate) for rate in y.index],
            hovertemplate=hover + "<extra></extra>",
            showlegend=False,
        )
    )


def _mark(fig: go.Figure, x: pd.Series, y: pd.Series, optimum: float, enough: float) -> None:
    marks = (
        (optimum, f"Least N₂O per tonne of grain: {optimum:g} kg N ha⁻¹", _BEST, "diamond"),
        (enough, f"95 % of the highest corn yield: {enough:g} kg N ha⁻¹", _ENOUGH, "star"),
    )
    for rate, name, colour, symbol in marks:
        look = {"color": colour, "size": 13, "symbol": symbol, "line": {"width": 1, "color": colours.NEUTRAL}}
        hover = f"{name}<extra></extra>"
        fig.add_scatter(x=[x[rate]], y=[y[rate]], name=name, mode="markers", marker=look, hovertemplate=hover)
