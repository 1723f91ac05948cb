"""The simulations of the AgroFlux archive as Zarr data sets: county by county, resumable, in little memory."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import zarr

from agroflux import __version__, contract, paths, schema
from agroflux.data import agroflux_npy as npy
from agroflux.data.store import open_store
from agroflux.errors import DataError

#: Counties read at a time: 11 x 20 rates x 18 years are 115 MB of targets.
BLOCK = 11
_WEATHER = ("TMAX", "TMIN", "PRECN", "PLANTING", "CROP")
_SOIL = ("BD", "SAND", "SILT", "PH", "SOC")
_DONE = "converted.json"
_STORE, _PART = "store", ".part"
_CLOSE = 1e-3
CITATION = "AgroFlux benchmark (2026), arXiv 2602.01614; data set qic69/AgroFlux on the Hugging Face hub"


def convert(
    archive: str | Path,
    name: str,
    target: str | Path,
    *,
    first_year: int | None = None,
    block: int = BLOCK,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Convert one simulation of the archive into a Zarr data set of the contract.

    Parameters
    ----------
    archive
        folder of the archive as downloaded.
    name
        ``ecosys`` or ``daycent``.
    target
        the ``.zarr`` folder to make; it must not be there unless ``replace``. Parts lie beside it until all counties
        are done: the same call goes on where an interrupted one stopped.
    first_year
        calendar year of the first day, which the files do not tell; None takes the simulator's usual one.
    progress
        called with (counties done, all counties).

    Raises
    ------
    DataError
        files missing, damaged, or not laid out as published; a target that is there; no space.
    """
    out = Path(target)
    if out.exists() and not replace:
        raise DataError(f"{out} is there already: remove it, or choose another place")
    source = _Source(archive, name, first_year, block)
    work = part(out)
    done = _resume(work, source)
    try:
        if not done:
            _start(work, source)
        for first in range(0, source.counties, block):
            last = min(first + block, source.counties)
            if first not in done:
                piece = source.block(first, last)
                piece.to_zarr(work / _STORE, region={"site": slice(first, last)}, zarr_format=2, consolidated=False)
                done.append(first)
                _note(work, source, done)
            if progress:
                progress(last, source.counties)
        zarr.consolidate_metadata(work / _STORE, zarr_format=2)
        open_store(work / _STORE)
        if out.exists():
            out.replace(work / "replaced")
        (work / _STORE).replace(out)
        shutil.rmtree(work)
    except OSError as error:
        raise DataError(
            f"cannot write {out} ({error.strerror or error}): check space; the same call goes on"
        ) from error
    return out


def part(target: Path) -> Path:
    """The folder beside ``target`` in which it is made."""
    return target.with_name(f".{target.name}{_PART}")


def is_left(folder: Path) -> bool:
    """Whether ``folder`` is what a conversion left that ended after its data set was in place, before it tidied up.

    One that stopped earlier holds a store, and can go on.
    """
    named = folder.name.startswith(".") and folder.name.endswith(f".zarr{_PART}")
    return named and folder.is_dir() and not folder.is_symlink() and not (folder / _STORE).exists()


class _Source:
    """The arrays of one simulation, mapped anew for each block so that what was read can leave memory."""

    def __init__(self, archive: str | Path, name: str, first_year: int | None, step: int) -> None:
        if name not in npy.SIMULATIONS:
            raise DataError(f"no simulation {name[:40]!r} in the archive: choose one of {', '.join(npy.SIMULATIONS)}")
        tag, usual, self.label = npy.SIMULATIONS[name]
        self.x_path = npy.find(archive, f"X_{tag}_scaled.npy")
        self.y_path = npy.find(archive, f"Y_{tag}_scaled_Combined.npy")
        self.x_scaler, self.y_scaler = npy.scaler(archive, "X_scaler"), npy.scaler(archive, "Y_scaler_Combined")
        x, y = npy.mapped(self.x_path, 3), npy.mapped(self.y_path, 3)
        days, samples = x.shape[:2]
        wrong = y.shape[:2] != (days, samples) or x.shape[2] != len(schema.DRIVERS) or y.shape[2] != len(schema.TARGETS)
        if wrong or days % npy.DAYS or samples % npy.RATES or not samples:
            raise DataError(
                f"{self.x_path.name} {x.shape} and {self.y_path.name} {y.shape} are not (years x 365, counties x 20, "
                "11 and 20): download the archive again"
            )
        self.days, self.counties = days, samples // npy.RATES
        self.first_year, self.years = first_year or usual, days // npy.DAYS
        self.assumed_year, self.step = first_year is None, step
        self.sign = self._sign()

    def fingerprint(self) -> list[Any]:
        """What must be the same for a conversion to go on: files, their size and time, first year, counties a block."""
        stats = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in (self.x_path, self.y_path)]
        told: list[Any] = json.loads(json.dumps([stats, self.first_year, self.step, __version__]))
        return told

    def _target(self, name: str, first: int, last: int) -> np.ndarray:
        """(counties, rates, days) of a target in its unit, file signs except those that are known to be turned."""
        y = npy.mapped(self.y_path, 3)[:, first * npy.RATES : last * npy.RATES, npy.VARIABLE_MAP[name]]
        values = self.y_scaler.physical(name, np.asarray(y)).T.reshape(last - first, npy.RATES, self.days)
        return -values if name in npy.TURNED else values

    def _sign(self) -> npy.Sign:
        picked = np.unique(np.linspace(0, self.counties - 1, 3).astype(int))
        parts = {n: [self._target(n, c, c + 1)[:, ::5] for c in picked] for n in ("CO2_FLUX", "GPP", "Reco")}
        co2, gpp, reco = (np.concatenate(parts[n]) for n in ("CO2_FLUX", "GPP", "Reco"))
        return npy.decide_sign(co2, gpp, reco)

    def block(self, first: int, last: int) -> xr.Dataset:
        """Counties ``first`` to ``last`` - 1 as they are written: no coordinate but those along ``site``."""
        x = np.array(npy.mapped(self.x_path, 3)[:, first * npy.RATES : last * npy.RATES])
        x = x.reshape(self.days, last - first, npy.RATES, len(schema.DRIVERS)).transpose(1, 2, 0, 3)
        data: dict[str, Any] = {}
        for name in (*_WEATHER, "FERTZR_N", *_SOIL):
            values = self.x_scaler.physical(name, x[..., npy.VARIABLE_MAP[name]])
            data[name] = _driver(name, values, self.x_path.name)
        del x
        # One read of the block serves all targets: they lie side by side in the file.
        y = np.array(npy.mapped(self.y_path, 3)[:, first * npy.RATES : last * npy.RATES])
        y = y.reshape(self.days, last - first, npy.RATES, len(schema.TARGETS))
        for name in schema.TARGETS:
            values = self.y_scaler.physical(name, y[..., npy.VARIABLE_MAP[name]].transpose(1, 2, 0))
            factor = -1.0 if name in npy.TURNED else self.sign.factor if name == "CO2_FLUX" else 1.0
            values = values * np.float32(factor)
            if schema.get(name).per == "year":
                yearly = values.reshape(*values.shape[:2], self.years, npy.DAYS)
                data[name] = (("site", "scenario", "year"), yearly[..., -1])
            else:
                data[name] = (("site", "scenario", "time"), values)
        return xr.Dataset(data)

    def rates(self) -> np.ndarray:
        """Nitrogen to corn of each scenario [kg N ha-1]: the largest yearly sum of the first county."""
        x = npy.mapped(self.x_path, 3)[:, : npy.RATES, npy.VARIABLE_MAP["FERTZR_N"]]
        given = self.x_scaler.physical("FERTZR_N", np.asarray(x)).T.reshape(npy.RATES, self.years, npy.DAYS)
        return np.round(np.nanmax(given.sum(axis=2), axis=1) * 10, 1)


def _driver(name: str, values: np.ndarray, file: str) -> tuple[tuple[str, ...], np.ndarray]:
    """A driver along the dimensions that it varies along, from (counties, rates, days); DataError for others."""
    if name == "FERTZR_N":
        return ("site", "scenario", "time"), np.where(np.abs(values) < _CLOSE, np.float32(0), values)
    one = values[:, 0]
    if np.nanmax(np.abs(values - one[:, None])) > _CLOSE * max(1.0, float(np.nanmax(np.abs(one)))):
        raise DataError(f"{name} in {file} differs between nitrogen rates of a county: the second axis is not 20 i + j")
    if name in ("PLANTING", "CROP"):
        return ("site", "time"), np.round(one)
    if name in _SOIL:
        return ("site",), one[:, 0]
    return ("site", "time"), np.maximum(one, 0) if name == "PRECN" else one


def _start(work: Path, source: _Source) -> None:
    """An empty store of the right shape, made once."""
    # First what says that blocks are done: a process that ends in between leaves half a store.
    (work / _DONE).unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    template = _template(source)
    encoding: dict[Any, Any] = {
        name: {"chunks": tuple(1 if d == "site" else n for d, n in array.sizes.items())}
        for name, array in template.data_vars.items()
    } | {"time": {"units": "days since 1970-01-01", "dtype": "int32"}}
    template.to_zarr(work / _STORE, mode="w", compute=False, zarr_format=2, consolidated=False, encoding=encoding)


def _template(source: _Source) -> xr.Dataset:
    import dask.array as da

    sizes = {"site": source.counties, "scenario": npy.RATES, "time": source.days, "year": source.years}
    data: dict[str, Any] = {}
    for name in (*schema.DRIVERS, *schema.TARGETS):
        known = schema.get(name)
        dims: tuple[str, ...] = ("site", "scenario", "time")
        if name in _SOIL:
            dims = ("site",)
        elif name in _WEATHER:
            dims = ("site", "time")
        elif known.per == "year":
            dims = ("site", "scenario", "year")
        shape = tuple(sizes[d] for d in dims)
        chunks = tuple(1 if d == "site" else n for d, n in zip(dims, shape, strict=True))
        attrs = {"units": known.unit, "long_name": known.label}
        data[name] = (dims, da.full(shape, np.nan, dtype="float32", chunks=chunks), attrs)
    rates = source.rates()
    sites = _sites(source.counties)
    facts: dict[str, Any] = {
        "kind": "simulation",
        "calendar": "noleap",
        "title": f"AgroFlux archive, {source.label}",
        "source": f"AgroFlux archive ({source.x_path.name}, {source.y_path.name}), inverse-scaled to physical units",
        "licence": "CC-BY-4.0",
        "citation": CITATION,
        "synthetic": False,
        "history": f"agroflux data import agroflux; agroflux {__version__}",
        "sign_decision": f"Reco and N2O_FLUX are turned (published as negative emission). {source.sign.why}.",
        "assumptions": _assumptions(source),
    }
    coords = {
        "site": sites.index.to_numpy().astype(str),
        "scenario": [f"n{round(rate):03d}" for rate in rates],
        "time": npy.noleap_days(source.first_year, source.days).astype("datetime64[ns]"),
        "year": np.arange(source.first_year, source.first_year + source.years),
        "n_rate": ("scenario", rates, {"units": "kg N ha-1"}),
        "lat": ("site", sites["lat_deg"].to_numpy(float), {"units": "degrees_north"}),
        "lon": ("site", sites["lon_deg"].to_numpy(float), {"units": "degrees_east"}),
        "site_name": ("site", sites["county"].to_numpy().astype(str)),
        "state": ("site", sites["state"].to_numpy().astype(str)),
    }
    return contract.validate(xr.Dataset(data, coords, facts), name=f"AgroFlux {source.label}")


def _assumptions(source: _Source) -> str:
    year = "assumed" if source.assumed_year else "told by the user"
    return (
        f"First year {source.first_year}: {year}. Counties: the archive names none; the benchmark's 99 in order of "
        "FIPS are assumed. Yield and Delta_SOC: the value on the last day of each year."
    )


def _sites(counties: int) -> pd.DataFrame:
    path = paths.ASSETS / "facts" / "counties.csv"
    table = pd.read_csv(path, dtype={"fips": str})
    table = table[table["benchmark"].astype(bool)].assign(fips=lambda t: t["fips"].str.zfill(5)).sort_values("fips")
    if counties > len(table):
        raise DataError(f"the archive holds {counties} counties, the benchmark {len(table)}: is it the published one?")
    return table.set_index("fips").iloc[:counties]


def _resume(work: Path, source: _Source) -> list[int]:
    """First counties of the blocks that are done; empty where there are none, or they are of other files.

    Without a store there are none: it went to its place, and the process ended before the rest was removed.
    """
    if not (work / _STORE).is_dir():
        return []
    try:
        told = json.loads((work / _DONE).read_text())
        return [int(first) for first in told["done"]] if told["source"] == source.fingerprint() else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _note(work: Path, source: _Source, done: list[int]) -> None:
    beside = work / f"{_DONE}.new"
    with beside.open("w") as file:
        json.dump({"source": source.fingerprint(), "done": done}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(work / _DONE)
