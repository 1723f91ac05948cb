"""Climatology, ridge and boosting on the same footing: fitted in memory, never written to disk."""

import importlib
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux import __version__, schema
from agroflux.baselines.registry import REFERENCES
from agroflux.data import windows
from agroflux.errors import ModelError


class Reference(Protocol):
    """A fitted reference."""

    def predict(self, ds: xr.Dataset, days: slice) -> NDArray[np.float32]:
        """Targets ``(site, scenario, time, target)`` over ``days`` of ``ds`` in the schema's units.

        Annual targets count on the last day of a year; NaN where the reference gives no value.
        """


def fit(name: str, ds: xr.Dataset, years: Iterable[int]) -> Reference:
    """Fit the reference ``name`` on ``years`` of ``ds``; ModelError for an unknown name, else as its own ``fit``."""
    if name not in REFERENCES:
        raise ModelError(f"unknown reference {name!r}: use one of {', '.join(REFERENCES)}")
    fitted: Reference = importlib.import_module(REFERENCES[name]).fit(ds, years)
    return fitted


def predict(reference: Reference, ds: xr.Dataset, years: Iterable[int]) -> xr.Dataset:
    """All targets of calendar ``years`` for every site and scenario of ``ds``.

    Returns:
        Data set ``(site, scenario, time)`` and ``(site, scenario, year)`` in the schema's units.

    Raises:
        SelectionError: years outside the data.
    """
    wanted = sorted({int(year) for year in years})
    days = windows.span(ds, wanted)
    part = ds.isel(time=days)
    values, last = reference.predict(ds, days), windows.last_days(part)
    data: dict[str, Any] = {}
    for k, name in enumerate(schema.TARGETS):
        attrs = {"units": schema.get(name).unit, "long_name": schema.get(name).label}
        if name in schema.ANNUAL_TARGETS:
            data[name] = (("site", "scenario", "year"), values[:, :, [last[year] for year in wanted], k], attrs)
        else:
            data[name] = (("site", "scenario", "time"), values[..., k], attrs)
    keep = [c for c in part.coords if "year" not in part[c].dims and c != "year"]
    coords: dict[Any, Any] = {c: part[c] for c in keep} | {"year": wanted}
    name = type(reference).__name__.lower()
    about = {key: ds.attrs[key] for key in ("calendar", "licence", "citation", "synthetic") if key in ds.attrs}
    attrs = about | {
        "kind": "simulation",
        "title": f"Prediction of {name}",
        "source": f"{name}; drivers: {ds.attrs.get('title', 'a data set without title')}",
        "history": f"agroflux {__version__} references.predict",
    }
    result = xr.Dataset(data, coords, attrs)
    return result.isel(time=result["time"].dt.year.isin(wanted).values)
