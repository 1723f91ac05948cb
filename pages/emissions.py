"""Regional emissions: how much N2O and CO2, how sure, what drives it, and what less nitrogen would change."""

import streamlit as st

from agroflux.ui import cache, controls, emissions, emissions_answer, show, taught
from agroflux.ui import emissions_downloads as downloads
from agroflux.ui import emissions_panels as panels
from agroflux.ui import emissions_policy as policy

show.title(
    "Regional emissions",
    "N₂O and net CO₂ of corn and soybean fields, per year of the chosen period: flux per hectare times harvested area.",
)


def page() -> None:
    """Controls and the answer."""
    if not cache.entries("simulation"):
        show.empty("No simulated counties are installed.", "Restore assets/data, or make them with agroflux simulate.")
        return

    choice = emissions.choose()
    entries = taught.beside([cache.entry(choice.data)], [choice.source] if choice.is_model else [])
    show.banner(entries)

    with show.guard("The totals"):
        answer = emissions_answer.answer(choice)
        policy.headline(answer)
        panels.figures(answer)
        with show.guard("The sources of uncertainty"):
            policy.drivers(answer, choice)
        st.subheader("Where", anchor=False)
        quantity = emissions.quantity(answer.totals.by("county"))
        left, right = controls.halves()
        with left, show.guard("The map"):
            panels.county_map(answer.totals, quantity)
        with right, show.guard("The ranking"):
            panels.ranked(answer, quantity)
        with show.guard("Years and months"):
            policy.years(answer)
        with show.guard("The nitrogen lever"):
            policy.lever(answer, choice)
        st.subheader("Beside IPCC Tier 1", anchor=False)
        with show.guard("The comparison with Tier 1"):
            panels.tier1_panel(answer, choice)
        st.subheader("Counties and states", anchor=False)
        with show.guard("The table"):
            panels.tables(answer, choice)
        policy.limits(answer)
        with show.guard("The downloads"):
            downloads.everything(answer, choice)

    show.sources(entries)


page()
