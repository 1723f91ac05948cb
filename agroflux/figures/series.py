"""Series over time: one line a source, broken at gaps, told apart by dash and symbol as well as colour.

A frame has a ``DatetimeIndex`` called ``time`` and one column a source, named as the legend says it.
NaN is a gap: a line stops there. Units are given by the caller, in the house's plain form (``g C m-2 d-1``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme

#: More points than this in one trace are drawn by WebGL.
MANY = 4000
#: No more points than this get markers on their line.
FEW = 12
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
_MEASURED = "measured"
#: Days of which less than this share was measured are drawn hollow.
HOLLOW = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """How a source is drawn everywhere: colour ``#rrggbb``, dash of its line, marker, measured or not."""

    colour: str
    dash: str
    symbol: str
    measured: bool = False


def looks(kinds: Mapping[str, str]) -> dict[str, Look]:
    """A look for each source. ``kinds``: legend name -> ``measured``, ``baseline`` or a simulator's data id."""
    shades = colours.apart(kinds)
    return {
        name: Look(
            shades[name],
            "solid" if kind == _MEASURED else _DASHES[position % len(_DASHES)],
            _SYMBOLS[position % len(_SYMBOLS)],
            kind == _MEASURED,
        )
        for position, (name, kind) in enumerate(kinds.items())
    }


def series(
    frame: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    label: str,
    unit: str,
    qc: pd.Series | None = None,
    form: str = "%d %b %Y",
    height: int = 380,
) -> go.Figure:
    """Overlay every column of ``frame``; measurements are points, hollow where ``qc`` [1] is below one half.

    ``form`` is the date's format in the hover text. Sparse series (12 points or fewer) get markers.
    """
    fig = go.Figure()
    for name, look in looks(kinds).items():
        if name not in frame or not frame[name].notna().any():
            continue
        column = frame[name]
        if look.measured:
            _points(fig, name, column, look, qc, unit)
        else:
            add_line(fig, name, column, look, unit)
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=height, y=f"{label} [{theme.pretty(unit)}]", hover="x unified")


def seasonal_cycle(
    frame: pd.DataFrame, kinds: Mapping[str, str], *, label: str, unit: str, height: int = 360
) -> go.Figure:
    """One nominal year (see ``evaluation.compare.seasonal``): a line a source, the axis in months."""
    fig = go.Figure()
    sparse = len(frame) <= FEW
    for name, look in looks(kinds).items():
        if name in frame and frame[name].notna().any():
            add_line(fig, name, frame[name], look, unit, markers=sparse)
    fig.update_xaxes(tickformat="%b", hoverformat="%B" if sparse else "%d %b", dtick="M1" if sparse else "M2")
    return theme.finish(fig, height=height, y=f"{label} [{theme.pretty(unit)}]", hover="x unified")


def bars(frame: pd.DataFrame, kinds: Mapping[str, str], *, label: str, unit: str, height: int = 380) -> go.Figure:
    """Annual values side by side, one group of bars a year; patterns tell sources apart without colour."""
    patterns = ("", "/", ".", "x", "-")
    fig = go.Figure()
    for position, (name, look) in enumerate(looks(kinds).items()):
        if name not in frame or not frame[name].notna().any():
            continue
        fig.add_bar(
            x=[str(year) for year in pd.DatetimeIndex(frame.index).year],
            y=frame[name].to_numpy(),
            name=theme.text(name),
            marker={
                "color": look.colour,
                "pattern": {
                    "shape": patterns[position % 5],
                    "fillmode": "overlay",  # else the colour is drawn nowhere and white lines vanish on white
                    "fgcolor": "white",
                    "size": 6,
                    "solidity": 0.25,
                },
            },
            hovertemplate=f"%{{y:.4g}} {theme.pretty(unit)}<extra>{theme.text(name)}</extra>",
        )
    fig.update_layout(barmode="group", bargap=0.25)
    fig.update_xaxes(type="category")
    return theme.finish(fig, height=height, y=f"{label} [{theme.pretty(unit)}]", hover="x unified")


def trace_class(points: int) -> type[go.Scatter] | type[go.Scattergl]:
    """SVG for short traces (crisp in print), WebGL for long ones (quick on the screen)."""
    return go.Scattergl if points > MANY else go.Scatter


def line_mode(column: pd.Series) -> str:
    """``lines``, with markers where a line alone would hide values: few points, or one between two gaps."""
    there = column.notna()
    alone = there & ~there.shift(1, fill_value=False) & ~there.shift(-1, fill_value=False)
    return "lines+markers" if int(there.sum()) <= FEW or bool(alone.any()) else "lines"


def add_line(
    fig: go.Figure,
    name: str,
    column: pd.Series,
    look: Look,
    unit: str,
    *,
    width: float = 1.6,
    marker: float = 0,
    form: str = ".4g",
    markers: bool = False,
) -> None:
    """Draw ``column`` as a line of ``width`` [px] that breaks at gaps; values are told in ``form``.

    ``marker`` [px]: 0 for one that is larger where points are few; ``markers``: even where :func:`line_mode` has none.
    """
    points = int(column.notna().sum())
    fig.add_trace(
        trace_class(points)(
            x=column.index,
            y=column.to_numpy(),
            name=theme.text(name),
            mode="lines+markers" if markers else line_mode(column),
            connectgaps=False,
            line={"color": look.colour, "dash": look.dash, "width": width},
            marker={"symbol": look.symbol, "size": marker or (7 if points <= FEW else 4)},
            hovertemplate=_hover(name, unit, form=form),
        )
    )


def add_band(
    fig: go.Figure, low: pd.Series, high: pd.Series, *, name: str, unit: str, colour: str, alpha: float, told: str = ""
) -> None:
    """Draw a band from ``low`` to ``high`` (the same index), ``alpha`` dark; ``told``: its name where pointed at."""
    edge = {"x": low.index, "mode": "lines", "line": {"width": 0, "color": colour}, "legendgroup": name}
    fig.add_trace(go.Scatter(**edge, y=low, showlegend=False, hoverinfo="skip"))
    fig.add_trace(
        go.Scatter(
            **edge,
            y=high,
            name=name,
            fill="tonexty",
            fillcolor=colours.translucent(colour, alpha),
            customdata=low,
            hovertemplate=f"%{{customdata:.4g}} to %{{y:.4g}} {theme.pretty(unit)}<extra>{told or name}</extra>",
        )
    )


def add_mean(fig: go.Figure, mean: pd.Series, *, name: str, unit: str, colour: str) -> None:
    """Draw the mean that bands lie about, with markers where there are up to two years of months."""
    fig.add_trace(
        trace_class(len(mean))(
            x=mean.index,
            y=mean,
            name=theme.text(name),
            mode="lines+markers" if len(mean) <= 24 else "lines",
            connectgaps=False,
            line={"color": colour, "width": 1.8},
            hovertemplate=_hover("mean", unit),
        )
    )


def _points(fig: go.Figure, name: str, column: pd.Series, look: Look, qc: pd.Series | None, unit: str) -> None:
    """A thin line that breaks at gaps, and on it the days: filled where measured, hollow where gap-filled."""
    draw = trace_class(len(column))
    share = np.ones(len(column)) if qc is None else qc.reindex(column.index).to_numpy(dtype=float)
    filled = ~(share < HOLLOW)  # an unknown share is not called gap-filled
    fig.add_trace(
        draw(
            x=column.index,
            y=column.to_numpy(),
            mode="lines",
            connectgaps=False,
            line={"color": colours.translucent(look.colour, 0.45), "width": 1},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
        )
    )
    parts: Sequence[tuple[str, np.ndarray, str]] = (
        (name, filled, look.symbol),
        (f"{name}, mostly gap-filled", ~filled, f"{look.symbol}-open"),
    )
    for legend, mask, symbol in parts:
        here = mask & column.notna().to_numpy()
        if not here.any():
            continue
        shares = share[here]
        known = qc is not None and bool(np.isfinite(shares).any())
        fig.add_trace(
            draw(
                x=column.index[here],
                y=column.to_numpy()[here],
                name=theme.text(legend),
                mode="markers",
                legendgroup=legend,
                opacity=0.9 if mask is filled else 0.6,
                marker={"symbol": symbol, "size": 4.5, "color": look.colour, "line": {"width": 1}},
                customdata=shares if known else None,
                hovertemplate=_hover(legend, unit, " (%{customdata:.0%} measured)" if known else ""),
            )
        )


def _hover(name: str, unit: str, more: str = "", form: str = ".4g") -> str:
    return f"%{{y:{form}}} {theme.pretty(unit)}{more}<extra>{theme.text(name)}</extra>"
