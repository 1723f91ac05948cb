"""What a reader must know of sources side by side before believing a score."""

from typing import TYPE_CHECKING, Any

from agroflux.baselines import registry
from agroflux.data import summary
from agroflux.data.calendar_days import years_text
from agroflux.data.joined import PLUS
from agroflux.ui import adapted, cache
from agroflux.ui.compare_sources import COUNTIES, MODEL, SHORT, Ask, data_ids, is_model, short

if TYPE_CHECKING:
    import pandas as pd


def remarks(ask: Ask) -> list[str]:
    """What a reader must know before believing a score."""
    chosen = {source.removeprefix(MODEL) for source in ask.sources if is_model(source)}
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
    if any(set(str(card["data"].get("id")).split(PLUS)) <= set(SHORT) for card in models):
        found += [_distance(ask, site) for site in ask.sites]
    return found + [text for card in models for text in adapted.flattered(card, ask.where, ask.sites)]


def _phases(ask: Ask) -> list[str]:
    """Which rotation phase is drawn of each data set that holds several; models go out from the first data set."""
    used = dict.fromkeys(data_ids(COUNTIES)[0] if is_model(source) else source for source in ask.sources)
    shown = {data: summary.phase_shown(cache.dataset(data), ask.rate) for data in used}
    return [f"Of {short(data)} one rotation phase is shown: {phase}." for data, phase in shown.items() if phase]


def _trained_on(card: dict[str, Any], years: tuple[int, ...]) -> list[str]:
    split = {part: [int(year) for year in held] for part, held in card["split"].items()}
    seen = sorted(set(split.get("train", [])) & set(years))
    if not seen:
        return []
    fresh = ", ".join(str(year) for year in split.get("test", []) if year in years) or "none of the years shown"
    return [
        f"{registry.title(card['model'])} was trained on {years_text(seen)} of {card['data'].get('id', 'its data')}: "
        f"scores of those years flatter it. Years it has never seen: {fresh}."
    ]


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
