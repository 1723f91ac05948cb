"""What the page "Leaderboard" shows, read off the rows of models/leaderboard.json: choices, ranking, and all targets.

A *contender* is an architecture with its preset; its runs differ in fold and seed and are averaged. Nothing is
scored here: every number is a row's own, or a mean of the rows' numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import streamlit as st

from agroflux import schema
from agroflux.baselines import registry
from agroflux.figures.theme import pretty
from agroflux.ui import cache, controls, state


@dataclass(frozen=True)
class Measure:
    """A metric as it is shown: its column, label, which values are good, and whether it has the target's unit."""

    name: str
    label: str
    better: Literal["high", "low", "zero"]
    has_unit: bool = False


MEASURES = {
    m.name: m
    for m in (
        Measure("r2", "R²", "high"),
        Measure("rmse", "RMSE", "low", has_unit=True),
        Measure("mae", "MAE", "low", has_unit=True),
        Measure("nse", "NSE", "high"),
        Measure("kge", "KGE", "high"),
        Measure("bias", "Bias", "zero", has_unit=True),
        Measure("peak_hit_rate", "Peak days found", "high"),
        Measure("peak_false_alarm_ratio", "False alarms among peak days", "low"),
    )
}
SCOPES = {"full": "Full data", "bundle": "Bundled data"}
#: What a view is narrowed to before targets and models are compared, in the order of the pickers.
_NARROW = {"data": "Simulator", "protocol": "Protocol", "experiment": "Experiment", "scored_on": "Scored on"}
_NAME = "leaderboard"  # prefix of what this page keeps in the URL


@dataclass(frozen=True)
class Choice:
    """The comparison on the page: rows of one data set, protocol, experiment and scope; a target and a metric."""

    rows: pd.DataFrame
    data: str
    protocol: str
    experiment: str
    scored_on: str
    target: str
    measure: Measure

    @property
    def unit(self) -> str:
        """Unit of the metric; empty for one without."""
        return schema.get(self.target).unit if self.measure.has_unit else ""

    @property
    def axis(self) -> str:
        """Metric and target, as an axis says it."""
        return f"{self.measure.label} of {schema.get(self.target).label}"


def choose(board: pd.DataFrame) -> Choice:
    """The pickers: each offers what the rows left by those before it hold."""
    picked: dict[str, str] = {}
    rows = board
    with controls.row():
        for column, label in _NARROW.items():
            options = list(dict.fromkeys(rows[column].astype(str)))
            picked[column] = _pick(label, options, _url_name(column), 230 if column == "data" else 150)
            rows = rows[rows[column].astype(str) == picked[column]]
    with controls.row():
        target = controls.variable(list(dict.fromkeys(rows["target"])))
        here = rows[rows["target"] == target]
        offered = [name for name in MEASURES if name in here and here[name].notna().any()]
        measure = _pick("Metric", offered, f"{_NAME}-metric", 260)
    return Choice(rows=rows, target=target, measure=MEASURES[measure], **picked)


def _url_name(column: str) -> str:
    return "data" if column == "data" else f"{_NAME}-{column.replace('_', '-')}"


def _pick(label: str, options: Sequence[str], name: str, width: int) -> str:
    bound = state.bind(name, default=options[0], options=list(options))
    st.selectbox(label, list(options), format_func=said, width=width, **bound)
    return str(state.get(name, options[0]))


def said(name: str) -> str:
    """How a picker writes a data set, scope, metric, protocol or experiment."""
    titles = {entry.id: entry.title for entry in cache.entries()}
    if name in MEASURES:
        return MEASURES[name].label
    return SCOPES.get(name) or titles.get(name) or name.capitalize()


def contender(row: pd.Series) -> str:
    """Name of a row's model: architecture, and the preset where it is not the recommended one."""
    architecture, preset = str(row["architecture"]), row.get("preset")
    name = registry.NETWORKS[architecture][1] if architecture in registry.NETWORKS else architecture.capitalize()
    return name if not isinstance(preset, str) or preset in ("", registry.PRESETS[0]) else f"{name}, {preset}"


def is_reference(architecture: str) -> bool:
    """True for climatology and its like, which networks have to beat."""
    return architecture in registry.REFERENCES


def ranked(choice: Choice) -> pd.DataFrame:
    """Contenders on the chosen target, best first.

    Columns rank, name, kind (network, losing, reference), value, low, high, loses_to, runs, speed [site-years s-1],
    parameters. Value and speed are means over runs; low and high span the intervals of all runs.
    """
    rows = choice.rows[(choice.rows["target"] == choice.target) & choice.rows[choice.measure.name].notna()]
    if rows.empty:
        return pd.DataFrame()
    metric = choice.measure.name
    grouped = rows.assign(name=rows.apply(contender, axis=1)).groupby("name", sort=False)
    table = pd.DataFrame(
        {
            "value": grouped[metric].mean(),
            "low": grouped[f"{metric}_low"].min(),
            "high": grouped[f"{metric}_high"].max(),
            "speed": grouped["site_years_per_second"].mean(),
            "parameters": grouped["parameters"].first(),
            "runs": grouped.size(),
            "reference": grouped["architecture"].first().map(is_reference),
        }
    ).reset_index()
    table["merit"] = merit(table["value"], choice.measure)
    table = table.sort_values("merit", ascending=False, kind="stable", ignore_index=True)
    references = table[table["reference"]]
    table["loses_to"] = [
        "" if row.reference else ", ".join(references.loc[references["merit"] > row.merit, "name"])
        for row in table.itertuples()
    ]
    kinds = ["reference" if row.reference else "losing" if row.loses_to else "network" for row in table.itertuples()]
    table.insert(1, "kind", kinds)
    table.insert(0, "rank", table["merit"].rank(ascending=False, method="min").astype(int))
    return table.drop(columns=["merit", "reference"])


def merit(values: pd.Series, measure: Measure) -> pd.Series:
    """``values`` turned so that more is better: an error counts negative, a bias by its size."""
    return values if measure.better == "high" else -values.abs() if measure.better == "zero" else -values


@dataclass(frozen=True)
class Overview:
    """All targets by all contenders: the means, how they are coloured, and the ends of that scale."""

    values: pd.DataFrame
    colour: pd.DataFrame
    label: str
    low: float
    high: float


def overview(choice: Choice) -> Overview:
    """Every target of the chosen rows by every contender, on a scale that targets of different units share.

    A score keeps its value (0 to 1). An error is divided by the smallest of its target; a bias by the RMSE of the
    same row.
    """
    measure, rows = choice.measure, choice.rows.assign(name=choice.rows.apply(contender, axis=1))

    def grid(values: pd.Series) -> pd.DataFrame:
        table = values.groupby([rows["target"], rows["name"]], sort=False).mean().unstack("name").dropna(how="all")
        return table.loc[controls.by_module(list(table.index)), list(dict.fromkeys(rows["name"]))]

    values = grid(rows[measure.name])
    labels = {name: schema.get(name).label for name in values.index}
    if measure.better == "zero":
        colour, label, ends = grid(rows["bias"] / rows["rmse"]), "Bias divided by RMSE", (-1.0, 1.0)
        colour = colour.reindex(values.index)
    elif measure.has_unit:
        colour, label, ends = (
            values.div(values.min(axis=1), axis=0),
            f"{measure.label}, smallest of a row = 1",
            (1.0, 3.0),
        )
    else:
        colour, label, ends = values, measure.label, (0.0, 1.0)
    return Overview(values.rename(index=labels), colour.rename(index=labels), label, *ends)


def runs(choice: Choice, name: str) -> pd.DataFrame:
    """Rows of one contender on the chosen target, by fold and seed."""
    rows = choice.rows[choice.rows["target"] == choice.target]
    return rows[rows.apply(contender, axis=1) == name].sort_values(["fold", "seed"], ignore_index=True)


def written(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The ranking as readers see it, with units in the heads."""
    unit = f" [{pretty(choice.unit)}]" if choice.unit else ""
    against = [
        "reference" if row.kind == "reference" else f"loses to {row.loses_to}" if row.loses_to else "beats all"
        for row in table.itertuples()
    ]
    return pd.DataFrame(
        {
            "Rank": table["rank"],
            "Model": table["name"],
            f"{choice.measure.label}{unit}": table["value"],
            "Low": table["low"],
            "High": table["high"],
            "Against references": against,
            "Site-years s⁻¹": table["speed"],
            "Parameters": table["parameters"],
            "Runs": table["runs"],
        }
    )
