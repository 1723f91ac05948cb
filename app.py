"""AgroFlux Explorer: page set-up and navigation. Start it with ``agroflux app`` or ``make app``."""

import streamlit as st

from agroflux.paths import ROOT
from agroflux.ui import cache, show, state

LOGO = str(ROOT / "assets" / "logo.svg")
#: file -> (name in the menu, icon); the file's name is the page's path in the URL. One lands on the first.
#: Names are one word or two: all must fit beside each other on a small laptop, and a heading says the rest.
PAGES = {
    "sites": ("Sites", ":material/map:"),
    "compare": ("Compare", ":material/stacked_line_chart:"),
    "region": ("Region", ":material/grid_on:"),
    "leaderboard": ("Leaderboard", ":material/leaderboard:"),
    "transfer": ("Transfer", ":material/sync_alt:"),
    "whatif": ("What if", ":material/tune:"),
    "emissions": ("Emissions", ":material/co2:"),
    "data": ("Data", ":material/database:"),
}

st.set_page_config(
    page_title="AgroFlux Explorer",
    page_icon=LOGO,
    layout="wide",
    initial_sidebar_state="collapsed",
    menu_items={
        "About": "Farm greenhouse-gas fluxes on a map: simulated, measured, predicted and added up. "
        "Code: Apache-2.0; the data sets' own licences are shown beside them."
    },
)
st.logo(LOGO, size="large")
show.style()

pages = {
    name: st.Page(f"pages/{name}.py", title=title, icon=icon, url_path=name) for name, (title, icon) in PAGES.items()
}


def land() -> None:
    """Go on to the first page: Streamlit serves the default page at ``/`` only, and each page has a path here."""
    st.switch_page(pages["sites"], query_params=st.query_params.to_dict())


start = st.Page(land, title="AgroFlux Explorer", url_path="start", default=True, visibility="hidden")
page = st.navigation([start, *pages.values()], position="top")

state.start(page.title)
notes = st.container()
try:
    with show.guard("This page"):
        page.run()
finally:
    # After the page, because only then is it known which parts of the link could not be used.
    with notes:
        show.notes()
        show.unreadable(cache.unreadable())
    state.end()
