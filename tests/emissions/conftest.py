"""A rotation small enough to add up by hand: 3 counties x 2 nitrogen rates x 4 years, constant daily fluxes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.emissions.assess import Assessment, assess
from agroflux.emissions.question import Question, Sources

FIPS = ["19153", "19169", "17019"]
YEARS = [2013, 2014, 2015, 2016]
#: Corn years of each county; the other years grow soybean. Champaign starts with soybean.
CORN = {"19153": [2013, 2015], "19169": [2013, 2015], "17019": [2014, 2016]}


def _days() -> np.ndarray:
    days = np.arange("2013-01-01", "2017-01-01", dtype="datetime64[D]")
    return days[~np.char.endswith(days.astype(str), "02-29")].astype("datetime64[ns]")


@pytest.fixture
def facts() -> pd.DataFrame:
    """County facts: Champaign reports no soybean area."""
    return pd.DataFrame(
        {
            "county": ["Polk", "Story", "Champaign"],
            "state": ["IA", "IA", "IL"],
            "land_area_km2": [1000.0, 1000.0, 2000.0],
            "corn_area_ha": [10_000.0, 20_000.0, 50_000.0],
            "soybean_area_ha": [5_000.0, 8_000.0, np.nan],
            "farm_n_2012_t": [1_000.0, 2_000.0, 9_000.0],
        },
        index=pd.Index(FIPS, name="fips"),
    )


@pytest.fixture
def rotation() -> Callable[..., xr.Dataset]:
    """Make the data set. Annual N2O [g N m-2]: 0.365 in a corn year + 0.0365 x (year - 2013), 0.1 x that at 0 N;
    0.073 in a soybean year. NEE -365 (corn) or -36.5 (soybean), Yield 400 or 100, Delta_SOC 10 or -5 [g C m-2].
    """

    def make(n2o: np.ndarray | None = None, **attrs: Any) -> xr.Dataset:
        days = _days()
        year = days.astype("datetime64[Y]").astype(int) + 1970
        crop = np.array([np.isin(year, CORN[f]) for f in FIPS]).astype(float)
        is_corn = np.array([[y in CORN[f] for y in YEARS] for f in FIPS])
        corn_n2o = 0.001 + 0.0001 * (year - 2013)
        at_168 = np.where(crop == 1, corn_n2o, 0.0002)
        flux = np.stack([0.1 * at_168, at_168], axis=1) if n2o is None else n2o
        nee = np.repeat(np.where(crop == 1, -1.0, -0.1)[:, None], 2, axis=1)
        annual = {
            "Yield": np.repeat(np.where(is_corn, 400.0, 100.0)[:, None], 2, axis=1),
            "Delta_SOC": np.repeat(np.where(is_corn, 10.0, -5.0)[:, None], 2, axis=1),
        }
        daily = ("site", "scenario", "time")
        ds = xr.Dataset(
            {
                "CROP": (("site", "time"), crop, {"units": "1"}),
                "N2O_FLUX": (daily, flux, {"units": "g N m-2 d-1"}),
                "NEE": (daily, nee, {"units": "g C m-2 d-1"}),
                **{k: (("site", "scenario", "year"), v, {"units": "g C m-2"}) for k, v in annual.items()},
            },
            coords={
                "site": FIPS,
                "scenario": ["n000", "n168"],
                "time": days,
                "year": YEARS,
                "n_rate": ("scenario", [0.0, 168.0]),
                "lat": ("site", [41.7, 42.0, 40.1]),
                "lon": ("site", [-93.6, -93.5, -88.2]),
                "site_name": ("site", ["Polk", "Story", "Champaign"]),
                "state": ("site", ["IA", "IA", "IL"]),
            },
            attrs={
                **dict.fromkeys(("title", "source", "licence", "citation", "history"), "hand-made"),
                "kind": "simulation",
                "calendar": "noleap",
                "synthetic": True,
            },
        )
        ds.attrs.update(attrs)
        return ds

    return make


@pytest.fixture
def answer_of() -> Callable[..., Assessment]:
    """Answer a question of the rotation's own, at 168 kg N ha-1 where nothing else is asked."""

    def made(ds: xr.Dataset, facts: pd.DataFrame, **asked: Any) -> Assessment:
        sources = Sources("made", lambda rate: ds, (0.0, 168.0), {"made": ds}, "made")
        return assess(Question(**{"n_rate": 168.0, "years": tuple(YEARS), "draws": 50} | asked), sources, facts)

    return made
