"""Regional emissions: county and state totals of N2O and net CO2, beside IPCC Tier 1."""

import streamlit as st

from agroflux.ui import cache, emissions, show
from agroflux.ui import emissions_panels as panels

show.title(
    "Regional emissions",
    "N₂O and net CO₂ of corn and soybean fields, per year of the chosen period: flux per hectare times harvested area.",
)

if not cache.entries("simulation"):
    show.empty("No simulated counties are installed.", "Restore assets/data, or make them with agroflux simulate.")
    st.stop()

choice = emissions.choose()
entries = [cache.entry(choice.data)]
show.banner(entries)

with show.guard("The totals"):
    made = emissions.totals(choice)
    panels.headline(made)
    panels.uncertainty(choice, made)
    quantity = emissions.quantity(made.by("county"))
    left, right = st.columns([1.3, 1], gap="medium")
    with left, show.guard("The map"):
        panels.county_map(made, quantity)
    with right, show.guard("The ranking"):
        panels.ranked(made, quantity)
    st.subheader("Counties and states", anchor=False)
    with show.guard("The table"):
        panels.tables(made, choice)
    st.subheader("Beside IPCC Tier 1", anchor=False)
    with show.guard("The comparison with Tier 1"):
        panels.tier1_panel(choice)

show.sources(entries)
