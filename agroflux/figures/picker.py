"""The map on which counties are picked by click, box or lasso: two colours and a ring, no scale."""

from collections.abc import Collection, Mapping

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import choropleth, colours

PICKED, FREE = "#1D6B52", "#B9C4BE"


def picker(
    names: Mapping[str, str],
    chosen: Collection[str],
    *,
    counties: str | dict[str, object],
    states: str | dict[str, object],
    height: int = 420,
) -> go.Figure:
    """Counties of ``names`` (FIPS -> name), the ``chosen`` ones dark; GeoJSON or its URL as in ``county_figure``."""
    flags = pd.Series({fips: float(fips in chosen) for fips in names}, dtype=float)
    fig = choropleth.county_figure(
        flags, names, variable="", label="", unit="", counties=counties, states=states, height=height
    )
    fig.update_traces(
        zmin=0,
        zmax=1,
        colorscale=[(0, FREE), (0.5, FREE), (0.5, PICKED), (1, PICKED)],
        showscale=False,
        text=["picked" if flag else "not picked" for flag in flags],
        hovertemplate="%{customdata} (%{text})<extra></extra>",
        marker={"line": {"width": 0.8, "color": colours.NEUTRAL}, "opacity": 0.85},
        unselected={"marker": {"opacity": 0.85}},
        selected={"marker": {"opacity": 0.85}},
    )
    # Wide enough for Iowa to Indiana on a telephone.
    return fig.update_layout(dragmode="pan", clickmode="event+select")
