"""The part of a data set that a user asks for, or a clear word on why it cannot be had."""

import numbers
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import xarray as xr

from agroflux.errors import SelectionError

CROPS = ("corn", "soybean")
_SHOWN = 5  # unknown names in one message


def select(
    ds: xr.Dataset,
    sites: str | int | Iterable[str | int] | None = None,
    years: int | Iterable[int] | None = None,
    n_rate: float | Iterable[float] | None = None,
    first_crop: str | None = None,
) -> xr.Dataset:
    """Sites, calendar years, nitrogen rates and rotation phase of ``ds``; None keeps everything. Stays lazy.

    Parameters
    ----------
    sites
        site ids; county FIPS codes may be numbers (1001 is 01001) where no site has the number itself for its id.
        Repeated ones count once, order is kept.
    years
        calendar years; applied to ``time`` and ``year``.
    n_rate
        nitrogen to corn [kg N ha-1]; ``scenario`` stays a dimension.
    first_crop
        ``corn`` or ``soybean`` in the first simulated year: drops scenarios or sites of the other phase.

    Raises
    ------
    SelectionError
        something asked for is not in ``ds`` (at most five are named, and what there is), or nothing is left.
    """
    out = ds
    if sites is not None:
        held = {str(name) for name in out["site"].to_numpy()}
        out = out.isel(site=_positions(out, site_ids(sites, held)))
    if years is not None:
        out = _years(out, _whole(years))
    if n_rate is not None:
        out = _rates(out, [n_rate] if isinstance(n_rate, numbers.Real) else list(n_rate))  # type: ignore[list-item,arg-type]
    if first_crop is not None:
        out = _phase(out, first_crop)
    return out


def site_ids(sites: str | int | Iterable[str | int], held: Collection[str] = ()) -> list[str]:
    """Site ids as text, each once, in order: FIPS codes get five digits, but ids in ``held`` stay as they are."""
    given = [sites] if isinstance(sites, str | numbers.Integral) else list(sites)  # type: ignore[arg-type]
    found = list(dict.fromkeys(_site_id(s, held) for s in given))
    if not found:
        raise SelectionError("no site is selected: choose at least one county or tower")
    return found


def _site_id(site: object, held: Collection[str]) -> str:
    if isinstance(site, bool | np.bool_):
        raise SelectionError(f"{site!r} is no site: give a FIPS code or a site id")
    if isinstance(site, numbers.Integral):
        if str(int(site)) in held:
            return str(int(site))
        if not 0 < int(site) <= 99_999:
            raise SelectionError(f"{site} is no county FIPS code: it has five digits, such as 19169")
        return f"{int(site):05d}"
    if not isinstance(site, str) or not site.strip():
        raise SelectionError(f"{site!r} is no site: give a FIPS code such as 19169 or a site id such as US-Ne1")
    text = site.strip()
    return text.zfill(5) if text.isdecimal() and text not in held else text


def _positions(ds: xr.Dataset, wanted: Sequence[str]) -> np.ndarray:
    place = {str(name): i for i, name in enumerate(ds["site"].to_numpy())}
    unknown = [name for name in wanted if name not in place]
    if unknown:
        raise SelectionError(
            f"not in this data set: {_some(unknown)}. It holds {len(place)} site(s): {_some(list(place))}"
        )
    return np.array([place[name] for name in wanted])


def _whole(years: int | Iterable[int]) -> list[int]:
    given = [years] if isinstance(years, numbers.Integral) else list(years)  # type: ignore[arg-type]
    wrong = [y for y in given if isinstance(y, bool) or not isinstance(y, numbers.Integral)]
    if wrong:
        raise SelectionError(f"{_some([repr(y) for y in wrong])} is no calendar year: give whole numbers such as 2016")
    found = sorted({int(y) for y in given})
    if not found:
        raise SelectionError("no year is selected: choose at least one")
    return found


def _years(ds: xr.Dataset, wanted: Sequence[int]) -> xr.Dataset:
    of_day = ds["time"].dt.year.to_numpy()
    have = sorted({int(y) for y in of_day})
    unknown = [str(y) for y in wanted if y not in have]
    if unknown:
        span = f"{have[0]} to {have[-1]}" if have else "no year"
        raise SelectionError(f"years outside the data: {_some(unknown)}. The data set holds {span}")
    out = ds.isel(time=_tight(np.flatnonzero(np.isin(of_day, wanted))))
    if "year" in ds.dims:
        out = out.isel(year=_tight(np.flatnonzero(np.isin(ds["year"].to_numpy(), wanted))))
    return out


def _tight(index: np.ndarray) -> np.ndarray | slice:
    """A slice where the positions are neighbours: reads no more than it must."""
    if len(index) and index[-1] - index[0] == len(index) - 1:
        return slice(int(index[0]), int(index[-1]) + 1)
    return index


def _rates(ds: xr.Dataset, wanted: Sequence[float]) -> xr.Dataset:
    if "n_rate" not in ds.coords:
        raise SelectionError("this data set has no nitrogen rates: leave the rate out, or choose a simulation")
    if not wanted:
        raise SelectionError("no nitrogen rate is selected: choose at least one")
    have = np.atleast_1d(ds["n_rate"].to_numpy().astype(float))
    close = np.isclose(have[:, None], np.asarray(wanted, float)[None, :], rtol=0, atol=0.05)
    missing = [f"{rate:g}" for rate, hit in zip(wanted, close.any(axis=0), strict=True) if not hit]
    if missing:
        known = ", ".join(f"{r:g}" for r in sorted(set(have.tolist())))
        raise SelectionError(f"no scenario with {_some(missing)} kg N ha-1: the data set holds {known}")
    return ds.isel(scenario=_tight(np.flatnonzero(close.any(axis=1))))


def _phase(ds: xr.Dataset, crop: str) -> xr.Dataset:
    if crop not in CROPS:
        raise SelectionError(f"unknown first crop {crop!r}: choose {' or '.join(CROPS)}")
    if "first_crop" not in ds.coords:
        raise SelectionError("this data set does not tell its first crop: leave it out, or choose a simulation")
    phase = ds["first_crop"]
    keep = np.flatnonzero(phase.to_numpy().astype(str) == crop)
    if not len(keep):
        raise SelectionError(f"nothing is left: no {phase.dims[0]} of the selection starts with {crop}")
    return ds.isel({phase.dims[0]: _tight(keep)})


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
