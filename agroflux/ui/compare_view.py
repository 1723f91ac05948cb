"""Sources side by side: what was asked for is read or run, and joined into one table."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from agroflux import schema
from agroflux.data import field_days
from agroflux.data.field_days import FieldDays, Group
from agroflux.errors import AgroFluxError, SelectionError
from agroflux.ui import cache
from agroflux.ui.compare_sources import COUNTIES, MODEL, Ask, as_trained, data_ids, is_model, sources

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray


@dataclass
class View:
    """The answer: one column a source, legend kinds, share measured, and what the reader must be told."""

    frame: "pd.DataFrame"
    kinds: dict[str, str]
    qc: "pd.Series | None" = None
    notes: list[str] = field(default_factory=list)


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
    network = cache.checkpoint(source.removeprefix(MODEL)).network
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
    model = source.removeprefix(MODEL)
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

    observed, network = cache.dataset(ask.where), cache.checkpoint(source.removeprefix(MODEL))
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
