"""The view "Adapt live" of the page "Transfer": what to train on, a job in a process of its own, and how it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.data.joined import PLUS
from agroflux.errors import AgroFluxError
from agroflux.figures import gains as figures
from agroflux.ui import adapted, cache, controls, show, state, taught, transfer_models, transfer_results
from agroflux.ui.transfer import NAMES, RECIPES, label, pick
from agroflux.ui.transfer_results import Result

if TYPE_CHECKING:
    from agroflux.training.jobs import Job

JOB, MEASURED = "transfer-job", "transfer-measured"
#: What can be adapted, in the order it is offered; NEE is the models' CO2_FLUX.
TARGETS = ("NEE", "GPP", "Reco", "N2O_FLUX")
BUDGETS = {"epochs": "Epochs", "seconds": "Seconds"}
EPOCHS, SECONDS = [5, 10, 20, 40, 80, 120, 200, 400], [10, 20, 30, 60, 120, 300, 600]
_ENDLESS = 100_000  # epochs of a run that the clock ends
_NEEDS_SOURCE = ("adversarial", "pooled")
_DEFAULT_TRAIN = 4
_NEEDED = 3  # site-years: to train, to choose the epoch, to test
_FIRST = 2  # fluxes that are picked at first
_NOTE = "agroflux.transfer.note"


@dataclass(frozen=True)
class Ask:
    """What the controls say: arguments of :class:`agroflux.training.request.Request`."""

    data: str
    targets: tuple[str, ...]
    train: tuple[str, ...]
    model: str
    recipe: str
    validate: str
    test: tuple[str, ...]
    source: str
    budget: str
    amount: int


def show_live() -> None:
    """The form, the queue, and the job that is looked at."""
    known = {entry.id: entry for entry in cache.entries("observation")}
    models = [str(card["id"]) for card in cache.models()]
    if not known or not models:
        show.empty("No measurements or no model are installed.", "Bring measurements on the Data page.")
        return
    ask = _form(list(known), models)
    told = _entries(ask) if ask is not None else []
    if ask is not None:
        show.banner(told)
        st.button(
            "Adapt", type="primary", icon=":material/play_arrow:", key="transfer.start", on_click=_start, args=(ask,)
        )  # fmt: skip
    note = st.session_state.pop(_NOTE, "")
    if note:
        st.error(show.plain(note), icon=":material/error:")
    result = _jobs()
    show.sources([*told, *(transfer_models.entries(result) if result is not None else [])])


def _entries(ask: Ask) -> list[Any]:
    """The data that a training would take, for banner and sources: measured, simulated, and what the model learned."""
    named = {ask.data, *ask.source.split(PLUS)}
    return taught.beside([entry for entry in cache.entries() if entry.id in named], [ask.model])


def _form(data_sets: list[str], models: list[str]) -> Ask | None:
    """The controls; None where what they say cannot be trained and tested, which is then told."""
    data, model, recipe = _pick_what(data_sets, models)
    held = fluxes(data)
    if not held:
        show.empty(
            "This data set holds none of the fluxes that can be adapted.", "Pick one with NEE, GPP, Reco or N₂O."
        )
        return None
    st.caption(f"{NAMES[recipe]}: {RECIPES[recipe][1]}.")
    targets, source, budget, amount = _pick_how(held, recipe)
    if not targets:
        show.empty("No flux is picked.", "Pick at least one that the model shall learn.")
        return None
    keys = site_years(data, targets)
    if len(keys) < _NEEDED:
        show.empty(
            f"{len(keys)} site-years hold enough days of these fluxes; three are needed to train, choose and test.",
            "Pick other fluxes or a longer record.",
        )
        return None
    train, validate, test = _pick_site_years(keys)
    if not _testable(data, model, train, test):
        return None
    st.caption(
        f"Trains on {len(train)}, picks the best epoch by {show.plain(_spaced(validate))}, tests on {len(test)}. "
        + (
            "This recipe is what the others are compared with: nothing else is trained, and no gain is told."
            if recipe == "scratch"
            else "Beside the recipe, a model from scratch is trained on the same site-years with the same budget."
        )
    )
    return Ask(data, targets, tuple(train), model, recipe, validate, tuple(test), source, budget, amount)


def _pick_what(data_sets: list[str], models: list[str]) -> tuple[str, str, str]:
    """Measurements, source model and recipe."""
    with controls.row():
        data = str(pick("Measurements", data_sets, MEASURED, 390))
        if st.button(
            "Bring your own", icon=":material/upload_file:", key="transfer.bring",
            help="Import a tower or chamber record on the Data page; it is then offered under Measurements.",
        ):  # fmt: skip
            state.put("data-view", "bring")
            st.switch_page("pages/data.py")
        model = str(pick("Source model", models, "transfer-from", 400))
        recipes = [name for name in RECIPES if name not in ("zero-shot", "hybrid")]
        bound = state.bind("transfer-recipe", default=recipes[0], options=recipes)
        st.selectbox("Recipe", recipes, format_func=NAMES.__getitem__, width=220, **bound)
    return data, model, str(state.get("transfer-recipe"))


def _pick_how(held: list[str], recipe: str) -> tuple[tuple[str, ...], str, str, int]:
    """Fluxes among those ``held``, the simulations that a recipe may need, the kind of budget, and how much of it."""
    with _row():
        bound = state.bind("transfer-targets", default=held[:_FIRST], options=held, kind="many")
        st.multiselect("Fluxes", held, format_func=label, width=480, wrap=True, **bound)
        targets = tuple(state.get("transfer-targets", []))
        source = ""
        if recipe in _NEEDS_SOURCE:
            source = str(pick("Simulations", _simulations(), "transfer-simulated", 300))
        budget = str(_pick_budget())
        amounts = EPOCHS if budget == "epochs" else SECONDS
        amount = int(pick(BUDGETS[budget], amounts, f"transfer-{budget}", 110, 40 if budget == "epochs" else 20))
    return targets, source, budget, amount


def _testable(data: str, model: str, train: Sequence[str], test: Sequence[str]) -> bool:
    """Whether there are site-years to train on, and others to test on that the model has not seen; says what lacks."""
    if not train:
        show.empty("No site-year is picked to train on.", "Pick at least one.")
        return False
    if not test:
        show.empty(
            "No site-year is left or picked to test on.", "Pick one under **Test on**, or train on fewer site-years."
        )
        return False
    card = next(card for card in cache.models() if card["id"] == model)
    learned = set(adapted.known(card, data, sorted(set(map(_site, test))))) & set(test)
    if learned:
        seen = show.plain(", ".join(map(_spaced, sorted(learned))))
        show.empty(
            f"{show.plain(model)} learned from {seen}, which cannot test it.", "Test on others, or adapt its source."
        )
        return False
    return True


def _row() -> Any:
    """A row of pickers of which some grow with what is chosen: their labels stand on one line."""
    return st.container(horizontal=True, vertical_alignment="top", gap="small")


def _simulations() -> list[str]:
    """Every simulation, and the two that ship together: they have the same places and days."""
    from agroflux.data.catalog import BUNDLED

    found = [entry.id for entry in cache.entries("simulation")]
    both = [name for name in BUNDLED if name in found]
    return found + ([PLUS.join(both)] if len(both) > 1 else [])


def _pick_budget() -> str:
    bound = state.bind("transfer-budget", default="epochs", options=list(BUDGETS))
    st.segmented_control("Budget", list(BUDGETS), format_func=BUDGETS.__getitem__, required=True, **bound)
    return str(state.get("transfer-budget", "epochs"))


def _pick_site_years(keys: list[str]) -> tuple[list[str], str, list[str]]:
    """Controls: site-years to train on, the one that chooses the epoch, those that test; at the same sites first."""
    # One is left to choose the epoch, and two to test: one alone has no interval.
    here = [key for key in keys if _site(key) == _site(keys[0])]
    default = here[: max(1, min(_DEFAULT_TRAIN, len(here) - 3))]
    bound = state.bind("transfer-train", default=default, options=keys, kind="many")
    with _row():
        st.multiselect("Site-years to train on", keys, format_func=_spaced, width=620, wrap=True, **bound)
        train = [str(key) for key in state.get("transfer-train", [])]
        left = [key for key in keys if key not in train]
        if not left:
            return [], "", []
        sites = {_site(key) for key in train}
        near = [key for key in left if _site(key) in sites]
        validate = str(pick("Choose the epoch by", left, "transfer-validate", 180, (near or left)[-1], _spaced))
        rest = [key for key in left if key != validate]
        default = [key for key in rest if _site(key) in sites] or rest
        bound = state.bind("transfer-held", default=default, options=rest, kind="many")
        st.multiselect("Test on", rest, format_func=_spaced, width=420, wrap=True, **bound)
    return train, validate, [str(key) for key in state.get("transfer-held", [])]


def _site(key: str) -> str:
    return key.rpartition(":")[0]


def _spaced(key: str) -> str:
    site, _, year = key.rpartition(":")
    return f"{site} {year}"


def fluxes(data: str) -> list[str]:
    """Fluxes of a data set that a model can be adapted to."""
    return [name for name in TARGETS if name in cache.variables(data)]


def lacking(data: str) -> str:
    """What a data set of measurements lacks for a model to be adapted to it, in words; empty where that is nothing.

    Soil and management are not asked for: what is unknown of them is masked.
    """
    held = fluxes(data)
    if not held:
        return "a measured flux (NEE, GPP, Reco or N2O)"
    if not cache.weather_days(data)[1]:
        return "daily weather (TMAX, TMIN or PRECN)"
    count = len(site_years(data, tuple(held[:_FIRST])))
    return "" if count >= _NEEDED else f"{_NEEDED} site-years with 60 days of a flux: it has {count}"


def site_years(data: str, targets: tuple[str, ...]) -> list[str]:
    """Site-years of a data set with enough days of ``targets``, as ``US-Tw3:2014``; empty where there is none."""
    return _site_years(data, cache.version(data), targets)


@st.cache_data(show_spinner="Counting the measured days", max_entries=32)
def _site_years(data: str, version: str, targets: tuple[str, ...]) -> list[str]:
    from agroflux.errors import SelectionError
    from agroflux.training import site_years as measured

    try:
        return [measured.text(key) for key in measured.keys(cache.dataset(data), targets)]
    except SelectionError:
        return []


def _start(ask: Ask) -> None:
    from agroflux.training import jobs
    from agroflux.training.request import Request

    try:
        from agroflux.baselines.card import weights_path

        timed = ask.budget == "seconds"
        request = Request(
            data=ask.data, targets=ask.targets, train=",".join(ask.train), model=str(weights_path(ask.model)),
            recipe=ask.recipe, validate=ask.validate, test=",".join(ask.test), source=ask.source, every=1,
            epochs=_ENDLESS if timed else ask.amount, seconds=float(ask.amount) if timed else None,
        )  # fmt: skip
        state.put(JOB, jobs.submit(request).id)
    except AgroFluxError as error:
        st.session_state[_NOTE] = str(error)


# -- jobs ---------------------------------------------------------------------------------------------


def _jobs() -> Result | None:
    """The list of trainings and the one that is looked at; returns its result, if it has one."""
    from agroflux.training import jobs

    every = jobs.listed()
    if not every:
        return None
    st.subheader("Trainings", anchor=False)
    ids = [job.id for job in every]
    titles = {job.id: _title(job) for job in every}
    busy, waiting = (sum(job.state == s for job in every) for s in ("running", "waiting"))
    if busy or waiting:
        st.caption(f"{busy} at work (two at most at once), {waiting} in the queue, of everyone who uses this app.")
    st.selectbox(
        "Training", ids, format_func=lambda i: titles[i], width=680,
        **state.bind(JOB, default=ids[0], options=ids),
    )  # fmt: skip
    job = next(one for one in every if one.id == state.get(JOB, ids[0]))
    if not job.alive:
        return _ended(job)
    _watch(job.id, job.state)
    return None


def _title(job: "Job") -> str:
    place = f", number {job.place} in the queue" if job.place else ""
    recipe = NAMES.get(job.request.recipe, job.request.recipe)
    of = f" of {Path(job.request.model).stem}" if job.request.recipe != "scratch" else ""
    return f"{job.created:%d %b %H:%M:%S} UTC · {job.state}{place} · {job.request.data} · {recipe}{of}"


@st.fragment(run_every=1.0)
def _watch(job_id: str, state_told: str) -> None:
    """Where a job stands, once a second; the whole page once more when it has started or ended."""
    from agroflux.training import jobs

    try:
        job = jobs.get(job_id)
    except AgroFluxError:
        st.rerun()  # it ended and was removed since the last look
    if job.state != state_told:
        st.rerun()
    lines = jobs.progress(job_id)
    if job.state == "waiting":
        st.info(
            f"Number {job.place} in the queue. It starts by itself; you may close this page and come back by its link.",
            icon=":material/hourglass_top:",
        )
    else:
        st.progress(share(job, lines), _said(lines))
    st.button("Cancel", icon=":material/stop_circle:", key="transfer.cancel", on_click=_do, args=(jobs.cancel, job_id))
    _losses(lines, f"transfer-{job_id}-losses", live=True)


def share(job: "Job", lines: list[dict[str, Any]]) -> float:
    """How far a job is [1]: its recipe and the model from scratch count half each."""
    runs = list(dict.fromkeys(line["run"] for line in lines))
    count = 1 if job.request.recipe == "scratch" else 2
    return min(1.0, (len(runs) - 1 + float(lines[-1]["share"])) / count) if lines else 0.0


def _said(lines: list[dict[str, Any]]) -> str:
    if not lines:
        return "Opening data and model"
    last = lines[-1]
    return f"{NAMES[last['run']]}: epoch {last['epoch']}, {last['seconds']:.0f} s"


def _losses(lines: list[dict[str, Any]], name: str, *, live: bool = False) -> None:
    import pandas as pd

    if not lines:
        return
    fig = figures.losses(pd.DataFrame(lines), NAMES)
    show.figure(fig, name, key=f"{name}.{'live' if live else 'kept'}", downloads=not live)


def _ended(job: "Job") -> Result | None:
    from agroflux.training import jobs

    result = None
    if job.state == "failed":
        st.error(f"This training failed: {show.plain(job.message)}.", icon=":material/error:")
    elif job.state == "cancelled":
        st.info("This training was cancelled; nothing of it was kept.", icon=":material/cancel:")
    else:
        with show.guard("The result"):
            result = transfer_results.of_job(job)
            transfer_models.show_result(result)
    lines = jobs.progress(job.id)
    if lines:
        st.markdown("**How the training went**")
        _losses(lines, f"transfer-{job.id}-losses")
        st.caption("The weights of the epoch with the lowest validation loss are kept.")
    st.button(
        "Remove from the list", icon=":material/delete:", type="tertiary", key=f"transfer.remove.{job.id}",
        help="The adapted model stays.", on_click=_do, args=(jobs.remove, job.id),
    )  # fmt: skip
    return result


def _do(act: Callable[[str], None], job: str) -> None:
    """Cancel or remove a job, which another session may have removed meanwhile."""
    try:
        act(job)
    except AgroFluxError as error:
        st.session_state[_NOTE] = str(error)
