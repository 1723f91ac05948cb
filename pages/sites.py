"""Sites and counties: the map, what lies behind a county or tower, and its seasons."""

import streamlit as st

from agroflux.ui import cache, controls, show, sites, sites_skill, state

show.title(
    "Sites and counties",
    "Farm fluxes simulated in 99 counties, and the places where they were measured. Click the map or type a name.",
)

with controls.row():
    data = controls.data_set()
    variable = controls.variable(cache.variables(data))
    rate = controls.n_rate(cache.n_rates(data))
    years = controls.years(cache.years(data))
    crop = controls.crop()

skill = sites_skill.pick_layer(data, variable)
layer = skill or sites.simulated(data, variable, years, rate, crop)
points = sites.markers(data)
names = sites.options(cache.sites(data).index, points)
chosen = controls.sites(names, label="Selected counties and sites")
show.banner(sites.in_view(chosen, data))

left, right = st.columns([1.8, 1], gap="medium")
with left, show.guard("The map"):
    hit = sites.show_map(layer, points, chosen)
    if hit:
        state.toggle("sites", hit)
        st.rerun()
with right, show.guard("The list of facts"):
    sites.show_overview(layer, names)
    sites.show_facts(chosen, names)
with show.guard("The seasonal cycle"):
    sites.show_seasons(chosen, names, variable, years, rate)

show.sources(sites.in_view(chosen, data))
