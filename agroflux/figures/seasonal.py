"""Seasonal cycles as small multiples: one panel a site or a variable, one line a data set and crop."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from agroflux import schema
from agroflux.figures import colours, theme

#: Crop -> dash of its line, and what CSS calls that; an empty name is any other crop, or an unknown one.
_DASH = {"corn": "solid", "soybean": "dot", "": "dash"}
_CSS = {"solid": "solid", "dot": "dotted", "dash": "dashed"}
_MONTH_START = (1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
_PANEL = 190  # px
#: Lines in a panel beyond which their shades would hide one another.
MOST_SHADED = 2


def small_multiples(
    cycles: pd.DataFrame, labels: Mapping[str, str], *, by: str = "variable", names: Mapping[str, str] | None = None
) -> go.Figure:
    """Panels of mean day-of-year cycles with the range across years shaded.

    ``cycles`` has columns data, site, variable, crop, day, mean, low, high, n_years (several frames of
    :func:`agroflux.data.summary.seasonal_cycle` with the data set's id added). ``by`` is ``variable`` (one site)
    or ``site`` (one variable); ``labels`` says what a data set id is called, ``names`` what a site is.
    Corn years are solid, soybean years dotted, others dashed; the shade is drawn where a panel holds at most two lines.
    """
    panels = list(dict.fromkeys(cycles[by]))
    columns = min(len(panels), 2 if len(panels) in (2, 4) else 3) or 1
    rows = math.ceil(len(panels) / columns) or 1
    fig = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[theme.text(_title(panel, by, names or {})) for panel in panels],
        horizontal_spacing=0.07,
        vertical_spacing=min(0.25, 70 / (rows * (_PANEL + 60))),
    )
    shades = _colours(cycles)
    seen: set[str] = set()
    for position, panel in enumerate(panels):
        part = cycles[cycles[by] == panel]
        where = {"row": position // columns + 1, "col": position % columns + 1}
        for trace in _traces(part, labels, shades):
            fig.add_trace(trace, **where)
            # One legend entry a line, whichever panel shows it first.
            trace_in = fig.data[-1]
            trace_in.showlegend = bool(trace_in.name) and trace_in.legendgroup not in seen
            seen |= {trace_in.legendgroup} if trace_in.name else set()
        fig.update_yaxes(title_text=_unit(part), **where)
    theme.finish(fig, height=rows * (_PANEL + 60) + 60)
    _months(fig)
    fig.update_annotations(font_size=13)
    fig.update_layout(margin_t=96, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    return fig


def panel(cycles: pd.DataFrame, labels: Mapping[str, str], title: str, beside: pd.DataFrame | None = None) -> go.Figure:
    """One panel of :func:`small_multiples` as a figure of its own, without a legend (:func:`keys`).

    ``beside``: the cycles of all panels that share a legend, so that a data set has one colour in all.
    """
    fig = go.Figure(_traces(cycles, labels, _colours(cycles if beside is None else beside)))
    theme.finish(fig, height=_PANEL + 60, y=_unit(cycles), legend=False)
    fig.update_layout(title={"text": theme.text(title), "font": {"size": 14}, "x": 0, "xanchor": "left"}, margin_t=34)
    _months(fig)
    return fig


def keys(cycles: pd.DataFrame, labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What the lines mean: name, colour, and solid, dotted or dashed; in the order of the data."""
    pairs = cycles[["data", "crop"]].drop_duplicates().itertuples(index=False)
    shades = _colours(cycles)
    return [(_name(str(d), str(c), labels), shades[str(d)], _CSS[_DASH[str(c)]]) for d, c in pairs]


def _colours(cycles: pd.DataFrame) -> dict[str, str]:
    """Data set -> its colour."""
    return colours.apart({str(data): str(data) for data in dict.fromkeys(cycles["data"])})


def shaded(cycles: pd.DataFrame, by: str) -> bool:
    """Whether any panel of :func:`small_multiples` has so few lines that the range of the years is drawn."""
    return bool((cycles[[by, "data", "crop"]].drop_duplicates().groupby(by).size() <= MOST_SHADED).any())


def _traces(part: pd.DataFrame, labels: Mapping[str, str], shades: Mapping[str, str]) -> list[go.Scatter]:
    lines = list(part.groupby(["data", "crop"], sort=False))
    traces = []
    for (data, crop), line in lines:
        colour, name, group = shades[str(data)], _name(str(data), str(crop), labels), f"{data}, {crop}"
        if len(lines) <= MOST_SHADED:
            traces.append(_shade(line, colour, group))
        traces.append(
            go.Scatter(
                x=line["day"],
                y=line["mean"],
                mode="lines",
                name=theme.text(name),
                legendgroup=group,
                line={"color": colour, "width": 1.8, "dash": _DASH.get(str(crop), "solid")},
                hovertemplate="day %{x}: %{y:.3g}",
            )
        )
    return traces


def _name(data: str, crop: str, labels: Mapping[str, str]) -> str:
    return labels.get(data, data) + (f", {crop} years" if crop else "")


def _unit(part: pd.DataFrame) -> str:
    return theme.pretty(schema.get(str(part["variable"].iloc[0])).unit)


def _months(fig: go.Figure) -> None:
    fig.update_xaxes(tickvals=_MONTH_START, ticktext=list("JFMAMJJASOND"), range=[1, 365], ticklen=3)


def _shade(line: pd.DataFrame, colour: str, group: str) -> go.Scatter:
    """The band from the lowest to the highest year; days without both ends leave a gap."""
    line = line.dropna(subset=["low", "high"])
    return go.Scatter(
        x=pd.concat([line["day"], line["day"][::-1]]),
        y=pd.concat([line["high"], line["low"][::-1]]),
        fill="toself",
        fillcolor=colours.translucent(colour, 0.15),
        line={"width": 0},
        mode="lines",
        name="",
        hoverinfo="skip",
        legendgroup=group,
        showlegend=False,
    )


def _title(panel: str, by: str, names: Mapping[str, str]) -> str:
    return schema.get(panel).title if by == "variable" else names.get(panel, panel)


def panels_for(variable: str, held: Sequence[str]) -> list[str]:
    """The variables shown for one site: the chosen one first, then the main ones of each module that are held."""
    main = ("GPP", "NEE", "N2O_FLUX", "ET", "WTR_1", "TMAX_SOIL_1", "Reco", "NO3_1", "TMAX", "PRECN")
    daily = [v for v in held if v in schema.VARIABLES and schema.get(v).per == "day"]
    return [v for v in dict.fromkeys([variable, *main]) if v in daily][:6]
