"""The pickers that pages share. Each shows one widget bound to the shared state and returns what holds now.

Put several into ``controls.row()``: they stand side by side and wrap on a narrow screen.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from agroflux import schema
from agroflux.errors import DataError
from agroflux.figures.theme import pretty
from agroflux.ui import cache, show, state

AGGREGATIONS = ("daily", "weekly", "monthly", "annual")
#: What a link calls the part of the map that is shown.
EXTENT = "map-extent"
CROPS = {"both": "Both crops", "corn": "Corn years", "soybean": "Soybean years"}


def row() -> Any:
    """A row for pickers that wraps on a narrow screen: ``with controls.row(): ...``."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="small")


def data_set(
    label: str = "Simulator",
    *,
    kind: str | None = "simulation",
    name: str = "data",
    default: str = "",
    width: int = 260,
) -> str:
    """Pick a data set of ``kind`` (simulation, observation, or None for all); returns its catalog id.

    Raises DataError where none can be opened.
    """
    known = show.titles(cache.entries(kind))
    options = list(known)
    if not options:
        raise DataError(f"no {kind or 'data set'} can be opened: restore assets/data, or see `agroflux data list`")
    st.selectbox(
        label,
        options,
        format_func=known.__getitem__,
        width=width,
        **state.bind(name, default=default or (options[0] if options else ""), options=options),
    )
    return str(state.get(name, ""))


def variable(options: Sequence[str], *, default: str = "GPP", name: str = "var", width: int = 340) -> str:
    """Pick one of the variables, grouped by module (Carbon, Nitrogen, Water, ...); returns its name."""
    ordered = by_module(options)
    st.selectbox(
        "Variable",
        ordered,
        format_func=variable_label,
        width=width,
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


def years(options: Sequence[int], *, name: str = "years", label: str = "Years", width: int = 220) -> list[int]:
    """Pick a span of years from consecutive ``options``; returns every year in it."""
    known = sorted(int(y) for y in options)
    if not known:
        return []
    if len(known) == 1:
        st.caption(f"{label}: {known[0]}")
        return known
    st.select_slider(
        label, known, width=width, **state.bind(name, default=(known[0], known[-1]), options=known, kind="span")
    )
    first, last = state.get(name)
    return [y for y in known if first <= y <= last]


def n_rate(options: Sequence[float], *, default: float = 168.0, name: str = "rate", width: int = 165) -> float:
    """Pick the nitrogen rate to corn [kg N ha-1]."""
    known = sorted(float(v) for v in options)
    st.selectbox(
        "Nitrogen to corn",
        known,
        format_func=lambda v: f"{v:g} kg N ha⁻¹",
        width=width,
        **state.bind(name, default=default, options=known),
    )
    return float(state.get(name, default))


def aggregation(options: Sequence[str] = AGGREGATIONS, *, default: str = "daily", name: str = "agg") -> str:
    """Pick the time step: daily, weekly, monthly or annual."""
    return _segments("Time step", list(options), default, name, str.capitalize)


def crop(*, name: str = "crop") -> str:
    """Pick both crops, corn years or soybean years (each county alternates)."""
    st.selectbox(
        "Crop",
        list(CROPS),
        format_func=CROPS.__getitem__,
        width=160,
        **state.bind(name, default="both", options=list(CROPS)),
    )
    return str(state.get(name, "both"))


def sites(
    options: dict[str, str], *, name: str = "sites", label: str = "Selected", default: Sequence[str] = ()
) -> list[str]:
    """Pick any number of sites; ``options`` maps id (FIPS or tower) to what is shown. Equals clicking the map."""
    ordered = list(options)
    st.multiselect(
        label,
        ordered,
        format_func=lambda i: options[i],
        placeholder="Type a county, state or tower",
        **state.bind(name, default=list(default), options=ordered, kind="many"),
    )
    return list(state.get(name, []))


def _segments(label: str, options: list[str], default: str, name: str, shown: Callable[[str], str]) -> str:
    st.segmented_control(
        label, options, format_func=shown, required=True, **state.bind(name, default=default, options=options)
    )
    return str(state.get(name, default))
