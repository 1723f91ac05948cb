"""Counties as filled outlines on plain axes: a map for print, drawn without WebGL, tiles or a network."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, outlines, theme


def county_map(values: pd.Series, shapes: Mapping[str, Any], *, variable: str, label: str, unit: str) -> go.Figure:
    """Counties coloured by ``values`` (by FIPS, in ``unit``); ``shapes``: GeoJSON features by FIPS.

    ``variable`` of the schema decides the scale's colours, as on the page's own map.
    """
    low, high = colours.limits(values.tolist(), variable)
    scale = colours.stops(variable, low, high)
    fig = go.Figure()
    middle = []
    for fips, value in values.items():
        if str(fips) not in shapes or not math.isfinite(value):
            continue
        lon, lat = outlines.line([shapes[str(fips)]["geometry"]], holes=False)
        middle += [y for y in lat if y is not None]
        fig.add_trace(
            go.Scatter(
                x=lon,
                y=lat,
                mode="lines",
                fill="toself",
                fillcolor=colours.at((value - low) / (high - low), scale),
                line={"color": "white", "width": 0.6},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    bar = {"title": {"text": f"{label} [{theme.pretty(unit)}]", "side": "top"}, "orientation": "h", "thickness": 12}
    fig.add_trace(
        go.Scatter(
            x=[None],
            y=[None],
            mode="markers",
            showlegend=False,
            marker={
                "color": [low],
                "cmin": low,
                "cmax": high,
                "colorscale": list(scale),
                "showscale": True,
                "colorbar": bar | {"len": 0.8, "y": -0.02, "yanchor": "top", "tickformat": "~s"},
            },
        )
    )
    theme.finish(fig, height=430, legend=False)
    # One degree of longitude is shorter than one of latitude by the cosine of the latitude.
    ratio = 1 / math.cos(math.radians(sum(middle) / len(middle))) if middle else 1.3
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False, scaleanchor="x", scaleratio=ratio)
    return fig
