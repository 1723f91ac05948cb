"""Places in order of size, and estimates of one quantity side by side with their ranges."""

import pandas as pd
import plotly.graph_objects as go

from agroflux import schema
from agroflux.figures import colours, theme

#: Colours of a part (a crop) and of a kind of estimate; told apart by colour-blind readers on white and black.
PART_COLOURS = {"corn": colours.AMBER, "soybean": colours.GREEN, "both": colours.SKY}
PART_NAMES = {"corn": "Corn", "soybean": "Soybean", "both": "Corn and soybean"}
KIND_COLOURS = {"data": colours.BLUE, "tier1": colours.VERMILION}
KIND_NAMES = {"data": "From the chosen data", "tier1": "IPCC Tier 1"}
#: What the range of a kind of estimate is.
_RANGES = {"data": ", 95 % interval", "tier1": ", with range"}
_SYMBOLS = {"data": "diamond", "tier1": "circle"}
_ROW, _FRAME = 24, 120  # px
_NARROW = 22  # characters of a label on one line, so that a telephone keeps room for the plot


def ranking(parts: pd.DataFrame, *, label: str, unit: str, top: int = 15) -> go.Figure:
    """Horizontal bars of the ``top`` places by size of their sum, split by part, largest first.

    ``parts``: columns place, part (a key of PART_COLOURS), value [unit]. Values below zero run to the left.
    """
    parts = parts.assign(place=parts["place"].map(theme.text))
    sums = parts.groupby("place")["value"].sum()
    order = sums.reindex(sums.abs().sort_values(ascending=False, kind="stable").index)[:top]
    fig = go.Figure()
    for part, colour in PART_COLOURS.items():
        here = parts[(parts["part"] == part) & parts["place"].isin(order.index)]
        if here.empty:
            continue
        fig.add_trace(
            go.Bar(
                y=here["place"],
                x=here["value"],
                name=PART_NAMES[part],
                orientation="h",
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate=f"%{{y}}, {part}: %{{x:,.4~r}} {theme.pretty(unit)}<extra></extra>",
            )
        )
    fig.update_layout(barmode="relative", bargap=0.25)
    fig.update_yaxes(categoryorder="array", categoryarray=list(order.index[::-1]), showgrid=False, ticks="")
    fig.update_xaxes(nticks=6)
    return theme.finish(fig, height=_ROW * len(order) + _FRAME, x=f"{label} [{theme.pretty(unit)}]")


def estimates(rows: pd.DataFrame, *, label: str, unit: str) -> go.Figure:
    """Estimates of one quantity, one line each in the given order, with a range where there is one.

    ``rows``: columns estimate, kind (a key of KIND_COLOURS), value, low, high [unit]; NaN low and high: no range.
    """
    rows = rows.assign(estimate=[theme.lines(schema.written(str(name)), _NARROW) for name in rows["estimate"]])
    fig = go.Figure()
    for kind, colour in KIND_COLOURS.items():
        here = rows[rows["kind"] == kind]
        if here.empty:
            continue
        ranged = bool(here["low"].notna().any())
        text = "<br>%{customdata[0]:,.4~r} to %{customdata[1]:,.4~r}"
        fig.add_trace(
            go.Scatter(
                y=here["estimate"],
                x=here["value"],
                name=KIND_NAMES[kind] + (_RANGES[kind] if ranged else ""),
                mode="markers",
                marker={"color": colour, "size": 11, "symbol": _SYMBOLS[kind]},
                error_x=theme.interval(here["value"], here["low"], here["high"], thickness=2, width=5, visible=ranged),
                customdata=here[["low", "high"]],
                hovertemplate=[
                    f"%{{y}}<br>%{{x:,.4~r}} {theme.pretty(unit)}{text if known else ''}<extra></extra>"
                    for known in here["low"].notna()
                ],
            )
        )
    order = list(dict.fromkeys(rows["estimate"]))
    fig.update_yaxes(categoryorder="array", categoryarray=order[::-1], ticks="")
    fig.update_xaxes(rangemode="tozero", nticks=6)
    return theme.finish(fig, height=42 * len(order) + _FRAME, x=f"{label} [{theme.pretty(unit)}]")
