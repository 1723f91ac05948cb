"""Transfer learning in pictures: gains with intervals, learning curves, losses of a running training.

``recipes`` names recipes as legends do, in their order; each has its colour and symbol wherever it is drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
#: R2 that is drawn at the edge of a plot: what is worse goes on there, so that one failure does not hide the rest.
FLOOR = -1.0
GAIN = "Gain in R² over training from scratch"
_LINES = (("train_loss", "training", 1.2, "dot"), ("validation_loss", "validation", 2.4, "solid"))
_NARROW = 18  # characters of a label on one line, so that a telephone keeps room for the plot
_ROW, _FRAME = 20, 130  # px
_TICKS = 7  # steps between epochs at most
_LEAST = 2  # lines of a label, which may be written on two


def look(recipe: str, recipes: Sequence[str]) -> tuple[str, str]:
    """Colour and symbol of a recipe among all ``recipes``."""
    turn = list(recipes).index(recipe)
    return colours.series(recipe, turn), _SYMBOLS[turn % len(_SYMBOLS)]


def gains(rows: pd.DataFrame, recipes: Mapping[str, str]) -> go.Figure:
    """A dot and its 95 % interval for each recipe in each row, with a line at zero: right of it scratch is beaten.

    ``rows``: columns label, recipe (a key of ``recipes``), gain, gain_low, gain_high, r2; NaN bounds: no interval.
    An interval that leaves out zero has a filled dot, any other a hollow one.
    """
    labels = list(dict.fromkeys(rows["label"]))
    shown = [name for name in recipes if name in set(rows["recipe"])]
    held = [[name for name in shown if ((rows["label"] == label) & (rows["recipe"] == name)).any()] for label in labels]
    # A line a dot, and one between labels; a label is as high as it holds recipes.
    tops = np.cumsum([0, *(max(len(names), _LEAST) + 1 for names in held)])
    middles = (tops[:-1] + tops[1:]) / 2
    line = {
        (label, name): middle + turn - (len(names) - 1) / 2
        for label, names, middle in zip(labels, held, middles, strict=True)
        for turn, name in enumerate(names)
    }
    fig = go.Figure()
    for name in shown:
        here = rows[rows["recipe"] == name]
        colour, symbol = look(name, list(recipes))
        sure = (here["gain_low"] > 0) | (here["gain_high"] < 0)
        fig.add_trace(
            go.Scatter(
                x=here["gain"],
                y=[line[label, name] for label in here["label"]],
                name=theme.text(recipes[name]),
                mode="markers",
                marker={
                    "color": colour,
                    "size": 10,
                    "symbol": [symbol if one else f"{symbol}-open" for one in sure],
                    "line": {"width": 2, "color": colour},
                },
                error_x=theme.interval(here["gain"], here["gain_low"], here["gain_high"], thickness=1.8, color=colour),
                customdata=pd.DataFrame(
                    {
                        "of": here["label"].map(theme.text),
                        "in": theme.between(here["gain_low"], here["gain_high"]),
                        "r2": here["r2"],
                    }
                ),
                hovertemplate=f"%{{customdata[0]}}, {theme.text(recipes[name])}<br>"
                "gain %{x:+.2f} (%{customdata[1]})<br>R² %{customdata[2]:.2f}<extra></extra>",
            )
        )
    fig.add_vline(x=0, line={"color": colours.NEUTRAL, "width": 1.4, "dash": "dash"})
    fig.update_yaxes(
        tickvals=middles,
        ticktext=[theme.lines(label, _NARROW) for label in labels],
        range=[tops[-1], 0],
        showgrid=False,
        ticks="",
    )
    fig.update_xaxes(nticks=7, range=_ends(rows))
    height = _ROW * int(tops[-1]) + _FRAME
    return theme.finish(fig, height=height, x=GAIN)


def curves(rows: pd.DataFrame, recipes: Mapping[str, str]) -> go.Figure:
    """R2 of one model on the test days over the number of training site-years, a line a recipe.

    ``rows``: columns recipe, n (site-years), r2, gain, gain_low, gain_high.
    """
    fig = go.Figure()
    for name, label in recipes.items():
        here = rows[rows["recipe"] == name].sort_values("n")
        if here.empty:
            continue
        colour, symbol = look(name, list(recipes))
        fig.add_trace(
            go.Scatter(
                x=here["n"],
                y=here["r2"],
                name=theme.text(label),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"symbol": symbol, "size": 8},
                customdata=pd.DataFrame(
                    {"gain": here["gain"], "in": theme.between(here["gain_low"], here["gain_high"])}
                ),
                hovertemplate="%{x} site-years: R² %{y:.2f}<br>gain %{customdata[0]:+.2f} "
                f"(%{{customdata[1]}})<extra>{theme.text(label)}</extra>",
            )
        )
    numbers = sorted(set(rows["n"]))
    fig.update_xaxes(type="log", tickvals=numbers, ticktext=[str(n) for n in numbers])
    lowest, highest = float(rows["r2"].min()), float(rows["r2"].max())
    # Where every line lies below the floor, the axis finds its own ends: a cut would leave nothing to see.
    ends = [FLOOR, max(highest + 0.05, 0.1)] if lowest < FLOOR < highest else None
    fig.update_yaxes(nticks=7, range=ends)
    return theme.finish(fig, height=400, x="Site-years to train on", y="R² on the test days")


def losses(lines: pd.DataFrame, recipes: Mapping[str, str]) -> go.Figure:
    """Loss of training (thin) and validation (thick) by epoch of each run.

    ``lines``: columns run (a key of ``recipes``), epoch, train_loss, validation_loss [1, standardised squared error].
    """
    fig = go.Figure()
    for name, label in recipes.items():
        here = lines[lines["run"] == name]
        if here.empty:
            continue
        colour, _ = look(name, list(recipes))
        for column, what, width, dash in _LINES:
            fig.add_trace(
                go.Scatter(
                    x=here["epoch"],
                    y=here[column],
                    name=f"{theme.text(label)}, {what}",
                    mode="lines+markers" if len(here) < 3 else "lines",
                    line={"color": colour, "width": width, "dash": dash},
                    hovertemplate=f"epoch %{{x}}: %{{y:.3f}}<extra>{theme.text(label)}, {what}</extra>",
                )
            )
    if not lines.empty:
        first, last = int(lines["epoch"].min()), int(lines["epoch"].max())
        fig.update_xaxes(tickvals=_epochs(first, last), range=[first - 0.25, last + 0.25])
    fig.update_yaxes(rangemode="tozero", nticks=6)
    fig.update_layout(uirevision="keep")
    return theme.finish(fig, height=320, x="Epoch", y="Loss, standardised")


def _epochs(first: int, last: int) -> list[int]:
    """Ticks of epochs: both ends, and round ones between that leave room for them."""
    step = next(
        size * 10**power for power in range(9) for size in (1, 2, 5) if last - first <= _TICKS * size * 10**power
    )
    between = [n for n in range(step, last, step) if min(n - first, last - n) >= 0.5 * step]
    return sorted({first, *between, last})


def _ends(rows: pd.DataFrame) -> list[float] | None:
    """Axis of gains, cut about the dots where one interval would squeeze all others; None: the axis finds its own."""
    dots = rows["gain"].dropna()
    if dots.empty:
        return None
    low, high = min(float(dots.min()), 0.0), max(float(dots.max()), 0.0)
    room = max(high - low, 0.2)
    ends = float(rows["gain_low"].min()), float(rows["gain_high"].max())
    if not (ends[0] < low - 2 * room or ends[1] > high + 2 * room):
        return None
    return [low - 1.2 * room, high + 1.2 * room]
