"""Several models on the same counties: small maps with one colour scale, and the ensemble over time.

The maps are drawn as SVG rather than by MapLibre: a browser allows sixteen WebGL maps on a page, and there may be
more models than that.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from agroflux.figures import colours, theme
from agroflux.figures.series import trace_class

_HEIGHT, _BAR = 220, 70  # px of a map and of the colour bar


def county_maps(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    *,
    variable: str,
    label: str,
    unit: str,
    counties: str | dict[str, object],
    limits: tuple[float, float] | None = None,
    columns: int = 3,
    bar: bool = True,
) -> go.Figure:
    """A small map a column of ``frame`` (index FIPS, values in ``unit``), all on one scale.

    ``limits`` are its ends; without them they span the frame. ``counties``: GeoJSON or its URL, as for
    ``choropleth.county_figure``. ``variable`` decides the colours; ``colours.DIFFERENCE`` for one about zero.
    """
    low, high = limits or colours.limits(frame.to_numpy(dtype=float).ravel().tolist(), variable)
    stops = colours.stops(variable, low, high)
    across = min(columns, frame.shape[1])
    down = -(-frame.shape[1] // across)
    fig = make_subplots(
        rows=down,
        cols=across,
        specs=[[{"type": "geo"}] * across] * down,
        subplot_titles=[str(c) for c in frame.columns] if bar and frame.shape[1] > 1 else None,
        horizontal_spacing=0.01,
        vertical_spacing=0.1 / down,
    )
    ids = [str(fips) for fips in frame.index]
    for position, column in enumerate(frame.columns):
        trace = go.Choropleth(
            geojson=counties,
            featureidkey="properties.fips",
            locations=ids,
            z=frame[column].to_numpy(dtype=float),
            coloraxis="coloraxis",
            customdata=[names.get(fips, fips) for fips in ids],
            name=str(column),
            hovertemplate="%{customdata}<br>%{z:.3g} " + theme.pretty(unit) + f"<extra>{column}</extra>",
            marker={"line": {"width": 0.4, "color": colours.NEUTRAL}},
        )
        fig.add_trace(trace, row=position // across + 1, col=position % across + 1)
    theme.finish(fig, height=_HEIGHT * down + (_BAR if bar else 0), legend=False)
    fig.update_geos(visible=False, fitbounds="locations", projection_type="mercator", bgcolor="rgba(0,0,0,0)")
    fig.update_layout(
        margin={"l": 0, "r": 0, "t": 24 if bar and frame.shape[1] > 1 else 0, "b": 0},
        coloraxis={
            "cmin": low,
            "cmax": high,
            "colorscale": [(i / (len(stops) - 1), colour) for i, colour in enumerate(stops)],
            "showscale": bar,
            "colorbar": {
                "title": {"text": f"{label} [{theme.pretty(unit)}]", "side": "top", "font": {"size": 12}},
                "orientation": "h",
                "thickness": 12,
                "len": 0.9,
                "y": 0,
                "yanchor": "top",
            },
        },
    )
    if bar:
        fig.update_layout(margin_b=_BAR)
    return fig


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation (of a sample), lowest and highest of the columns of ``frame``, one a model."""
    return pd.DataFrame(
        {
            "mean": frame.mean(axis=1, skipna=False),
            "sd": frame.std(axis=1, skipna=False),
            "low": frame.min(axis=1, skipna=False),
            "high": frame.max(axis=1, skipna=False),
        }
    )


def band(frame: pd.DataFrame, *, label: str, unit: str, form: str = "%d %b %Y", height: int = 380) -> go.Figure:
    """Ensemble mean with its spread over time: ``frame`` as :func:`summary` gives it, index ``time``."""
    fig = go.Figure()
    pretty, colour = theme.pretty(unit), colours.series("baseline")
    bounds: Sequence[tuple[str, pd.Series, pd.Series, float]] = (
        ("Lowest to highest model", frame["low"], frame["high"], 0.2),
        ("Mean ± standard deviation", frame["mean"] - frame["sd"], frame["mean"] + frame["sd"], 0.3),
    )
    for name, low, high, alpha in bounds:
        edge = {"x": frame.index, "mode": "lines", "line": {"width": 0, "color": colour}, "legendgroup": name}
        fig.add_trace(go.Scatter(**edge, y=low, showlegend=False, hoverinfo="skip"))
        fig.add_trace(
            go.Scatter(
                **edge,
                y=high,
                name=name,
                fill="tonexty",
                fillcolor=colours.translucent(colour, alpha),
                customdata=low,
                hovertemplate=f"%{{customdata:.4g}} to %{{y:.4g}} {pretty}<extra>{name}</extra>",
            )
        )
    draw = trace_class(len(frame))
    fig.add_trace(
        draw(
            x=frame.index,
            y=frame["mean"],
            name="Mean of the models",
            mode="lines+markers" if len(frame) <= 24 else "lines",
            connectgaps=False,
            line={"color": colour, "width": 1.8},
            hovertemplate=f"%{{y:.4g}} {pretty}<extra>mean</extra>",
        )
    )
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=height, y=f"{label} [{pretty}]", hover="x unified")
