"""Sources against a reference: points around the 1:1 line, a symbol and a colour each."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.series import looks, trace_class


def scatter(
    frame: pd.DataFrame,
    reference: str,
    kinds: Mapping[str, str],
    *,
    unit: str,
    form: str = "%d %b %Y",
    height: int = 400,
) -> go.Figure:
    """Every other column of ``frame`` (index ``(site, time)``) against ``reference``.

    Both axes have the same limits, so that the dashed 1:1 line is the diagonal. A click on the legend hides a source.
    """
    names = [c for c in frame.columns if c != reference and c in kinds]
    pretty, style = theme.pretty(unit), looks(kinds)
    low, high = _limits(frame[[reference, *names]])
    dates = pd.DatetimeIndex(frame.index.get_level_values("time")).strftime(form)
    sites = frame.index.get_level_values("site")
    told = {site: theme.text(site) for site in sites.unique()}
    places = np.column_stack([sites.map(told), dates]) if len(frame) else None
    draw = trace_class(len(frame) * len(names))
    fig = go.Figure()
    of = theme.text(reference)
    for name in names:
        fig.add_trace(
            draw(
                x=frame[reference].to_numpy(),
                y=frame[name].to_numpy(),
                name=theme.text(name),
                mode="markers",
                customdata=places,
                marker={"symbol": style[name].symbol, "size": 5, "opacity": 0.4, "color": style[name].colour},
                hovertemplate=(
                    f"%{{customdata[0]}}, %{{customdata[1]}}<br>{of}: %{{x:.4g}} {pretty}"
                    f"<br>{theme.text(name)}: %{{y:.4g}} {pretty}<extra></extra>"
                ),
            )
        )
    fig.add_trace(
        draw(
            x=[low, high],
            y=[low, high],
            mode="lines",
            name="1:1",
            hoverinfo="skip",
            line={"color": colours.NEUTRAL, "dash": "dash", "width": 1.5},
        )
    )
    fig.update_xaxes(range=[low, high])
    fig.update_yaxes(range=[low, high])
    only = theme.text(names[0]) if len(names) == 1 else "Compared sources"
    return theme.finish(fig, height=height, x=f"{of} [{pretty}]", y=f"{only} [{pretty}]")


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    values = frame.to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    pad = 0.04 * (high - low) or 0.5
    return low - pad, high + pad
