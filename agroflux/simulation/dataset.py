"""From the parts of a benchmark run to one contract data set."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import xarray as xr

from agroflux import __version__, schema
from agroflux.errors import SimulationError
from agroflux.simulation.benchmark import (
    ANNUAL,
    DAILY,
    PHASE,
    PHASES,
    WEATHER,
    Piece,
    Plan,
    noleap_days,
    own_phase,
    piece_name,
)
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.scenario import Crop

_TITLES = {
    "century": "Corn Belt, DSSAT with CENTURY soil carbon",
    "ceres": "Corn Belt, DSSAT with CERES (Godwin) soil carbon",
}
_RATE = {"units": "kg N ha-1", "long_name": "Nitrogen rate to corn"}
STATIC = ("BD", "SAND", "SILT", "PH", "SOC")
_CITATION = (
    "Hoogenboom et al. (2019) The DSSAT crop modeling ecosystem, doi 10.19103/AS.2019.0061.10; "
    "Thornton et al. Daymet, doi 10.3334/ORNLDAAC/1840; USDA NASS Quick Stats; USDA NRCS gSSURGO; "
    "AgroFlux benchmark, arXiv 2602.01614"
)


def assemble(plan: Plan, parts: Path, fips: Iterable[str], command: str) -> xr.Dataset:
    """Lazy contract data set over (site, scenario, time) from the finished parts of ``plan``.

    A scenario is a rate (``phases="alternate"``: each county has one phase) or a rate and a phase. The plan may be
    a part of the one that was run: fewer rates, one phase a county, the last years only. Raises SimulationError
    when a part is missing or damaged.
    """
    codes = sorted(fips)
    if not plan.n_rates or not codes:
        raise SimulationError(f"{parts} holds nothing that is complete: run the simulation to its end")
    scenarios: list[tuple[float, Crop | None]] = [
        (rate, crop) for rate in plan.n_rates for crop in ((None,) if plan.phases == "alternate" else PHASES)
    ]
    days = noleap_days(plan.years)
    years = np.arange(plan.years[0], plan.years[1] + 1)

    lengths = dict.fromkeys((*DAILY, *PHASE), len(days)) | dict.fromkeys(ANNUAL, len(years))

    def load(code: str) -> dict[str, np.ndarray]:
        """All arrays (scenario, time or year) of one county: each part is opened once."""
        pieces = [(code, rate, crop or own_phase(code)) for rate, crop in scenarios]
        read = [{n: _cut(part, n, plan, k) for n, k in lengths.items()} for part in (_part(parts, p) for p in pieces)]
        return {name: np.stack([one[name] for one in read]) for name in lengths}

    counties = [dask.delayed(load, pure=True)(code) for code in codes]

    def lazy(name: str, length: int) -> da.Array:
        shape = (len(scenarios), length)
        return da.stack([da.from_delayed(county[name], shape, np.float32) for county in counties])

    def grown(code: str, rate: float, crop: Crop | None) -> Crop:
        """The crop of the plan's first year; the run may have started in another one."""
        flag = _cut(_part(parts, (code, rate, crop or own_phase(code))), "CROP", plan, len(days))[0]
        return "corn" if flag else "soybean"

    if plan.phases == "alternate":
        first_crop = ("site", [grown(code, plan.n_rates[0], None) for code in codes])
        ids = scenario_ids(plan)
    else:
        first_crop = ("scenario", [grown(codes[0], rate, crop) for rate, crop in scenarios])
        ids = [f"{_rate_id(rate)}-{crop}" for (rate, _), crop in zip(scenarios, first_crop[1], strict=True)]
    ds = xr.Dataset(
        coords=_site_coords(codes)
        | {"scenario": ids, "n_rate": ("scenario", [rate for rate, _ in scenarios], _RATE), "first_crop": first_crop}
        | {"time": days, "year": years}
    )
    first = [_part(parts, (code, plan.n_rates[0], plan.phases_of(code)[0])) for code in codes]
    for name in WEATHER:
        ds[name] = (("site", "time"), np.stack([_cut(part, name, plan, len(days)) for part in first]))
    for name in STATIC:
        ds[name] = (("site",), np.array([float(part[name]) for part in first], np.float32))
    for name in PHASE:
        if plan.phases == "alternate":
            ds[name] = (("site", "time"), np.stack([_cut(part, name, plan, len(days)) for part in first]))
        else:
            ds[name] = (("site", "scenario", "time"), lazy(name, len(days)))
    for name in DAILY:
        ds[name] = (("site", "scenario", "time"), lazy(name, len(days)))
    for name in ANNUAL:
        ds[name] = (("site", "scenario", "year"), lazy(name, len(years)))
    ds["NEE"] = ds["Reco"] - ds["GPP"]
    ds["CO2_FLUX"] = ds["NEE"].copy()
    ds = units(ds)
    ds.attrs = _attributes(plan, command)
    return ds


def scenario_ids(plan: Plan) -> list[str]:
    """Ids of the plan's scenarios, rate by rate: ``n168``, or ``n168-corn`` and ``n168-soybean``."""
    if plan.phases == "alternate":
        return [_rate_id(rate) for rate in plan.n_rates]
    return [f"{_rate_id(rate)}-{crop}" for rate in plan.n_rates for crop in PHASES]


def _rate_id(rate: float) -> str:
    return f"n{round(rate):03d}"


def units(ds: xr.Dataset) -> xr.Dataset:
    """``ds`` with the schema's unit and label on each variable."""
    for key in ds.data_vars:
        variable = schema.get(str(key))
        ds[key].attrs = {"units": variable.unit, "long_name": variable.label}
    return ds


def _part(parts: Path, piece: Piece) -> Mapping[str, np.ndarray]:
    return read_part(parts / f"{piece_name(piece)}.npz")


def read_part(path: Path) -> dict[str, np.ndarray]:
    """The arrays of one part; SimulationError where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return dict(held)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SimulationError(
            f"{path} is missing or damaged ({error}): delete it and run the same command again"
        ) from error


def _cut(part: Mapping[str, np.ndarray], name: str, plan: Plan, length: int) -> np.ndarray:
    """The last ``length`` values of one array: a plan of fewer years takes the run's last ones."""
    values = part[name]
    if len(values) < length:
        raise SimulationError(f"a part holds {len(values)} values of {name}, {length} are needed for {plan.years}")
    return values[-length:]


def _site_coords(codes: list[str]) -> dict[str, object]:
    facts = benchmark_counties().loc[codes]
    return {
        "site": codes,
        "lat": ("site", facts["lat_deg"].to_numpy(float), {"units": "degrees_north"}),
        "lon": ("site", facts["lon_deg"].to_numpy(float), {"units": "degrees_east"}),
        "site_name": ("site", facts["county"].to_numpy(str)),
        "state": ("site", facts["state"].to_numpy(str)),
    }


def _attributes(plan: Plan, command: str) -> dict[str, object]:
    return attributes(plan.soil_model, command) | {
        "title": f"{_TITLES[plan.soil_model]}, {plan.years[0]}-{plan.years[1]}",
        "source": "DSSAT-CSM 4.8.2 (CERES-Maize, CROPGRO-Soybean), Daymet weather moved to each county, gSSURGO soils",
        "synthetic": False,
        "notes": "GPP = NPP / 0.55 (corn), NPP / 0.50 (soybean); Reco = Rh + GPP - NPP; "
        "Delta_SOC is 31 December minus a year before",
    }


def attributes(soil_model: str, command: str) -> dict[str, object]:
    """What every simulated data set says of itself, made by ``command``.

    No date: the same command must give the same bytes, as models name their data by a hash.
    """
    return {
        "kind": "simulation",
        "calendar": "noleap",
        "licence": "CC-BY-4.0 (simulated here; inputs: public domain and open data, see NOTICE)",
        "citation": _CITATION,
        "simulated": True,
        "simulator": soil_model,
        "history": f"{command}; agroflux {__version__}",
        "layers": "soil layers 1, 3, 5 are 0-5, 15-30, 45-60 cm",
    }
