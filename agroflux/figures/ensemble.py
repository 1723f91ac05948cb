"""Several models as an ensemble: their mean and how far they lie apart."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.series import trace_class


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation (of a sample), lowest and highest of the columns of ``frame``, one a model."""
    return pd.DataFrame(
        {
            "mean": frame.mean(axis=1, skipna=False),
            "sd": frame.std(axis=1, skipna=False),
            "low": frame.min(axis=1, skipna=False),
            "high": frame.max(axis=1, skipna=False),
        }
    )


def band(frame: pd.DataFrame, *, label: str, unit: str, form: str = "%d %b %Y", height: int = 380) -> go.Figure:
    """Ensemble mean with its spread over time: ``frame`` as :func:`summary` gives it, index ``time``."""
    fig = go.Figure()
    pretty, colour = theme.pretty(unit), colours.series("baseline")
    bounds: Sequence[tuple[str, pd.Series, pd.Series, float]] = (
        ("Lowest to highest model", frame["low"], frame["high"], 0.2),
        ("Mean ± standard deviation", frame["mean"] - frame["sd"], frame["mean"] + frame["sd"], 0.3),
    )
    for name, low, high, alpha in bounds:
        edge = {"x": frame.index, "mode": "lines", "line": {"width": 0, "color": colour}, "legendgroup": name}
        fig.add_trace(go.Scatter(**edge, y=low, showlegend=False, hoverinfo="skip"))
        fig.add_trace(
            go.Scatter(
                **edge,
                y=high,
                name=name,
                fill="tonexty",
                fillcolor=colours.translucent(colour, alpha),
                customdata=low,
                hovertemplate=f"%{{customdata:.4g}} to %{{y:.4g}} {pretty}<extra>{name}</extra>",
            )
        )
    draw = trace_class(len(frame))
    fig.add_trace(
        draw(
            x=frame.index,
            y=frame["mean"],
            name="Mean of the models",
            mode="lines+markers" if len(frame) <= 24 else "lines",
            connectgaps=False,
            line={"color": colour, "width": 1.8},
            hovertemplate=f"%{{y:.4g}} {pretty}<extra>mean</extra>",
        )
    )
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=height, y=f"{label} [{pretty}]", hover="x unified")
