"""What a data set must look like, and the check of it.

simulation   ``xr.Dataset`` over ``(site, scenario, time)`` and, for annual values, ``(site, scenario, year)``
observation  ``xr.Dataset`` over ``(site, time)``

A variable may lack a dimension along which it does not vary (weather: ``(site, time)``; soil: ``(site,)``), but not
``site``.
``time`` is daily and increasing, ``datetime64`` at the start of each day; days between two seasons or chosen years may
be absent, but values of every other day or every month are not daily. The attribute ``calendar`` says ``standard`` or
``noleap`` (29 February left out, so that every year has 365 days). Each variable carries ``units`` equal to
those of :mod:`agroflux.schema`, in house signs. Missing is NaN. A variable ``X`` may have companions: ``X_qc``,
the share [1] of measured (not gap-filled) half-hours behind a daily value; ``X_unc``, its random uncertainty (one
standard deviation, or standard error over replicates); ``X_p25`` and ``X_p75``, the quartiles over ways of
processing. A management driver that is NaN is unknown, never zero. Names of sites are text. Site coordinates:
``lat``, ``lon`` [degrees], ``site_name``, ``state``. Scenario coordinate: ``n_rate`` [kg N ha-1 to corn]. The attribute
``model`` names the network that made a prediction, whose values may err a little beyond what is possible.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.errors import ContractError

KINDS = ("simulation", "observation")
CALENDARS = ("standard", "noleap")
REQUIRED_ATTRS = ("kind", "calendar", "title", "source", "licence", "citation", "synthetic", "history")
_TEXTS = tuple(a for a in REQUIRED_ATTRS if a != "synthetic")
_DIMS = {"simulation": {"site", "scenario", "time", "year"}, "observation": {"site", "time", "year"}}
#: Companion of a variable ``X``: suffix -> unit; None stands for the unit of ``X``.
COMPANIONS: dict[str, str | None] = {"_qc": "1", "_unc": None, "_p25": None, "_p75": None}
#: Share [1] of a variable's range by which a prediction may leave it: nitrate a little below zero, never another unit.
PREDICTION_SLACK = 0.02


def base_name(name: str) -> str:
    """The variable that ``name`` belongs to: ``NEE`` of ``NEE_unc``, and of ``NEE`` itself."""
    return next((name.removesuffix(s) for s in COMPANIONS if name.endswith(s)), name)


def unit_of(name: str) -> str:
    """The unit that a variable or companion must carry; KeyError for one that the schema does not know."""
    base = base_name(name)
    own = COMPANIONS.get(name.removeprefix(base)) if name != base else None
    return own or schema.get(base).unit


def names_in_order(names: Iterable[str]) -> list[str]:
    """``names`` in the schema's order, each variable followed by its companions; unknown ones last."""
    given = list(names)
    known = [n for v in schema.VARIABLES for n in (v, *(v + s for s in COMPANIONS)) if n in given]
    return known + [n for n in given if n not in known]


def problems(ds: xr.Dataset, *, values: bool = False) -> list[str]:
    """All breaches of the contract, one sentence each; ``values`` also reads and range-checks the data."""
    checks: list[Callable[[xr.Dataset], list[str]]] = [_attrs, _coords, _time, _variables]
    found = [sentence for check in checks for sentence in check(ds)]
    if values and not found:
        found = _values(ds)
    return found


def validate(ds: xr.Dataset, *, name: str = "data set", values: bool = False) -> xr.Dataset:
    """Return ``ds`` unchanged, or raise ContractError that lists every breach."""
    found = problems(ds, values=values)
    if found:
        raise ContractError(f"{name}: " + "; ".join(found))
    return ds


def _attrs(ds: xr.Dataset) -> list[str]:
    found = [f"attribute {a!r} is missing" for a in REQUIRED_ATTRS if a not in ds.attrs]
    # Asked before anything is compared: a NetCDF attribute may be an array, which is neither equal nor unequal.
    no_text = [f"attribute {a!r} is no text" for a in _TEXTS if not isinstance(ds.attrs.get(a, ""), str)]
    if no_text:
        return found + no_text
    if ds.attrs.get("kind", KINDS[0]) not in KINDS:
        found.append(f"attribute 'kind' is {ds.attrs['kind']!r}, not one of {', '.join(KINDS)}")
    if ds.attrs.get("calendar", CALENDARS[0]) not in CALENDARS:
        found.append(f"attribute 'calendar' is {ds.attrs['calendar']!r}, not one of {', '.join(CALENDARS)}")
    if not isinstance(ds.attrs.get("synthetic", True), bool | np.bool_ | int | np.integer):
        found.append("attribute 'synthetic' must be true or false")
    return found


def _coords(ds: xr.Dataset) -> list[str]:
    kind = str(ds.attrs.get("kind", "simulation"))
    need = ["site", "time"] + (["scenario"] if kind == "simulation" else [])
    one = {d: f": keep it, as in isel({d}=[0])" if d in ds.coords else "" for d in need}
    found = [f"dimension {d!r} is missing{one[d]}" for d in need if d not in ds.dims]
    found += [f"{d} is empty: give at least one" for d, size in ds.sizes.items() if not size]
    extra = set(map(str, ds.dims)) - _DIMS.get(kind, _DIMS["simulation"])
    found += [f"dimension {d!r} does not belong to a {kind}" for d in sorted(extra)]
    found += [f"site coordinate {c!r} is missing" for c in ("lat", "lon", "site_name", "state") if c not in ds.coords]
    found += _rates(ds, kind)
    if "site" in ds.dims and not all(isinstance(s, str) for s in ds["site"].to_numpy().tolist()):
        found.append("site names are no text: write them as text, such as '19169'")
    elif "site" in ds.dims and len(set(ds["site"].to_numpy().tolist())) != ds.sizes["site"]:
        found.append("site names are not unique")
    if "year" in ds.dims and "year" not in ds.coords:
        found.append("year has no coordinate values")
    elif "year" in ds.dims and ds["year"].dtype.kind not in "iu":
        found.append(f"year is {ds['year'].dtype}, not whole numbers such as 2005")
    elif "year" in ds.dims and len(set(ds["year"].to_numpy().tolist())) != ds.sizes["year"]:
        found.append("years are not unique")
    for name in ("site_name", "state"):
        if name in ds.coords and not (ds[name].dims == ("site",) and _is_text(ds[name])):
            found.append(f"site coordinate {name!r} is no text along 'site'")
    found += [sentence for name, most in (("lat", 90), ("lon", 180)) for sentence in _position(ds, name, most)]
    return found


def _rates(ds: xr.Dataset, kind: str) -> list[str]:
    if "n_rate" not in ds.coords:
        return ["scenario coordinate 'n_rate' is missing"] if kind == "simulation" else []
    rates = ds["n_rate"]
    if rates.dims == ("scenario",) and rates.dtype.kind in "fiu" and bool(np.isfinite(rates.to_numpy()).all()):
        return []
    return ["coordinate 'n_rate' holds no number [kg N ha-1] for each scenario, along 'scenario'"]


def _is_text(array: xr.DataArray) -> bool:
    return all(isinstance(value, str) for value in array.to_numpy().tolist())


def _position(ds: xr.Dataset, name: str, most: float) -> list[str]:
    if name not in ds.coords:
        return []
    values = ds[name].to_numpy()
    # NaN is in no range; a map cannot show it.
    if values.dtype.kind in "fiu" and ds[name].dims in ((), ("site",)) and bool((np.abs(values) <= most).all()):
        return []
    return [f"site coordinate {name!r} holds no number from {-most:g} to {most:g} for each site"]


def _time(ds: xr.Dataset) -> list[str]:
    if "time" not in ds.dims:  # a coordinate of one day, left by isel(time=0): the missing dimension is told elsewhere
        return []
    if "time" not in ds.coords:
        return ["time has no coordinate values"]
    time = ds["time"].to_numpy()
    if not np.issubdtype(time.dtype, np.datetime64):
        return [f"time is {time.dtype}, not datetime64"]
    days = time.astype("datetime64[D]")
    step = np.diff(days).astype(int)
    if len(step) and step.min() < 1:
        at = days[1:][step < 1][0]
        return [f"time does not increase day by day at {at}: remove duplicate or unsorted days"]
    within = time[time != days]
    if len(within):
        # A management event is looked up by its day, and would not be found.
        return [f"time {within[0].astype('datetime64[m]')} is not the start of a day: floor the stamps to the day"]
    if len(step) and step.min() > 1:
        return [f"time has no two days in a row (the closest are {step.min()} days apart): give daily values"]
    # pandas, not ds.time.dt: that would import dask, half a second at the first data set
    stamps = pd.DatetimeIndex(time)
    if str(ds.attrs.get("calendar")) == "noleap" and bool(((stamps.month == 2) & (stamps.day == 29)).any()):
        return ["calendar is noleap but time holds 29 February"]
    return []


def _variables(ds: xr.Dataset) -> list[str]:
    found = [] if ds.data_vars else ["there is no variable"]
    for key, array in ds.data_vars.items():
        name = str(key)
        base = base_name(name)
        if base not in schema.VARIABLES:
            found.append(f"variable {name!r} is not in the schema")
            continue
        want = unit_of(name)
        have = array.attrs.get("units")
        if not isinstance(have, str) or have != want:
            found.append(f"variable {name!r} has units {have!r}, not {want!r}")
        if array.dtype.kind not in "fiub":
            found.append(f"variable {name!r} holds no numbers but {array.dtype}")
        if "site" not in array.dims:
            found.append(f"variable {name!r} lacks the dimension 'site'")
        if schema.VARIABLES[base].per == "year" and "time" in array.dims:
            found.append(f"variable {name!r} is annual: its dimension is 'year', not 'time'")
        elif schema.VARIABLES[base].per != "year" and "year" in array.dims:
            found.append(f"variable {name!r} is not annual: its dimension is 'time', not 'year'")
    return found


def limits(name: str) -> tuple[float, float]:
    """Smallest and largest plausible value of a variable or companion, in its unit."""
    if name.endswith("_qc"):
        return 0.0, 1.0
    known = schema.get(base_name(name))
    return (0.0, known.high - known.low) if name.endswith("_unc") else (known.low, known.high)


def _values(ds: xr.Dataset) -> list[str]:
    found = []
    share = PREDICTION_SLACK if "model" in ds.attrs else 0.0
    for key, array in ds.data_vars.items():
        name = str(key)
        low, high = limits(name)
        slack = share * (high - low)
        have_low, have_high = float(array.min()), float(array.max())
        if have_low < low - slack or have_high > high + slack:
            found.append(
                f"variable {name!r} spans {have_low:.4g} to {have_high:.4g}, outside {low:g} to {high:g}: "
                "check its unit and sign"
            )
    return found
