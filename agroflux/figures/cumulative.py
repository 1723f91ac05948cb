"""Running totals of a flux: where sources drift apart over a season."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import theme
from agroflux.figures.series import add_line, looks


def cumulative(
    frame: pd.DataFrame, kinds: Mapping[str, str], *, label: str, unit: str, restart: bool = True
) -> go.Figure:
    """Lines of a running total (index ``time``, one column a source) [``unit``, without the per-day].

    ``restart``: the totals begin anew each year, so each line is broken at the turn of the year.
    """
    fig = go.Figure()
    for name, look in looks(kinds).items():
        if name in frame:
            column = _broken(frame[name]) if restart else frame[name]
            add_line(fig, name, column, look, unit, width=1.8, marker=3)
    fig.update_xaxes(hoverformat="%d %b %Y")
    fig.add_hline(y=0, line={"color": "rgba(128,136,144,0.6)", "width": 1})
    return theme.finish(fig, y=f"{label}, running total [{theme.pretty(unit)}]", hover="x unified")


def _broken(column: pd.Series) -> pd.Series:
    """``column`` with a NaN at the end of each year (an hour before the next 1 January)."""
    index = pd.DatetimeIndex(column.index)
    last = [index[index.year == year][-1] for year in sorted(set(index.year))[:-1]]
    stops = pd.Series(float("nan"), index=pd.DatetimeIndex([day + pd.Timedelta(hours=23) for day in last]))
    return pd.concat([column, stops]).sort_index() if len(stops) else column
