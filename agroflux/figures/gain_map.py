"""Gains of transfer learning on a map of state lines, drawn without tiles or a network."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, outlines, theme

_MARGIN = 2.5  # degrees
_WIDTH, _HEIGHT = 300, 260  # px of the plot on a telephone, the narrowest it gets
_LEAST = 0.1  # R2 at the ends of the scale at least: a gain of next to nothing is no dark dot
_DOT = 28  # px that a dot takes, with the ring about it and air
_TIES = "ties"  # the trace of lines from places to dots
#: Where a name stands that is written at a dot of a ring: above, right of, below, left of it.
_SIDES = ("top center", "middle right", "bottom center", "middle left")


def gain_map(points: pd.DataFrame, outlines: Mapping[str, Any]) -> go.Figure:
    """Sites by longitude and latitude, coloured by gain about zero, on ``outlines`` (GeoJSON polygons, lines).

    ``points``: columns site, lat, lon [degrees], gain, gain_low, gain_high; filled where the interval leaves out zero.
    Sites of one place stand around it, each tied to where it is.
    """
    points = told_apart(points)
    ends = _room(points)
    fig = go.Figure(_outlines(outlines))
    fig.add_traces(_ties(points))
    # A ring about each dot: the ends of the scale are as dark as the dark page, its middle as light as the light one.
    ring = {"symbol": "circle-open", "size": 20, "color": colours.NEUTRAL, "line": {"width": 1.5}}
    fig.add_trace(
        go.Scatter(x=points["x"], y=points["y"], mode="markers", marker=ring, hoverinfo="skip", showlegend=False)
    )
    fig.add_trace(_dots(points))
    ratio = 1 / math.cos(math.radians(float(points["lat"].mean())))
    fig.update_xaxes(range=ends[0], ticksuffix="°", showgrid=True)
    fig.update_yaxes(range=ends[1], ticksuffix="°", scaleanchor="x", scaleratio=ratio)
    # No titles: degrees beside a map say what they are, and Plotly writes a title over the ticks of such axes.
    return theme.finish(fig, height=400, legend=False)


def told_apart(points: pd.DataFrame) -> pd.DataFrame:
    """``points`` (columns lat, lon) with x, y [degrees] at which no dot hides another, and side, where its name stands.

    Sites nearer than a dot is wide on a telephone go on a ring about their middle, in order, clockwise from north.
    """
    made = points.assign(x=points["lon"], y=points["lat"], side=_SIDES[0]).reset_index(drop=True)
    west, south = (_room(made)[axis] for axis in (0, 1))
    # One degree of longitude is shorter than one of latitude.
    shrink = math.cos(math.radians(float(made["lat"].mean())))
    step = _DOT * max((west[1] - west[0]) * shrink / _WIDTH, (south[1] - south[0]) / _HEIGHT)
    for group in _near(made["lon"].to_numpy() * shrink, made["lat"].to_numpy(), step):
        if len(group) == 1:
            continue
        turn = 2 * np.pi * np.arange(len(group)) / len(group)
        radius = step / (2 * math.sin(math.pi / len(group)))
        made.loc[group, "x"] = made.loc[group, "lon"].mean() + radius * np.sin(turn) / shrink
        made.loc[group, "y"] = made.loc[group, "lat"].mean() + radius * np.cos(turn)
        made.loc[group, "side"] = [_SIDES[round(one / (np.pi / 2)) % 4] for one in turn]
    return made


def is_spread(fig: go.Figure) -> bool:
    """True where a figure of :func:`gain_map` draws some of its sites beside their place."""
    return any(trace.name == _TIES for trace in fig.data)


def _near(x: np.ndarray, y: np.ndarray, step: float) -> list[list[int]]:
    """Positions in groups: two are in one where a chain of others, each less than ``step`` from the next, ties them."""
    groups: list[list[int]] = []
    for one in range(len(x)):
        touching = [group for group in groups if (np.hypot(x[group] - x[one], y[group] - y[one]) < step).any()]
        groups = [group for group in groups if group not in touching]
        groups.append(sorted([one, *(member for group in touching for member in group)]))
    return groups


def _dots(points: pd.DataFrame) -> go.Scatter:
    reach = max(float(points["gain"].abs().max()), _LEAST)
    sure = (points["gain_low"] > 0) | (points["gain_high"] < 0)
    return go.Scatter(
        x=points["x"],
        y=points["y"],
        mode="markers+text",
        text=points["site"].map(theme.text),
        textposition=points["side"],
        marker={
            "size": 17,
            "symbol": ["circle" if one else "circle-open" for one in sure],
            "line": {"width": [1 if one else 4 for one in sure]},
            "color": points["gain"],
            "cmin": -reach,
            "cmax": reach,
            "colorscale": list(reversed(colours.VIK)),
            "colorbar": {
                "title": {"text": "Gain in R²", "side": "top", "font": {"size": 12}},
                "orientation": "h",
                "thickness": 12,
                "y": 1.02,
                "yanchor": "bottom",
            },
        },
        customdata=pd.DataFrame(
            {
                "in": theme.between(points["gain_low"], points["gain_high"]),
                "at": [_place(lat, lon) for lat, lon in zip(points["lat"], points["lon"], strict=True)],
            }
        ),
        hovertemplate="%{text}, %{customdata[1]}<br>gain %{marker.color:+.2f} (%{customdata[0]})<extra></extra>",
        showlegend=False,
    )


def _ties(points: pd.DataFrame) -> list[go.Scatter]:
    """From the place of each site that is drawn beside it to its dot; none where every dot is in its place."""
    moved = points[(points["x"] != points["lon"]) | (points["y"] != points["lat"])]
    if moved.empty:
        return []
    x = [value for one in moved.itertuples() for value in (one.lon, one.x, None)]
    y = [value for one in moved.itertuples() for value in (one.lat, one.y, None)]
    look = {"color": colours.NEUTRAL, "width": 1}
    ties = go.Scatter(x=x, y=y, mode="lines", line=look, name=_TIES, hoverinfo="skip", showlegend=False)
    places = {"symbol": "cross-thin", "size": 7, "line": {"color": colours.NEUTRAL, "width": 1.5}}
    where = go.Scatter(
        x=moved["lon"], y=moved["lat"], mode="markers", marker=places, hoverinfo="skip", showlegend=False
    )
    return [ties, where]


def _place(lat: float, lon: float) -> str:
    """A position in words, to the fourth decimal: ``38.1159° N, 121.6467° W``."""
    return f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"


def _room(points: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Ends of the axes that hold all places and dots with a margin [degrees]."""

    def ends(*columns: str) -> list[float]:
        low, high = float(points[[*columns]].min().min()), float(points[[*columns]].max().max())
        margin = max(_MARGIN, 0.25 * (high - low))
        return [low - margin, high + margin]

    return ends("lon", "x"), ends("lat", "y")


def _outlines(collection: Mapping[str, Any]) -> go.Scatter:
    """Outlines of GeoJSON polygons, and lines, as one line with breaks."""
    lon, lat = outlines.line(feature["geometry"] for feature in collection.get("features", ()))
    line = {"color": colours.NEUTRAL, "width": 1}
    return go.Scatter(x=lon, y=lat, mode="lines", line=line, hoverinfo="skip", showlegend=False)
