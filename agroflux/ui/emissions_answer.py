"""What the page "Regional emissions" computes, each answer kept for the same question."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.emissions.assess import Assessment
from agroflux.emissions.coverage import Coverage
from agroflux.ui import cache
from agroflux.ui.emissions import Choice, own_areas, own_region

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from agroflux.emissions.question import Earlier, Question, Sources


def answer(choice: Choice) -> Assessment:
    """Totals, intervals and what stands beside them (:func:`agroflux.emissions.assess.assess`)."""
    return _answer(choice, _versions(choice))


def coverage(choice: Choice) -> Coverage | str | None:
    """Coverage of the chosen model's intervals on held-out years, or why it cannot be told; None for a simulator."""
    return _coverage(choice.data, choice.source, choice.rate, _versions(choice)) if choice.is_model else None


def moisture(data: str) -> "pd.DataFrame":
    """Rain over potential evapotranspiration by site (:func:`agroflux.emissions.climate.moisture`)."""
    return _moisture(data, cache.version(data))


def shapes(rows: str) -> dict[str, Any]:
    """Polygons (WGS 84) by state code or FIPS, for GeoJSON."""
    from agroflux import geo

    frame, key = (geo.states(), "state") if rows == "state" else (geo.counties(), "fips")
    return dict(zip(frame[key], frame.geometry, strict=True))


def report(choice: Choice) -> str:
    """The report as HTML (:func:`agroflux.emissions.report.html`), with figures where a browser can draw them."""
    from agroflux.emissions import report as recipe
    from agroflux.figures.report import pictures

    made, found = answer(choice), coverage(choice)
    held = found if isinstance(found, Coverage) else None
    sources = recipe.data_sources(_sources(choice.data, choice.source, choice.rate, _versions(choice)))
    drawn = pictures(made, cache.county_shapes(), held)
    return recipe.html(made, drawn, sources, command(choice, made), held)


def command(choice: Choice, made: Assessment) -> list[str]:
    """Words of the command line that gives the same answer."""
    from agroflux.emissions.report import command_line

    return command_line(
        made.question,
        choice.data,
        model=choice.source if choice.is_model else "",
        place=choice.where,
        polygon=choice.polygon_name,
        areas=choice.areas_name,
    )


def citations(choice: Choice) -> list[str]:
    """Citations of the data behind an answer."""
    from agroflux.emissions.report import data_sources

    return [one.citation for one in data_sources(_sources(choice.data, choice.source, choice.rate, _versions(choice)))]


def synthetic(choice: Choice) -> bool:
    """Whether anything behind an answer is synthetic: for its files."""
    return _sources(choice.data, choice.source, choice.rate, _versions(choice)).synthetic


def _versions(choice: Choice) -> str:
    """A key that changes with the data or with any model's weights."""
    weights = [str(card.get("weights_sha256")) for card in cache.models()] if choice.is_model else []
    return "|".join([*(cache.version(entry.id) for entry in cache.entries("simulation")), *weights])


@st.cache_data(show_spinner="Adding up the counties", max_entries=64)
def _answer(choice: Choice, versions: str) -> Assessment:
    from agroflux.emissions.assess import assess

    return assess(_question(choice), _sources(choice.data, choice.source, choice.rate, versions), cache.county_facts())


@st.cache_data(show_spinner="Measuring the intervals on held-out years", max_entries=64)
def _coverage(data: str, model: str, rate: float, versions: str) -> Coverage | str:
    from agroflux.emissions.coverage import of_sources
    from agroflux.errors import SelectionError

    try:
        return of_sources(_sources(data, model, rate, versions), "n2o", cache.county_facts())
    except SelectionError as error:  # too few held-out years or counties in this data set
        return str(error)


@st.cache_resource(show_spinner=False, max_entries=16)
def _sources(data: str, source: str, rate: float, versions: str) -> "Sources":
    """What is asked, with the sums that it has read: the next question of the same fluxes adds up no day again."""
    from agroflux.emissions import question

    ds = cache.dataset(data)
    if source not in {card["id"] for card in cache.models()}:
        return question.of_simulator(data, ds, cache.dataset)
    # All years, so that a crop's nearest year is there when the period shows only the other crop.
    every = tuple(cache.sites(data).index), tuple(cache.years(data))

    def run(model: str, at: float) -> Any:
        return cache.region(model, data, *every, at)

    return question.of_model(source, data, ds, cache.dataset, cache.models(), run, rate, _earlier(rate))


def _earlier(rate: float) -> "Earlier | None":
    """Simulated years before the bundled data sets, for the error of a model; None where there are none."""
    from agroflux.emissions.question import Earlier
    from agroflux.simulation import earlier

    annual = earlier.annual_of_each(rate)
    if not annual:
        return None
    weights = {str(card["id"]): str(card["weights_sha256"]) for card in cache.models()}
    return Earlier(annual, lambda model: _before(model, weights.get(model, ""), rate))


@st.cache_data(show_spinner=False, max_entries=16)
def _before(model: str, weights: str, rate: float) -> "xr.Dataset":
    """What a model makes of the years before the bundled data."""
    from agroflux.emissions.fluxes import with_crops
    from agroflux.inference.region import run_region
    from agroflux.simulation import earlier

    drivers = earlier.drivers(rate)
    return with_crops(run_region(cache.checkpoint(model), drivers, None, earlier.years()), drivers)


def _question(choice: Choice) -> "Question":
    from agroflux import geo
    from agroflux.emissions import place
    from agroflux.emissions.question import Question

    facts, sites = cache.county_facts(), list(cache.sites(choice.data).index)
    own = own_areas(choice.areas, choice.areas_name) if choice.areas_name else None
    if choice.polygon_name:
        region = own_region(choice.polygon, choice.polygon_name)
        counties, own = place.inside(region, geo.counties(), sites, facts, own)
    else:
        found = place.counties_of(choice.where, sites, facts)
        counties = found if found is not None else tuple(sites)
    return Question(
        choice.rate, choice.years, choice.gwp, choice.horizon, choice.indirect, choice.area_sd, own, counties
    )


@st.cache_data(show_spinner=False, max_entries=16)
def _moisture(data: str, version: str) -> "pd.DataFrame":
    from agroflux.emissions import climate

    return climate.moisture(cache.dataset(data))
