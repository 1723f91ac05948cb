"""What can be laid over one another: the sources at a place, what each of them is, and what of one is in view."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from agroflux import schema
from agroflux.baselines import registry
from agroflux.data import coverage
from agroflux.data.catalog import BUNDLED
from agroflux.data.joined import PLUS
from agroflux.inference.site_weather import NEEDED_DAYS, Assumptions
from agroflux.ui import adapted, cache, show, taught

#: The place that stands for all simulations; every other place is the id of an observation data set.
COUNTIES = "counties"
#: Before the id of a model, where it stands as a source.
MODEL = "model:"
#: Short names in legends; a data set without one goes by its title.
SHORT = {"cornbelt-century": "DSSAT CENTURY", "cornbelt-ceres": "DSSAT CERES"}


@dataclass(frozen=True)
class Ask:
    """One question to the page; hashable, so that its answer can be kept."""

    where: str
    sites: tuple[str, ...]
    variable: str
    years: tuple[int, ...]
    sources: tuple[str, ...]
    rate: float = 0.0
    assumptions: Assumptions | None = None


def data_ids(where: str) -> list[str]:
    """The data sets behind a place."""
    return [entry.id for entry in cache.entries("simulation")] if where == COUNTIES else [where]


def sources(where: str, variable: str) -> dict[str, str]:
    """Source id -> legend name: data sets that hold the variable, then models that learned to predict it."""
    found = {data: short(data) for data in data_ids(where) if variable in cache.variables(data)}
    for card in cache.models():
        if predicts(card, variable) and not left_alone(card, variable):
            found[MODEL + card["id"]] = f"{registry.title(card['model'])} ({', '.join(['predicted', *_apart(card)])})"
    return show.apart(found, lambda key: key.removeprefix(MODEL))


def predicts(card: Mapping[str, Any], variable: str) -> bool:
    """Whether the model of a card has an output for the variable; NEE is its CO2_FLUX."""
    targets = {name for name, _ in card["targets"]}
    return variable in targets or (variable == "NEE" and "CO2_FLUX" in targets)


def left_alone(card: Mapping[str, Any], variable: str) -> bool:
    """Whether the adaptation of a card's model left its output for the variable alone: it says nothing any more."""
    from agroflux.emissions.question import silent

    return variable in silent(card)


def card_of(source: str) -> dict[str, Any] | None:
    """The card behind a source; None for a data set and for a model that is not installed."""
    return next((card for card in cache.models() if MODEL + str(card["id"]) == source), None)


def is_model(source: str) -> bool:
    """True for a trained model, false for a data set."""
    return source.startswith(MODEL)


def _apart(card: Mapping[str, Any]) -> list[str]:
    """What tells a model from the network's first one: other data behind it, another seed."""
    origin = str(card["data"].get("id", ""))
    parts = [SHORT.get(part, part) for part in origin.split(PLUS)]
    said = [] if origin in (BUNDLED[0], "") else [" and ".join(parts)]
    return [*said, f"seed {card['seed']}"] if card.get("seed") else said


def short(data: str) -> str:
    """What a data set is called in legends."""
    entry = cache.entry(data)
    if entry.kind == "observation":
        return "Synthetic measurement" if entry.synthetic else "Measured"
    return SHORT.get(data, entry.title)


def has_all_drivers(data: str) -> bool:
    """Whether nothing need be assumed (:func:`agroflux.data.coverage.has_all_drivers`)."""
    return _has_all_drivers(data, cache.version(data))


@st.cache_data(show_spinner=False, max_entries=48)
def _has_all_drivers(data: str, version: str) -> bool:
    return coverage.has_all_drivers(cache.dataset(data))


def as_trained(source: str, where: str) -> bool:
    """Whether a model is run at a place as in its adaptation: what the record does not tell stays unknown.

    So is a model that was adapted to the place's own data or to one of its towers, and any adapted model that learned
    without each driver that the record does not tell in full. A model of simulations alone never is.
    """
    card = card_of(source)
    if card is None or where == COUNTIES or "site_years" not in card["data"]:
        return False
    if card["data"].get("id") == where or adapted.known(card, where, list(map(str, cache.sites(where).index))):
        return True
    shares = card["training"].get("share_of_days_known", {})
    # A day without weather tells nothing else either: what is known less often than weather was learned without.
    weather = max((shares.get(name, 0.0) for name in schema.WEATHER), default=0.0)
    wanted = {str(name) for name, _ in card["drivers"]}
    return all(shares.get(name, 1.0) < weather for name in _untold(where, cache.version(where)) if name in wanted)


@st.cache_data(show_spinner=False, max_entries=48)
def _untold(data: str, version: str) -> tuple[str, ...]:
    """Drivers of management and soil that a record does not tell at every site and on every day."""
    ds = cache.dataset(data)
    names = (name for name in schema.DRIVERS if name not in schema.WEATHER)
    return tuple(name for name in names if name not in ds or not bool(ds[name].notnull().all()))


def lacking(data: str) -> str:
    """What a data set of measurements lacks for a model to be run on its weather, in words; empty for nothing."""
    days = cache.weather_days(data)[0]
    return "" if days >= NEEDED_DAYS else f"{NEEDED_DAYS} days with TMAX, TMIN and PRECN: it has {days}"


def entries(ask: Ask) -> list[Any]:
    """The data in view, those that a model in view reads, and those that it learned from, for banner and sources."""
    models = [source.removeprefix(MODEL) for source in ask.sources if is_model(source)]
    read = [data_ids(ask.where)[0]] if models else []
    held = [source for source in ask.sources if not is_model(source)]
    return taught.beside([cache.entry(data) for data in dict.fromkeys([*held, *read])], models)


def about(ask: Ask) -> dict[str, str | int | float]:
    """What a file of values says of where they come from; ``synthetic`` is 1 where a data set behind is.

    What a model was told at a site is in ``assumed``, the rate of simulations in ``n_rate_kg_n_ha``.
    """
    names, used = sources(ask.where, ask.variable), entries(ask)
    told: dict[str, str | int | float] = {
        "place": ask.where,
        "sources": "; ".join(f"{names[source]} = {source}" for source in ask.sources if source in names),
        "synthetic": int(any(entry.synthetic for entry in used)),
        "citation": " ".join(dict.fromkeys(entry.citation for entry in used)),
        "licence": "; ".join(dict.fromkeys(entry.licence for entry in used)),
    }
    if ask.where == COUNTIES:
        told["n_rate_kg_n_ha"] = ask.rate
    if ask.assumptions is not None:
        told["assumed"] = ask.assumptions.sentence(dict.fromkeys(("CROP", "PLANTING", "FERTZR_N"), False))
    return told
