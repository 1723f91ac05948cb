"""The pickers that pages share. Each shows one widget bound to the shared state and returns what holds now.

Put several into ``controls.row()``: they stand side by side and wrap on a narrow screen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.errors import DataError
from agroflux.figures.theme import pretty
from agroflux.simulation.levers import USUAL_RATE
from agroflux.ui import cache, show, state

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

AGGREGATIONS = ("daily", "weekly", "monthly", "annual")
#: How a date is written where a figure is pointed at, by time step.
DATE_FORMS = {"daily": "%d %b %Y", "weekly": "week of %d %b %Y", "monthly": "%b %Y", "annual": "%Y"}
#: What a link calls the part of the map that is shown.
EXTENT = "map-extent"
_HALF = 600  # px: half of a page
CROPS = {"both": "Both crops", "corn": "Corn years", "soybean": "Soybean years"}


def row() -> Any:
    """A row for pickers that wraps on a narrow screen: ``with controls.row(): ...``."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="small")


def halves() -> "tuple[DeltaGenerator, DeltaGenerator]":
    """Two containers side by side, or one below the other where there is no room.

    Neither gets narrower on a small screen, as columns do: a map then has the room of ``choropleth.NARROWEST`` that
    all of its counties take.
    """
    with st.container(horizontal=True, gap="medium"):
        return st.container(width=_HALF), st.container(width=_HALF)


def data_set(label: str = "Simulator") -> str:
    """Pick a simulated data set; returns its catalog id.

    Raises DataError where none can be opened.
    """
    known = show.titles(cache.entries("simulation"))
    options = list(known)
    if not options:
        raise DataError("no simulation can be opened: restore assets/data, or see `agroflux data list`")
    st.selectbox(
        label,
        options,
        format_func=known.__getitem__,
        width=260,
        **state.bind("data", default=options[0], options=options),
    )
    return str(state.get("data", ""))


def variable(options: Sequence[str], *, default: str = "GPP", name: str = "var") -> str:
    """Pick one of the variables, grouped by module (Carbon, Nitrogen, Water, ...); returns its name."""
    ordered = by_module(options)
    st.selectbox(
        "Variable",
        ordered,
        format_func=variable_label,
        width=340,
        **state.bind(name, default=default, options=ordered),
    )
    return str(state.get(name, ""))


def by_module(options: Sequence[str]) -> list[str]:
    """Variables in the order of modules that a reader of fluxes expects; unknown and QC names are left out."""
    modules = ("Carbon", "Nitrogen", "Water", "Thermal", "Weather", "Management", "Soil")
    known = [schema.VARIABLES[v] for v in options if v in schema.VARIABLES]
    return [v.name for module in modules for v in known if v.module == module]


def variable_label(name: str) -> str:
    """Module, title and unit of a variable, as a picker shows it."""
    known = schema.get(name)
    # A picker finds what is typed letter by letter: N2O would not find N₂O.
    typed = "" if known.title == known.label else f" ({name})"
    return f"{known.module} · {known.title} [{pretty(known.unit)}]{typed}"


def years(options: Sequence[int]) -> list[int]:
    """Pick a span of years from consecutive ``options``; returns every year in it."""
    known = sorted(int(y) for y in options)
    if not known:
        return []
    if len(known) == 1:
        st.caption(f"Years: {known[0]}")
        return known
    st.select_slider(
        "Years", known, width=220, **state.bind("years", default=(known[0], known[-1]), options=known, kind="span")
    )
    first, last = state.get("years")
    return [y for y in known if first <= y <= last]


def n_rate(options: Sequence[float]) -> float:
    """Pick the nitrogen rate to corn [kg N ha-1]."""
    known = sorted(float(v) for v in options)
    st.selectbox(
        "Nitrogen to corn",
        known,
        format_func=lambda v: f"{v:g} kg N ha⁻¹",
        width=165,
        **state.bind("rate", default=USUAL_RATE, options=known),
    )
    return float(state.get("rate", USUAL_RATE))


def aggregation(options: Sequence[str] = AGGREGATIONS, *, default: str = "daily") -> str:
    """Pick the time step: daily, weekly, monthly or annual."""
    bound = state.bind("agg", default=default, options=list(options))
    st.segmented_control("Time step", list(options), format_func=str.capitalize, required=True, **bound)
    return str(state.get("agg", default))


def crop() -> str:
    """Pick both crops, corn years or soybean years (each county alternates)."""
    st.selectbox(
        "Crop",
        list(CROPS),
        format_func=CROPS.__getitem__,
        width=160,
        **state.bind("crop", default="both", options=list(CROPS)),
    )
    return str(state.get("crop", "both"))


def sites(options: dict[str, str], *, label: str, default: Sequence[str] = ()) -> list[str]:
    """Pick any number of sites; ``options`` maps id (FIPS or tower) to what is shown. Equals clicking the map."""
    ordered = list(options)
    st.multiselect(
        label,
        ordered,
        format_func=lambda i: options[i],
        placeholder="Type a county, state or tower",
        **state.bind("sites", default=list(default), options=ordered, kind="many"),
    )
    return list(state.get("sites", []))
