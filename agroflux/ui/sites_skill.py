"""How well models do in each county, as a layer of the map: R2, RMSE and bias from models/skill.json."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from agroflux import schema
from agroflux.data.calendar_days import years_text
from agroflux.errors import DataError
from agroflux.figures import colours
from agroflux.ui import cache, controls, show, state
from agroflux.ui.sites import Layer

#: metric -> (label, what decides its colours)
METRICS = {"r2": ("R²", ""), "rmse": ("RMSE", ""), "bias": ("Bias", colours.DIFFERENCE)}
_SCOPES = {"full": "scored on the full data", "bundle": "scored on the bundled data", "subsample": "scored on a part"}
#: What a file of a layer says of the scored model.
_TOLD = ("model", "data", "protocol", "experiment", "fold", "seed", "scored_on")
#: What a model's card says of the task that it was tested on, beside its data.
_TASK = ("protocol", "experiment", "fold")
_WIDTH = 520  # px of the picker of models: the longest name of one that is shipped, with seed and scope
_SHOWN = {"flux": "Simulated", "skill": "Skill of a model"}


def pick_layer(data: str, variable: str) -> Layer | None:
    """Controls: simulated values or a model's skill, whose and which; None for simulated values.

    Nothing is offered where no model was scored by county on ``data``.
    """
    found = {title(row): row for row in cache.skill() if row["data"] == data}
    if not found:
        return None
    with controls.row():
        shown = state.bind("sites-layer", default="flux", options=list(_SHOWN))
        st.segmented_control("Map shows", list(_SHOWN), format_func=_SHOWN.__getitem__, required=True, **shown)
        if state.get("sites-layer") != "skill":
            return None
        models = [name for name, row in found.items() if variable in row["targets"]]
        if not models:
            label = show.plain(schema.get(variable).title)
            show.empty(f"No model was scored by county on {label}.", "Pick another variable.")
            return None
        bound = state.bind("sites-model", default=models[0], options=models)
        st.selectbox("Model", models, width=_WIDTH, **bound)
        offered = [name for name in METRICS if name in found[models[0]]["targets"][variable]]
        bound = state.bind("sites-metric", default=offered[0], options=offered)
        st.selectbox("Metric", offered, format_func=lambda name: METRICS[name][0], width=140, **bound)
    row = found[str(state.get("sites-model"))]
    return replace(layer(row, variable, str(state.get("sites-metric"))), note=rests_on(row, variable))


def rests_on(row: dict[str, Any], variable: str) -> str:
    """How many test years and values the scores are of, as far as cards and leaderboard tell, and where intervals are.

    ``row``: a scored model of models/skill.json, which holds neither.
    """
    years, n = _test_years(row), _values(row, variable)
    held = f" of {len(years)} test {'year' if len(years) == 1 else 'years'} ({years_text(years)})" if years else ""
    count = f", {n / len(row['sites']):,.0f} values on average" if n else ""
    return (
        f"The score of each county is{held or ' of the test years alone'}{count}. It has no interval, and counties "
        "that differ little may differ by chance: the page Leaderboard has intervals of scores over all counties."
    )


def _test_years(row: dict[str, Any]) -> list[int]:
    """Years that a row was tested on, by the card of its model; of a reference, of a model of the same task."""
    task = (row["data"], row["protocol"], row["experiment"], row.get("fold"))
    cards = cache.models()
    own = [card for card in cards if card["id"] == row["model"]]
    alike = [card for card in cards if (card["data"].get("id"), *map(card.get, _TASK)) == task]
    years: list[Any] = next((card["split"].get("test", []) for card in (*own, *alike)), [])
    # Scores on the bundled data are of those test years that are bundled.
    held = cache.years(row["data"])
    return [int(year) for year in years if row["scored_on"] != "bundle" or int(year) in held]


def _values(row: dict[str, Any], variable: str) -> int:
    """Values in all counties behind the scores of a row on ``variable``, by the leaderboard; 0 where it has none."""
    try:
        board = cache.leaderboard()
    except DataError:
        return 0  # the page Leaderboard says what is wrong with it
    for name, wanted in {**{name: row.get(name) for name in _TOLD}, "target": variable}.items():
        if board.empty:
            return 0
        board = board[board[name].isna() if wanted is None else board[name] == wanted]
    return 0 if board.empty else int(board["n"].iloc[0])


def title(row: dict[str, Any]) -> str:
    """A scored model as the picker names it; two that differ have two names."""
    return f"{row['model']}, {row['protocol']} {row['experiment']}{_fold(row)}, seed {row['seed']}, {row['scored_on']}"


def _fold(row: dict[str, Any]) -> str:
    return "" if row.get("fold") is None else f", fold {row['fold']}"


def layer(row: dict[str, Any], variable: str, metric: str) -> Layer:
    """One metric of one scored model on one variable, a value a county; NaN where it is not defined."""
    known = schema.get(variable)
    label, scale = METRICS[metric]
    scope = _SCOPES.get(row["scored_on"], row["scored_on"])
    values = pd.Series(row["targets"][variable][metric], index=row["sites"], dtype=float)
    return Layer(
        counties=values,
        name=f"{known.title}, {label} of {row['model']}",
        detail=f"{row['protocol']} protocol, {row['experiment']} experiment{_fold(row)}, seed {row['seed']}, {scope}: "
        "all test years, nitrogen rates and crops, whatever is picked above",
        label=f"{label} of {known.title}",
        unit="" if metric == "r2" else known.unit,
        scale=scale,
        about={
            "variable": variable,
            "metric": label,
            **{name: row.get(name) for name in _TOLD},
        },
        model=str(row["model"]),
        signed=metric == "bias",
    )
