"""Management of a site as a calendar: a row a year, bars where a crop stood, marks where something was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import plotly.graph_objects as go

from agroflux.figures import colours, theme

#: kind -> (symbol, colour, legend)
_MARKS = {
    "planting": ("triangle-up", colours.GREEN, "planting"),
    "emergence": ("triangle-up-open", colours.GREEN, "emergence"),
    "nitrogen": ("diamond", colours.MAUVE, "nitrogen"),
    "tillage": ("line-ns-open", colours.NEUTRAL, "tillage"),
    "harvest": ("square", colours.VERMILION, "harvest"),
}
#: Crops have the colours that marks leave; one that is not here takes one of them by its name.
_CROPS = {"corn": colours.AMBER, "soybean": colours.BLUE, "winter wheat": colours.BROWN, "alfalfa": colours.VIOLET}
_OTHERS = (colours.SKY, colours.GREY, *_CROPS.values())
_NOMINAL = 2001  # a year of 365 days as the common axis
_ROW = 34  # px
_BAR, _THIN = 16, 10  # px
_PALE, _INK = 0.45, "#1B2421"


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
    """One row for each of ``years`` in which anything is known; other years are left out. A crop has its colour."""
    fig = go.Figure()
    held = {m.day.year for m in marks} | {y for s in stands for y in (s.first.year, s.last.year)}
    shown = sorted(set(years) & held)
    for stand in sorted(stands, key=lambda s: s.first):
        after = min((s.first for s in stands if stand.first < s.first <= stand.last), default=stand.last)
        within = any(s.first < stand.first <= s.last for s in stands)
        for year in range(stand.first.year, stand.last.year + 1):
            if year in shown:
                first = max(stand.first, date(year, 1, 1))
                last = min(stand.last, date(year, 12, 31))
                shown_to = min(max(after, first), last)  # a crop that is sown into another lies on its bar
                _bar(fig, year, first, last, stand.crop, named=first + (shown_to - first) / 2, thin=within)
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
    if not shown:
        fig.add_annotation(
            text="nothing is known of these years", showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper"
        )
        return fig.update_xaxes(visible=False).update_yaxes(visible=False)
    order = [str(year) for year in reversed(shown)]
    fig.update_yaxes(type="category", categoryorder="array", categoryarray=order, showgrid=False)
    fig.update_xaxes(tickformat="%b", dtick="M1", range=[f"{_NOMINAL}-01-01", f"{_NOMINAL}-12-31"])
    return fig


def _bar(fig: go.Figure, year: int, first: date, last: date, crop: str, *, named: date, thin: bool) -> None:
    """A bar with the crop's name on the day ``named``; pale on any page, so that one dark ink reads on it."""
    colour = _CROPS.get(crop, _OTHERS[sum(crop.encode()) % len(_OTHERS)])
    fig.add_scatter(
        x=[_nominal(first), _nominal(named), _nominal(last)],
        y=[str(year)] * 3,
        mode="lines+text",
        line={"width": _THIN if thin else _BAR, "color": colours.at(_PALE, ("#ffffff", colour))},
        text=["", theme.text(crop), ""],
        textposition="middle center",
        textfont={"size": 12, "color": _INK},
        showlegend=False,
        hoverinfo="skip",
    )


def _nominal(day: date) -> str:
    return f"{_NOMINAL}-{day.month:02d}-{min(day.day, 28) if day.month == 2 else day.day:02d}"
