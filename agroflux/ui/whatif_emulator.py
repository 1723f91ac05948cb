"""The emulated answer of the page "What if": a trained model on the very cases that the engine is asked to run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.data import joined
from agroflux.simulation import effects
from agroflux.simulation.drivers import driver_set
from agroflux.simulation.earlier import SOIL_MODEL_OF
from agroflux.simulation.runs import Case, Run
from agroflux.ui import cache

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_NEEDED = ("GPP", "NEE", "N2O_FLUX")


def learned_from(model: str) -> str:
    """The one soil model behind the data that a model learned from; empty where it cannot be told, or is not one."""
    found = soil_models(model)
    return found[0] if len(found) == 1 else ""


def soil_models(model: str) -> tuple[str, ...]:
    """Every soil model behind the data that a model learned from; none where neither id nor title of the data tells.

    Of data that are not bundled a card keeps no attribute ``simulator``, but the title that the simulation gave.
    """
    data: dict[str, Any] = next((card["data"] for card in cache.models() if str(card["id"]) == model), {})
    named = {SOIL_MODEL_OF.get(part) for part in str(data.get("id", "")).split(joined.PLUS)}
    title = str(data.get("title", ""))
    return tuple(soil for soil in SOIL_MODEL_OF.values() if soil in named or f"DSSAT with {soil.upper()}" in title)


def yearly(model: str, cases: Sequence[Case]) -> "pd.DataFrame":
    """Emulated yearly values of ``cases`` (:func:`agroflux.simulation.effects.yearly`), kept for the same question.

    Raises ModelError where the model is missing, damaged, or lacks drivers or targets.
    """
    weights = {str(card["id"]): str(card["weights_sha256"]) for card in cache.models()}
    return _yearly(model, weights.get(model, ""), tuple(cases))


@st.cache_data(show_spinner="Asking the emulator", max_entries=64)
def _yearly(model: str, weights: str, cases: tuple[Case, ...]) -> "pd.DataFrame":
    from agroflux.inference.predict import predict

    network = cache.checkpoint(model)
    runs: list[Run] = []
    for change in dict.fromkeys(case.change for case in cases):
        same = [case for case in cases if case.change == change]
        drivers = driver_set(same)
        first, last = same[0].years
        made = predict(network, drivers, years=range(first, last + 1))
        runs += [_run(case, made.sel(site=case.fips).squeeze("scenario"), drivers) for case in same]
    return effects.yearly(runs)


def _run(case: Case, made: "xr.Dataset", drivers: "xr.Dataset") -> Run:
    """A prediction in the form of a run."""
    import pandas as pd

    time = pd.DatetimeIndex(made["time"].to_numpy(), name="time")
    daily = pd.DataFrame({name: made[name].to_numpy() for name in _NEEDED}, index=time)
    daily["CROP"] = drivers["CROP"].sel(site=case.fips, time=made["time"]).to_numpy()
    annual = pd.DataFrame(
        {name: made[name].to_numpy() for name in ("Yield", "Delta_SOC")},
        index=pd.Index(made["year"].to_numpy(), name="year"),
    )
    return Run(case, daily, annual, kept=False)
