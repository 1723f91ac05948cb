"""Sources side by side: what was asked for, read or run, and joined into one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.baselines import registry
from agroflux.data import coverage, field_days, summary
from agroflux.data.catalog import BUNDLED
from agroflux.data.field_days import FieldDays, Group
from agroflux.data.joined import PLUS
from agroflux.errors import AgroFluxError, SelectionError
from agroflux.inference.site_weather import NEEDED_DAYS, Assumptions
from agroflux.ui import adapted, cache, show, taught

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray


#: The place that stands for all simulations; every other place is the id of an observation data set.
COUNTIES = "counties"
_MODEL = "model:"
#: Short names in legends; a data set without one goes by its title.
_SHORT = {"cornbelt-century": "DSSAT CENTURY", "cornbelt-ceres": "DSSAT CERES"}


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


@dataclass
class View:
    """The answer: one column a source, legend kinds, share measured, and what the reader must be told."""

    frame: "pd.DataFrame"
    kinds: dict[str, str]
    qc: "pd.Series | None" = None
    notes: list[str] = field(default_factory=list)


def data_ids(where: str) -> list[str]:
    """The data sets behind a place."""
    return [entry.id for entry in cache.entries("simulation")] if where == COUNTIES else [where]


def sources(where: str, variable: str) -> dict[str, str]:
    """Source id -> legend name: data sets that hold the variable, then models that learned to predict it."""
    found = {data: _short(data) for data in data_ids(where) if variable in cache.variables(data)}
    for card in cache.models():
        if predicts(card, variable) and not left_alone(card, variable):
            found[_MODEL + card["id"]] = f"{registry.title(card['model'])} ({', '.join(['predicted', *_apart(card)])})"
    return show.apart(found, lambda key: key.removeprefix(_MODEL))


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
    return next((card for card in cache.models() if _MODEL + str(card["id"]) == source), None)


def is_model(source: str) -> bool:
    """True for a trained model, false for a data set."""
    return source.startswith(_MODEL)


def _apart(card: Mapping[str, Any]) -> list[str]:
    """What tells a model from the network's first one: other data behind it, another seed."""
    origin = str(card["data"].get("id", ""))
    parts = [_SHORT.get(part, part) for part in origin.split(PLUS)]
    said = [] if origin in (BUNDLED[0], "") else [" and ".join(parts)]
    return [*said, f"seed {card['seed']}"] if card.get("seed") else said


def _short(data: str) -> str:
    entry = cache.entry(data)
    if entry.kind == "observation":
        return "Synthetic measurement" if entry.synthetic else "Measured"
    return _SHORT.get(data, entry.title)


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
    models = [source.removeprefix(_MODEL) for source in ask.sources if is_model(source)]
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


def view(ask: Ask) -> View:
    """Read, run and join everything asked for (kept for the same question)."""
    if not ask.sites or not ask.sources:
        raise SelectionError("nothing is selected: pick at least one site and one source")
    # A model reads the data set of the place, whether that is shown or not.
    read = dict.fromkeys([*data_ids(ask.where), *(source for source in ask.sources if not is_model(source))])
    versions = tuple(cache.version(source) for source in read)
    return _view(ask, versions, tuple(str(card["weights_sha256"]) for card in cache.models()))


@st.cache_data(show_spinner="Reading and aligning", max_entries=48)
def _view(ask: Ask, versions: tuple[str, ...], models: tuple[str, ...]) -> View:
    from agroflux.evaluation import compare

    names = sources(ask.where, ask.variable)
    arrays: dict[str, xr.DataArray] = {}
    kinds: dict[str, str] = {}
    notes: list[str] = []
    qc = None
    for source in ask.sources:
        try:
            array = _predicted(source, ask) if is_model(source) else _held(source, ask)
        except AgroFluxError as error:
            notes.append(f"{names[source]} is left out: {error}.")
            continue
        label = names[source]
        arrays[label] = array
        kinds[label] = _kind(source)
        if f"{ask.variable}_qc" in (cache.dataset(source) if not is_model(source) else ()):
            qc = compare.table({"qc": _held(source, ask, "_qc")})["qc"]
    frame = compare.table(arrays)
    if ask.where != COUNTIES:
        ran = [source for source in ask.sources if is_model(source) and names[source] in arrays]
        notes += [note for source in ran for note in _late(frame, names[source], ask, source)]
    return View(frame, kinds, qc, notes)


def _late(frame: "pd.DataFrame", name: str, ask: Ask, source: str) -> list[str]:
    """Where a model covers less of the days in view than the measurements do, or none of them, and why."""
    import pandas as pd

    found = []
    for site in ask.sites:
        part = frame.xs(site, level="site") if site in frame.index.get_level_values("site") else frame.iloc[:0]
        measured = part.drop(columns=name).dropna(how="all").index
        every = pd.DatetimeIndex([day for year in ask.years for day in pd.date_range(f"{year}", f"{year}-12-31")])
        wanted, what = (measured, "days measured at") if len(measured) else (every, "days in view at")
        if schema.get(ask.variable).per == "year":
            wanted, what = wanted[wanted.is_year_start], what.replace("days", "years")
        has = wanted.intersection(part[name].dropna().index)
        if len(has) >= 0.9 * len(wanted):
            continue
        span = f" ({has[0]:%d %b %Y} to {has[-1]:%d %b %Y})" if len(has) else ""
        covers = f"covers {len(has):,} of the {len(wanted):,}" if len(has) else f"has no value on the {len(wanted):,}"
        found.append(f"{name} {covers} {what} {site}{span}: {_why(wanted.difference(has), site, ask, source)}.")
    return found


def _why(days: "pd.DatetimeIndex", site: str, ask: Ask, source: str) -> str:
    """Why a model has no value on ``days``."""
    from agroflux.inference.site_weather import why_hidden

    if schema.get(ask.variable).per == "year":
        return "a year needs weather on each of its days, and no long gap in it or in the 30 days before it"
    if as_trained(source, ask.where):
        return f"on {len(days):,} neither temperature nor rain was measured"
    network = checkpoint(source.removeprefix(_MODEL)).network
    return why_hidden(cache.dataset(ask.where), site, days, causal=network.causal)


def _kind(source: str) -> str:
    if is_model(source):
        return "baseline"
    return "measured" if cache.entry(source).kind == "observation" else source


def _held(data: str, ask: Ask, suffix: str = "") -> "xr.DataArray":
    """One series a site of a data set, at the asked rate."""
    from agroflux.data.select import select

    ds = cache.dataset(data)
    held = [year for year in ask.years if year in cache.years(data)]
    rate = ask.rate if "scenario" in ds.dims else None
    array = select(ds, sites=list(ask.sites), years=held, n_rate=rate)[ask.variable + suffix]
    return array.isel(scenario=0) if "scenario" in array.dims else array


def _predicted(source: str, ask: Ask) -> "xr.DataArray":
    """One series a site of a trained model, on the place's own drivers."""
    model = source.removeprefix(_MODEL)
    if ask.where == COUNTIES:
        ds = cache.region(model, data_ids(COUNTIES)[0], ask.sites, ask.years, ask.rate)
    else:
        ds = _at_observed(source, ask)
    if ask.variable not in ds:
        raise SelectionError(f"it does not predict {schema.get(ask.variable).title}")
    array = ds[ask.variable]
    return array.isel(scenario=0) if "scenario" in array.dims else array


def _at_observed(source: str, ask: Ask) -> "xr.Dataset":
    """A model on the measured weather of each site, in the years asked for alone."""
    import xarray as xr

    from agroflux.inference.site_weather import predict_site_weather
    from agroflux.training import at_site

    observed, network = cache.dataset(ask.where), checkpoint(source.removeprefix(_MODEL))
    if as_trained(source, ask.where):
        found = [at_site.predict(network, observed, site, ask.variable, ask.years) for site in ask.sites]
        return xr.concat(found, dim="site", join="outer")
    parts = [predict_site_weather(network, observed, site, ask.assumptions) for site in ask.sites]
    if ask.variable not in parts[0]:
        raise SelectionError(f"it does not predict {schema.get(ask.variable).title}")
    whole = xr.concat([part[[ask.variable]] for part in parts], dim="site", join="outer")
    if "year" in whole[ask.variable].dims:
        return whole.sel(year=whole["year"].isin(ask.years))
    return whole.sel(time=whole["time"].dt.year.isin(ask.years))


def checkpoint(model: str) -> Any:
    """A loaded model, shared by all sessions until its file changes; ModelError says what is wrong with it."""
    card = next((card for card in cache.models() if card["id"] == model), {})
    return _checkpoint(model, str(card.get("weights_sha256", "")))


@st.cache_resource(show_spinner="Loading the model", max_entries=32)
def _checkpoint(model: str, weights: str) -> Any:
    from agroflux.inference.predict import load

    return load(model)


def day_groups(where: str, days: "pd.DataFrame") -> "dict[Group, NDArray[np.bool_]]":
    """Rows of ``days`` (index site, time) by what grew and by known management; every row alone where nothing is told.

    Simulations have none: their management is always known, and crops have a picker of their own elsewhere.
    """
    import numpy as np
    import pandas as pd

    every = {(field_days.ALL, field_days.ALL): np.ones(len(days), bool)}
    if where == COUNTIES or days.empty:
        return every
    ds = cache.dataset(where)
    seasons = field_days.seasons(ds)
    parts = [
        field_days.on(ds, str(site), pd.DatetimeIndex(part.index.get_level_values("time")), seasons)
        for site, part in days.groupby(level="site", sort=False)
    ]
    told = FieldDays(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("crops", "managed")))
    return every if (told.crops == field_days.UNKNOWN).all() else told.groups()


def remarks(ask: Ask) -> list[str]:
    """What a reader must know before believing a score."""
    chosen = {source.removeprefix(_MODEL) for source in ask.sources if is_model(source)}
    models = [card for card in cache.models() if card["id"] in chosen]
    found = [text for card in models for text in adapted.of_source(card, ask.variable)]
    if ask.where == COUNTIES:
        found.append(
            "No flux was measured in these counties: the scores say how well the sources agree with the reference, "
            "not which of them is right."
        )
        found += _phases(ask)
        # An adapted model knows the counties from the years that its source was trained on.
        found += [text for card in map(adapted.origin, models) if card for text in _trained_on(card, ask.years)]
        return list(dict.fromkeys(found))
    if any(set(str(card["data"].get("id")).split(PLUS)) <= set(_SHORT) for card in models):
        found += [_distance(ask, site) for site in ask.sites]
    return found + [text for card in models for text in adapted.flattered(card, ask.where, ask.sites)]


def _phases(ask: Ask) -> list[str]:
    """Which rotation phase is drawn of each data set that holds several; models go out from the first data set."""
    used = dict.fromkeys(data_ids(COUNTIES)[0] if is_model(source) else source for source in ask.sources)
    shown = {data: summary.phase_shown(cache.dataset(data), ask.rate) for data in used}
    return [f"Of {_short(data)} one rotation phase is shown: {phase}." for data, phase in shown.items() if phase]


def _trained_on(card: dict[str, Any], years: tuple[int, ...]) -> list[str]:
    split = {part: [int(year) for year in held] for part, held in card["split"].items()}
    seen = sorted(set(split.get("train", [])) & set(years))
    if not seen:
        return []
    fresh = ", ".join(str(year) for year in split.get("test", []) if year in years) or "none of the years shown"
    return [
        f"{registry.title(card['model'])} was trained on {_span(seen)} of {card['data'].get('id', 'its data')}: "
        f"scores of those years flatter it. Years it has never seen: {fresh}."
    ]


def _span(years: list[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"


def _distance(ask: Ask, site: str) -> str:
    """How far a site is from the places a baseline knows."""
    here = cache.sites(ask.where).loc[site]
    text = f"{site} ({here['name']}): the baseline learnt from simulated corn and soybean in the Corn Belt. "
    known = [cache.sites(data) for data in data_ids(COUNTIES)]
    if not known:
        return text
    km = distances_km(float(here["lat"]), float(here["lon"]), known[0])
    near = km.idxmin()
    if km[near] < 50:
        return text + "The site lies among the counties it knows."
    return text + (
        f"The nearest county it knows ({known[0].at[near, 'name']}, {known[0].at[near, 'state']}) is "
        f"{km[near]:,.0f} km away. Expect poor scores: they show how far the baseline carries to another crop "
        "and climate, not a fault of the measurements."
    )


def distances_km(lat: float, lon: float, sites: "pd.DataFrame") -> "pd.Series":
    """Great-circle distances [km] from a point to ``sites`` (columns lat, lon [degrees]), on a sphere."""
    import numpy as np

    there = np.radians(sites[["lat", "lon"]].astype(float))
    a, b = np.radians([lat, lon])
    half = np.sin((there["lat"] - a) / 2) ** 2 + np.cos(a) * np.cos(there["lat"]) * np.sin((there["lon"] - b) / 2) ** 2
    return 2 * 6371.0 * np.arcsin(np.sqrt(half))
