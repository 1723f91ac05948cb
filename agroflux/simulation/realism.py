"""How real the bundled simulations are: yields against surveys, N2O and carbon against published ranges.

What is compared, and with what, is written to ``assets/DATA.md`` by ``assets/build/data_card.py``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.simulation.outputs import CARBON

#: Water in marketed grain (USDA standards): reported yields hold it, simulated dry matter does not.
MOISTURE = {"corn": 0.155, "soybean": 0.13}
#: What Corn Belt measurements show at 150-180 kg N ha-1 (N2O) and in towers (GPP, NEE); kg N ha-1 or g C m-2 a year.
PLAUSIBLE = {
    ("N2O", "rotation"): (1.0, 5.0),
    ("GPP", "corn"): (1000.0, 1900.0),
    ("GPP", "soybean"): (600.0, 1000.0),
    ("NEE", "corn"): (-900.0, -200.0),
    ("NEE", "soybean"): (-250.0, 250.0),
}
_CROPS = {"corn": 1.0, "soybean": 0.0}


def crop_years(ds: xr.Dataset) -> xr.DataArray:
    """1 where the year's crop is corn, 0 where soybean, over (site, year)."""
    crop = ds["CROP"].groupby("time.year").mean()
    return crop.transpose("site", "year")


def annual_sum(ds: xr.Dataset, name: str) -> xr.DataArray:
    """Yearly sums of a daily flux over (site, scenario, year)."""
    return ds[name].groupby("time.year").sum()


def by_crop(values: xr.DataArray, crops: xr.DataArray) -> dict[str, xr.DataArray]:
    """``values`` (site, scenario, year) averaged over the corn years and over the soybean years."""
    return {name: values.where(crops == flag).mean("year") for name, flag in _CROPS.items()}


def yields(ds: xr.Dataset, facts: pd.DataFrame, n_rate: float = 168.0) -> pd.DataFrame:
    """Simulated (mean over years) and reported grain yields [t ha-1 at market moisture], one row a county and crop."""
    at = ds.sel(scenario=ds["scenario"][ds["n_rate"] == n_rate][0])
    carbon = by_crop(at["Yield"], crop_years(ds))
    parts = []
    for crop, moisture in MOISTURE.items():
        fresh = carbon[crop].to_series() / CARBON / 100 / (1 - moisture)
        reported = facts[f"{crop}_yield_t_ha"].reindex(fresh.index)
        parts.append(pd.DataFrame({"crop": crop, "simulated": fresh, "reported": reported}))
    return pd.concat(parts).rename_axis("fips").reset_index()


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """n, means, bias, RMSE [t ha-1] and squared correlation of county yields, by crop."""
    rows = []
    for crop, part in table.dropna().groupby("crop"):
        error = part["simulated"] - part["reported"]
        rows.append(
            {
                "crop": crop,
                "n": len(part),
                "simulated": part["simulated"].mean(),
                "reported": part["reported"].mean(),
                "bias": error.mean(),
                "rmse": float(np.sqrt((error**2).mean())),
                "r2": float(np.corrcoef(part["simulated"], part["reported"])[0, 1] ** 2),
            }
        )
    return pd.DataFrame(rows).set_index("crop")


def n2o_by_rate(ds: xr.Dataset) -> pd.DataFrame:
    """Annual N2O [kg N ha-1] by nitrogen rate: mean over counties in corn years, soybean years and the rotation,

    the 5-95 % range of the rotation over counties, and the extra N2O per kg of nitrogen (an emission factor, %).
    """
    kg = 10 * annual_sum(ds, "N2O_FLUX")
    parts = by_crop(kg, crop_years(ds))
    rotation = (parts["corn"] + parts["soybean"]) / 2
    table = pd.DataFrame(
        {
            "corn": parts["corn"].mean("site").to_numpy(),
            "soybean": parts["soybean"].mean("site").to_numpy(),
            "rotation": rotation.mean("site").to_numpy(),
            "low": rotation.quantile(0.05, "site").to_numpy(),
            "high": rotation.quantile(0.95, "site").to_numpy(),
        },
        index=pd.Index(ds["n_rate"].to_numpy(), name="n_rate"),
    )
    # Nitrogen goes to corn alone: a rotation of two years gets the rate once.
    extra = 2 * (table["rotation"] - table["rotation"].iloc[0])
    table["factor_pct"] = (100 * extra / table.index.to_numpy()).where(table.index > 0)
    return table


def carbon(ds: xr.Dataset, n_rate: float = 168.0) -> Mapping[tuple[str, str], float]:
    """Annual GPP and NEE [g C m-2], mean over counties and years of each crop."""
    at = ds.sel(scenario=ds["scenario"][ds["n_rate"] == n_rate][0])
    crops = crop_years(ds)
    found = {}
    for name in ("GPP", "NEE"):
        for crop, values in by_crop(annual_sum(at, name), crops).items():
            found[name, crop] = float(values.mean())
    return found


def unaccounted(ds: xr.Dataset, n_rate: float = 168.0) -> Mapping[str, float]:
    """Carbon that a year's fluxes do not account for [g C m-2], by crop: -NEE - Yield - Delta_SOC.

    Uptake less harvest less gain of soil and litter, mean over counties and years; 0 where all that grows is in NPP.
    """
    at = ds.sel(scenario=ds["scenario"][ds["n_rate"] == n_rate][0])
    missing = -annual_sum(at, "NEE") - at["Yield"] - at["Delta_SOC"]
    return {crop: float(values.mean()) for crop, values in by_crop(missing, crop_years(ds)).items()}


def closure(ds: xr.Dataset) -> float:
    """Largest |NEE - (Reco - GPP)| [g C m-2 d-1]."""
    return float(abs(ds["NEE"] - (ds["Reco"] - ds["GPP"])).max())
