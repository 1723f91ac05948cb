"""What is asked of the emissions, and where the fluxes come from that answer it. Fluxes come in as data sets: nothing
here runs a model; whoever can run one hands over a function.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from agroflux.data.catalog import BUNDLED
from agroflux.data.select import select
from agroflux.emissions import residuals, totals, uncertainty
from agroflux.emissions.fluxes import whole_years, with_crops
from agroflux.emissions.totals import Totals
from agroflux.errors import SelectionError

#: Relative standard deviation of harvested areas that is assumed where the user gives none. An assumption: the survey
#: publishes no error with its county figures.
AREA_SD = 0.05
#: What totals of N2O and of grain need.
N2O_AND_GRAIN = ("CROP", "N2O_FLUX", "Yield")
_NEEDED = (*N2O_AND_GRAIN, "NEE", "CO2_FLUX", "Delta_SOC", "Rh", "Reco", "GPP")


@dataclass(frozen=True)
class Question:
    """What is asked. ``n_rate`` [kg N ha-1] to corn; ``years`` of the period; ``gwp``, ``horizon`` [yr];
    ``indirect``: add indirect N2O after Tier 1; ``area_sd``: relative standard deviation of harvested area [1];
    ``areas`` [ha] by FIPS in place of the survey's; ``counties``: FIPS of those alone (default: all of the data).
    """

    n_rate: float
    years: tuple[int, ...]
    gwp: str = "AR6"
    horizon: int = 100
    indirect: bool = False
    area_sd: float = AREA_SD
    areas: pd.DataFrame | None = None
    counties: tuple[str, ...] | None = None
    draws: int = uncertainty.DRAWS
    seed: int = 0

    @property
    def shares(self) -> pd.Series | None:
        """Share of each county [1] by FIPS, where ``areas`` are those inside a polygon that cuts a county."""
        found = pd.Series((self.areas.attrs if self.areas is not None else {}).get("shares", {}), dtype=float)
        return found if (found < 1 - 1e-6).any() else None


@dataclass(frozen=True)
class Sources:
    """Where the fluxes come from. ``at(rate)``: contract data set with CROP that holds the nitrogen rate [kg N ha-1];
    ``rates`` it knows; ``simulators``: data sets of the process models by id, ``own`` the one behind ``at``;
    ``models(rate)``: kind of model -> data sets of its seeds, where ``at`` is a model; ``held_out``: blocks of
    :func:`agroflux.emissions.residuals.blocks` at the question's rate, on years the model was not trained on;
    ``held_years``: those years by use.
    """

    name: str
    at: Callable[[float], xr.Dataset]
    rates: tuple[float, ...]
    simulators: Mapping[str, xr.Dataset] = field(default_factory=dict)
    own: str = ""
    models: Callable[[float], Mapping[str, Sequence[xr.Dataset]]] | None = None
    held_out: pd.DataFrame | None = None
    held_years: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """Simulated years before the data set. ``annual``: fluxes ``(site, crop, year)`` at the question's rate, as
    :func:`agroflux.emissions.fluxes.yearly_fluxes` gives them; ``predict(model)``: the model's answer for these years,
    a contract data set with CROP.
    """

    annual: xr.Dataset
    predict: Callable[[str], xr.Dataset]

    @property
    def years(self) -> tuple[int, ...]:
        """The years, in order."""
        return tuple(int(year) for year in self.annual["year"].to_numpy())


#: Runs a model: its id and a nitrogen rate [kg N ha-1] to a prediction for all counties and years of the data set.
Run = Callable[[str, float], xr.Dataset]


def of_simulator(data: str, ds: xr.Dataset, opened: Callable[[str], xr.Dataset]) -> Sources:
    """The data set ``data`` itself; the other bundled process models stand beside a bundled one (``opened(id)``)."""
    names = [i for i in BUNDLED if i == data or _is_simulation(opened(i))] if data in BUNDLED else [data]
    beside = {name: ds if name == data else opened(name) for name in names}
    return Sources(data, lambda rate: ds, _rates(ds), beside, data)


def of_model(
    model: str,
    data: str,
    ds: xr.Dataset,
    opened: Callable[[str], xr.Dataset],
    cards: Sequence[Mapping[str, Any]],
    run: Run,
    n_rate: float,
    earlier: Earlier | None = None,
) -> Sources:
    """A trained model on the drivers of ``data``; ``cards`` of all models at hand, ``run`` to run one.

    Models that learned from the same data stand beside it. Its error is told from years of ``ds`` that its card keeps
    for validation and test, and from ``earlier`` ones; without two of the former there is no such component, and
    ``held_years`` is empty.
    """
    base = of_simulator(data, ds, opened)

    def at(rate: float) -> xr.Dataset:
        return with_crops(run(model, rate), ds)

    card = next(c for c in cards if c["id"] == model)
    kin = [c for c in cards if c["data"].get("id") == card["data"].get("id") and predicts_n2o(c)]

    def models(rate: float) -> dict[str, list[xr.Dataset]]:
        found: dict[str, list[xr.Dataset]] = {}
        for one in kin:
            found.setdefault(str(one["model"]), []).append(with_crops(run(str(one["id"]), rate), ds))
        return found

    held, held_years = held_out(card, ds, at, n_rate, earlier)
    return Sources(f"{model} on {data}", at, base.rates, base.simulators, data, models, held, held_years)


def held_out(
    card: Mapping[str, Any],
    ds: xr.Dataset,
    at: Callable[[float], xr.Dataset],
    n_rate: float,
    earlier: Earlier | None = None,
) -> tuple[pd.DataFrame | None, Mapping[str, tuple[int, ...]]]:
    """Blocks of the years that the model of ``card`` was not trained on, and those years by use; (None, {}) if fewer
    than two of its validation and test years are in ``ds``.
    """
    before = earlier.years if earlier is not None else ()
    try:
        years = residuals.held_out_years(card.get("split") or {}, whole_years(ds), before)
    except SelectionError:
        return None, {}
    own = sorted(year for use in ("validate", "test") for year in years[use])
    found = [residuals.blocks(select(ds, n_rate=n_rate), at(n_rate), own)]
    if earlier is not None and years.get("earlier"):
        one = earlier.predict(str(card["id"]))
        found.append(residuals.blocks_of(earlier.annual, one, years["earlier"]))
    return pd.concat(found, ignore_index=True), years


def predicts_n2o(card: Mapping[str, Any]) -> bool:
    """Whether a model of this card gives N2O that it learned.

    A model adapted to other fluxes still has an output for N2O, but its shared layers have moved under it.
    """
    left_alone = card["training"].get("targets_left_alone", ())
    return "N2O_FLUX" in {name for name, _ in card["targets"]} and "N2O_FLUX" not in left_alone


def slim(ds: xr.Dataset, question: Question, variables: Sequence[str] = _NEEDED) -> xr.Dataset:
    """The ``variables`` of ``ds`` that totals need, at the question's rate and counties, read once."""
    chosen = select(ds, sites=question.counties, n_rate=question.n_rate)
    return chosen[[v for v in variables if v in chosen]].load()


def totals_of(question: Question, fluxes: xr.Dataset, facts: pd.DataFrame, name: str = "") -> Totals:
    """:func:`agroflux.emissions.totals.totals` of the question."""
    return totals.totals(
        fluxes,
        facts,
        n_rate=question.n_rate,
        years=question.years,
        gwp=question.gwp,
        horizon=question.horizon,
        indirect=question.indirect,
        areas=question.areas,
        counties=question.counties,
        data=name,
    )


def _rates(ds: xr.Dataset) -> tuple[float, ...]:
    return tuple(sorted({float(rate) for rate in ds["n_rate"].to_numpy()}))


def _is_simulation(ds: xr.Dataset) -> bool:
    return ds.attrs.get("kind") == "simulation"
