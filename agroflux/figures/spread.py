"""The mean over places with a band for how far they lie apart."""

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import theme
from agroflux.figures.series import add_band, add_mean


def spread(
    frame: pd.DataFrame, *, name: str, label: str, unit: str, colour: str, form: str = "%d %b %Y", height: int = 380
) -> go.Figure:
    """Mean line and 10-90 % band over counties; ``frame``: index ``time``, columns mean, low, high, n.

    The band is shown only where there are at least two counties.
    """
    fig = go.Figure()
    if len(frame) and int(frame["n"].max()) > 1:
        words = {"name": "10-90 % of counties", "told": "10-90 %", "unit": unit}
        add_band(fig, frame["low"], frame["high"], **words, colour=colour, alpha=0.25)
    add_mean(fig, frame["mean"], name=name, unit=unit, colour=colour)
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=height, y=f"{label} [{theme.pretty(unit)}]", hover="x unified")
