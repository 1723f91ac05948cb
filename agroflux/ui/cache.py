"""Cached calls of the package's public functions, so that a rerun costs nothing that has not changed.

Opened data sets and models are shared by all sessions (``st.cache_resource``; never change them in place);
results are copied (``st.cache_data``). Every key holds the data set's version, so that a replaced file is seen.
A page that needs more wraps it the same way in ``agroflux/ui/<page>.py``. Packages that are slow to
import (torch, xarray, geopandas) are imported where they are used.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from agroflux.data.catalog import Entry
    from agroflux.geo import Bounds


def entries(kind: str | None = None) -> "list[Entry]":
    """Catalog entries that open, all or of one kind (simulation, observation)."""
    from agroflux.data import catalog

    return [entry for entry in catalog.entries(only_ok=True) if kind in (None, entry.kind)]


def unreadable() -> "list[Entry]":
    """Catalog entries that do not open; ``status`` says why."""
    from agroflux.data import catalog

    return [entry for entry in catalog.entries() if not entry.ok]


def entry(data: str) -> "Entry":
    """One catalog entry; DataError for an unknown id."""
    from agroflux.data import catalog

    return catalog.get(data)


def version(data: str) -> str:
    """A text that changes when the data set's file does."""
    return str(entry(data).version())


def dataset(data: str) -> "xr.Dataset":
    """The opened (lazy, shared) data set; DataError says what is wrong with the file."""
    return _dataset(data, version(data))


def variables(data: str) -> list[str]:
    """Names of its variables without their companions (quality shares, uncertainties)."""
    from agroflux.contract import base_name

    return [str(v) for v in dataset(data).data_vars if base_name(str(v)) == str(v)]


def years(data: str) -> list[int]:
    """Calendar years that it holds."""
    return _years(data, version(data))


def n_rates(data: str) -> list[float]:
    """Nitrogen rates to corn [kg N ha-1] of a simulation, ascending; empty for an observation."""
    ds = dataset(data)
    return sorted({float(v) for v in ds["n_rate"].to_numpy()}) if "n_rate" in ds.coords else []


def sites(data: str) -> "pd.DataFrame":
    """Its sites: index site id; columns name, state, lat, lon [degrees]."""
    return _sites(data, version(data))


def weather_days(data: str) -> tuple[int, int]:
    """Days with the weather that models take, whole and in part (:func:`agroflux.data.coverage.weather_days`)."""
    return _weather_days(data, version(data))


def site_means(data: str, variable: str, span: Sequence[int], rate: float | None, crop: str = "both") -> "pd.Series":
    """One value a site (:func:`agroflux.data.summary.site_means`)."""
    return _site_means(data, version(data), variable, tuple(span), rate, crop)


def seasonal(
    data: str, variables: Sequence[str], chosen: Sequence[str], span: Sequence[int], rate: float | None
) -> "pd.DataFrame":
    """Mean seasonal cycles (:func:`agroflux.data.summary.seasonal_cycle`)."""
    return _seasonal(data, version(data), tuple(variables), tuple(chosen), tuple(span), rate)


@st.cache_data(show_spinner=False)
def county_facts() -> "pd.DataFrame":
    """Areas, yields and soils of 293 counties, indexed by FIPS (:func:`agroflux.geo.county_facts`)."""
    from agroflux import geo

    return geo.county_facts()


@st.cache_data(show_spinner=False)
def towers() -> "pd.DataFrame":
    """The benchmark's towers without bundled data (:func:`agroflux.geo.benchmark_towers`), one row each."""
    from agroflux import geo

    return geo.benchmark_towers()


@st.cache_data(show_spinner=False)
def county_shapes() -> dict[str, Any]:
    """GeoJSON features of the Midwest's counties by FIPS (:func:`agroflux.geo.counties`)."""
    from agroflux import geo

    return _by_fips(geo.counties())


@st.cache_data(show_spinner=False)
def county_outlines() -> list[dict[str, Any]]:
    """GeoJSON features of the counties with facts (Iowa, Illinois, Indiana): faint lines below the data."""
    shapes = county_shapes()
    return [shapes[fips] for fips in county_facts().index if fips in shapes]


@st.cache_data(show_spinner=False)
def state_shapes() -> dict[str, Any]:
    """GeoJSON feature collection of the Midwest's states (:func:`agroflux.geo.states`)."""
    from agroflux import geo

    return _collection(geo.states())


@st.cache_data(show_spinner=False, max_entries=8)
def outlines_about(bounds: "Bounds") -> dict[str, Any]:
    """GeoJSON feature collection of all states, and of coasts and borders of other countries about ``bounds``.

    The Midwest's states are as they are, others coarse (:func:`.geo.nation`); of the world (:func:`.geo.world`) what
    lies within the bounds or no further from them than they are wide, 15 degrees at least.
    """
    from agroflux import geo

    fine, coarse = geo.states(), geo.nation()
    others = coarse[~coarse["fips"].isin(fine["fips"])]
    (south, west), (north, east) = bounds
    far = max(15.0, north - south, east - west)
    world = geo.world(((south - far, west - far), (north + far, east + far)))
    found = [feature for frame in (world, others) for feature in _collection(frame)["features"]]
    return state_shapes() | {"features": [*found, *state_shapes()["features"]]}


def models() -> list[dict[str, Any]]:
    """Cards of the trained models that are installed (:func:`agroflux.inference.region.available_models`)."""
    return _models(_model_files())


def leaderboard() -> "pd.DataFrame":
    """Rows of ``models/leaderboard.json`` (:func:`agroflux.evaluation.leaderboard.read`); DataError if damaged."""
    import pandas as pd

    return pd.DataFrame(_leaderboard(*stamp("leaderboard.json")))


def skill() -> list[dict[str, Any]]:
    """``models/skill.json``: of each scored model its ``sites`` and, by target and metric, a value a site.

    Empty where the file is absent; DataError where it is damaged.
    """
    return _skill(*stamp("skill.json"))


def checkpoint(model: str) -> Any:
    """A loaded model, shared by all sessions until its file changes; ModelError says what is wrong with it."""
    card = next((card for card in models() if card["id"] == model), {})
    return _checkpoint(model, str(card.get("weights_sha256", "")))


def region(
    model: str,
    data: str,
    chosen: Sequence[str],
    span: Sequence[int],
    rate: float,
    progress: Callable[[int, int], None] | None = None,
) -> "xr.Dataset":
    """A model's run on the chosen sites (:func:`agroflux.inference.region.run_region`), kept for the same question.

    ``progress(done, all)`` is called as batches finish; nothing is called for an answer that is kept.
    """
    weights = next((str(card.get("weights_sha256")) for card in models() if card.get("id") == model), "")
    return _region(model, weights, data, version(data), tuple(chosen), tuple(span), rate, _progress=progress)


@st.cache_resource(show_spinner="Opening data", max_entries=16)
def _dataset(data: str, version: str) -> "xr.Dataset":
    from agroflux.data import catalog

    return catalog.open_dataset(data)


@st.cache_data(show_spinner=False, max_entries=64)
def _years(data: str, version: str) -> list[int]:
    return sorted({int(y) for y in _dataset(data, version)["time"].dt.year.to_numpy()})


@st.cache_data(show_spinner=False, max_entries=64)
def _sites(data: str, version: str) -> "pd.DataFrame":
    import pandas as pd

    ds = _dataset(data, version)
    columns = {"name": "site_name", "state": "state", "lat": "lat", "lon": "lon"}
    return pd.DataFrame(
        {new: ds[old].to_numpy() for new, old in columns.items()}, index=ds["site"].to_numpy().astype(str)
    ).rename_axis("site")


@st.cache_data(show_spinner=False, max_entries=64)
def _weather_days(data: str, version: str) -> tuple[int, int]:
    from agroflux.data import coverage

    return coverage.weather_days(dataset(data))


@st.cache_data(show_spinner="Summing up the counties", max_entries=256)
def _site_means(
    data: str, version: str, variable: str, span: tuple[int, ...], rate: float | None, crop: str
) -> "pd.Series":
    from agroflux.data import summary

    return summary.site_means(_dataset(data, version), variable, span, rate, crop)


@st.cache_data(show_spinner="Reading the seasonal cycle", max_entries=256)
def _seasonal(
    data: str,
    version: str,
    variables: tuple[str, ...],
    chosen: tuple[str, ...],
    span: tuple[int, ...],
    rate: float | None,
) -> "pd.DataFrame":
    from agroflux.data import summary

    return summary.seasonal_cycle(_dataset(data, version), variables, chosen, span, rate)


@st.cache_resource(show_spinner="Loading the model", max_entries=32)
def _checkpoint(model: str, weights: str) -> Any:
    from agroflux.inference.predict import load

    return load(model)


@st.cache_resource(show_spinner=False, max_entries=16)
def _region(
    model: str,
    weights: str,
    data: str,
    version: str,
    chosen: tuple[str, ...],
    span: tuple[int, ...],
    rate: float,
    _progress: Callable[[int, int], None] | None = None,
) -> "xr.Dataset":
    from agroflux.inference.region import run_region

    return run_region(model, data, chosen, span, rate, progress=_progress)


@st.cache_data(show_spinner=False, max_entries=4)
def _models(files: tuple[tuple[str, int, int], ...]) -> list[dict[str, Any]]:
    from agroflux.inference.region import available_models

    return available_models()


def _model_files() -> tuple[tuple[str, int, int], ...]:
    """Path, time [ns] and size of each card and weights file: a model that came, changed or went is seen at once."""
    from agroflux import paths
    from agroflux.baselines import card

    found = []
    for folder in (paths.MODELS, paths.adapted_models(), paths.user_models()):
        for path in sorted(folder.glob("*")):
            if path.suffix not in (card.CARD, card.WEIGHTS):
                continue
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                known = path.stat()
                found.append((str(path), known.st_mtime_ns, known.st_size))
    return tuple(found)


def stamp(name: str) -> tuple[str, int]:
    """Path of a file in ``models/`` and when it was written [ns]; 0 where it is absent."""
    from agroflux import paths

    path = paths.MODELS / name
    return str(path), path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_data(show_spinner=False, max_entries=4)
def _leaderboard(path: str, written: int) -> list[dict[str, Any]]:
    from pathlib import Path

    from agroflux.evaluation import leaderboard

    return leaderboard.read(Path(path).parent)


@st.cache_data(show_spinner=False, max_entries=4)
def _skill(path: str, written: int) -> list[dict[str, Any]]:
    import json
    from pathlib import Path

    from agroflux.errors import DataError

    if not written:
        return []
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): make it again with 'make leaderboard'") from None
    if not isinstance(found, list) or not all({"model", "data", "sites", "targets"} <= set(row) for row in found):
        raise DataError(f"{path} holds no scores of counties: make it again with 'make leaderboard'")
    return found


def _by_fips(frame: Any) -> dict[str, Any]:
    return {str(feature["properties"]["fips"]): feature for feature in _collection(frame)["features"]}


def _collection(frame: Any) -> dict[str, Any]:
    import json

    shapes: dict[str, Any] = json.loads(frame.to_json(drop_id=True))
    return shapes
