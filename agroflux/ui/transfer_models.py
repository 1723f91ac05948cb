"""Adapted models on the page "Transfer": scores on their test days, series beside scratch and source, downloads."""

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from agroflux import schema
from agroflux.evaluation import gains
from agroflux.figures import residuals, theme
from agroflux.figures import series as figures
from agroflux.ui import cache, controls, day_groups, show, state, taught, transfer, transfer_results
from agroflux.ui.transfer import NAMES, pick
from agroflux.ui.transfer_results import Result

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: Rows of the score table that are shown whole; a longer one scrolls in this height [px].
_MOST_ROWS, _TALLEST = 12, 400
_GAIN = ("Gain", "Low", "High")


def adapted() -> list[dict[str, Any]]:
    """Cards of the models that were adapted to measurements, shipped ones and the user's own."""
    return [card for card in cache.models() if card.get("training", {}).get("source_model")]


def show_models() -> None:
    """Pick an adapted model that is installed and see how it does."""
    cards = {str(card["id"]): card for card in adapted()}
    if not cards:
        show.empty("No adapted model is installed yet.", "**Adapt live** makes one; it then appears on every page.")
        return
    chosen = str(pick("Model", list(cards), "transfer-model", 520))
    with show.guard("The model"):
        made = transfer_results.job_of(cards[chosen])
        result = transfer_results.of_card(cards[chosen]) if made is None else transfer_results.of_job(made)
        show_result(result)
        show.sources(entries(result))


def entries(result: Result) -> list[Any]:
    """The data in view, for banner and sources: the measurements, and what the models learned from before."""
    # Another model may have taken the name of one that is not installed any more: its source still tells.
    known = result.model if result.weights else result.source
    return taught.beside([entry for entry in cache.entries() if entry.id == result.data], [known])


def show_result(result: Result) -> None:
    """All that is known of an adapted model; its sources (:func:`entries`) stand below all that is on the page."""
    show.banner(entries(result))
    _findings(result)
    left, right = st.columns([1, 1.4], gap="medium")
    with left:
        show.facts(result.facts)
    with right:
        _scores(result)
    blind = _blind(result)
    told = _told(result.series, blind)
    with show.guard("The series"):
        _days(result, told, blind)
    _ways_on(result, told, len(told.loc[blind, ["site", "time"]].drop_duplicates()))


def _findings(result: Result) -> None:
    rows = result.of(transfer.ALL)
    own = [row for row in rows if row["recipe"] == result.recipe and result.recipe != gains.REFERENCE]
    of_target = {row["target"]: [other for other in rows if other["target"] == row["target"]] for row in own}
    sources = {row["target"]: gains.untrained(row, of_target[row["target"]]) for row in own}
    if not any(row["recipe"] == gains.REFERENCE for row in rows):
        show.empty(
            "No model from scratch was kept beside this one, so its gain is not known here.",
            "The first view has it if it was compared; **Adapt live** trains both.",
        )
        for row in own:
            if caveat := gains.caveat(row, sources[row["target"]]):
                label = show.plain(transfer.label(row["target"]))
                st.warning(f"**{label}**: {transfer.written(caveat)}", icon=":material/fact_check:")
        return
    held = result.data in {entry.id for entry in cache.entries()}
    why: dict[str, list[str]] = {}
    for row in own:
        label, source = transfer.label(row["target"]), sources[row["target"]]
        said = f"{gains.sentence(row)}. {gains.caveat(row, source)}".strip()
        # Green says that adapting pays: not where the source is as good without it, or better.
        good = st.info if gains.source_leads(row, source) or gains.unchanged(row, source) else st.success
        box = {"gains": good, "loses": st.warning, "open": st.info}[gains.verdict(row)]
        box(f"**{show.plain(label)}**: {NAMES[result.recipe]} {transfer.written(said)}", icon=":material/fact_check:")
        known = transfer.management(result.data, row["target"], *result.tested) if held else None
        for cause in gains.causes(row, of_target[row["target"]], management=known):
            why.setdefault(cause, []).append(label)
    # A cause that holds for some of the fluxes only says for which.
    transfer.tell_causes([c if len(of) == len(own) else f"{', '.join(of)}: {c}" for c, of in why.items()])


def _scores(result: Result) -> None:
    import numpy as np
    import pandas as pd

    by = day_groups.pick_by([row.get("by", transfer.ALL) for row in result.rows], transfer.BY)
    rows = [
        {
            "Flux": transfer.label(row["target"]),
            "Days": day_groups.title(by, row["group"]),
            "Model": NAMES[row["recipe"]],
            "R²": row["r2"],
            "RMSE": row["rmse"],
            "Bias": row["bias"],
            "Gain": row["gain"],
            "Low": row["gain_low"],
            "High": row["gain_high"],
        }
        for row in result.of(by)
    ]
    numbers = ("R²", "RMSE", "Bias", *_GAIN)
    frame = (
        pd.DataFrame(rows)
        .astype(dict.fromkeys(numbers, float))
        .rename(columns={"Days": day_groups.KINDS.get(by, "Days")})
    )
    frame = frame.drop(columns="Days", errors="ignore")
    # Scratch gains nothing over itself; without it there is no gain to tell.
    frame.loc[frame["Model"] == NAMES[gains.REFERENCE], list(_GAIN)] = np.nan
    known = bool(frame["Gain"].notna().any())
    if not known:
        frame = frame.drop(columns=list(_GAIN))
    digits = {name: st.column_config.NumberColumn(format="%.3f") for name in numbers if name in frame}
    in_units = st.column_config.NumberColumn(format="%.3g")  # those of N2O are a few ten-thousandths
    digits |= {"RMSE": in_units, "Bias": in_units}
    height: Literal["content"] | int = "content" if len(frame) <= _MOST_ROWS else _TALLEST
    show.frame(frame, hide_index=True, column_config=digits, height=height)
    units = {theme.pretty(schema.get(row["target"]).unit) for row in result.rows}
    gain = "; gain: R² less that of scratch, with its 95 % interval over test site-years" if known else ""
    st.caption(f"On the test days. RMSE and bias in {', '.join(sorted(units))}{gain}.")


def _days(result: Result, frame: "pd.DataFrame", blind: "NDArray[np.bool_]") -> None:
    """The test days of one flux: measured, adapted, from scratch and source on one axis, and their differences."""
    from agroflux.evaluation import compare

    targets = list(dict.fromkeys(frame["target"]))
    years = frame["site"] + " " + frame["time"].dt.year.astype(str)
    with controls.row():
        target = str(pick("Flux", targets, "transfer-flux", 260))
        when = str(pick("Test site-year", list(dict.fromkeys(years)), "transfer-test", 180))
    variable = schema.get(target)
    names = {name: NAMES[name] for name in frame.columns if name in NAMES}
    whole = frame[frame["target"] == target].rename(columns={"measured": result.measured} | names)
    kinds = {result.measured: "measured"} | {title: name for name, title in names.items()}
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        st.markdown(f"**Day by day**, {show.plain(when)}")
        here = whole[years[whole.index] == when].set_index("time")[list(kinds)]
        fig = figures.series(here, kinds, label=transfer.label(target), unit=variable.unit)
        show.figure(fig, f"{result.model}-{target}-days", key="transfer.days")
        hidden = int(blind[(frame["target"] == target) & (years == when)].sum())
        if hidden:
            st.caption(f"No model is drawn on {hidden} days: the data set has no weather for them.")
    with right:
        st.markdown("**Differences by season**, all test site-years")
        table = whole.set_index(["site", "time"])[list(kinds)].dropna(subset=[result.measured])
        found = compare.by_month(compare.residuals(table, result.measured))
        # "Source" would be read as the source model here.
        words = {"what": "Model", "reference": result.measured.lower(), "unit": variable.unit}
        fig = residuals.residuals_by_month(found, kinds, **words)
        show.figure(fig, f"{result.model}-{target}-season", key="transfer.season")


def _blind(result: Result) -> "NDArray[np.bool_]":
    """Which rows of its series have no weather; none where the data set is not at hand."""
    import numpy as np

    from agroflux.data import coverage

    if result.data not in {entry.id for entry in cache.entries()}:
        return np.zeros(len(result.series), bool)
    return coverage.without_weather(cache.dataset(result.data), result.series)


def _told(series: "pd.DataFrame", blind: "NDArray[np.bool_]") -> "pd.DataFrame":
    """``series`` without what the models gave on ``blind`` days."""
    told = series.copy()
    told.loc[blind, [name for name in series.columns if name in NAMES]] = float("nan")
    return told


def _ways_on(result: Result, series: "pd.DataFrame", hidden: int) -> None:
    """Downloads and the ways to other pages; on ``hidden`` site-days ``series`` has no value of a model."""
    import pandas as pd

    with st.container(horizontal=True):
        held = result.measured.lower().replace(" ", "_")
        synthetic = "yes" if result.synthetic or any(entry.synthetic for entry in entries(result)) else "no"
        days = show.with_units(series.rename(columns={"measured": held})).assign(synthetic=synthetic)
        show.csv(days, f"{result.stem}-days", "Days as CSV", index=False)
        scores = show.with_units(pd.DataFrame(result.rows)).assign(synthetic=synthetic)
        show.csv(scores, f"{result.stem}-scores", "Scores as CSV", index=False)
        if result.weights:
            show.download(
                "Model as ZIP",
                lambda: transfer_results.packed(result.model, result.weights),
                f"{result.model}.zip",
                "application/zip",
            )
            if st.button("Run it on a region", icon=":material/grid_on:", key="transfer.region"):
                state.put("model", [result.model])
                st.switch_page("pages/region.py")
            if st.button("Compare day by day", icon=":material/stacked_line_chart:", key="transfer.compare"):
                state.put("sites", result.tested[:1])
                state.put("compare-where", result.data)
                state.put(
                    "compare-sources", [result.data, *(f"model:{name}" for name in (result.model, result.source))]
                )
                st.switch_page("pages/compare.py")
    if hidden:
        st.caption(f"Days as CSV has no value of a model on {hidden:,} days: the data set has no weather for them.")
    if not result.weights and result.model in {card["id"] for card in cache.models()}:
        show.empty(
            "Another model has taken the name of this one, which cannot be downloaded or used any more.",
            "**Adapted models** shows the one that has the name now.",
        )
    elif not result.weights:
        show.empty("The adapted model was removed: it cannot be downloaded or used any more.")
    with st.expander("The command that makes it again", icon=":material/terminal:"):
        st.code(result.command, language="bash", wrap_lines=True)
