"""A stated part of a simulation's scenarios: fewer nitrogen rates, one rotation phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from agroflux.errors import SelectionError

PHASES = ("both", "one")


@dataclass(frozen=True)
class Subsample:
    """Which scenarios are kept.

    Attributes:
        rates: N rates [kg N ha-1]; empty: all.
        phases: ``both`` rotation phases, or ``one``: those scenarios alone that begin with the first crop there is.
    """

    rates: tuple[float, ...] = ()
    phases: str = "both"

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "Subsample":
        """The subsample that :meth:`as_dict` told."""
        return cls(tuple(about.get("rates", ())), about.get("phases", "both"))

    def as_dict(self) -> dict[str, Any]:
        """What a card says of it; empty where everything is kept."""
        about: dict[str, Any] = {"rates": list(self.rates)} if self.rates else {}
        return about | ({"phases": self.phases} if self.phases != "both" else {})

    def tag(self) -> str:
        """A short text for names, which tells how many rates are kept, not which; empty where everything is."""
        rates = f"{len(self.rates)}rates" if self.rates else ""
        return "-".join(part for part in (rates, "1phase" if self.phases == "one" else "") if part)

    def options(self) -> list[str]:
        """How ``agroflux train`` and ``agroflux evaluate`` are told of it."""
        rates = ["--rates", ",".join(f"{rate:g}" for rate in self.rates)] if self.rates else []
        return rates + (["--phases", self.phases] if self.phases != "both" else [])


#: Everything.
ALL = Subsample()


def parse_rates(text: str | None) -> tuple[float, ...]:
    """N rates [kg N ha-1] of a list as ``0,168,336``, in order; empty for None; SelectionError for anything else."""
    try:
        return tuple(sorted({float(part) for part in (text or "").split(",") if part.strip()}))
    except ValueError:
        raise SelectionError(f"--rates {text!r} is no list of numbers: write it as 0,168,336") from None


def take(ds: xr.Dataset, wanted: Subsample) -> xr.Dataset:
    """The scenarios of ``ds`` that ``wanted`` names; SelectionError for rates or phases it does not hold."""
    if wanted.phases not in PHASES:
        raise SelectionError(f"unknown phases {wanted.phases!r}: use {' or '.join(PHASES)}")
    if not wanted.as_dict():
        return ds
    if "n_rate" not in ds:
        raise SelectionError(
            "the data set has no N rates or phases to choose from: leave --rates and --phases out, or give a simulation"
        )
    have = np.asarray(ds["n_rate"].values, float)
    absent = [f"{rate:g}" for rate in wanted.rates if not np.isclose(have, rate, atol=0.05).any()]
    if absent:
        held = ", ".join(f"{rate:g}" for rate in np.unique(have))
        raise SelectionError(f"the data set has no N rate {', '.join(absent)} kg N ha-1: it has {held}")
    kept = np.ones(len(have), bool)
    if wanted.rates:
        kept = np.isclose(have[:, None], wanted.rates, atol=0.05).any(axis=1)
    if wanted.phases == "one":
        if "first_crop" not in ds.coords or ds["first_crop"].dims != ("scenario",):
            raise SelectionError(
                "the data set does not tell for each scenario with which crop it begins, so that one phase cannot be "
                "chosen: take both phases, or give a simulation of both ('agroflux simulate --phases both')"
            )
        crop = ds["first_crop"].values.astype(str)
        kept &= crop == crop[0]
    return ds.isel(scenario=np.flatnonzero(kept))
