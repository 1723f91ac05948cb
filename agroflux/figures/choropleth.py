"""County maps as Plotly figures, for pages that need box selection; offline by an inline map style.

The interactive map of the first page is folium's (:mod:`agroflux.maps`). Here MapLibre draws county and state
lines from GeoJSON that the app serves itself; no tile, glyph or style is fetched from elsewhere.
"""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme

#: West, south, east and north of the benchmark's counties [degrees]: what a map shows when it opens.
BELT = (-96.51, 36.96, -84.79, 43.51)
#: px of the narrowest map, on a telephone: what lays a map out on a page must leave it as much.
NARROWEST = 330
_TILE = 512  # px of the whole world in MapLibre at zoom 0
_BAR = 60  # px below a map that its scale takes
_SHARE = 0.96  # of a map's height that the counties take at most
_FILE, _LINE = 520, 22  # px of a map as a file, and of a line of its title


def county_figure(
    values: pd.Series,
    names: Mapping[str, str],
    *,
    variable: str,
    label: str,
    unit: str,
    counties: str | dict[str, object],
    states: str | dict[str, object],
    limits: tuple[float, float] | None = None,
    bar: bool = True,
    height: int = 460,
) -> go.Figure:
    """Counties coloured by ``values`` (indexed by FIPS, in ``unit``).

    ``counties`` and ``states`` are GeoJSON, or the URLs at which the app serves them (16 kB a page instead of
    120); counties carry the property ``fips``. NaN is left grey.
    ``limits`` fixes the ends of the scale, which maps side by side share; ``bar`` draws it.
    """
    low, high = limits or colours.limits(values.tolist(), variable)
    ids = [str(fips) for fips in values.index]
    fig = go.Figure(
        go.Choroplethmap(
            geojson=counties,
            featureidkey="properties.fips",
            locations=ids,
            z=values.tolist(),
            zmin=low,
            zmax=high,
            showscale=bar,
            colorscale=list(colours.stops(variable, low, high)),
            marker={"line": {"width": 0.5, "color": "#FFFFFF"}},
            customdata=[theme.text(names.get(fips, fips)) for fips in ids],
            hovertemplate="%{customdata}<br>%{z:,.4~r} " + theme.pretty(unit) + "<extra></extra>",
            unselected={"marker": {"opacity": 0.75}},
            colorbar={
                "title": {"text": f"{label} [{theme.pretty(unit)}]", "side": "top", "font": {"size": 12}},
                "orientation": "h",
                "thickness": 12,
                "len": 0.9,
                "y": 0,
                "yanchor": "top",
            },
        )
    )
    theme.finish(fig, height=height, legend=False)
    fig.update_layout(
        map={"style": _style(states), **view(height - (_BAR if bar else 0))},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        uirevision="keep",
    )
    return fig


def view(height: float) -> dict[str, object]:
    """Centre and zoom of a map of ``height`` [px] at which all of :data:`BELT` is seen in :data:`NARROWEST`, too."""
    west, south, east, north = BELT
    top, bottom = mercator(north), mercator(south)
    world = min(NARROWEST / ((east - west) / 360), _SHARE * height / (top - bottom))  # px
    # Half way between the two in pixels, which is north of half way in degrees.
    middle = math.degrees(math.atan(math.sinh(math.pi * (top + bottom))))
    return {"center": {"lat": middle, "lon": (west + east) / 2}, "zoom": math.log2(world / _TILE)}


def mercator(lat: float) -> float:
    """How far north of the equator a latitude [degrees] is drawn, as a share of the world's width (web Mercator)."""
    return math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def titled(fig: go.Figure, title: Sequence[str]) -> go.Figure:
    """A copy of a map of :func:`county_figure` that says alone what it shows: lines of text above it, its scale below.

    For files: on the page what it shows stands around a map, and maps side by side share one scale.
    """
    made = go.Figure(fig)
    made.update_traces(showscale=True)
    text = "<br>".join(map(theme.text, title))
    made.update_layout(title={"text": text, "font": {"size": 14}, "x": 0.01, "xanchor": "left"})
    return made.update_layout(height=_FILE, margin={"t": 16 + _LINE * len(title)})


def _style(states: str | dict[str, object]) -> dict[str, object]:
    """An inline MapLibre style: no background, state lines in a grey that reads on light and dark."""
    return {
        "version": 8,
        "sources": {"states": {"type": "geojson", "data": states}},
        "layers": [
            {
                "id": "states",
                "type": "line",
                "source": "states",
                "paint": {"line-color": colours.NEUTRAL, "line-width": 1.4},
            }
        ],
    }
