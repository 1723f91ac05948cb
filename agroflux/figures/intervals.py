"""Intervals of totals: places with theirs, what each source of uncertainty does alone, and whether intervals hold."""

import pandas as pd
import plotly.graph_objects as go

from agroflux import schema
from agroflux.figures import colours, theme

COLOUR = colours.BLUE
_ROW, _FRAME = 26, 120  # px


def places(rows: pd.DataFrame, *, label: str, unit: str, top: int = 15) -> go.Figure:
    """The ``top`` places by size with 80 % (thick) and 95 % (thin) intervals, largest first.

    ``rows``: columns label, value, low80, high80, low95, high95 [unit], one a place.
    """
    order = rows["value"].abs().sort_values(ascending=False, kind="stable").index
    here = rows.loc[order[:top]]
    here = here.assign(label=here["label"].map(theme.text))
    fig = go.Figure()
    for width, ends, name in ((2, ("low95", "high95"), "95 % interval"), (7, ("low80", "high80"), "80 % interval")):
        low, high = (here[end] for end in ends)
        fig.add_trace(
            go.Scatter(
                x=[x for pair in zip(low, high, [None] * len(here), strict=True) for x in pair],
                y=[y for place in here["label"] for y in (place, place, None)],
                mode="lines",
                line={"width": width, "color": colours.translucent(COLOUR, 0.85)},
                name=name,
                hoverinfo="skip",
            )
        )
    fig.add_trace(
        go.Scatter(
            x=here["value"],
            y=here["label"],
            mode="markers",
            marker={"color": COLOUR, "size": 9, "line": {"color": "white", "width": 1}},
            name="Chosen source",
            customdata=here[["low80", "high80"]],
            hovertemplate=f"%{{y}}<br>%{{x:,.3~s}} {theme.pretty(unit)}"
            "<br>80 %: %{customdata[0]:,.3~s} to %{customdata[1]:,.3~s}<extra></extra>",
        )
    )
    fig.update_yaxes(categoryorder="array", categoryarray=list(here["label"][::-1]), ticks="")
    ends = here[["low95", "high95", "value"]].to_numpy()
    room = 0.03 * float(ends.max() - ends.min()) or None  # a bar that ends at the frame looks cut off
    fig.update_xaxes(nticks=6, tickformat="~s", range=room and [ends.min() - room, ends.max() + room])
    return theme.finish(fig, height=_ROW * len(here) + _FRAME, x=f"{label} [{theme.pretty(unit)}]")


def contributions(parts: pd.DataFrame, value: float, *, label: str, unit: str) -> go.Figure:
    """80 % interval that each component alone would give, widest first, about the total ``value`` [unit].

    ``parts``: columns label, low80, high80 [unit], share of the sum of variances [1].
    """
    labels = parts["label"].map(schema.written).map(theme.text)
    names = [f"{name} ({100 * share:.0f} %)" for name, share in zip(labels, parts["share"], strict=True)]
    fig = go.Figure(
        go.Bar(
            y=names,
            x=parts["high80"] - parts["low80"],
            base=parts["low80"],
            orientation="h",
            marker={"color": COLOUR, "line": {"width": 0}},
            customdata=parts[["low80", "high80", "share"]],
            hovertemplate="%{y}<br>80 %: %{customdata[0]:,.3~s} to %{customdata[1]:,.3~s} "
            + theme.pretty(unit)
            + "<br>%{customdata[2]:.0%} of the variance<extra></extra>",
        )
    )
    fig.add_vline(x=value, line={"color": colours.NEUTRAL, "dash": "dot", "width": 1.5})
    fig.update_yaxes(categoryorder="array", categoryarray=names[::-1], ticks="")
    fig.update_xaxes(nticks=6, tickformat="~s")
    fig.update_layout(bargap=0.4)
    height = 38 * max(len(parts), 1) + 80
    return theme.finish(fig, height=height, x=f"{label} [{theme.pretty(unit)}]", legend=False)


def reliability(curve: pd.DataFrame) -> go.Figure:
    """Share of held-out totals inside intervals against the share that was promised; on the diagonal both agree.

    ``curve``: columns nominal, measured [1].
    """
    fig = go.Figure()
    fig.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.NEUTRAL, "dash": "dot"}, name="As promised")
    )
    fig.add_trace(
        go.Scatter(
            x=curve["nominal"],
            y=curve["measured"],
            mode="lines+markers",
            line={"color": COLOUR, "width": 2},
            marker={"size": 6},
            name="Held-out county-years",
            hovertemplate="promised %{x:.0%}, held %{y:.0%}<extra></extra>",
        )
    )
    fig.update_xaxes(range=[0, 1], tickformat=".0%", dtick=0.2)
    fig.update_yaxes(range=[0, 1.02], tickformat=".0%", dtick=0.2)
    return theme.finish(fig, height=330, x="Level of the interval", y="Totals inside it")
