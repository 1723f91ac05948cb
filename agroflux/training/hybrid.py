"""The hybrid: a network from scratch that is told, beside the drivers, what a process model simulated for the site.

The process model ran on the tower's own weather and what is known of its field
(:mod:`agroflux.simulation.towers`); its daily fluxes are drivers more, standardised with the training site-years, and
the network learns what to make of them: their course, their error, or nothing. After Willard et al. (2022, ACM
Computing Surveys 55(4), 66, section 3.4: hybrid physics-ML by feeding the physical output to the network).
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data.scaling import Moments, Scaler
from agroflux.errors import ModelError
from agroflux.training.adaptation import Plan
from agroflux.training.finetune import anew
from agroflux.training.site_years import YEAR_DAYS, Floats, Key, SiteYears, days

#: What the process model gives, in the schema's units; columns of ``SiteYears.simulated``.
SIMULATED = ("GPP", "Reco", "NEE", "N2O_FLUX")


@dataclass(frozen=True)
class Hybrid:
    """New weights of the same architecture with the simulated fluxes as further drivers; else as ``Scratch``."""

    learning_rate: float = 5e-3
    rescale: bool = True


def with_simulated(site_years: SiteYears, series: Mapping[str, pd.DataFrame]) -> SiteYears:
    """``site_years`` with what was simulated for their sites: daily SIMULATED by site.

    NaN where a site has no series, and on days that it does not cover; 29 February is left out.
    """
    found = np.full((*site_years.drivers.shape[:2], len(SIMULATED)), np.nan, np.float32)
    for row, (site, year) in enumerate(site_years.keys):
        if site in series:
            found[row] = series[site].reindex(days(year - 1, year))[list(SIMULATED)].to_numpy(np.float32)
    return dataclasses.replace(site_years, simulated=found)


def simulated_keys(site_years: SiteYears) -> frozenset[Key]:
    """The site-years that were simulated day by day."""
    if site_years.simulated is None:
        return frozenset()
    whole = np.isfinite(site_years.simulated[:, -YEAR_DAYS:]).reshape(len(site_years), -1).all(axis=1)
    return frozenset(site_years.keys[row] for row in np.flatnonzero(whole))


def digest(site_years: SiteYears) -> str:
    """A hash of what was simulated for ``site_years``, which decides a hybrid's result beside all else."""
    values = b"" if site_years.simulated is None else np.ascontiguousarray(site_years.simulated).tobytes()
    return hashlib.sha256(values).hexdigest()[:20]


def scaler(train: SiteYears) -> Scaler:
    """Mean and scale of the simulated fluxes of ``train``. ModelError where a site-year has none."""
    values = train.simulated
    if values is None or not simulated_keys(train) >= set(train.keys):
        raise ModelError(
            "the hybrid needs the process model at every site: it runs where the crop is known and one of its own"
        )
    moments = Moments(SIMULATED)
    for k in range(len(SIMULATED)):
        moments.update(k, values[..., k])
    return moments.scaler()


def widened(site_years: SiteYears, inputs: Scaler) -> SiteYears:
    """``site_years`` whose drivers have the simulated fluxes as further columns, unknown where there are none."""
    if site_years.simulated is None:
        raise ModelError("the hybrid needs what the process model simulated for these site-years")
    scaled: Floats = inputs.scale(site_years.simulated)
    known = np.isfinite(scaled)
    return dataclasses.replace(
        site_years,
        drivers=np.concatenate([site_years.drivers, np.where(known, scaled, np.float32(0.0))], axis=2),
        known=np.concatenate([site_years.known, known], axis=2),
        simulated=None,
    )


def plan(recipe: Hybrid, checkpoint: Checkpoint, seed: int) -> Plan:
    """A new, wider network drawn from ``seed`` (the caller's random state is left as it was)."""
    return anew(checkpoint, seed, recipe.learning_rate, more_drivers=len(SIMULATED))
