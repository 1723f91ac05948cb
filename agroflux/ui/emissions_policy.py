"""Panels of the page "Regional emissions" for a decision: the figure in words, its drivers, years, lever and limits."""

import streamlit as st

from agroflux.emissions import notes, words
from agroflux.emissions.assess import Assessment
from agroflux.emissions.coverage import Coverage
from agroflux.emissions.totals import COLUMNS
from agroflux.figures import intervals, trend
from agroflux.ui import cache, emissions, emissions_answer, show
from agroflux.ui import emissions_downloads as downloads
from agroflux.ui.emissions import Choice


def headline(answer: Assessment) -> None:
    """The figure and its interval in words."""
    st.header(show.plain(show.written(notes.headline(answer))), anchor=False)
    st.markdown(f"{show.plain(show.written(notes.what(answer)))}.")
    if text := notes.apart(answer):
        st.info(show.plain(show.written(text)), icon=":material/info:")


def drivers(answer: Assessment, choice: Choice) -> None:
    """What each source of uncertainty does alone, and for a model whether its intervals hold."""
    st.subheader("What drives the uncertainty", anchor=False)
    st.caption(show.plain(show.written(notes.drivers(answer))))
    parts = answer.parts[answer.parts["quantity"] == answer.headline]
    value, unit = answer.interval(answer.headline)["value"], COLUMNS[answer.headline].unit
    fig = intervals.contributions(parts, value, label=show.written(notes.axis(answer)), unit=unit)
    show.figure(fig, "emissions-drivers", key="emissions.drivers")
    if choice.is_model:
        _coverage(answer, choice)
    with st.expander("The figures behind it, carbon included"):
        named = answer.parts.assign(
            quantity=answer.parts["quantity"].map(emissions.titled), label=answer.parts["label"].map(show.written)
        )
        labels = {"quantity": "Quantity", "label": "Source of uncertainty", "sd": "Standard deviation",
                  "low80": "80 % from", "high80": "80 % to", "share": "Share of variance"}  # fmt: skip
        table = named[list(labels)].rename(columns=labels)
        downloads.small(table, choice, "uncertainty")


def _coverage(answer: Assessment, choice: Choice) -> None:
    found = emissions_answer.coverage(choice)
    if not isinstance(found, Coverage):
        inside = "residual" in answer.components
        what = "Whether the interval holds is not known" if inside else "The error of this model is not in the interval"
        st.info(show.plain(show.written(f"{what}: {found}.")), icon=":material/help:")
        return
    told = found.summary()
    share, n = told["coverage"]["0.8"], told["county_years"]
    st.markdown(
        "**Does the interval hold?** The model-error part of the 80 % interval, for single years, held "
        f"{words.percent(share)} of {n} county-years the model never saw."
    )
    show.figure(intervals.reliability(found.curve()), "emissions-reliability", key="emissions.reliability")
    by_year = ", ".join(f"{year} {words.percent(value)}" for year, value in told["coverage_80_by_year"].items())
    st.caption(show.plain(f"By year: {by_year}. {told['how']}"))


def years(answer: Assessment) -> None:
    """Trend and range over years, and the course over the months."""
    st.subheader("Years and months", anchor=False)
    st.caption(show.plain(show.written(notes.trend(answer))))
    unit = COLUMNS[answer.headline].unit
    left, right = st.columns(2, gap="medium")
    with left:
        fig = trend.years(answer.years, answer.headline, label=show.written(notes.axis(answer)), unit=unit)
        show.figure(fig, "emissions-years", key="emissions.years")
        st.caption(notes.BARS)
    with right:
        fig = trend.months(answer.months, "n2o_t_co2e", label="Direct N₂O as CO₂e", unit=unit)
        show.figure(fig, "emissions-months", key="emissions.months")


def lever(answer: Assessment, choice: Choice) -> None:
    """What less or more nitrogen does to N2O and to grain."""
    st.subheader("The nitrogen lever", anchor=False)
    if len(answer.lever) < 2:
        show.empty(*_no_lever(len(cache.n_rates(choice.data))))
        return
    label, unit = show.written(notes.axis(answer)), COLUMNS[answer.headline].unit
    fig = trend.lever(answer.lever, choice.rate, answer.headline, label=label, unit=unit)
    show.figure(fig, "emissions-lever", key="emissions.lever")
    st.caption(
        ("As the simulator gives it. " if choice.is_model else "")
        + "The same fields and years at each nitrogen rate of the data. Where grain levels off and N₂O keeps rising, "
        "less nitrogen costs little yield. All counties get one rate; prices are not in it."
    )


def _no_lever(rates: int) -> tuple[str, str]:
    """Why there is no lever, where the data hold ``rates`` nitrogen rates, and the way out."""
    if rates < 2:
        return "The data hold one nitrogen rate.", "Choose a data set with several to see what less would change."
    return (
        f"The data hold {rates} nitrogen rates, but too many values are missing to compare them on the same county "
        "crops.",
        'The section "What this number is, and what it is not" tells what is missing. Choose other years, '
        "another place or another data set.",
    )


def limits(answer: Assessment) -> None:
    """What the number is and is not, in plain words."""
    st.subheader("What this number is, and what it is not", anchor=False)
    st.markdown("\n".join(f"- {show.plain(show.written(text))}" for text in notes.is_and_is_not(answer)))
