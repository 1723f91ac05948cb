"""An adapted model on the weather of a measured site, as in its adaptation: nothing is assumed."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import coverage
from agroflux.errors import ModelError, SelectionError
from agroflux.training import site_years
from agroflux.training.transfer import Adapted


def predict(
    checkpoint: Checkpoint, observations: xr.Dataset, site: str, variable: str, years: Collection[int]
) -> xr.Dataset:
    """``variable`` at ``site`` in ``years``, each after one year of history, unknown drivers left unknown.

    Args:
        observations: observation data set ``(site, time)``, daily.
        variable: a target, or NEE; in the unit of the schema.

    Returns:
        ``variable`` ``(site, time)``, NaN on days with neither temperature nor rain; 29 February has no value. Days
        soon after a gap are kept, since nothing was filled in and the adaptation had such gaps.

    Raises:
        ModelError: no weather. SelectionError: the record has none of the years.
    """
    if not any(name in observations for name in schema.WEATHER):
        raise ModelError(f"{site} has none of {', '.join(schema.WEATHER)}: a model needs weather")
    column = schema.TARGETS.index(site_years.column(variable))
    # No target is asked for, and no day of one needed: the windows of every year of the record are given.
    windows = site_years.build(observations.sel(site=[site]), checkpoint.drivers, (), min_days=0)
    wanted = windows.take(key for key in windows.keys if key[1] in years)
    if not len(wanted):
        raise SelectionError(f"the record of {site} has none of the years asked for")
    values = Adapted(checkpoint.network, checkpoint.targets, None).predict(wanted)[..., column].ravel()
    time = np.concatenate([site_years.days(year, year) for _, year in wanted.keys])
    blind = coverage.without_weather(observations, pd.DataFrame({"site": site, "time": time}))
    series = np.where(blind, np.float32(np.nan), values)[None]
    return xr.Dataset({variable: (("site", "time"), series)}, {"site": [site], "time": time})
