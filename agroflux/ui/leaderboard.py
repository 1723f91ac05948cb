"""What the page "Leaderboard" shows, read off the rows of models/leaderboard.json: choices, ranking, and all targets.

A *contender* is an architecture with its preset; its runs differ in fold and seed and are averaged. Nothing is
scored here: every number is a row's own, or a mean of the rows' numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agroflux import schema
from agroflux.baselines import registry
from agroflux.data.joined import PLUS
from agroflux.errors import SelectionError
from agroflux.evaluation import leaderboard as boards
from agroflux.figures.theme import pretty
from agroflux.ui import cache, controls, state


@dataclass(frozen=True)
class Measure:
    """A metric as it is shown: its column, its label, and whether it has the target's unit."""

    name: str
    label: str
    has_unit: bool = False

    @property
    def is_error(self) -> bool:
        """True where the smallest is the best, a bias by its size."""
        return self.name in boards.ERRORS


MEASURES = {
    m.name: m
    for m in (
        Measure("r2", "R²"),
        Measure("rmse", "RMSE", has_unit=True),
        Measure("mae", "MAE", has_unit=True),
        Measure("nse", "NSE"),
        Measure("kge", "KGE"),
        Measure("bias", "Bias", has_unit=True),
        Measure("peak_hit_rate", "Peak days found"),
        Measure("peak_false_alarm_ratio", "False alarms among predicted peaks"),
        Measure("peak_false_alarm_rate", "False alarms on other days"),
    )
}
SCOPES = {"full": "Full data", "bundle": "Bundled data", "subsample": "Subsample"}
#: What a view is narrowed to before targets and models are compared, in the order of the pickers.
_NARROW = {"data": "Simulator", "protocol": "Protocol", "experiment": "Experiment", "scored_on": "Scored on"}
_WRITTEN = SCOPES | {"spatial-state": "Spatial, by state"}
_NAME = "leaderboard"  # prefix of what this page keeps in the URL


@dataclass(frozen=True)
class Choice:
    """The comparison on the page: rows of one data set, protocol, experiment and scope; a target and a metric.

    ``speeds``: of each contender [site-years s-1], on the bundled data.
    """

    rows: pd.DataFrame
    speeds: pd.Series
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
        return f"{self.measure.label} of {schema.get(self.target).title}"


def choose(board: pd.DataFrame) -> Choice:
    """The pickers: each offers what the rows left by those before it hold."""
    from agroflux.data import splits

    # What the page opens with must not follow from which rows came first.
    order = (*splits.EXPERIMENTS, *SCOPES)
    picked: dict[str, str] = {}
    rows = board
    with controls.row():
        for column, label in _NARROW.items():
            held = dict.fromkeys(rows[column].astype(str))
            options = [name for name in order if name in held] + [name for name in held if name not in order]
            picked[column] = _pick(label, options, _url_name(column), 230 if column == "data" else 150)
            rows = rows[rows[column].astype(str) == picked[column]]
    with controls.row():
        target = controls.variable(list(dict.fromkeys(rows["target"])))
        here = rows[rows["target"] == target]
        offered = [name for name in MEASURES if name in here and here[name].notna().any()]
        measure = _pick("Metric", offered, f"{_NAME}-metric", 260)
    return Choice(rows=rows, speeds=_speeds(board), target=target, measure=MEASURES[measure], **picked)


def _speeds(board: pd.DataFrame) -> pd.Series:
    """Site-years a second of each contender, mean over simulators and seeds.

    Those of the bundled data alone, which one command scores one after another: the others were scored one by one,
    on busy and on idle machines, and differ by more than the networks do.
    """
    bundled = board[board["scored_on"] == "bundle"]
    if bundled.empty:
        return pd.Series(dtype=float)
    return bundled["site_years_per_second"].astype(float).groupby(bundled.apply(contender, axis=1)).mean()


def _url_name(column: str) -> str:
    return "data" if column == "data" else f"{_NAME}-{column.replace('_', '-')}"


def _pick(label: str, options: Sequence[str], name: str, width: int) -> str:
    bound = state.bind(name, default=options[0], options=list(options))
    st.selectbox(label, list(options), format_func=said, width=width, **bound)
    return str(state.get(name, options[0]))


def said(name: str) -> str:
    """How a picker writes a data set, scope, metric, protocol or experiment."""
    if name in MEASURES:
        return MEASURES[name].label
    titles = {entry.id: schema.written(entry.title) for entry in (*_learnt_from(), *cache.entries())}
    return _WRITTEN.get(name) or titles.get(name) or name.capitalize()


def sources(data: str) -> list[Any]:
    """For :func:`.show.sources` and ``banner``: the catalog's entry, or what models tell of data that are not here."""
    here = [entry for entry in cache.entries() if entry.id == data]
    return here or [entry for entry in _learnt_from() if entry.id == data][:1]


def _learnt_from() -> list[Any]:
    """What the cards of models tell of the data that they learned from."""
    return [
        SimpleNamespace(
            id=str(card["data"].get("id", "")),
            title=str(card["data"].get("title") or card["data"].get("id", "")),
            kind="simulation",
            synthetic=bool(card["synthetic"]),
            licence=str(card["data"].get("licence", "not told")),
            citation=str(card["data"].get("citation", "")),
        )
        for card in cache.models()
    ]


def contender(row: pd.Series) -> str:
    """Name of a row's model: architecture, and the preset where it is not the recommended one."""
    architecture, preset = str(row["architecture"]), row["preset"]
    name = registry.title(architecture)
    return name if not isinstance(preset, str) or preset in ("", registry.PRESETS[0]) else f"{name}, {preset}"


def is_reference(architecture: str) -> bool:
    """True for climatology and its like, which networks have to beat."""
    return architecture in registry.REFERENCES


def ranked(choice: Choice) -> pd.DataFrame:
    """Contenders on the chosen target, best first (:func:`agroflux.evaluation.leaderboard.pooled`).

    Columns rank, name, kind (network, losing, reference), value, judged, low, high, loses_to, level_with, runs, speed
    [site-years s-1], parameters (mean over runs). A network loses to the references that are better by more than both
    intervals, and is level with those whose interval meets its own. No network loses where references learned from
    other years.
    """
    rows = choice.rows[choice.rows["target"] == choice.target]
    table = pd.DataFrame(boards.pooled(records(rows), choice.measure.name))
    if table.empty:
        raise SelectionError(f"no model has a {choice.measure.label} of this target: pick another metric")
    table["name"] = table.apply(contender, axis=1)
    table[["low", "high"]] = table[["low", "high"]].astype(float)
    grouped = rows.assign(name=rows.apply(contender, axis=1)).groupby("name")
    table["parameters"] = table["name"].map(grouped["parameters"].mean()).astype(float)
    table["speed"] = table["name"].map(choice.speeds).astype(float)
    reference = table["architecture"].map(is_reference)
    rivals = table[reference & boards.comparable(choice.scored_on)]
    against = [
        ([], []) if is_one else _against(here, rivals)
        for is_one, (_, here) in zip(reference, table.iterrows(), strict=True)
    ]
    table["loses_to"], table["level_with"] = (
        [", ".join(names) for names in part] for part in zip(*against, strict=True)
    )
    table["kind"] = [
        "reference" if r else "losing" if to else "network" for r, to in zip(reference, table["loses_to"], strict=True)
    ]
    return table


def _against(row: pd.Series, rivals: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Names of the ``rivals`` that do better beyond both intervals, and of those whose interval meets its own."""
    low, high = _span(row)
    better: list[str] = []
    level: list[str] = []
    for _, rival in rivals.iterrows():
        theirs = _span(rival)
        if theirs[0] <= high and low <= theirs[1]:
            level.append(str(rival["name"]))
        elif boards.better(row["metric"], rival["judged"]) < boards.better(row["metric"], row["judged"]):
            better.append(str(rival["name"]))
    return better, level


def _span(row: pd.Series) -> tuple[float, float]:
    """The interval of what ranks go by; without one the value itself."""
    low, high = row["judged_low"], row["judged_high"]
    return (float(low), float(high)) if pd.notna(low) and pd.notna(high) else (float(row["judged"]),) * 2


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as they stand in the file: None, not NaN, where there is nothing."""
    return [
        {str(k): v for k, v in row.items()} for row in rows.astype(object).where(rows.notna(), None).to_dict("records")
    ]


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

    A score keeps its value (0 to 1). An error is divided by the smallest of its target. Of a bias, the size is divided
    by the RMSE of the same row before runs are averaged, so that opposite signs do not cancel, and takes the sign of
    the mean.
    """
    measure, rows = choice.measure, choice.rows.assign(name=choice.rows.apply(contender, axis=1))

    def grid(values: pd.Series) -> pd.DataFrame:
        table = values.groupby([rows["target"], rows["name"]], sort=False).mean().unstack("name").dropna(how="all")
        return table.loc[controls.by_module(list(table.index)), list(dict.fromkeys(rows["name"]))]

    values = grid(rows[measure.name])
    labels = {name: schema.get(name).title for name in values.index}
    if measure.name == "bias":
        size = grid((rows["bias"] / rows["rmse"]).abs()).reindex(values.index)
        colour, label, ends = np.copysign(size, values), "Mean size of bias divided by RMSE, signed", (-1.0, 1.0)
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


def _verdict(loses_to: str, level_with: str) -> str:
    said = (("loses to", loses_to), ("level with", level_with))
    return "; ".join(f"{word} {names}" for word, names in said if names)


def ranked_apart(table: pd.DataFrame, choice: Choice) -> bool:
    """Whether networks and references of a ranking are each counted from 1: ranks of both would read as one order."""
    return not boards.comparable(choice.scored_on) and table["kind"].eq("reference").nunique() > 1


def needs(run: "pd.Series[Any]") -> str:
    """What has to be there before a row's command can be run, and what of it is not repeated; empty for most."""
    if run["scored_on"] == "bundle":
        return ""
    target = "sources" if str(run["data"]) == "randomised" or PLUS in str(run["data"]) else "simulate"
    found = f"The simulated set that it names is not shipped: make it with `make {target}`, and run this in its folder."
    if "--max-minutes" in str(run["command"]):
        found += " A training that ends by the clock has fewer epochs on a slower or busier machine."
    return found


def written(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The ranking as readers see it, with units in the heads; where biases of runs are averaged, their size too.

    References that are ranked apart from networks have no rank: a dash stands there.
    """
    unit = f" [{pretty(choice.unit)}]" if choice.unit else ""
    unbeaten = "beats all" if boards.comparable(choice.scored_on) else "not comparable"
    if not (table["kind"] == "reference").any():
        unbeaten = "none was scored"
    sized = choice.measure.name == "bias" and bool((table["runs"] > 1).any())
    against = [
        "reference" if row.kind == "reference" else _verdict(str(row.loses_to), str(row.level_with)) or unbeaten
        for row in table.itertuples()
    ]
    return pd.DataFrame(
        {
            "Rank": table["rank"].astype("Int64").mask(ranked_apart(table, choice) & (table["kind"] == "reference")),
            "Model": table["name"],
            f"{choice.measure.label}{unit}": table["value"],
            **({f"Mean size{unit}": table["judged"]} if sized else {}),
            "Low": table["low"],
            "High": table["high"],
            "Against references": against,
            "Site-years s⁻¹": table["speed"].round(),
            "Parameters": table["parameters"].round().astype("Int64"),
            "Runs": table["runs"],
        }
    )
