"""Simulated against observed: sources over the same days at the same places, and how well they agree."""

import streamlit as st

from agroflux.ui import compare, compare_panels, compare_remarks, compare_sources, compare_view, controls, show

show.title(
    "Simulated against observed",
    "Simulators, trained baselines and measurements over the same days: where they agree, and by how much.",
)


def page() -> None:
    """Controls and the comparison."""
    places = compare.places()
    if not places:
        show.empty("No data set can be opened.", "Run `agroflux data list` to see why.")
        return
    compare.follow_sites(places)
    where = compare.pick_place(places)
    names = compare.site_names(where)
    if not compare.variables(where):
        show.empty("This data set holds no flux, yield or soil state to compare.", "Pick another place.")
        return
    sites = controls.sites(names, label="Sites", default=list(names)[:1])
    with controls.row():
        variable = controls.variable(compare.variables(where), default=compare.first_variable(where))
        years = controls.years(compare.years(where, variable, sites)) if sites else []
        rate = compare.pick_rate(where)
    known = compare_sources.sources(where, variable)
    with controls.row():
        chosen = compare.pick_sources(where, known)
        reference = compare.pick_reference(known, chosen)
        step = compare.pick_step(variable)
    told = compare.assumptions(where, chosen)
    ask = compare_sources.Ask(where, tuple(sites), variable, tuple(years), tuple(chosen), rate, told)
    show.banner(compare_sources.entries(ask))

    if not sites or not years or not chosen:
        show.empty("Nothing to compare yet.", "Pick at least one site, a variable it has, and one source.")
        return

    with show.guard("The comparison"):
        view = compare_view.view(ask)
        compare_panels.tell([*view.notes, *compare_remarks.remarks(ask)])
        measured_only = compare.pick_measured_only(view)
        shown = compare_panels.prepare(view, ask, step, known[reference], measured_only=measured_only)
        compare_panels.overlay(shown)
        compare_panels.downloads(shown)
        compare_panels.explain(shown)
        if shown.compared and len(shown.steps):
            compare_panels.score_table(shown)
            left, right = st.columns(2, gap="medium")
            with left:
                compare_panels.against(shown)
            with right:
                compare_panels.season(shown)
            left, right = st.columns(2, gap="medium")
            with left:
                compare_panels.differences(shown)
            with right:
                compare_panels.running_total(shown)

    show.sources(compare_sources.entries(ask))


page()
