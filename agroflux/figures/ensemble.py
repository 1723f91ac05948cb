"""Several models as an ensemble: their mean and how far they lie apart."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import colours, theme
from agroflux.figures.series import add_band, add_mean

#: Models of which a standard deviation is drawn. Of two it reaches beyond both, whatever they say, and of three often.
FEWEST = 4


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


def band(frame: pd.DataFrame, models: int, *, label: str, unit: str, form: str = "%d %b %Y") -> go.Figure:
    """Ensemble mean with its spread over time, as :func:`drawn` says.

    ``frame`` as :func:`summary` gives it, index ``time``; ``models``: how many it is of.
    """
    fig = go.Figure()
    colour = colours.series("baseline")
    for name, low, high, alpha in _bounds(frame, models):
        add_band(fig, low, high, name=name, unit=unit, colour=colour, alpha=alpha)
    add_mean(fig, frame["mean"], name="Mean of the models", unit=unit, colour=colour)
    fig.update_xaxes(hoverformat=form)
    return theme.finish(fig, height=380, y=f"{label} [{theme.pretty(unit)}]", hover="x unified")


def drawn(models: int) -> str:
    """What the bands of :func:`band` show, for a caption."""
    text = f"The band spans the lowest to the highest of the {models} models"
    if models < FEWEST:
        return f"{text}; a standard deviation is drawn of {FEWEST} or more."
    return f"{text}, the darker one within it the mean ± one standard deviation, cut off where that leaves the range."


def _bounds(frame: pd.DataFrame, models: int) -> Sequence[tuple[str, pd.Series, pd.Series, float]]:
    """Name, lower and upper edge, and how dark, of each band: none reaches beyond the lowest and highest model."""
    low, high = frame["low"], frame["high"]
    found = [("Lowest to highest model", low, high, 0.2)]
    if models >= FEWEST:
        below, above = (frame["mean"] + sign * frame["sd"] for sign in (-1, 1))
        name = "Mean ± standard deviation, within that range"
        found.append((name, below.clip(lower=low), above.clip(upper=high), 0.3))
    return found
