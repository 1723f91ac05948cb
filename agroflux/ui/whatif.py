"""What the page "What if" asks: counties and years, up to three changes, runs in the background, their URL state."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from agroflux.errors import SelectionError
from agroflux.figures.theme import pretty
from agroflux.simulation import runs
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.levers import LEVERS, USUAL_RATE, Choice
from agroflux.simulation.runs import Case, Job
from agroflux.simulation.scenario import SoilModel
from agroflux.simulation.whatif import USUAL, Change
from agroflux.ui import cache, show, state
from agroflux.ui.whatif_emulator import learned_from

SCENARIOS = (1, 2, 3)
YEARS = range(2000, 2019)
#: Nitrogen rates of the trade-off curve [kg N ha-1].
RATES = (0.0, 56.0, 112.0, USUAL_RATE, 224.0, 280.0)
#: Soil-carbon models of the engine, and what a picker calls them.
SOILS: dict[SoilModel, str] = {"century": "CENTURY", "ceres": "CERES (Godwin)"}
#: Seconds of a run on one core, for the estimate beside the button.
RUN_S = 2.2
_GROUPS = {
    "Nitrogen": ("n_rate", "n_timing", "n_kind", "n_placement", "n_depth"),
    "Crop": ("planting", "maturity", "irrigation"),
    "Field": ("tillage", "residue", "cover", "drainage"),
    "Weather": ("year", "warmer", "rain", "co2"),
}
_JOBS = "agroflux.whatif.jobs"
_USUAL = "usual"  # in a link: a scenario that is left as usual


@dataclass(frozen=True)
class Ask:
    """One question: counties (FIPS), first and last year, the changes by scenario number, the soil model."""

    sites: tuple[str, ...]
    years: tuple[int, int]
    changes: tuple[tuple[int, Change], ...]
    soil_model: SoilModel = "century"

    @property
    def cases(self) -> tuple[Case, ...]:
        """Baseline and scenarios, county by county, so that the first county is done first."""
        changes = (USUAL, *(change for _, change in self.changes))
        return self._cases(changes)

    @property
    def rates(self) -> tuple[Case, ...]:
        """The runs of the trade-off curve."""
        return self._cases([Change(n_rate=rate) for rate in RATES])

    def _cases(self, changes: Sequence[Change]) -> tuple[Case, ...]:
        changes = tuple(dict.fromkeys(changes))  # two scenarios may ask for the same
        return tuple(Case(fips, self.years, change, self.soil_model) for fips in self.sites for change in changes)

    @property
    def names(self) -> dict[str, str]:
        """Label of a change -> its name in legends; scenarios that ask for the same have the first one's name."""
        found = {USUAL.label(): "Baseline"}
        for number, change in self.changes:
            found.setdefault(change.label(), f"Scenario {number}")
        return found


def refused(ask: Ask) -> str:
    """Why the runs that ``ask`` needs cannot be, in words; empty where they can."""
    try:
        _ = ask.cases
    except SelectionError as error:
        return f"{error}."
    return ""


def said(change: Change) -> str:
    """A change in words, with units and signs as people write them."""
    return show.written(change.label()).replace("rain x ", "rain \u00d7 ").replace("degC", "°C")


def names() -> dict[str, str]:
    """FIPS -> ``Story, IA`` of the counties that can be simulated, ordered by state and name."""
    table = benchmark_counties().sort_values(["state", "county"])
    return {str(fips): f"{row['county']}, {row['state']}" for fips, row in table.iterrows()}


def years() -> tuple[int, int]:
    """Control: first and last year."""
    options = list(YEARS)
    bound = state.bind("years", default=(2009, 2018), options=options, kind="span")
    st.select_slider("Years", options, width=280, **bound)
    first, last = state.get("years")
    return int(first), int(last)


def span(first: int, last: int) -> str:
    """Years in words: ``2009-2018``, or the only one."""
    return str(first) if first == last else f"{first}-{last}"


def soil_model() -> SoilModel:
    """Control: the engine's model of soil carbon and of denitrification."""
    options = list(SOILS)
    st.selectbox(
        "Soil model",
        options,
        format_func=SOILS.__getitem__,
        width=180,
        help="CENTURY with DayCent's denitrification, or CERES with its own: on N₂O the two differ by a factor of two "
        "in the mean of the region, and by more in single counties and years.",
        **state.bind("soil", default=options[0], options=options),
    )
    return "ceres" if state.get("soil") == "ceres" else "century"


def scenarios() -> tuple[tuple[int, Change], ...]:
    """The three scenarios with their levers; those that differ from the usual practice."""
    found = [(number, _scenario(number)) for number in SCENARIOS]
    return tuple((number, change) for number, change in found if change != USUAL)


def _scenario(number: int) -> Change:
    name = f"whatif-{number}"
    change = _held(name, "n_rate:84" if number == 1 else _USUAL)
    title = show.plain(said(change)) if change != USUAL else "as usual, not run"
    with st.expander(f"**Scenario {number}:** {title}", expanded=number == 1, icon=":material/tune:"):
        columns = st.columns(len(_GROUPS), gap="medium")
        for column, (group, levers) in zip(columns, _GROUPS.items(), strict=True):
            with column:
                st.markdown(f"**{group}**")
                for lever in levers:
                    _lever(number, lever, change)
        st.button("As usual", on_click=state.put, args=(name, _USUAL), icon=":material/undo:", key=f"{name}.reset")
    return change


def _held(name: str, default: str) -> Change:
    """The change that holds: from a link, as chosen, or the default. A link that cannot be read is noted."""
    asked = st.query_params.get(name)
    options = [text for text in dict.fromkeys([default, _USUAL, str(state.get(name, "")), asked]) if _read(text)]
    state.bind(name, default=default, options=options)
    return _read(str(state.get(name))) or USUAL


def _read(text: str | None) -> Change | None:
    """The change of a link's text; None where it is none."""
    if not text:
        return None
    try:
        return USUAL if text == _USUAL else Change.from_text(text)
    except SelectionError:
        return None


def _lever(number: int, name: str, change: Change) -> None:
    lever, key = LEVERS[name], _key(number, name)
    value = getattr(change, name)
    st.session_state[key] = lever.usual if value is None else value
    then: dict[str, Any] = {"key": key, "on_change": _changed, "args": (number,), "help": lever.help}
    if isinstance(lever, Choice):
        gas = name == "n_placement" and change.n_kind == "ammonia"
        options = ["injected"] if gas else list(lever.options)
        st.selectbox(lever.label, options, format_func=lambda key: lever.options[key], **then)
        return
    if st.session_state[key] is not None:
        st.session_state[key] = float(st.session_state[key])
    st.number_input(
        f"{lever.label} [{pretty(lever.unit)}]",
        float(lever.low),
        float(lever.high),
        step=float(lever.step),
        format="%g",
        placeholder="usual",
        disabled=name == "n_depth" and change.n_placement == "broadcast",
        **then,
    )


def _key(number: int, name: str) -> str:
    return f"whatif.{number}.{name}"


def _changed(number: int) -> None:
    """Take over what the widgets of a scenario say; a choice that excludes another one wins over it."""
    said = {name: st.session_state.get(_key(number, name)) for group in _GROUPS.values() for name in group}
    if said["n_kind"] == "ammonia":
        said["n_placement"] = "injected"
    if said["n_placement"] == "broadcast":
        said["n_depth"] = None
    change = Change.from_mapping({name: value for name, value in said.items() if value is not None})
    state.put(f"whatif-{number}", change.to_text() or _USUAL)


def set_changes(changes: Mapping[str, Change]) -> None:
    """Take over up to three scenarios, as from a file; the others become usual."""
    texts = [change.to_text() or _USUAL for change in changes.values()]
    for number in SCENARIOS:
        state.put(f"whatif-{number}", texts[number - 1] if number <= len(texts) else _USUAL)


# -- the runs ----------------------------------------------------------------------------------------


def hindrance() -> str:
    """Why the engine cannot run on this system; empty where it can."""
    return runs.can_run()


def job(kind: str) -> tuple[Ask, Job] | None:
    """The session's last job of a ``kind`` (``scenarios`` or ``rates``) and what it was asked."""
    found: tuple[Ask, Job] | None = st.session_state.get(_JOBS, {}).get(kind)
    return found


def start(kind: str, ask: Ask) -> None:
    """Start the runs of ``ask`` in the background; one job of a kind at a time."""
    before = job(kind)
    if before is not None:
        before[1].cancel()
    cases = ask.rates if kind == "rates" else ask.cases
    with show.guard("The simulation"):
        st.session_state.setdefault(_JOBS, {})[kind] = (ask, Job(cases).start())


def cancel(kind: str) -> None:
    """End the job of a kind; the counties that are done stay."""
    found = job(kind)
    if found is not None:
        found[1].cancel()


def finished(ask: Ask, made: Job, cases: tuple[Case, ...]) -> list[str]:
    """Counties whose runs are all done."""
    done = set(made.runs)
    return [fips for fips in ask.sites if all(case in done for case in cases if case.fips == fips)]


def estimate(count: int) -> str:
    """How long ``count`` runs take here, in words."""
    seconds = RUN_S * count / (os.cpu_count() or 1)
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


def controls_of(kind: str, ask: Ask, label: str, *, can_start: bool = True) -> None:
    """The button that starts a kind of job, where it ``can_start``; while one runs its progress, and Cancel.

    A job goes on whatever is picked meanwhile: who asks for what cannot be run must still see it and can end it.
    """
    found = job(kind)
    running = found is not None and found[1].running
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if can_start:
            _start_button(kind, ask, label, running=running)
        if running:
            st.button(
                "Cancel", on_click=cancel, args=(kind,), icon=":material/stop_circle:", key=f"whatif.cancel.{kind}"
            )
    if found is not None and running:
        cases = found[0].rates if kind == "rates" else found[0].cases
        _watch(kind, bool(finished(found[0], found[1], cases)))


def _start_button(kind: str, ask: Ask, label: str, *, running: bool) -> None:
    count = len(ask.rates if kind == "rates" else ask.cases)
    st.button(
        f"{label}: {count} runs, {estimate(count)}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running or (kind == "scenarios" and not ask.changes),
        on_click=start,
        args=(kind, ask),
        key=f"whatif.start.{kind}",
    )


@st.fragment(run_every=0.5)
def _watch(kind: str, shown: bool) -> None:
    """Progress by county, twice a second; the whole page once more for the first county and when all is done."""
    found = job(kind)
    if found is None:
        return
    ask, made = found
    cases = ask.rates if kind == "rates" else ask.cases
    count = len(made.runs) + len(made.failed)
    counties = finished(ask, made, cases)
    many = "county" if len(ask.sites) == 1 else "counties"
    st.progress(
        count / len(made.cases), f"{len(counties)} of {len(ask.sites)} {many}, {count} of {len(made.cases)} runs done"
    )
    if not made.running or (counties and not shown):
        st.rerun()


def model(soil: SoilModel) -> str:
    """Control: the emulator, first one that learned from the ``soil`` model; empty where none knows all compared.

    One that was adapted to fewer targets is none: its other outputs say nothing any more.
    """
    from agroflux.emissions.question import unlearned

    needed = {"GPP", "CO2_FLUX", "N2O_FLUX", "Yield", "Delta_SOC"}
    cards = [card for card in cache.models() if needed <= {name for name, _ in card["targets"]} - {*unlearned(card)}]
    titles = {
        str(card["id"]): str(card["title"]) for card in sorted(cards, key=lambda c: learned_from(str(c["id"])) != soil)
    }
    if not titles:
        return ""
    options = list(titles)
    # A name of its own: ``model`` is a list on the page that runs models on a region.
    bound = state.bind("whatif-model", default=options[0], options=options)
    st.selectbox("Emulator", options, format_func=titles.__getitem__, width=500, **bound)
    return str(state.get("whatif-model", ""))
