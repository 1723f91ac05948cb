"""Run on a region: a trained model on the counties a user picks, shown as map, series and table."""

import streamlit as st

from agroflux.ui import cache, controls, region, region_panels, show, taught

show.title(
    "Run on a region",
    "Trained models predict every flux in the counties you pick. Click the map, draw a box, take a state, or all.",
)


def page() -> None:
    """Controls, the run and its result."""
    above = st.container()
    with controls.row():
        data = controls.data_set("Weather, soils and management of")
        rate = controls.n_rate(cache.n_rates(data))
        years = controls.years(cache.years(data))
    told = st.container()  # the banner, which depends on the run further down
    with above:
        models = region.pick_models(data)
    if not models:
        return
    region.explain(models, data)

    names = region.names(data)
    chosen = region.pick(names)

    ask = region.question(models, data, chosen, years, rate)
    if not chosen:
        show.empty("No county is picked yet.", "Click the map, or press a state or All above it.")
    region.run_button(ask)
    done = region.result()
    if done is None and chosen:
        show.empty("No run to show yet.", "Press Run: a link keeps what is chosen, and the models run anew from it.")
    if done is not None and done.ask != ask:
        show.empty(
            "The result below belongs to an earlier choice, or to a data set or model whose file has changed since.",
            "Run again to bring it up to date.",
        )
    with show.guard("The result"):
        region_panels.show_result()
    shown = done.ask.models if done is not None else ()
    entries = taught.beside(region.in_view(data), [*models, *shown])
    with told:
        show.banner(entries)
    show.sources(entries)


page()
