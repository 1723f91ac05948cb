"""How well models do in each county, as a layer of the map: R2, RMSE and bias from models/skill.json."""

from typing import Any

import pandas as pd
import streamlit as st

from agroflux import schema
from agroflux.figures import colours
from agroflux.ui import cache, controls, show, state
from agroflux.ui.sites import Layer

#: metric -> (label, what decides its colours)
METRICS = {"r2": ("R²", ""), "rmse": ("RMSE", ""), "bias": ("Bias", colours.DIFFERENCE)}
_SCOPES = {"full": "scored on the full data", "bundle": "scored on the bundled data", "subsample": "scored on a part"}
#: What a file of a layer says of the scored model.
_TOLD = ("model", "data", "protocol", "experiment", "fold", "seed", "scored_on")
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
    return layer(found[str(state.get("sites-model"))], variable, str(state.get("sites-metric")))


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
        label=f"{label}, {known.title}",
        unit="" if metric == "r2" else known.unit,
        scale=scale,
        about={
            "variable": variable,
            "metric": label,
            **{name: row.get(name) for name in _TOLD},
        },
    )
