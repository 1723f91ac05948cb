"""What is asked of the emissions, and where the fluxes come from that answer it. Fluxes come in as data sets: nothing
here runs a model; whoever can run one hands over a function.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from agroflux.data.catalog import BUNDLED, stem
from agroflux.data.select import select
from agroflux.data.taught import Taught, among, taught
from agroflux.emissions import residuals, totals, uncertainty
from agroflux.emissions.areas import SURVEY_SOURCE
from agroflux.emissions.fluxes import with_crops, yearly_fluxes
from agroflux.emissions.sums import CROP, QUANTITIES, by_month, sums, whole_years
from agroflux.emissions.totals import Totals
from agroflux.errors import DataError, SelectionError

#: Relative standard deviation of harvested areas that is assumed where the user gives none. An assumption: the survey
#: publishes no error with its county figures.
AREA_SD = 0.05
#: Quantities of totals of N2O, and of N2O and grain.
N2O_ALONE = ("n2o",)
N2O_AND_GRAIN = (*N2O_ALONE, "harvest")
#: Variables that totals are made of.
_NEEDED = tuple(dict.fromkeys([*(name for names, _ in QUANTITIES.values() for name in names), "Reco", "GPP"]))
#: Recipes that train nothing but the head, which has rows of its own for each target, or nothing at all.
_HEAD_ALONE = ("finetune-head", "zero-shot")


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

    @property
    def on_survey(self) -> bool:
        """Whether the areas are the survey's, or its part inside a polygon, and not the user's own."""
        return self.areas is None or str(self.areas.attrs.get("source", "")).startswith(SURVEY_SOURCE)


@dataclass(frozen=True)
class Sources:
    """Where the fluxes come from. ``at(rate)``: contract data set with CROP that holds the nitrogen rate [kg N ha-1];
    ``rates`` it knows; ``simulators``: data sets of the process models by id, ``own`` the one behind ``at``, ``origin``
    those whose fluxes ``at`` gives: what a model learned from, none where that is not among them (default: ``own``);
    ``models(rate)``: kind of model -> data sets of its seeds, where ``at`` is a model; ``held_out``: blocks of
    :func:`agroflux.emissions.residuals.blocks` at the question's rate, on years the model was not trained on;
    ``held_years``: those years by use; ``no_error``: why there are none. ``model`` (empty for a simulator) and ``data``
    behind ``at``; ``learned_from``: the data that the model was trained on; ``members``: ids of the models in
    ``models``; ``absent``: variables without totals, since adaptation left the model's outputs for them alone;
    ``taught``: all data sets that the model learned from, through every adaptation; ``unread``: bundled data sets
    that cannot be opened.
    """

    name: str
    at: Callable[[float], xr.Dataset]
    rates: tuple[float, ...]
    simulators: Mapping[str, xr.Dataset] = field(default_factory=dict)
    own: str = ""
    models: Callable[[float], Mapping[str, Sequence[xr.Dataset]]] | None = None
    held_out: pd.DataFrame | None = None
    held_years: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    no_error: str = ""
    model: str = ""
    data: str = ""
    learned_from: str = ""
    members: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    origin: tuple[str, ...] | None = None
    taught: tuple[Taught, ...] = ()
    unread: tuple[str, ...] = ()
    _read: dict[tuple[str, float], tuple[Collection[str], xr.Dataset]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def sums(self, n_rate: float, simulator: str = "", quantities: Collection[str] = tuple(QUANTITIES)) -> xr.Dataset:
        """Sums of what ``at`` gives, or of a simulator, at ``n_rate``: :func:`agroflux.emissions.sums.sums`, all sites.

        Days are read and added up once, however often they are asked for.
        """
        ds = self.simulators[simulator] if simulator else self.at(n_rate)
        key = next((name for name, one in self.simulators.items() if one is ds), simulator), n_rate
        asked, found = self._read.get(key, ((), xr.Dataset()))
        if not set(quantities) <= set(asked):
            found = sums(select(ds, n_rate=n_rate), quantities)
            self._read[key] = quantities, found
        return found[[CROP, *(v for name in quantities for v in (name, by_month(name)) if v in found)]]

    @property
    def synthetic(self) -> bool:
        """Whether anything behind the figures is synthetic: the process models, or what the model learned from."""
        of_simulators = any(bool(ds.attrs.get("synthetic", False)) for ds in self.simulators.values())
        return of_simulators or any(one.synthetic for one in self.taught)

    @property
    def behind(self) -> tuple[str, ...]:
        """Ids of the simulators that the figures stand for, by their mean; empty for a model that learned from none."""
        return (self.own,) if self.origin is None else self.origin

    @property
    def truth(self) -> tuple[str, ...]:
        """Ids of the simulators that the error of a model is told against: where it learned from none, the data's."""
        return self.behind or (self.own,)


@dataclass(frozen=True)
class Earlier:
    """Simulated years before the data sets. ``annual``: by id of a simulator its fluxes ``(site, crop, year)`` at the
    question's rate, as :func:`agroflux.emissions.fluxes.yearly_fluxes` gives them, the same years of each;
    ``predict(model)``: the model's answer for these years, a contract data set with CROP.
    """

    annual: Mapping[str, xr.Dataset]
    predict: Callable[[str], xr.Dataset]

    def of(self, simulators: Sequence[str]) -> xr.Dataset | None:
        """Annual fluxes of the simulators, their mean where there are several; None where one has no such years."""
        if not set(simulators) <= set(self.annual):
            return None
        return residuals.mean_of([self.annual[name] for name in simulators])


#: Runs a model: its id and a nitrogen rate [kg N ha-1] to a prediction for all counties and years of the data set.
Run = Callable[[str, float], xr.Dataset]


def of_simulator(data: str, ds: xr.Dataset, opened: Callable[[str], xr.Dataset]) -> Sources:
    """The data set ``data`` itself; the other bundled process models stand beside a bundled one (``opened(id)``)."""
    beside, unread = {data: ds}, []
    if data in BUNDLED:
        beside = {}
        for name in BUNDLED:
            try:
                one = ds if name == data else opened(name)
            except DataError:  # a damaged file takes away what it would have told, and nothing else
                unread.append(name)
            else:
                beside |= {name: one} if _is_simulation(one) or name == data else {}
    return Sources(data, lambda rate: ds, _rates(ds), beside, data, data=stem(Path(data)), unread=tuple(unread))


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

    Models that learned the same from the same data stand beside it (:func:`kin`). Its error is told against the
    simulators that it learned from (``Sources.truth``), from years that its card keeps for validation and test, and
    from ``earlier`` ones; without two of the former, or for a model that was adapted to other data, there is no such
    component, ``held_years`` is empty, and ``no_error`` says why. Outputs that adaptation left alone are taken away
    before anything is added up.
    """
    base = of_simulator(data, ds, opened)
    card = next(c for c in cards if c["id"] == model)
    beside = kin(card, cards)

    def of(one: Mapping[str, Any], rate: float) -> xr.Dataset:
        return with_crops(learned(run(str(one["id"]), rate), one), ds)

    def at(rate: float) -> xr.Dataset:
        return of(card, rate)

    def models(rate: float) -> dict[str, list[xr.Dataset]]:
        found: dict[str, list[xr.Dataset]] = {}
        for one in beside:
            found.setdefault(str(one["model"]), []).append(of(one, rate))
        return found

    made = Sources(
        f"{model} on {data}",
        at,
        base.rates,
        base.simulators,
        data,
        models,
        model=model,
        data=stem(Path(data)),
        learned_from=str(card["data"].get("id", "")),
        members=tuple(str(one["id"]) for one in beside),
        absent=tuple(name for name in _NEEDED if name in unlearned(card)),
        origin=origin_of(card, base.simulators),
        taught=taught(card, among(cards)),
        unread=base.unread,
    )
    try:
        blocks, years = held_out(card, made, n_rate, earlier)
    except SelectionError as error:
        return replace(made, no_error=str(error))
    return replace(made, held_out=blocks, held_years=years)


def origin_of(card: Mapping[str, Any], simulators: Collection[str]) -> tuple[str, ...]:
    """Those of ``simulators`` (ids or paths) that the model of ``card`` learned from; a joined set names several."""
    names = str(card["data"].get("id", "")).split("+")
    return tuple(one for one in simulators if stem(Path(one)) in names)


def kin(card: Mapping[str, Any], cards: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of ``cards`` that give N2O and learned it as the model of ``card`` did, itself among them.

    They differ in kind and seed alone: a fold, another protocol, a part of the data or a short trial learned something
    else, and what it gives is no second opinion.
    """
    return [one for one in cards if predicts_n2o(one) and _lesson(one) == _lesson(card)]


def _lesson(card: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a model was to learn: data and their part, protocol, experiment, fold, years, preset and recipe."""
    data, training = card["data"], card["training"]
    source = training.get("source_model") or {}
    return (
        *(data.get(key) for key in ("id", "subsample", "site_years")),
        *(card.get(key) for key in ("protocol", "experiment", "fold", "sites", "split", "preset")),
        *(training.get("recipe"), source.get("data")),
    )


def learned(prediction: xr.Dataset, card: Mapping[str, Any]) -> xr.Dataset:
    """``prediction`` without the targets that the adaptation of the model left alone; NEE goes with CO2_FLUX.

    Most often the layers that they share with the adapted targets have moved under them, so that they say nothing any
    more. Those that did not change (:func:`unchanged`) are left out too: a total of them would be the source's, under
    the name of another model and without the error that the source's own total is told with.
    """
    return prediction.drop_vars(unlearned(card), errors="ignore")


def unlearned(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Targets that the adaptation of a card's model left alone; NEE goes with CO2_FLUX. Empty for any other model."""
    left = tuple(card["training"].get("targets_left_alone", ()))
    return (*left, "NEE") if "CO2_FLUX" in left else left


def unchanged(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of :func:`unlearned` that are the source's, value by value: all where the recipe trains the head alone.

    None for other recipes, and none where the source was adapted itself, whose own may say nothing any more.
    """
    of_source = card["training"].get("recipe") in _HEAD_ALONE and not card["data"].get("earlier")
    return unlearned(card) if of_source else ()


def silent(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Targets of a card's model that say nothing any more: its adaptation left them alone and changed what they use."""
    return () if unchanged(card) else unlearned(card)


def held_out(
    card: Mapping[str, Any], sources: Sources, n_rate: float, earlier: Earlier | None = None
) -> tuple[pd.DataFrame, Mapping[str, tuple[int, ...]]]:
    """Blocks of the years that the model of ``card`` was not trained on, and those years by use.

    Held against ``sources.truth``, the mean of several. SelectionError for an adapted model, and if fewer than two of
    its validation and test years are in these data.
    """
    if card["training"].get("source_model"):
        # Its split names measured years, which say neither what its source saw nor how far it is from a simulator.
        synthetic = any(one.synthetic for one in sources.taught if one.kind == "observation")
        raise SelectionError(residuals.adapted(synthetic=synthetic or bool(card.get("synthetic", False))))
    truths = [sources.simulators[name] for name in sources.truth]
    before = earlier.of(sources.truth) if earlier is not None else None
    both = set.intersection(*(set(whole_years(ds)) for ds in truths))
    years = residuals.held_out_years(
        card.get("split") or {}, sorted(both), before["year"].to_numpy().tolist() if before is not None else ()
    )
    own = sorted(year for use in ("validate", "test") for year in years[use])
    annual = residuals.mean_of([yearly_fluxes(sources.sums(n_rate, name), own) for name in sources.truth])
    found = [residuals.blocks(annual, sources.sums(n_rate), own)]
    if earlier is not None and before is not None and years.get("earlier"):
        found.append(residuals.blocks(before, earlier.predict(str(card["id"])), years["earlier"]))
    return pd.concat(found, ignore_index=True), years


def predicts_n2o(card: Mapping[str, Any]) -> bool:
    """Whether a model of this card gives N2O that it learned.

    A model adapted to other fluxes still has an output for N2O, but its shared layers have moved under it, or it is
    the source's (:func:`learned`).
    """
    return "N2O_FLUX" in {name for name, _ in card["targets"]} and "N2O_FLUX" not in unlearned(card)


def totals_of(question: Question, fluxes: xr.Dataset, facts: pd.DataFrame, name: str = "") -> Totals:
    """:func:`agroflux.emissions.totals.totals` of the question; ``fluxes`` may be sums."""
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


def totals_of_fields(
    question: Question, fluxes: xr.Dataset, facts: pd.DataFrame, fields: pd.MultiIndex
) -> Totals | None:
    """Totals of those of the ``fields`` (fips, crop) that have every flux in ``fluxes``; None where none has."""
    try:
        made = totals_of(question, fluxes, facts).only(fields)
    except totals.NoFluxError:
        return None
    return made if len(made.crops) else None


def _rates(ds: xr.Dataset) -> tuple[float, ...]:
    return tuple(sorted({float(rate) for rate in ds["n_rate"].to_numpy()}))


def _is_simulation(ds: xr.Dataset) -> bool:
    return ds.attrs.get("kind") == "simulation"
