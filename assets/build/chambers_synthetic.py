"""Build assets/data/chambers-synthetic.zarr.zip: six virtual chambers x three seasons of N2O (synthetic).

DSSAT under a parameter set that differs from the benchmark's (other drainage, fertility and timing of nitrogen),
with multiplicative log-normal noise (the spread of replicate chambers, sigma 0.5) and gaps (a tenth of the days at
random, and two outages of about a week a season). Run: ``python assets/build/chambers_synthetic.py``.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import __version__, schema
from agroflux.data.store import write_store
from agroflux.simulation import dssat, workspace
from agroflux.simulation.county import benchmark_counties, county_scenario
from agroflux.simulation.scenario import Fertiliser
from agroflux.simulation.soil import Drainage, county_soil
from agroflux.simulation.weather import county_weather

OUT = Path(__file__).resolve().parent.parent / "data" / "chambers-synthetic.zarr.zip"
LAT, LON = 40.05, -88.37
YEARS = (2014, 2016)
SEASON = ("04-01", "10-31")
#: Nitrogen [kg N ha-1], drainage rate [fraction d-1], saturated conductivity [cm h-1], days from planting to nitrogen.
HIDDEN = (
    (0, 0.22, 0.22, 25),
    (67, 0.22, 0.22, 25),
    (134, 0.22, 0.22, 25),
    (202, 0.22, 0.22, 25),
    (134, 0.15, 0.12, 5),
    (202, 0.15, 0.12, 5),
)
SIGMA, SEED = 0.5, 20140401


def main() -> None:
    facts = nearest_county()
    weather = county_weather(LAT, LON)
    random = np.random.default_rng(SEED)
    days = pd.DatetimeIndex(
        np.concatenate([pd.date_range(f"{y}-{SEASON[0]}", f"{y}-{SEASON[1]}") for y in range(YEARS[0], YEARS[1] + 1)]),
        name="time",
    )
    chambers = []
    soils = []
    with workspace.scratch() as folder:
        home = dssat.prepare_home(folder)
        for rate, sldr, ssks, delay in HIDDEN:
            soil = county_soil(facts, fertility=0.82, drainage=Drainage(sldr, ssks))
            scenario = replace(
                county_scenario(LAT, "corn", rate, "century", YEARS), fertiliser=Fertiliser(doses=((delay, 1.0),))
            )
            daily = dssat.run(scenario, dssat.Site(LAT, LON, soil, weather), folder / "r", home).daily.loc[days]
            daily["N2O_FLUX"] = measured(daily["N2O_FLUX"], random)
            chambers.append(daily[["N2O_FLUX", "FERTZR_N", "PLANTING", "CROP"]])
            soils.append(soil.drivers())
    names = [f"CH-{i + 1}" for i in range(len(HIDDEN))]
    ds = xr.Dataset(
        coords={
            "site": names,
            "time": days,
            "lat": ("site", np.full(6, LAT)),
            "lon": ("site", LON + 0.01 * np.arange(6)),
            "site_name": ("site", [f"Virtual chamber {i + 1}" for i in range(6)]),
            "state": ("site", ["IL"] * 6),
        }
    )
    for name in ("N2O_FLUX", "FERTZR_N", "PLANTING", "CROP"):
        ds[name] = (("site", "time"), np.stack([c[name].to_numpy(np.float32) for c in chambers]))
    for name in ("TMAX", "TMIN", "PRECN", "SRAD"):
        ds[name] = (("site", "time"), np.repeat(weather.loc[days, name].to_numpy(np.float32)[None], 6, axis=0))
    for name in soils[0]:
        ds[name] = ("site", np.array([s[name] for s in soils], np.float32))
    for key in ds.data_vars:
        ds[key].attrs = {"units": schema.get(str(key)).unit, "long_name": schema.get(str(key)).label}
    ds.attrs = {
        "id": "chambers-synthetic",
        "kind": "observation",
        "calendar": "standard",
        "title": "Six virtual N2O chambers, three seasons (synthetic)",
        "source": "DSSAT-CSM 4.8.2 under hidden parameters, log-normal noise (sigma 0.5), gaps; nothing measured",
        "licence": "CC-BY-4.0",
        "citation": "AgroFlux Explorer, assets/build/chambers_synthetic.py",
        "synthetic": True,
        "history": f"python assets/build/chambers_synthetic.py; seed {SEED}; agroflux {__version__}",
    }
    print(write_store(ds, OUT))


def nearest_county() -> pd.Series:
    """Facts of the benchmark county nearest to the chambers."""
    counties = benchmark_counties()
    distance = (counties["lat_deg"] - LAT) ** 2 + (0.76 * (counties["lon_deg"] - LON)) ** 2
    return counties.loc[distance.idxmin()]


def measured(flux: pd.Series, random: np.random.Generator) -> np.ndarray:
    """The flux as a chamber would report it: noise that keeps the mean, lost days, and two outages a season."""
    noise = random.lognormal(-(SIGMA**2) / 2, SIGMA, len(flux))
    values = (flux.to_numpy() * noise).astype(np.float32)
    values[random.random(len(flux)) < 0.1] = np.nan
    years = flux.index.year.to_numpy()
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        for start in random.choice(inside[:-10], 2, replace=False):
            values[start : start + random.integers(5, 10)] = np.nan
    return values


if __name__ == "__main__":
    main()
