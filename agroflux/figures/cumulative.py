"""Running totals of a flux: where sources drift apart over a season."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import theme
from agroflux.figures.series import line_mode, looks, trace_class


def cumulative(
    frame: pd.DataFrame, kinds: Mapping[str, str], *, label: str, unit: str, restart: bool = True
) -> go.Figure:
    """Lines of a running total (index ``time``, one column a source) [``unit``, without the per-day].

    ``restart``: the totals begin anew each year, so each line is broken at the turn of the year.
    """
    fig = go.Figure()
    for name, look in looks(kinds).items():
        if name not in frame:
            continue
        column = _broken(frame[name]) if restart else frame[name]
        fig.add_trace(
            trace_class(len(column))(
                x=column.index,
                y=column.to_numpy(),
                name=theme.text(name),
                mode=line_mode(frame[name]),
                marker={"symbol": look.symbol, "size": 3},
                connectgaps=False,
                line={"color": look.colour, "dash": look.dash, "width": 1.8},
                hovertemplate=f"%{{y:.4g}} {theme.pretty(unit)}<extra>{theme.text(name)}</extra>",
            )
        )
    fig.update_xaxes(hoverformat="%d %b %Y")
    fig.add_hline(y=0, line={"color": "rgba(128,136,144,0.6)", "width": 1})
    return theme.finish(fig, y=f"{label}, running total [{theme.pretty(unit)}]", hover="x unified")


def _broken(column: pd.Series) -> pd.Series:
    """``column`` with a NaN at the end of each year (an hour before the next 1 January)."""
    index = pd.DatetimeIndex(column.index)
    last = [index[index.year == year][-1] for year in sorted(set(index.year))[:-1]]
    stops = pd.Series(float("nan"), index=pd.DatetimeIndex([day + pd.Timedelta(hours=23) for day in last]))
    return pd.concat([column, stops]).sort_index() if len(stops) else column
