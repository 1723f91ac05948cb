"""What ``agroflux emissions`` adds up: the question and the data sets behind it, a model's runs among them."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from agroflux.emissions.coverage import Coverage
    from agroflux.emissions.question import Earlier, Sources


def sources(data: str, model: str, n_rate: float, *, show: bool) -> "Sources":
    """The data set itself, or a model on its drivers, with what stands beside them; a bar on stderr if ``show``."""
    from agroflux.data.catalog import open_dataset
    from agroflux.emissions import fluxes, question

    ds = open_dataset(data)
    fluxes.check_simulation(ds)
    if not model:
        return question.of_simulator(data, ds, open_dataset)
    cards = _cards(model)

    @lru_cache(maxsize=64)
    def run(one: str, rate: float) -> "xr.Dataset":
        from agroflux.cli.progress import bar
        from agroflux.inference.region import run_region

        # All years, so that a crop's nearest year is there when the period shows only the other crop.
        with bar(f"Predicting {rate:g} kg N ha-1 with {one}", show=show) as progress:
            return run_region(one, ds, None, None, rate, progress)

    return question.of_model(model, data, ds, open_dataset, cards, run, n_rate, _earlier(n_rate))


def _earlier(n_rate: float) -> "Earlier | None":
    """Simulated years before the bundled data sets, for the error of a model; None where there are none."""
    from agroflux.emissions.fluxes import with_crops
    from agroflux.emissions.question import Earlier
    from agroflux.inference.region import run_region
    from agroflux.simulation import earlier

    annual = earlier.annual_of_each(n_rate)
    if not annual:
        return None

    def predict(model: str) -> "xr.Dataset":
        drivers = earlier.drivers(n_rate)
        return with_crops(run_region(model, drivers, None, earlier.years()), drivers)

    return Earlier(annual, predict)


def coverage(
    data: str, model: str, n_rate: float, facts: "pd.DataFrame", quantity: str, *, show: bool
) -> "tuple[Coverage, Sources]":
    """Coverage of the model's intervals on held-out years; ``model`` empty: the first that learned from ``data``.

    Returns also what it was measured on.
    SelectionError where the data hold fewer than two years that the model kept for validation and test.
    """
    from agroflux.emissions.coverage import of_sources

    made_of = sources(data, model or _first_model(data), n_rate, show=show)
    return of_sources(made_of, quantity, facts), made_of


def _first_model(data: str) -> str:
    """The first model that learned N2O from ``data`` alone, else from these and others."""
    from agroflux.data.catalog import stem
    from agroflux.emissions.question import predicts_n2o
    from agroflux.errors import ModelError
    from agroflux.inference.region import available_models

    name = stem(Path(data))
    known = {str(card["id"]): str(card["data"].get("id")) for card in available_models() if predicts_n2o(card)}
    alone = [one for one, origin in known.items() if origin == name]
    found = alone or [one for one, origin in known.items() if name in origin.split("+")]
    if not found:
        raise ModelError(
            f"no trained model at hand learned N2O from {name}: name one with --model ({', '.join(known) or 'none'}), "
            "or make one with agroflux train"
        )
    return found[0]


def _cards(model: str) -> list[Mapping[str, Any]]:
    """Cards of the models at hand; ModelError where ``model`` is not among them or gives no N2O that it learned."""
    from agroflux.emissions.question import predicts_n2o
    from agroflux.errors import ModelError
    from agroflux.inference.region import available_models

    cards: list[Mapping[str, Any]] = list(available_models())
    if model not in {card["id"] for card in cards}:
        known = ", ".join(str(card["id"]) for card in cards) or "none"
        raise ModelError(f"no trained model called {model!r}: installed are {known}")
    usable = [str(card["id"]) for card in cards if predicts_n2o(card)]
    if model not in usable:
        raise ModelError(f"model {model} gives no N2O that it learned: ask for one of {', '.join(usable) or 'none'}")
    return cards


def areas_and_counties(
    place: str, polygon: Path | None, areas: Path | None, data: str, facts: "pd.DataFrame"
) -> "tuple[tuple[str, ...] | None, pd.DataFrame | None]":
    """Counties and own areas [ha] that the options name; (None, None) for all of the data on the survey's areas."""
    from agroflux import geo
    from agroflux.data.catalog import open_dataset
    from agroflux.emissions import place as places
    from agroflux.emissions.areas import read_areas
    from agroflux.emissions.polygon import read_polygon_file

    own = read_areas(areas, facts) if areas is not None else None
    sites = [str(site) for site in open_dataset(data)["site"].to_numpy()]
    if polygon is None:
        return places.counties_of(place, sites, facts), own
    return places.inside(read_polygon_file(polygon), geo.counties(), sites, facts, own)
