"""Pickers of the page "Simulated against observed": where, what, which sources, scored against which."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from agroflux import schema
from agroflux.evaluation.compare import AGGREGATIONS, Aggregation
from agroflux.inference.site_weather import Assumptions, Crop
from agroflux.ui import cache, compare_sources, controls, show, state
from agroflux.ui.compare_sources import COUNTIES, as_trained, data_ids, has_all_drivers, is_model
from agroflux.ui.compare_view import View

WHERE = "compare-where"
_SEEN = "agroflux.compare.sites"
_SOURCES = "compare-sources"
_SOURCES_AT = "agroflux.compare.sources-at"  # place at which the sources were last picked from
#: Short names of bundled observations; another goes by the start of its title.
_PLACES = {"towers-sample": "Towers", "chambers-synthetic": "Chambers"}
#: Days from planting to nitrogen, and the rates [kg N ha-1] offered, for a site without records of either.
N_DELAY = 15
N_RATES = (0.0, 84.0, 168.0, 252.0, 336.0)
CROPS = {"corn": "Corn", "soybean": "Soybean", "rotation": "Corn and soybean in turn"}
_INPUTS = ("Weather", "Management", "Soil")


def places() -> dict[str, str]:
    """Where to compare: the simulated counties, and every observation data set; names are Markdown."""
    found = {COUNTIES: "Counties (simulated)"} if cache.entries("simulation") else {}
    for entry in cache.entries("observation"):
        kind = "synthetic" if entry.synthetic else "measured"
        found[entry.id] = f"{_PLACES.get(entry.id) or show.plain(entry.title[:40])} ({kind})"
    return show.apart(found, show.plain)


def follow_sites(known: Mapping[str, str]) -> None:
    """Go where the sites are that were last chosen on a map or asked for by a link."""
    text = st.query_params.get("sites", "")
    asked = text.split(",") if text and WHERE not in st.query_params else list(state.get("sites", []) or [])
    if not asked or st.session_state.get(_SEEN) == asked:
        return
    st.session_state[_SEEN] = asked
    here = state.get(WHERE)
    if here in known and set(asked) & set(site_names(here)):
        return  # several data sets may hold a site: the one that was chosen stays
    for place in known:
        if set(asked) & set(site_names(place)):
            state.put(WHERE, place)
            return


def site_names(where: str) -> dict[str, str]:
    """Site id -> what a picker shows."""
    found: dict[str, str] = {}
    for data in data_ids(where):
        sites = cache.sites(data)
        for site, name, region in zip(sites.index, sites["name"], sites["state"], strict=True):
            found.setdefault(str(site), f"{name}, {region}" if where == COUNTIES else f"{site} · {name}")
    return found


def variables(where: str) -> list[str]:
    """What can be compared there: results, not weather, management or soil."""
    names = {name for data in data_ids(where) for name in cache.variables(data)}
    return [name for name, known in schema.VARIABLES.items() if name in names and known.module not in _INPUTS]


def years(where: str, variable: str, sites: Sequence[str]) -> list[int]:
    """Years in which any data set of the place holds the variable at the sites."""
    if where == COUNTIES:
        return sorted({year for data in data_ids(where) for year in cache.years(data)})
    return _observed_years(where, cache.version(where), variable, tuple(sites))


@st.cache_data(show_spinner=False, max_entries=64)
def _observed_years(data: str, version: str, variable: str, sites: tuple[str, ...]) -> list[int]:
    array = cache.dataset(data)[variable].sel(site=list(sites))
    held = array.notnull().any("site").to_numpy()
    if "year" in array.dims:
        return sorted({int(year) for year in array["year"].to_numpy()[held]})
    days = array["time"].to_numpy()[held]
    return sorted({int(year) for year in days.astype("datetime64[Y]").astype(int) + 1970})


def pick_place(known: Mapping[str, str]) -> str:
    """Control: counties, towers or chambers."""
    options = list(known)
    st.segmented_control(
        "Where", options, format_func=known.__getitem__, required=True, label_visibility="collapsed",
        **state.bind(WHERE, default=options[0] if options else "", options=options),
    )  # fmt: skip
    return str(state.get(WHERE, ""))


def first_variable(where: str) -> str:
    """The variable shown first there."""
    held = variables(where)
    return next((name for name in ("GPP", "NEE", "N2O_FLUX") if name in held), "")


def pick_rate(where: str) -> float:
    """Control: nitrogen rate of the simulations [kg N ha-1]; 0 where there is none to pick."""
    rates = cache.n_rates(data_ids(where)[0])
    return controls.n_rate(rates) if rates else 0.0


def pick_sources(where: str, known: Mapping[str, str]) -> list[str]:
    """Control: which sources to lay over one another."""
    options = list(known)
    # Of the models the first, which is the most skilful: all of them would hide what they are compared to.
    best = next(filter(is_model, options), None)
    own = [source for source in options if not is_model(source)]
    _bring_own(where, own)
    for text in not_offered(str(state.get("var", "")), _asked()):
        state.note(text)
    st.multiselect(
        "Sources", options, format_func=known.__getitem__, placeholder="Pick a source", width=700, wrap=True,
        **state.bind(
            _SOURCES, default=[*own, *([best] if best else [])], options=options, kind="many"
        ),
    )  # fmt: skip
    return list(state.get(_SOURCES, []))


def _asked() -> list[str]:
    """Sources that were chosen or that a link asks for, whether they are offered now or not."""
    return [*(state.get(_SOURCES, []) or []), *st.query_params.get(_SOURCES, "").split(",")]


def not_offered(variable: str, asked: Sequence[str]) -> list[str]:
    """Why models among the ``asked`` sources are not offered: their adaptation left the variable alone."""
    cards = [card for source in dict.fromkeys(asked) if (card := compare_sources.card_of(source)) is not None]
    found = []
    for card in cards:
        if compare_sources.predicts(card, variable) and compare_sources.left_alone(card, variable):
            origin = (card["training"].get("source_model") or {}).get("id", "a model that learned it")
            found.append(
                f"{card['id']} is not offered for {schema.get(variable).title}: its adaptation left that output alone, "
                f"which says nothing any more. Use {origin} for it."
            )
    return found


def _bring_own(where: str, own: Sequence[str]) -> None:
    """Add a place's own data sets to sources that were picked elsewhere: of those the models alone are held here."""
    came_from = st.session_state.get(_SOURCES_AT)
    st.session_state[_SOURCES_AT] = where
    chosen = list(state.get(_SOURCES, []) or [])
    if came_from not in (None, where) and chosen and not set(own) & set(chosen):
        state.put(_SOURCES, [*own, *chosen])


def pick_reference(known: Mapping[str, str], chosen: Sequence[str]) -> str:
    """Control: the source that the others are scored against; a measurement where there is one."""
    options = list(chosen) or list(known)
    st.selectbox(
        "Scored against", options, format_func=known.__getitem__, width=220,
        **state.bind("compare-reference", default=options[0] if options else "", options=options),
    )  # fmt: skip
    return str(state.get("compare-reference", ""))


def pick_step(variable: str) -> Aggregation:
    """Control: time step; an annual variable has but one."""
    if variable and schema.get(variable).per == "year":
        st.caption("One value a year")
        return "annual"
    chosen = controls.aggregation()
    return next(step for step in AGGREGATIONS if step == chosen)


def pick_measured_only(view: "View") -> bool:
    """Control: leave gap-filled days out of figures on common days and of the scores."""
    if view.qc is None:
        return False
    options = {"all": "All days", "measured": "Measured days only"}
    st.segmented_control(
        "Days that are scored", list(options), format_func=options.__getitem__, required=True,
        help="A day counts as measured when at least half of its half-hours were; the others are gap-filled.",
        **state.bind("compare-days", default="all", options=list(options)),
    )  # fmt: skip
    return bool(state.get("compare-days") == "measured")


def assumptions(where: str, chosen: Sequence[str]) -> Assumptions | None:
    """Controls for what a tower's record does not say; None where nothing needs to be told.

    Models that were adapted to such measurements are told nothing: to them it stays unknown, and a caption says so.
    """
    models = [source for source in chosen if is_model(source)]
    if where == COUNTIES or not models or has_all_drivers(where):
        return None
    own = [source for source in models if as_trained(source, where)]
    if own:
        names = compare_sources.sources(where, str(state.get("var", "")))
        st.caption(
            f"{show.plain(', '.join(names.get(source, source) for source in own))}: what the record does not tell of "
            "crop, planting, nitrogen and soil is unknown, as in its training."
        )
    if len(own) == len(models):
        return None
    with st.expander("What the baseline is told about this site", icon=":material/tune:", expanded=True):
        whom = "for the other models, " if own else ""
        st.caption(
            f"What the record does not tell is assumed {whom}day by day: crop, planting and nitrogen as chosen here, "
            f"nitrogen {N_DELAY} days after planting, and the soil as the mean of the training counties."
        )
        with controls.row():
            crop = _one("Crop it is told", list(CROPS), "compare-crop", "corn", CROPS.__getitem__)
            planted = int(_one("Planted on", list(range(60, 186, 5)), "compare-planting", 125, _day))
            rate = float(_one("Nitrogen to corn [kg N ha⁻¹]", N_RATES, "rate", 168.0, "{:g}".format))
    grown: Crop = "soybean" if crop == "soybean" else "corn"
    return Assumptions(grown, crop == "rotation", planted, planted + N_DELAY, rate)


def _day(day: int) -> str:
    """Day of a year of 365 days as a date: 125 is 5 May."""
    return f"{date(2001, 1, 1) + timedelta(days=day - 1):%-d %B}"


def _one(label: str, options: Sequence[Any], name: str, default: Any, shown: Callable[[Any], str]) -> Any:
    bound = state.bind(name, default=default, options=list(options))
    st.selectbox(label, options, width=220, format_func=shown, **bound)
    return state.get(name, default)
