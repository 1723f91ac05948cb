"""Which years and which counties train, validate and test a model, by named protocol and experiment.

Protocols say how the years are used:

``clean``     the last years test, the ones before validate, all earlier ones train; scalers see what trains only.
``official``  the published benchmark's shares (arXiv 2602.01614): 80 % train, 10 % validate, the rest tests;
              its scalers saw everything, test years included, which is why it is kept under its own name.

Experiments say what is unseen in the test:

``temporal``       years; every county is in every set.
``spatial``        counties, in five folds whose tests together cover every county once.
``spatial-state``  the counties of one state, a fold a state, so that no neighbour in the same state trains.

In spatial experiments no county is in two sets. Under ``clean`` the years are split as well: simulated counties may
share their weather years, and a county would otherwise be tested on weather that its neighbours trained on. Under
``official``, as published, every set holds all years.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from agroflux.data import windows
from agroflux.errors import SelectionError

EXPERIMENTS = ("temporal", "spatial", "spatial-state")
SPATIAL_FOLDS = 5
#: Share of the counties that are not tested which validates.
VALIDATION_SHARE = 0.1
#: Folds are the same for every model and every training seed.
FOLD_SEED = 20260201


@dataclass(frozen=True)
class Split:
    """Years and counties of each use, without overlap unless the protocol says so.

    Attributes:
        train, validate, test, scaler: calendar years, increasing; ``scaler`` are those that scalers are fitted on.
        fold: number of the spatial fold; None in a temporal split.
        train_sites, validate_sites, test_sites, scaler_sites: site ids, sorted; empty: all sites of the data set.
    """

    train: tuple[int, ...]
    validate: tuple[int, ...]
    test: tuple[int, ...]
    scaler: tuple[int, ...]
    fold: int | None = None
    train_sites: tuple[str, ...] = ()
    validate_sites: tuple[str, ...] = ()
    test_sites: tuple[str, ...] = ()
    scaler_sites: tuple[str, ...] = ()

    def years(self) -> dict[str, list[int]]:
        """Years by use, as a card keeps them."""
        return {use: list(getattr(self, use)) for use in ("train", "validate", "test", "scaler")}

    def sites(self) -> dict[str, list[str]]:
        """Site ids by use, as a card keeps them; empty for a temporal split."""
        uses = ("train", "validate", "test", "scaler")
        return {use: list(kept) for use in uses if (kept := getattr(self, f"{use}_sites"))}


def _clean(years: tuple[int, ...]) -> Split:
    held = 2 if len(years) >= 6 else 1
    train = years[: -2 * held]
    return Split(train, years[-2 * held : -held], years[-held:], train)


def _official(years: tuple[int, ...]) -> Split:
    end_train = int(0.8 * len(years))
    end_validate = end_train + max(1, int(0.1 * len(years)))
    return Split(years[:end_train], years[end_train:end_validate], years[end_validate:], years)


PROTOCOLS: dict[str, Callable[[tuple[int, ...]], Split]] = {"clean": _clean, "official": _official}


def make(ds: xr.Dataset, protocol: str = "clean", experiment: str = "temporal", fold: int = 0) -> Split:
    """Split ``ds`` under a protocol and experiment; ``fold`` counts in spatial experiments only.

    Raises:
        SelectionError: unknown protocol, experiment or fold, too few years, counties or states.
    """
    check(protocol, experiment)
    years = list(windows.calendar_years(ds))
    if experiment == "temporal":
        return temporal(years, protocol)
    sites = ds["site"].values.astype(str)
    groups = _random_folds(sites) if experiment == "spatial" else _states(ds)
    if not 0 <= fold < len(groups):
        raise SelectionError(f"{experiment} has the folds 0 to {len(groups) - 1}: there is no fold {fold}")
    return _with_sites(_years_of(years, protocol), protocol, sites, groups[fold], fold)


def folds(ds: xr.Dataset, experiment: str) -> int:
    """How many folds ``experiment`` has on ``ds``; 1 for the temporal one."""
    check("clean", experiment)
    if experiment == "temporal":
        return 1
    return SPATIAL_FOLDS if experiment == "spatial" else len(_states(ds))


def temporal(years: Sequence[int], protocol: str = "clean") -> Split:
    """Split calendar ``years`` under ``protocol``; 2000-2018, clean: 2000-2014, 2015-2016, 2017-2018.

    Raises SelectionError for an unknown protocol and for fewer than four years.
    """
    check(protocol, "temporal")
    ordered = tuple(sorted({int(year) for year in years}))
    if len(ordered) < 4:
        raise SelectionError(
            f"{len(ordered)} year(s) cannot be split in time: a temporal experiment needs at least 4 calendar years"
        )
    split = PROTOCOLS[protocol](ordered)
    if not split.test:
        raise SelectionError(f"protocol {protocol!r} leaves no test year of {len(ordered)}: use 'clean'")
    return split


def check(protocol: str, experiment: str) -> None:
    """Raise SelectionError unless both names are known."""
    if protocol not in PROTOCOLS:
        raise SelectionError(f"unknown protocol {protocol!r}: use one of {', '.join(PROTOCOLS)}")
    if experiment not in EXPERIMENTS:
        raise SelectionError(f"unknown experiment {experiment!r}: use one of {', '.join(EXPERIMENTS)}")


def pick(ds: xr.Dataset, sites: Sequence[str]) -> xr.Dataset:
    """The ``sites`` of ``ds``, in its order (all, if none is named); SelectionError names those it lacks."""
    if not sites:
        return ds
    held = ds["site"].values.astype(str)
    absent = sorted(set(sites) - set(held.tolist()))
    if absent:
        raise SelectionError(f"the data set lacks the site(s) {', '.join(absent)} of the split: give one that has them")
    return ds.isel(site=np.flatnonzero(np.isin(held, list(sites))))


def _years_of(years: Sequence[int], protocol: str) -> Split:
    """The years of a spatial split."""
    if protocol == "clean":
        return temporal(years, protocol)
    everything = tuple(sorted(years))
    return Split(everything, everything, everything, everything)


def _with_sites(split: Split, protocol: str, sites: np.ndarray, test: list[str], fold: int) -> Split:
    rest = _shuffled([site for site in sites.tolist() if site not in set(test)])
    n = max(1, round(VALIDATION_SHARE * len(rest)))
    if len(rest) <= n or not test:
        raise SelectionError(f"{len(sites)} site(s) cannot be split in space: a fold needs some to train and validate")
    train = tuple(sorted(rest[n:]))
    scaler = train if protocol == "clean" else tuple(sorted(sites.tolist()))
    return dataclasses.replace(
        split,
        fold=fold,
        train_sites=train,
        validate_sites=tuple(sorted(rest[:n])),
        test_sites=tuple(sorted(test)),
        scaler_sites=scaler,
    )


def _shuffled(sites: Sequence[str]) -> list[str]:
    """``sites`` in an order that depends on the set of them alone."""
    ordered = sorted(sites)
    return [ordered[k] for k in np.random.default_rng(FOLD_SEED).permutation(len(ordered))]


def _random_folds(sites: np.ndarray) -> list[list[str]]:
    shuffled = _shuffled(sites.tolist())
    if len(shuffled) < SPATIAL_FOLDS:
        raise SelectionError(f"{len(shuffled)} site(s) cannot be split in space: use at least {SPATIAL_FOLDS}")
    return [shuffled[k::SPATIAL_FOLDS] for k in range(SPATIAL_FOLDS)]


def _states(ds: xr.Dataset) -> list[list[str]]:
    state, sites = ds["state"].values.astype(str), ds["site"].values.astype(str)
    names = sorted(set(state.tolist()))
    if len(names) < 2:
        raise SelectionError(f"spatial-state needs at least 2 states: the data set has {', '.join(names)} alone")
    return [sites[state == name].tolist() for name in names]
