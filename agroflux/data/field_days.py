"""What is told of each measured day: the crop in the field, and whether its management is known.

The crop comes from the management table that a data set carries, else from the published one of known towers
(:func:`agroflux.data.management_table.shipped`), else from the driver CROP. Management is *known* on a day that has
a crop and on which both PLANTING and FERTZR_N say something; a crop alone is not enough.

Scores are also given by group of days: ``by`` says what tells groups apart (``all``, ``crop``, ``management``),
``group`` which one it is (``all``; ``corn``, ``winter wheat``, …, ``unknown``; ``known``, ``unknown``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from agroflux.data import management_table
from agroflux.data.management import ATTRIBUTE, CROP_FLAG, Season, in_field

#: What days are grouped by; the first is every day in one group.
BY = ("all", "crop", "management")
ALL, KNOWN, UNKNOWN = "all", "known", "unknown"
#: What a row of every day says; one of an older file says nothing, and is of every day too.
EVERY = {"by": ALL, "group": ALL}
#: ``by`` and ``group``.
Group = tuple[str, str]


@dataclass(frozen=True)
class FieldDays:
    """Crop (``unknown`` where it is not told) and whether management is known; two arrays of one shape."""

    crops: NDArray[np.str_]
    managed: NDArray[np.bool_]

    def __getitem__(self, rows: Any) -> "FieldDays":
        return FieldDays(self.crops[rows], self.managed[rows])

    def groups(self) -> dict[Group, NDArray[np.bool_]]:
        """Days of each group that there is: all, crops by name, management; ``unknown`` comes last of its kind."""
        found = {(BY[0], ALL): np.ones(self.managed.shape, bool)}
        found |= {(BY[1], name): self.crops == name for name in ordered(np.unique(self.crops).tolist())}
        found |= {(BY[2], KNOWN): self.managed, (BY[2], UNKNOWN): ~self.managed}
        return {group: days for group, days in found.items() if days.any()}


def untold(shape: tuple[int, ...]) -> FieldDays:
    """Days of which nothing is told."""
    return FieldDays(np.full(shape, UNKNOWN), np.zeros(shape, bool))


def ordered(names: Iterable[str]) -> list[str]:
    """Names of groups as they are listed: by the alphabet, ``unknown`` last."""
    return sorted(names, key=lambda name: (name == UNKNOWN, name))


def words(by: str, group: str) -> str:
    """What a group of days is called: ``all days``, ``corn``, ``unknown crop``, ``known management``."""
    if by == ALL:
        return "all days"
    return f"{group} {by}" if by != "crop" or group == UNKNOWN else group


def seasons(ds: xr.Dataset) -> list[Season]:
    """The management table that holds for ``ds``: its own, else what is published of known towers."""
    return management_table.of(ds) if ATTRIBUTE in ds.attrs else management_table.shipped()


def on(ds: xr.Dataset, site: str, days: pd.DatetimeIndex, told: Sequence[Season]) -> FieldDays:
    """What is told of ``days`` at ``site``; ``told`` is :func:`seasons`. Days outside the record know no driver."""
    flag, planting, nitrogen = (_driver(ds, name, site, days) for name in ("CROP", "PLANTING", "FERTZR_N"))
    named = in_field([season for season in told if season.site == site], days).to_numpy(str)
    for crop, value in CROP_FLAG.items():
        named = np.where((named == "") & (flag == value), crop, named)
    managed = (named != "") & np.isfinite(planting) & np.isfinite(nitrogen)
    return FieldDays(np.where(named == "", UNKNOWN, named), managed)


def _driver(ds: xr.Dataset, name: str, site: str, days: pd.DatetimeIndex) -> NDArray[np.float64]:
    if name not in ds:
        return np.full(len(days), np.nan)
    values = ds[name].sel(site=site).to_numpy()
    return pd.Series(values, pd.DatetimeIndex(ds["time"].to_numpy())).reindex(days).to_numpy(np.float64)
