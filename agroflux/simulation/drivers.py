"""What an emulator is told of a case: weather, management and soil as a contract data set; no engine runs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import __version__, schema
from agroflux.errors import SelectionError
from agroflux.simulation.benchmark import noleap_days
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import usual_rate

#: Years before the first asked one, so that an emulator's state can warm up on what came before.
HISTORY_YEARS = 2
_WEATHER = ("TMAX", "TMIN", "PRECN", "SRAD")


def driver_set(cases: Sequence[Case]) -> xr.Dataset:
    """Drivers (site, time) and (site) of ``cases``, which share years and change and differ in county.

    From two years before the first year on, 365 days a year as in the benchmark. SelectionError for mixed cases.
    """
    if not cases or len({(c.years, c.change, c.soil_model) for c in cases}) > 1:
        raise SelectionError("drivers are made for one change and one span of years at a time")
    first, last = cases[0].years
    days = noleap_days((first - HISTORY_YEARS, last))
    parts = [_one(case, days) for case in cases]
    facts = benchmark_counties().loc[[case.fips for case in cases]]
    return xr.Dataset(
        {
            name: (
                ("site", "time")[: parts[0][name].ndim + 1],
                np.stack([part[name] for part in parts]).astype("float32"),
                {"units": schema.get(name).unit, "long_name": schema.get(name).label},
            )
            for name in parts[0]
        },
        coords={
            "site": [case.fips for case in cases],
            "lat": ("site", facts["lat_deg"].to_numpy(float)),
            "lon": ("site", facts["lon_deg"].to_numpy(float)),
            "site_name": ("site", facts["county"].to_numpy(str)),
            "state": ("site", facts["state"].to_numpy(str)),
            "scenario": ["what-if"],
            "n_rate": ("scenario", [usual_rate(cases[0].change)]),
            "time": days,
        },
        attrs={
            "kind": "simulation",
            "calendar": "noleap",
            "title": f"Drivers of {cases[0].change.label()}",
            "source": "Daymet weather moved to each county, gSSURGO soils",
            "licence": "CC-BY-4.0",
            "citation": "Thornton et al. Daymet, doi 10.3334/ORNLDAAC/1840; USDA NRCS gSSURGO",
            "synthetic": False,
            "history": f"agroflux {__version__} what-if",
        },
    )


def _one(case: Case, days: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    scenario, site = case.build()
    weather = site.weather.reindex(days)
    table = pd.DataFrame(0.0, index=days, columns=["FERTZR_N", "PLANTING", "CROP"])
    table["CROP"] = [float(scenario.crop(year) == "corn") for year in days.year]
    for year, day in scenario.planted((site.weather["TMAX"] + site.weather["TMIN"]) / 2).items():
        if day in days:
            table.loc[day, "PLANTING"] = 1.0
        for date, amount in scenario.applications(year, day):
            if date in days:
                table.loc[date, "FERTZR_N"] += amount / 10
    drivers = {name: weather[name].to_numpy() for name in _WEATHER}
    drivers |= {name: table[name].to_numpy() for name in table}
    return drivers | {name: np.asarray(value) for name, value in site.soil.drivers().items()}
