"""A region's total over years, over months, and over nitrogen rates."""

import calendar

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.ranking import PART_COLOURS, PART_NAMES

_N2O, _GRAIN = colours.BLUE, colours.AMBER


def years(table: pd.DataFrame, column: str, *, label: str, unit: str) -> go.Figure:
    """One bar a year, pale where outside the period, with the period's mean and range.

    ``table``: columns year, in_period and ``column`` [unit].
    """
    chosen = table[table["in_period"]]
    colour = [_N2O if inside else colours.translucent(_N2O, 0.35) for inside in table["in_period"]]
    fig = go.Figure(
        go.Bar(
            x=table["year"].astype(str),
            y=table[column],
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate=f"%{{x}}: %{{y:,.3~s}} {theme.pretty(unit)}<extra></extra>",
            showlegend=False,
        )
    )
    mean = float(chosen[column].mean())
    fig.add_hline(y=mean, line={"color": colours.NEUTRAL, "dash": "dot", "width": 1.5})
    fig.add_hrect(
        y0=float(chosen[column].min()), y1=float(chosen[column].max()), fillcolor=colours.NEUTRAL, opacity=0.12,
        line_width=0,
    )  # fmt: skip
    fig.update_xaxes(type="category", showgrid=False)
    fig.update_yaxes(tickformat="~s", nticks=6)
    return theme.finish(fig, height=300, y=f"{label}<br>[{theme.pretty(unit)}]", legend=False)


def months(table: pd.DataFrame, column: str, *, label: str, unit: str) -> go.Figure:
    """What each month adds to the year, stacked by crop.

    ``table``: columns month, crop and ``column`` [``unit``, a mass a year, of which each month has its part].
    """
    unit = unit.replace("yr-1", "month-1")
    fig = go.Figure()
    for crop in ("corn", "soybean"):
        here = table[table["crop"] == crop]
        fig.add_trace(
            go.Bar(
                x=[calendar.month_abbr[m] for m in here["month"]],
                y=here[column],
                name=PART_NAMES[crop],
                marker={"color": PART_COLOURS[crop], "line": {"width": 0}},
                hovertemplate=f"%{{x}}, {crop}: %{{y:,.3~s}} {theme.pretty(unit)}<extra></extra>",
            )
        )
    fig.update_layout(barmode="relative")
    fig.update_xaxes(showgrid=False)
    fig.update_yaxes(tickformat="~s", nticks=6)
    return theme.finish(fig, height=300, y=f"{label}<br>[{theme.pretty(unit)}]")


def lever(table: pd.DataFrame, chosen: float, column: str, *, label: str, unit: str) -> go.Figure:
    """N2O (left) and grain (right) of the region over nitrogen rates; the chosen rate is marked.

    ``table``: columns n_rate [kg N ha-1], ``column`` [``unit``], direct N2O or all, which ``label`` names, and, where
    the data have it, grain_t [t grain yr-1].
    """
    fig = go.Figure()
    lines = [(column, label, _N2O, "y"), ("grain_t", "Grain", _GRAIN, "y2")]
    for drawn, name, colour, axis in lines:
        if drawn in table:
            fig.add_trace(
                go.Scatter(
                    x=table["n_rate"],
                    y=table[drawn],
                    name=name,
                    yaxis=axis,
                    mode="lines+markers",
                    line={"color": colour, "width": 2},
                    hovertemplate=f"%{{x:g}} kg N ha⁻¹: %{{y:,.3~s}}<extra>{name}</extra>",
                )
            )
    fig.add_vline(x=chosen, line={"color": colours.NEUTRAL, "dash": "dot", "width": 1.5})
    theme.finish(fig, height=320, x="Nitrogen to corn [kg N ha⁻¹]")
    fig.update_yaxes(rangemode="tozero", tickformat="~s", nticks=6)
    fig.update_layout(
        yaxis={"title": {"text": f"{label}<br>[{theme.pretty(unit)}]"}},
        yaxis2={
            "title": {"text": "Dry grain [t yr⁻¹]"},
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "rangemode": "tozero",
            "tickformat": ".3~s",
            "tickmode": "auto",
            "nticks": 6,
            "automargin": True,
        },
    )
    return fig
