"""What the page "Run on a region" needs: counties picked in any way, the run, and the result as it is shown."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import streamlit as st

from agroflux.baselines import registry
from agroflux.data import summary
from agroflux.data.calendar_days import years_text
from agroflux.emissions.place import STATES
from agroflux.errors import ModelError, SelectionError
from agroflux.figures import picker
from agroflux.ui import cache, show, state

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from agroflux.data.catalog import Entry

_PAST = "agroflux.region.past"  # earlier selections, newest last
_EVENT = "agroflux.region.event"  # counties of the map's last selection event
_RESULT = "agroflux.region.result"
_MAP = "region.picker"
_STEPS_BACK = 30
#: A browser draws sixteen WebGL maps on a page; four are needed beside those of the models.
MOST_MODELS = 12


@dataclass(frozen=True)
class Ask:
    """What a run is asked for: one model or several on the same counties and years; made by :func:`question`.

    ``version`` and ``weights`` are those of the files behind ``data`` and ``models``: one that is replaced afterwards
    makes another question of the same choice.
    """

    models: tuple[str, ...]
    data: str
    sites: tuple[str, ...]
    years: tuple[int, ...]
    rate: float
    version: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A finished run: what was asked, each model's prediction (physical units), and how long each took [s].

    ``failed`` says of models that could not be run what was wrong; ``corn``: 1 where a county (row) grows corn in a
    year (column), 0 where soybean, None where the data tell no crop; ``crop``: whose years ``runs`` hold.
    """

    ask: Ask
    runs: "Mapping[str, xr.Dataset]"
    seconds: Mapping[str, float]
    failed: Mapping[str, str]
    corn: "pd.DataFrame | None" = None
    crop: str = "both"

    @property
    def data(self) -> "xr.Dataset":
        """The prediction of the first model; the only one in a run of one."""
        return next(iter(self.runs.values()))

    @property
    def site_years(self) -> int:
        """Sites times years."""
        return len(self.ask.sites) * len(self.ask.years)

    @property
    def size(self) -> str:
        """``1 site-year`` or ``594 site-years``."""
        return f"{self.site_years} site-year{'' if self.site_years == 1 else 's'}"


def question(models: Sequence[str], data: str, sites: Sequence[str], years: Sequence[int], rate: float) -> Ask:
    """What the controls ask for, of the files as they are now."""
    held = {str(card["id"]): str(card["weights_sha256"]) for card in cache.models()}
    weights = tuple(held.get(model, "") for model in models)
    return Ask(tuple(models), data, tuple(sites), tuple(years), rate, cache.version(data), weights)


def in_view(data: str) -> "list[Entry]":
    """Catalog entries of the chosen data set and of the one behind the result shown, where that is still there."""
    done = result()
    wanted = dict.fromkeys([data, *([done.ask.data] if done else [])])
    held = {entry.id: entry for entry in cache.entries()}
    return [held[name] for name in wanted if name in held]


def names(data: str) -> dict[str, str]:
    """County FIPS -> ``Story, IA``, ordered by state and name."""
    table = cache.sites(data).sort_values(["state", "name"])
    return {str(fips): f"{row['name']}, {row['state']}" for fips, row in table.iterrows()}


def pick_models(data: str) -> list[str]:
    """Control: which trained models, those of ``data`` first; empty where there is none or none chosen."""
    origins = _origins()
    options = sorted(origins, key=lambda model: origins[model] != data)
    if not options:
        show.empty(
            "No trained model is installed.",
            "Make one with `agroflux train`, or copy a model's .safetensors and .json into the models folder.",
        )
        return []
    bound = state.bind("model", default=options[:1], options=options, kind="many", most=MOST_MODELS)
    st.multiselect(
        "Models", options, placeholder="Choose a model", max_selections=MOST_MODELS,
        help="Several models run on the same counties and are shown side by side.", **bound,
    )  # fmt: skip
    chosen = [str(model) for model in state.get("model", [])]
    if not chosen:
        show.empty("No model is chosen.", "Choose one or several.")
    return chosen


def explain(chosen: Sequence[str], data: str) -> None:
    """Say once which chosen models learned from other data, and which networks have no model that learned from it."""
    origins = _origins()
    here, said = show.plain(data), []
    other = [model for model in chosen if origins.get(model) != data]
    if other:
        sources = ", ".join(sorted({origins[model] for model in other if origins.get(model)})) or "unknown data"
        said.append(
            f"{show.plain(', '.join(other))} learned from {show.plain(sources)}, not from {here} alone: "
            f"read the result as those data under the weather, soils and management of {here}."
        )
    said += [show.plain(text) for text in not_offered(chosen)]
    trained = {str(card["model"]) for card in cache.models() if origins[str(card["id"])] == data}
    missing = [name for name in registry.names() if name not in trained]
    if missing:
        which = ", ".join(missing) if trained else "any network"
        said.append(f"No model of {which} that learned from {here} is installed (`agroflux train` makes one).")
    if said:
        st.caption(" ".join(said))


def not_offered(chosen: Sequence[str]) -> list[str]:
    """Of chosen models that were adapted: what alone is offered of them or was changed, and whose the rest is."""
    from agroflux.emissions.question import unchanged, unlearned

    found = []
    for card in (card for card in cache.models() if str(card["id"]) in chosen and unlearned(card)):
        kept = [name for name, _ in card["targets"] if name not in unlearned(card)]
        kept += ["NEE"] if "CO2_FLUX" in kept else []
        origin = (card["training"].get("source_model") or {}).get("id", "a model that learned them")
        if unchanged(card):
            found.append(
                f"Beside {', '.join(kept)}, the outputs of {card['id']} are those of {origin}: its adaptation did not "
                "change them."
            )
            continue
        found.append(
            f"Of {card['id']} nothing is shown but {', '.join(kept)}: its adaptation left its other outputs alone, "
            f"which say nothing any more. Use {origin} for those."
        )
    return found


def _origins() -> dict[str, str]:
    """Model -> the data set that it learned from."""
    return {str(card["id"]): str(card["data"].get("id", "")).removesuffix("-full") for card in cache.models()}


def problems(failed: Mapping[str, str]) -> dict[str, list[str]]:
    """What went wrong -> the models that it befell, so that it is said once."""
    found: dict[str, list[str]] = {}
    for model, problem in failed.items():
        found.setdefault(problem.removeprefix(f"model {model} "), []).append(model)
    return found


def pick(known: Mapping[str, str]) -> list[str]:
    """Buttons, map and list by which counties are picked; returns those that are."""
    toolbar(known)
    with st.container():
        place = st.container()  # the map stands above the list, which says what the map must show
        chosen = pick_list(known)
        with place, show.guard("The map"):
            pick_on_map(known, chosen)
    return chosen


def toolbar(known: Mapping[str, str]) -> None:
    """Buttons that pick all counties or a state's, undo the last step, or clear."""
    # Reads what a link asks for before the buttons are drawn; the list below is tied to the same name.
    state.bind("sites", default=[], options=list(known), kind="many")
    with st.container(horizontal=True, gap="small"):
        st.button(f"All {len(known)}", on_click=choose, args=(list(known),), icon=":material/select_all:")
        for code, label in STATES.items():
            members = [fips for fips, name in known.items() if name.endswith(f", {code}")]
            if members:
                help_text = f"Add the {len(members)} counties of {label}"
                st.button(label, on_click=_add, args=(members,), icon=":material/add:", help=help_text)
        past = st.session_state.get(_PAST, [])
        st.button("Undo", on_click=undo, icon=":material/undo:", disabled=not past)
        st.button("Clear", on_click=choose, args=([],), icon=":material/close:", disabled=not state.get("sites"))


def choose(sites: Sequence[str]) -> None:
    """Pick exactly ``sites``; what was picked before can be had back by :func:`undo`."""
    remember(list(state.get("sites", []) or []))
    state.put("sites", list(sites))


def _add(sites: Sequence[str]) -> None:
    chosen = list(state.get("sites", []) or [])
    choose([*chosen, *(fips for fips in sites if fips not in chosen)])


def remember(sites: list[str]) -> None:
    """Keep a selection for :func:`undo`."""
    past = st.session_state.setdefault(_PAST, [])
    past.append(sites)
    del past[:-_STEPS_BACK]


def undo() -> None:
    """Go back to the selection before the last step."""
    past = st.session_state.get(_PAST, [])
    if past:
        state.put("sites", past.pop())


def pick_list(known: Mapping[str, str]) -> list[str]:
    """Control: the picked counties as a list that can be edited by typing; every other way ends here."""
    count = len([fips for fips in state.get("sites", []) or [] if fips in known])
    before = list(state.get("sites", []) or [])
    with st.expander(f"List of picked counties ({count})", icon=":material/checklist:"):
        st.multiselect(
            "Picked counties", list(known), format_func=known.__getitem__, placeholder="Type a county or state",
            label_visibility="collapsed",
            **state.bind("sites", default=[], options=list(known), kind="many", then=lambda: remember(before)),
        )  # fmt: skip
    return list(state.get("sites", []))


def pick_on_map(known: Mapping[str, str], chosen: Collection[str]) -> None:
    """The map: a click adds or takes out a county, a box or lasso (tools at its corner) adds all inside."""
    if _MAP not in st.session_state:  # drawn anew after another page: nothing is marked on it
        st.session_state.pop(_EVENT, None)
    counties, states = outlines()
    fig = picker.picker(known, chosen, counties=counties, states=states)
    show.figure(
        fig, "counties", key=_MAP, downloads=False, on_select=_on_map, selection_mode=("points", "box", "lasso")
    )


def outlines() -> "tuple[str | dict[str, Any], str | dict[str, Any]]":
    """County and state lines as URLs of files that the app serves, or inline where its own address is unknown."""
    here = getattr(st.context, "url", None)
    if here:
        return urljoin(here, "app/static/geo/counties.geojson"), urljoin(here, "app/static/geo/states.geojson")
    features = list(cache.county_shapes().values())
    return {"type": "FeatureCollection", "features": features}, cache.state_shapes()


def _on_map() -> None:
    event = st.session_state[_MAP]["selection"]
    now = [str(point["location"]) for point in event["points"] if "location" in point]
    before = st.session_state.get(_EVENT, [])
    st.session_state[_EVENT] = now
    chosen = list(state.get("sites", []) or [])
    after = merged(chosen, now, before, area=bool(event.get("box") or event.get("lasso")))
    if after != chosen:
        choose(after)


def merged(chosen: Sequence[str], now: Sequence[str], before: Sequence[str], *, area: bool = False) -> list[str]:
    """The selection after a map event. ``now`` and ``before``: counties of this event and of the last one.

    One county clicked is added, or taken out if it was chosen. Plotly reports a second click on the same county as
    an empty event, and a shift-click as the earlier counties and one more. All of a box or lasso are added, whatever
    the last event was: Clear or Undo may have taken those out since. ``area``: the event tells of a box or lasso.
    """
    if area or (len(now) > 1 and not _is_shift_click(chosen, now, before)):
        return [*chosen, *(fips for fips in now if fips not in chosen)]
    fresh = [fips for fips in now if fips not in before]
    if not now:
        fresh = list(before) if len(before) == 1 else []
    elif len(now) == 1:
        fresh = list(now)
    if len(fresh) == 1:
        fips = fresh[0]
        return [f for f in chosen if f != fips] if fips in chosen else [*chosen, fips]
    return list(chosen)


def _is_shift_click(chosen: Sequence[str], now: Sequence[str], before: Sequence[str]) -> bool:
    """True for one county more than in the last event, all of which is chosen; Plotly tells no box of a map."""
    return set(before) <= set(chosen) & set(now) and len(now) == len(before) + 1


def run_button(ask: Ask) -> None:
    """The button and, while it runs, the progress bar. The result is kept until the next run."""
    count = len(ask.sites)
    what = f"Run {len(ask.models)} models on" if len(ask.models) > 1 else "Run on"
    label = f"{what} {count} {'county' if count == 1 else 'counties'}, {years_text(ask.years)}" if ask.years else "Run"
    if st.button(label, type="primary", icon=":material/play_arrow:", disabled=not (count and ask.years)):
        bar = st.progress(0.0, "Loading the model")
        try:
            with show.guard("The run"):
                st.session_state[_RESULT] = run(ask, bar)
        finally:
            bar.empty()


def run(ask: Ask, bar: Any = None) -> Result:
    """Run the models in turn; ``bar`` is told the share of all that is done.

    A model among several that fails is left out and told. SelectionError and ModelError as ``run_region``, the
    latter where no model is left.
    """
    if not ask.sites:
        raise SelectionError("no county is selected: pick at least one")
    runs: dict[str, xr.Dataset] = {}
    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for position, model in enumerate(ask.models):
        try:
            start = time.perf_counter()
            runs[model] = _run_one(model, ask, position, bar)
            seconds[model] = time.perf_counter() - start
        except ModelError as error:
            failed[model] = str(error)
    if not runs:
        raise ModelError("; ".join(failed.values()))
    return Result(ask, runs, seconds, failed, _corn_years(ask))


def _corn_years(ask: Ask) -> "pd.DataFrame | None":
    found = summary.corn_years(cache.dataset(ask.data).sel(site=list(ask.sites)), ask.rate)
    return None if found is None else found.reindex(columns=list(ask.years))


def _run_one(model: str, ask: Ask, position: int, bar: Any) -> "xr.Dataset":
    from agroflux.emissions.question import silent
    from agroflux.inference.region import run_region

    of = f"Model {position + 1} of {len(ask.models)}, {model}: " if len(ask.models) > 1 else ""

    def tell(done: int, total: int) -> None:
        if bar is not None:
            bar.progress((position + done / total) / len(ask.models), f"{of}{done} of {total} counties")

    network = cache.checkpoint(model)
    found = run_region(network, cache.dataset(ask.data), ask.sites, ask.years, ask.rate, tell)
    return found.drop_vars(silent(network.card.as_dict()), errors="ignore")


def result() -> Result | None:
    """The last finished run of this session."""
    return st.session_state.get(_RESULT)
