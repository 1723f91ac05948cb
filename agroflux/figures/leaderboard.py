"""Models in order of skill: bars with intervals, skill against speed, and all targets at once.

``rows`` of the first two: columns ``name``, ``kind`` (a key of KINDS), ``value``, ``low``, ``high`` (NaN: no
interval), best first. A network that a reference beats has its own colour and shape: it is shown losing.
"""

import math
from collections.abc import Collection, Iterator, Sequence

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme

#: kind -> (legend, colour, symbol, pattern of its bar); told apart without colour as well.
KINDS = {
    "network": ("Network", colours.BLUE, "circle", ""),
    "losing": ("Network that a reference beats", colours.VERMILION, "x", "x"),
    "reference": ("Reference", colours.NEUTRAL, "diamond-open", "/"),
}
#: A score below this is drawn to the edge of the axis and said in figures: one failure must not hide the rest.
FLOOR = -1.0
_ROW, _FRAME = 34, 130  # px
_SPEED = 420  # px of skill against speed
_TALL = 36  # px of a target in the table of all: two lines of its name
_NARROW = 20  # characters of a target or model on one line, so that a telephone keeps room for the cells
_TITLE = 32  # characters of an axis title on one line: it stands under the plot alone, not under the names beside it
_PLOT_WIDTH = 260  # px that a telephone leaves the plot; there names have the least room
_LINE, _LETTER, _MARK = 15, 6.5, 12  # px of a label's line, of one letter, and of a point

#: x of the point it belongs to, x and y of its own middle, width, height [px].
Box = tuple[float, float, float, float, float]


def bars(rows: pd.DataFrame, *, label: str, unit: str = "", compared: bool = True) -> go.Figure:
    """A bar a model from zero to its value, best on top, with its interval and a line at the best reference.

    ``label`` and ``unit`` name the metric; a metric without a unit is a score of which 1 is perfect. No line where
    references are not to be ``compared`` with networks.
    """
    fig = go.Figure()
    rows = rows.assign(name=[theme.lines(name, _NARROW) for name in rows["name"]])
    for kind, (legend, colour, _, pattern) in KINDS.items():
        here = rows[rows["kind"] == kind]
        if here.empty:
            continue
        fig.add_trace(
            go.Bar(
                y=here["name"],
                x=here["value"],
                name=legend,
                orientation="h",
                marker={
                    "color": colour,
                    "pattern": {"shape": pattern, "fillmode": "overlay", "solidity": 0.25, "size": 6},
                },
                error_x=_interval(here),
                customdata=pd.DataFrame({"in": theme.between(here["low"], here["high"], ".4g")}),
                hovertemplate=_hover(unit, "%{y}", "x"),
            )
        )
    references = rows[rows["kind"] == "reference"]
    if compared and len(references):
        best = float(references["value"].iloc[0])
        fig.add_vline(x=best, line={"color": colours.NEUTRAL, "dash": "dot", "width": 1.5})
    fig.update_layout(bargap=0.3)
    fig.update_yaxes(categoryorder="array", categoryarray=list(rows["name"])[::-1], showgrid=False, ticks="")
    fig.update_xaxes(nticks=7, zeroline=True, zerolinecolor=colours.NEUTRAL, range=_cut(rows, unit))
    fig.update_xaxes(exponentformat="power")
    title = theme.lines(_axis(label, unit), _TITLE)
    return theme.finish(fig, height=_ROW * len(rows) + _FRAME + _LINE * title.count("<br>"), x=title)


def speed(rows: pd.DataFrame, *, label: str, unit: str = "") -> go.Figure:
    """Skill against speed: ``rows`` has ``speed`` [site-years s-1] as well, on a logarithmic axis.

    Rows without a speed, and scores below FLOOR, are left out. Each name stands by its point, as near as
    leaves it clear of the others (:func:`label_offsets`).
    """
    fig = go.Figure()
    rows = rows[rows["speed"].notna() & (bool(unit) | (rows["value"] >= FLOOR))]
    for kind, (legend, colour, symbol, _) in KINDS.items():
        here = rows[rows["kind"] == kind]
        if here.empty:
            continue
        fig.add_trace(
            go.Scatter(
                x=here["speed"],
                y=here["value"],
                name=legend,
                mode="markers",
                text=here["name"].map(theme.text),
                marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
                error_y=_interval(here),
                customdata=pd.DataFrame({"in": theme.between(here["low"], here["high"], ".4g")}),
                hovertemplate=_hover(unit, "%{text}, %{x:,.3~g} site-years s⁻¹", "y"),
            )
        )
    across, up = _decades(rows["speed"]), _heights(rows)
    fig.update_xaxes(type="log", dtick="D2", range=across)
    fig.update_yaxes(nticks=7, range=up, exponentformat="power")
    theme.finish(fig, height=_SPEED, x="Speed [site-years s⁻¹]", y=_axis(label, unit))
    if across is None or up is None:
        return fig
    decades = [math.log10(speed) for speed in rows["speed"]]
    px = (rows[["value", "low", "high"]] - up[0]) / (up[1] - up[0]) * (_SPEED - _FRAME)
    px["x"] = [(decade - across[0]) / (across[1] - across[0]) * _PLOT_WIDTH for decade in decades]
    offsets = label_offsets(px, [_LETTER * len(name) for name in rows["name"]], _SPEED - _FRAME)
    for name, decade, value, (aside, above) in zip(rows["name"], decades, rows["value"], offsets, strict=True):
        fig.add_annotation(
            x=decade, y=value, text=theme.text(name), ax=aside, ay=-above, xanchor="center", yanchor="middle",
            font={"size": 11}, borderpad=0, arrowhead=0, arrowwidth=1, arrowcolor=colours.NEUTRAL, standoff=6,
        )  # fmt: skip
    fig.update_layout(legend={"itemclick": False, "itemdoubleclick": False})  # names would stay where points go
    return fig


def label_offsets(points: pd.DataFrame, widths: Sequence[float], height: float) -> list[tuple[float, float]]:
    """Where each label of ``widths`` stands [px to the right of its point and above it] so that none meets another.

    ``points``: columns x, value, low, high [px] from the lower left of a plot of ``height``; NaN low and high: no
    interval. Labels keep clear of all points and their intervals too. The nearest free place is taken, in the order
    of the points. What is clear stays clear in a wider plot, where points and their labels move apart.
    """
    ends = points.assign(low=points["low"].fillna(points["value"]), high=points["high"].fillna(points["value"]))
    marks = zip(ends["x"], ends["low"], ends["high"], strict=True)
    taken: list[Box] = [(x, x, (low + high) / 2, _MARK, high - low + _MARK) for x, low, high in marks]
    found = []
    for x, y, width in zip(points["x"], points["value"], widths, strict=True):
        edge = width / 2
        inside = (
            (aside, up)
            for aside, up in _places(width)
            if 0 < y + up < height and (not aside or edge <= x + aside <= _PLOT_WIDTH - edge)
        )
        free = (at for at in inside if all(_clear((x, x + at[0], y + at[1], width, _LINE), box) for box in taken))
        aside, up = next(free, (0.0, _LINE))  # where none is free, better over another than not at all
        taken.append((x, x + aside, y + up, width, _LINE))
        found.append((aside, up))
    return found


def _places(width: float) -> Iterator[tuple[float, float]]:
    """Places of a label beside its point [px], the near ones first: above, below, right, left, and so on."""
    beside = width / 2 + _MARK
    yield from ((0.0, _LINE), (0.0, -_LINE), (beside, 0.0), (-beside, 0.0))
    for k in range(1, 60):
        up = k * _LINE
        yield from ((0.0, up), (0.0, -up), (beside, up), (-beside, up), (beside, -up), (-beside, -up))


def _clear(one: Box, other: Box) -> bool:
    """Whether two boxes do not meet, nor would in a wider plot, where their points are further apart."""
    if abs(one[2] - other[2]) >= (one[4] + other[4]) / 2:
        return True
    apart = one[1] - other[1]
    return abs(apart) >= (one[3] + other[3]) / 2 and apart * (one[0] - other[0]) >= 0


def heat(
    colour: pd.DataFrame,
    values: pd.DataFrame,
    *,
    label: str,
    low: float,
    high: float,
    diverging: bool = False,
    best_low: bool = False,
    references: Collection[str] = (),
) -> go.Figure:
    """Targets (index) by models (columns): coloured by ``colour`` between ``low`` and ``high``, ``values`` as text.

    Both frames have the same axes. The better, the lighter (``best_low``: the smaller the better), or a scale
    about zero where ``diverging``. Columns in ``references`` are written in italics, right of a line.
    """
    scale = list(colours.VIK if diverging else colours.CIVIDIS)
    if best_low and not diverging:
        scale.reverse()
    ordered = [c for c in colour.columns if c not in references] + [c for c in colour.columns if c in references]
    colour, values = colour[ordered], values[ordered]
    names = [f"<i>{theme.text(c)}</i>" if c in references else theme.text(c) for c in ordered]
    text = [["" if pd.isna(v) else figure_text(v) for v in row] for row in values.to_numpy()]
    fig = go.Figure(
        go.Heatmap(
            z=colour.to_numpy(dtype=float),
            x=names,
            y=[theme.lines(target, _NARROW) for target in colour.index],
            zmin=low,
            zmax=high,
            colorscale=scale,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 11},
            customdata=values.to_numpy(dtype=float),
            hovertext=[[theme.text(target)] * len(ordered) for target in colour.index],
            hovertemplate="%{hovertext}<br>%{x}: %{customdata:.4~g}<extra></extra>",
            hoverongaps=False,
            xgap=1,
            ygap=1,
            colorbar={
                "title": {"text": label, "side": "top", "font": {"size": 12}},
                "orientation": "h",
                "thickness": 12,
                "y": 1.02,
                "yanchor": "bottom",
            },
        )
    )
    first = sum(c not in references for c in ordered)
    if 0 < first < len(ordered):
        fig.add_vline(x=first - 0.5, line={"color": colours.NEUTRAL, "width": 3})
    fig.update_xaxes(showgrid=False, showline=False, ticks="", tickangle=-40)
    fig.update_yaxes(showgrid=False, showline=False, ticks="", autorange="reversed", tickfont={"size": 12})
    return theme.finish(fig, height=_TALL * len(colour) + 180, legend=False)


def figure_text(value: float) -> str:
    """Two decimals where they say something, else two significant digits; a true minus sign."""
    if not math.isfinite(value):
        return ""
    size = abs(value)
    text = f"{value:.2f}" if 0.1 <= size < 100 or size == 0 else f"{value:.2g}" if size < 0.1 else f"{value:,.0f}"
    return text.replace("-", "\u2212")


def _interval(here: pd.DataFrame) -> dict[str, object]:
    known = bool(here["low"].notna().any())
    return theme.interval(here["value"], here["low"], here["high"], thickness=1.6, visible=known)


def _hover(unit: str, head: str, axis: str) -> str:
    pretty = theme.pretty(unit)
    return f"{head}<br>%{{{axis}:.4~g}} {pretty} (%{{customdata[0]}})<extra></extra>"


def _cut(rows: pd.DataFrame, unit: str) -> list[float] | None:
    """The axis of a score that ends at FLOOR where one lies below it; None: the axis finds its own ends."""
    lowest = float(rows["value"].min())
    if unit or not lowest < FLOOR:
        return None
    return [FLOOR, max(float(rows[["value", "high"]].max().max()) * 1.05, 0.1)]


def _decades(speeds: pd.Series) -> list[float] | None:
    """Ends of the logarithmic axis with room for the names; None without a speed."""
    known = speeds[speeds > 0]
    if known.empty:
        return None
    return [math.log10(float(known.min())) - 0.5, math.log10(float(known.max())) + 0.5]


def _heights(rows: pd.DataFrame) -> list[float] | None:
    """Ends of the axis of values with room for names above and below; None without a row."""
    known = rows[["value", "low", "high"]].stack().dropna()
    if known.empty:
        return None
    low, high = float(known.min()), float(known.max())
    room = 0.2 * (high - low) or 0.1 * abs(high) or 1.0
    return [low - room, high + room]


def _axis(label: str, unit: str) -> str:
    return f"{label} [{theme.pretty(unit)}]" if unit else label
