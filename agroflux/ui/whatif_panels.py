"""The results of the page "What if": means and differences, series, bars, map, trade-off, emulator, downloads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.figures import choropleth, colours, series, tradeoff
from agroflux.simulation import effects, whatif
from agroflux.simulation.effects import MEASURES
from agroflux.simulation.runs import KEPT, Job
from agroflux.simulation.scenario import SoilModel
from agroflux.simulation.whatif import USUAL
from agroflux.ui import controls, show, state, whatif_emulator, whatif_files, whatif_told
from agroflux.ui import whatif as page
from agroflux.ui.region import outlines
from agroflux.ui.whatif import Ask

if TYPE_CHECKING:
    import pandas as pd

#: Counties that are named above the trade-off curve; of the others their number is told.
_NAMED = 5
#: Different reasons of failed runs that are told.
_REASONS = 2
_STEPS = {"daily": "D", "weekly": "W-MON", "monthly": "MS"}


def banner() -> None:
    """Says what the numbers are."""
    st.info(
        "**Simulated, not measured.** The DSSAT process model runs here, for each county one field of its mean soil "
        "with the region's usual practice, beside the same field with your changes.",
        icon=":material/science:",
    )


def failures(made: Job, names: Mapping[str, str]) -> None:
    """One message on runs that failed, where, why and what to do, one on a job that was cancelled."""
    if made.failed:
        where = _listed(list(dict.fromkeys(case.fips for case in made.failed)), names)
        why = "; ".join(list(dict.fromkeys(made.failed.values()))[:_REASONS])
        st.error(
            f"{len(made.failed)} of {len(made.cases)} runs failed, in {show.plain(where)}: {show.plain(why)}. "
            "These counties are left out below. Press the button again to repeat what failed; the rest is kept.",
            icon=":material/error:",
        )
    if made.cancelled:
        show.empty("The simulation was cancelled.", "Counties that were done are shown; the others can be run again.")


def results(ask: Ask, made: Job, names: dict[str, str]) -> None:
    """Everything that the finished counties of a job show."""
    counties = page.finished(ask, made, ask.cases)
    if not counties:
        return
    runs = [made.runs[case] for case in ask.cases if case.fips in counties]
    table = effects.yearly(runs)
    table["label"] = table["label"].map(ask.names)
    many = len(counties) > 1
    st.subheader(f"{len(counties)} {'counties' if many else 'county'}, {page.span(*ask.years)}", anchor=False)
    whatif_told.legend(ask, table)
    shown = _summary(table)
    show.frame(shown, hide_index=True, column_config=_formats(shown))
    key = _measure()
    left, right = controls.halves()
    with left, show.guard("The bars by year"):
        _bars(ask, table, key)
    with right, show.guard("The map of differences"):
        _map(ask, table, key, names)
    with show.guard("The series"):
        _series(ask, made, counties)
    with st.container(horizontal=True):
        filed = whatif_files.yearly(ask, table)
        show.csv(filed, whatif_files.stem(ask, "yearly"), "Years and counties as CSV", index=False)
        changes = {ask.names[change.label()]: change for _, change in ask.changes}
        show.download("Scenarios as YAML", whatif.to_yaml(changes), "whatif-scenarios.yaml", "application/yaml")


def _summary(table: "pd.DataFrame") -> "pd.DataFrame":
    """One row a quantity: baseline, and for each scenario its value and its difference."""
    import pandas as pd

    means = effects.means(table)
    rows = []
    for key, measure in MEASURES.items():
        row: dict[str, object] = {"Quantity": show.with_unit(measure.label, measure.unit)}
        for name, value in means[key].items():
            row[str(name)] = value
            if name != "Baseline":
                row[f"{name}, difference"] = value - means.loc["Baseline", key]
        rows.append(row)
    return pd.DataFrame(rows)


def _formats(frame: "pd.DataFrame") -> dict[str, Any]:
    signed = {c: "%+.3g" if c.endswith("difference") else "%.4g" for c in frame.columns[1:]}
    return {c: st.column_config.NumberColumn(format=form) for c, form in signed.items()}


def _measure() -> str:
    options = list(MEASURES)
    st.selectbox(
        "Bars and map of",
        options,
        format_func=lambda k: show.with_unit(MEASURES[k].label, MEASURES[k].unit),
        width=360,
        **state.bind("whatif-show", default="n2o", options=options),
    )
    return str(state.get("whatif-show", "n2o"))


def _bars(ask: Ask, table: "pd.DataFrame", key: str) -> None:
    import pandas as pd

    measure = MEASURES[key]
    frame = table.pivot_table(index="year", columns="label", values=key, sort=False).sort_index().dropna(how="all")
    frame.index = pd.DatetimeIndex([f"{year}-01-01" for year in frame.index], name="time")
    fig = series.bars(frame, _kinds(table), label=show.written(measure.label), unit=measure.unit, height=400)
    show.figure(fig, whatif_files.stem(ask, f"{key}-years"), key="whatif.bars")


def _kinds(table: "pd.DataFrame") -> dict[str, str]:
    return {str(name): f"whatif-{name}" for name in dict.fromkeys(table["label"])}


def _map(ask: Ask, table: "pd.DataFrame", key: str, names: dict[str, str]) -> None:
    measure = MEASURES[key]
    scenarios = [name for name in dict.fromkeys(table["label"]) if name != "Baseline"]
    st.segmented_control(
        "Difference from the baseline",
        scenarios,
        required=True,
        **state.bind("whatif-map", default=scenarios[0], options=scenarios),
    )
    values = effects.differences(table, "Baseline", str(state.get("whatif-map", scenarios[0])))[key]
    counties, states = outlines()
    reach = float(values.abs().max())
    reach = reach if reach > 0 else 1.0  # no change at all, or a crop that grew in no year
    fig = choropleth.county_figure(
        values.dropna(),
        names,
        variable=colours.DIFFERENCE,
        label=f"Difference in {_lower(show.written(measure.label))}",
        unit=measure.unit,
        counties=counties,
        states=states,
        limits=(-reach, reach),
        height=400,
    )
    show.figure(fig, whatif_files.stem(ask, f"{key}-map"), key="whatif.map")


def _lower(text: str) -> str:
    return text if text[1:2].isupper() or not text[1:2].isalpha() else text[0].lower() + text[1:]


def _series(ask: Ask, made: Job, counties: list[str]) -> None:
    import pandas as pd

    with controls.row():
        variable = schema.get(controls.variable([name for name in KEPT if name != "CROP"], default="N2O_FLUX"))
        step = controls.aggregation(tuple(_STEPS), default="monthly")
    columns: dict[str, pd.Series] = {}
    for label, name in ask.names.items():
        parts = [
            made.runs[c].daily[variable.name] for c in ask.cases if c.fips in counties and c.change.label() == label
        ]
        columns[name] = _stepped(pd.concat(parts, axis=1).mean(axis=1), step)
    frame = pd.DataFrame(columns)
    kinds = {name: f"whatif-{name}" for name in columns}
    fig = series.series(frame, kinds, label=variable.title, unit=variable.unit, height=400)
    show.figure(fig, whatif_files.stem(ask, f"{variable.name}-{step}"), key="whatif.series")


def _stepped(daily: "pd.Series", step: str) -> "pd.Series":
    """Means of days, of weeks from Monday or of months, each at its first day as on the other pages."""
    return daily.resample(_STEPS[step], closed="left", label="left").mean()


def trade_off(ask: Ask, made: Job, names: dict[str, str]) -> None:
    """Yield against N2O over nitrogen rates for the finished counties, which it names."""
    counties = page.finished(ask, made, ask.rates)
    if not counties:
        return
    cases = [case for case in ask.rates if case.fips in counties]
    found = effects.trade_off(
        {rate: [made.runs[c] for c in cases if whatif.usual_rate(c.change) == rate] for rate in page.RATES}
    )
    best, enough, name = found.optimum, found.enough, whatif_files.stem(ask, "trade-off")
    st.markdown(f"**{show.plain(_whereabouts(ask, counties, names))}**")
    left, right = st.columns(2, gap="medium")  # one below the other on a phone
    with left:
        fig = tradeoff.yield_and_n2o(found.curve, optimum=best, enough=enough)
        show.figure(fig, name, key="whatif.tradeoff")
    with right:
        fig = tradeoff.n2o_per_grain(found.curve, optimum=best, enough=enough)
        show.figure(fig, whatif_files.stem(ask, "per-grain"), key="whatif.pergrain")
    st.caption(
        f"Of the rates that were run, {found.optimum:g} kg N ha⁻¹ gives the least N₂O for each tonne of grain (corn "
        f"and soybean together), and {found.enough:g} kg N ha⁻¹ is the lowest with 95 % of the highest corn yield. "
        "Where the unfertilised soil feeds the crop well, the first can be no nitrogen at all, at a cost in yield."
    )
    whatif_told.lean(effects.yearly(made.runs[case] for case in cases))
    show.csv(whatif_files.curve(ask, counties, found.curve), name, "Curve as CSV", index=False)


def _whereabouts(ask: Ask, counties: list[str], names: dict[str, str]) -> str:
    """What a curve was run for: ``Adams, IA; Boone, IA and 3 more, 2009-2018, CENTURY``."""
    return f"{_listed(counties, names)}, {page.span(*ask.years)}, {page.SOILS[ask.soil_model]}"


def _listed(counties: Sequence[str], names: Mapping[str, str]) -> str:
    shown = "; ".join(names.get(fips, fips) for fips in counties[:_NAMED])
    return shown + (f" and {len(counties) - _NAMED} more" if len(counties) > _NAMED else "")


def emulated(model: str, ask: Ask, job: tuple[Ask, Job] | None) -> None:
    """The emulator's answer, at once; beside it the simulated one and the emulator's error, where they are there."""
    known = [(number, change) for number, change in ask.changes if change.emulated]
    blind = [number for number, change in ask.changes if not change.emulated]
    if blind:
        names = ", ".join(f"Scenario {number}" for number in blind)
        st.caption(
            f"{names}: not emulated. Emulators answer here for other nitrogen rates and other recorded weather, "
            "for no other lever."
        )
    asked = replace(ask, changes=tuple(known))
    frame = _beside(model, asked, job if whatif_emulator.learned_from(model) == ask.soil_model else None)
    show.frame(frame, height="content", hide_index=True, column_config=_error_formats(frame))
    whatif_told.lean(whatif_emulator.yearly(model, asked.cases))
    filed = whatif_files.emulated(asked, model, frame)
    show.csv(filed, whatif_files.emulated_stem(asked, model), "Table as CSV", index=False)
    if apart := _apart(whatif_emulator.soil_models(model), ask.soil_model):
        st.caption(f"{apart}: its answer stands alone, as its difference from a run would not be its error.")
    elif "Emulator error" not in frame:
        st.caption("Run the simulation to see the simulated answer and the emulator's error beside it.")


def _apart(learned: Sequence[str], soil: SoilModel) -> str:
    """Why an emulator that ``learned`` from these is not held against runs of ``soil``; empty where it is."""
    if not learned:
        return "It is not known from which soil model this emulator learned"
    if len(learned) > 1:
        return "This emulator learned from both soil models and answers between them where they disagree"
    return "" if soil in learned else f"This emulator did not learn from the {page.SOILS[soil]} soil model"


def _beside(model: str, ask: Ask, job: tuple[Ask, Job] | None) -> "pd.DataFrame":
    """One row a scenario and quantity: emulated, its change, simulated, and the error of the emulated."""
    import pandas as pd

    guess = effects.means(whatif_emulator.yearly(model, ask.cases))
    made = job[1].runs if job is not None else {}
    whole = bool(ask.cases) and all(case in made for case in ask.cases)
    truth = effects.means(effects.yearly(made[case] for case in ask.cases)) if whole else None
    rows = []
    for label, name in ask.names.items():
        for key, measure in MEASURES.items():
            row: dict[str, object] = {
                "Scenario": name,
                "Quantity": show.with_unit(measure.label, measure.unit),
                "Emulated": guess.loc[label, key],
            }
            if len(ask.names) > 1:
                same = label == USUAL.label()
                row["Emulated difference"] = None if same else guess.loc[label, key] - guess.loc[USUAL.label(), key]
            if truth is not None:
                row |= {
                    "Simulated": truth.loc[label, key],
                    "Emulator error": guess.loc[label, key] - truth.loc[label, key],
                }
            rows.append(row)
    return pd.DataFrame(rows)


def _error_formats(frame: "pd.DataFrame") -> dict[str, Any]:
    forms = {"Emulated": "%.4g", "Emulated difference": "%+.3g", "Simulated": "%.4g", "Emulator error": "%+.3g"}
    return {c: st.column_config.NumberColumn(format=forms[c]) for c in frame.columns if c in forms}


def from_file() -> None:
    """Take scenarios from a YAML file; one with mistakes is named and changes nothing."""
    with st.expander("Scenarios from a file", icon=":material/upload_file:"):
        sent = st.file_uploader("YAML, as the download below gives it", type=["yaml", "yml", "json"], max_upload_size=1)
        if sent is None:
            return
        with show.guard("The file"):
            changes = whatif.from_yaml(sent.getvalue().decode("utf-8", "replace"), str(sent.name))
            if len(changes) > len(page.SCENARIOS):
                st.caption(f"The file holds {len(changes)} scenarios: the first {len(page.SCENARIOS)} are used.")
            st.button("Use its scenarios", on_click=page.set_changes, args=(changes,), icon=":material/check:")
