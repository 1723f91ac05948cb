"""The parts of the page "Leaderboard": ranked table, figures, a row's card and command, downloads."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.evaluation import leaderboard as boards
from agroflux.figures import leaderboard as figures
from agroflux.figures.theme import pretty
from agroflux.ui import cache, leaderboard, show, state
from agroflux.ui.leaderboard import Choice

if TYPE_CHECKING:
    import pandas as pd

_OPEN, _RUN = "leaderboard-model", "leaderboard-run"
_TABLE = "leaderboard.table"


def ranking(choice: Choice, table: "pd.DataFrame") -> None:
    """The table, best first; a row that is clicked opens below, and the row of what is open is marked."""
    shown = leaderboard.written(table, choice)
    figured = shown.loc[:, :"High"].columns[2:]
    digits = {name: st.column_config.NumberColumn(format="%.4g" if choice.unit else "%.3f") for name in figured}
    whole = {name: st.column_config.NumberColumn(format="localized") for name in ("Parameters", "Site-years s⁻¹")}
    names = list(table["name"])

    # Rows change their places with target and metric: a mark that stayed would name another model than the card.
    state.bind(_OPEN, default=names[0], options=names)
    marked = {"rows": [names.index(str(state.get(_OPEN)))], "columns": [], "cells": []}
    st.session_state[_TABLE] = {"selection": marked}

    def opened() -> None:
        rows = st.session_state[_TABLE]["selection"]["rows"]
        if rows:
            state.put(_OPEN, names[rows[0]])

    show.frame(
        shown,
        height="content",
        hide_index=True,
        column_config={"Rank": st.column_config.NumberColumn(width="small", pinned=True)} | digits | whole,
        key=_TABLE,
        on_select=opened,
        selection_mode="single-row-required",
    )
    st.caption(" ".join(remarks(choice, table)))


def remarks(choice: Choice, table: "pd.DataFrame") -> list[str]:
    """What a reader must know to read the table rightly; sentences for Markdown."""
    found = boards.notes(leaderboard.records(table))
    if leaderboard.ranked_apart(table, choice):
        found.append("Ranks are among networks: references have a dash.")
    if table.loc[table["runs"] == 1, "low"].notna().any():
        found.append("Low and high: 95 % interval of a bootstrap over site-years.")
    if table["runs"].max() > 1:
        found.append(
            "Several runs (folds or seeds) of a model are averaged; low and high are then the lowest and highest run."
        )
    folds = {name: frozenset(leaderboard.runs(choice, name)["fold"].dropna()) for name in table["name"]}
    if len(set(folds.values())) > 1:
        found.append("Not every model was run on the same folds: compare those with equal numbers of runs.")
    losing = list(table.loc[table["kind"] == "losing", "name"])
    if losing:
        found.append(f"A simple reference does better here than {show.plain(', '.join(losing))}.")
    if (table["level_with"] != "").any():
        found.append("Level with: the intervals meet, so that neither can be said to be better.")
    if not (table["kind"] == "reference").any():
        found.append("No simple reference was scored under this choice.")
    found.append("Figures of the benchmark's paper are not shown: none is both cited and comparable.")
    return found


def chart(choice: Choice, table: "pd.DataFrame") -> None:
    """Bars with intervals."""
    # A bias is judged by its size, which a line at one signed value does not show.
    compared = boards.comparable(choice.scored_on) and choice.measure.name != "bias"
    fig = figures.bars(table, label=choice.axis, unit=choice.unit, compared=compared)
    show.figure(fig, _stem(choice), key="leaderboard.bars")
    if fig.layout.xaxis.range:
        st.caption(f"The axis ends at {figures.FLOOR:g}; bars that reach it go on (the table has their values).")


def speed(choice: Choice, table: "pd.DataFrame") -> None:
    """Skill against site-years a second."""
    if not table["speed"].notna().any():
        show.empty("No speed was measured under this choice.")
        return
    fig = figures.speed(table, label=choice.axis, unit=choice.unit)
    show.figure(fig, f"{_stem(choice)}-speed", key="leaderboard.speed")
    drawn = {str(name) for trace in fig.data for name in trace.text}
    absent = [
        f"{name} ({f'below {figures.FLOOR:g}' if measured else 'no speed was measured'})"
        for name, measured in zip(table["name"], table["speed"].notna(), strict=True)
        if name not in drawn
    ]
    left_out = f" Left out: {show.plain(', '.join(absent))}." if absent else ""
    st.caption(f"Speed: site-years a second while the bundled data were scored, all of them in one run.{left_out}")


def heat(choice: Choice) -> None:
    """Every target by every model."""
    made = leaderboard.overview(choice)
    references = {
        leaderboard.contender(row)
        for _, row in choice.rows.drop_duplicates(["architecture", "preset"]).iterrows()
        if leaderboard.is_reference(row["architecture"])
    }
    fig = figures.heat(
        made.colour, made.values, label=made.label, low=made.low, high=made.high,
        diverging=choice.measure.name == "bias", best_low=choice.measure.is_error, references=references,
    )  # fmt: skip
    show.figure(fig, f"leaderboard-{choice.measure.name}-targets", key="leaderboard.heat")
    unit = ", each target in its own unit" if choice.measure.has_unit else ""
    st.caption(f"Written: {choice.measure.label}{unit}. References are in italics, right of the line.")


def card(choice: Choice, table: "pd.DataFrame") -> None:
    """One model of the ranking: the command of a run, how it was made, and its card where it is installed."""
    names = list(table["name"])
    st.subheader("Card and command", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        bound = state.bind(_OPEN, default=names[0], options=names)
        st.selectbox("Model", names, width=260, **bound)
        runs = leaderboard.runs(choice, str(state.get(_OPEN, names[0])))
        run = runs.iloc[0]
        if len(runs) > 1:
            titles = {_run_id(row): _run_title(row) for _, row in runs.iterrows()}
            bound = state.bind(_RUN, default=next(iter(titles)), options=list(titles))
            st.selectbox("Run", list(titles), format_func=titles.__getitem__, width=260, **bound)
            run = runs.iloc[list(titles).index(str(state.get(_RUN)))]
    if len(runs) > 1:
        mean = f"{runs[choice.measure.name].mean():.4g} {pretty(choice.unit)}".strip()
        st.caption(
            f"The table has the mean of {len(runs)} runs ({choice.measure.label} {mean}); the command, the figures and "
            "the card here are of the one run that is picked, so that they differ from it."
        )
    st.markdown("The command that made the row:")
    st.code(str(run["command"]), language="bash", wrap_lines=True)
    if needed := leaderboard.needs(run):
        st.caption(needed)
    left, right = st.columns(2, gap="medium")
    with left:
        show.facts(row_facts(run, choice))
    with right:
        known = {str(entry["id"]): entry for entry in cache.models()}
        found = known.get(str(run["model"]))
        if found is None:
            fitted = leaderboard.is_reference(run["architecture"])
            kind = "A reference is fitted anew each time" if fitted else "Its weights are not shipped"
            how = "The command above scores it." if fitted else "The command above trains it anew."
            show.empty(f"{kind}: there is no card to open.", how)
        else:
            _card(found)
            if found["command"] != run["command"]:
                st.markdown("The command that trained it:")
                st.code(str(found["command"]), language="bash", wrap_lines=True)


def row_facts(run: "pd.Series", choice: Choice) -> list[tuple[str, object]]:
    """Everything a row says, labelled."""
    import pandas as pd

    rows: list[tuple[str, object]] = [("Model id", run["model"]), ("Target", schema.get(choice.target).title)]
    for measure in leaderboard.MEASURES.values():
        if measure.name in run and pd.notna(run[measure.name]):
            unit = pretty(schema.get(choice.target).unit) if measure.has_unit else ""
            low, high = run.get(f"{measure.name}_low"), run.get(f"{measure.name}_high")
            between = f"({low:.4g} to {high:.4g})" if pd.notna(low) else ""
            rows.append((measure.label, " ".join(f"{run[measure.name]:.4g} {unit} {between}".split())))
    more = [("Values scored", "n", "{:,.0f}"), ("Fold", "fold", "{:.0f}"), ("Seed", "seed", "{:.0f}")]
    more += [("Parameters", "parameters", "{:,.0f}"), ("Took", "duration_s", "{:,.1f} s")]
    more += [
        ("Speed when it was scored", "site_years_per_second", "{:,.0f} site-years s⁻¹"),
        ("SHA-256 of the data, first digits", "data_sha256", "{:.16}"),
    ]
    return rows + [(label, form.format(run[name])) for label, name, form in more if pd.notna(run.get(name))]


def downloads(choice: Choice) -> None:
    """The rows in view (every target) as CSV and as JSON."""
    rows = show.with_units(choice.rows)
    with st.container(horizontal=True):
        stem = f"leaderboard-{choice.data}-{choice.protocol}-{choice.experiment}-{choice.scored_on}"
        show.csv(rows, stem, "Rows as CSV", index=False)
        show.download(
            "Rows as JSON",
            lambda: json.dumps(leaderboard.records(rows), indent=1),
            f"{stem}.json",
            "application/json",
        )


def _card(found: dict[str, Any]) -> None:
    st.markdown(f"**{show.plain(found['title'])}**")
    split = {use: found["split"].get(use) for use in ("train", "validate", "test")}
    rows = [(f"Years to {use}", f"{min(years)}-{max(years)}") for use, years in split.items() if years]
    rows += [_setting(key, value) for key, value in found["config"].items()]
    rows += [("Warm-up", f"{found['warmup_days']} days"), ("Code version", found["code_version"])]
    show.facts(rows)
    with st.expander("The whole card", icon=":material/data_object:"):
        st.json(found, expanded=1)


def _setting(key: str, value: object) -> tuple[str, str]:
    """A setting of a network as label and text: whole numbers without a point, days [d] with their unit."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    name = key.removesuffix("_days")
    return name.capitalize().replace("_", " "), text if name == key else f"{text} days"


def _run_id(row: "pd.Series") -> str:
    return f"{row['fold']}-{row['seed']}-{row['model']}"


def _run_title(row: "pd.Series") -> str:
    import pandas as pd

    fold = f"fold {row['fold']:.0f}, " if pd.notna(row["fold"]) else ""
    return f"{fold}seed {row['seed']:.0f} ({row['model']})"


def _stem(choice: Choice) -> str:
    return f"leaderboard-{choice.target}-{choice.measure.name}"
