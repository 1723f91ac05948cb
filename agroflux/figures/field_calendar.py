"""Management of a site as a calendar: a row a year, bars where a crop stood, marks where something was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from agroflux.figures import colours, theme

#: kind -> (symbol, colour, legend)
_MARKS = {
    "planting": ("triangle-up", "#117733", "planting"),
    "emergence": ("triangle-up-open", "#117733", "emergence"),
    "nitrogen": ("diamond", colours.MAUVE, "nitrogen"),
    "tillage": ("line-ns-open", colours.GREY, "tillage"),
    "harvest": ("square", colours.VERMILION, "harvest"),
}
_NOMINAL = 2001  # a year of 365 days as the common axis
_ROW = 34  # px


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that was done: ``kind`` of the legend, and what is said of it."""

    day: date
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Stand:
    """A crop from planting to harvest."""

    crop: str
    first: date
    last: date


def field_calendar(years: Sequence[int], marks: Sequence[Mark], stands: Sequence[Stand]) -> go.Figure:
    """One row for each of ``years`` in which anything is known; other years are left out. Crops differ in colour."""
    fig = go.Figure()
    held = {m.day.year for m in marks} | {y for s in stands for y in (s.first.year, s.last.year)}
    shown = sorted(set(years) & held)
    crops = list(dict.fromkeys(s.crop for s in stands))
    for stand in stands:
        colour = colours.SERIES[crops.index(stand.crop) % len(colours.SERIES)]
        for year in range(stand.first.year, stand.last.year + 1):
            if year in shown:
                first = max(stand.first, date(year, 1, 1))
                last = min(stand.last, date(year, 12, 31))
                _bar(fig, year, first, last, stand.crop, colour)
    for kind, (symbol, colour, label) in _MARKS.items():
        here = [m for m in marks if m.kind == kind and m.day.year in shown]
        if here:
            fig.add_scatter(
                x=[_nominal(m.day) for m in here],
                y=[str(m.day.year) for m in here],
                mode="markers",
                name=label,
                marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 1.5, "color": colour}},
                customdata=[[theme.text(m.text), f"{m.day:%d %b %Y}"] for m in here],
                hovertemplate="%{customdata[1]}: %{customdata[0]}<extra></extra>",
            )
    theme.finish(fig, height=110 + _ROW * max(1, len(shown)))
    fig.update_yaxes(type="category", categoryorder="array", categoryarray=[str(y) for y in reversed(shown)])
    fig.update_xaxes(tickformat="%b", dtick="M1", range=[f"{_NOMINAL}-01-01", f"{_NOMINAL}-12-31"])
    return fig


def _bar(fig: go.Figure, year: int, first: date, last: date, crop: str, colour: str) -> None:
    fig.add_scatter(
        x=[_nominal(first), _nominal(first + (last - first) / 2), _nominal(last)],
        y=[str(year)] * 3,
        mode="lines+text",
        line={"width": 14, "color": colours.translucent(colour, 0.35)},
        text=["", theme.text(crop), ""],
        textposition="middle center",
        textfont={"size": 11},
        showlegend=False,
        hoverinfo="skip",
    )


def _nominal(day: date) -> str:
    return f"{_NOMINAL}-{day.month:02d}-{min(day.day, 28) if day.month == 2 else day.day:02d}"
