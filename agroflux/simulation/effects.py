"""What a change does: yearly values and means of runs, differences from the baseline, the trade-off over N rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agroflux.errors import SelectionError
from agroflux.simulation.outputs import CARBON
from agroflux.simulation.runs import Run


@dataclass(frozen=True, slots=True)
class Measure:
    """A yearly quantity of a run."""

    label: str
    unit: str


MEASURES: dict[str, Measure] = {
    "corn_yield": Measure("Corn yield (dry grain)", "t ha-1"),
    "soybean_yield": Measure("Soybean yield (dry grain)", "t ha-1"),
    "n2o": Measure("N2O emission", "kg N ha-1 yr-1"),
    "gpp": Measure("Gross primary production", "g C m-2 yr-1"),
    "nee": Measure("Net ecosystem exchange", "g C m-2 yr-1"),
    "delta_soc": Measure("Change of soil carbon", "g C m-2 yr-1"),
}
#: Grain carbon [g C m-2] to dry grain [t ha-1].
GRAIN = 0.01 / CARBON


def yearly(runs: Iterable[Run]) -> pd.DataFrame:
    """One row a run and year: columns site, label (of the change), year, crop and MEASURES in their units.

    Yields are NaN in years of the other crop.
    """
    parts = [_yearly(run) for run in runs]
    columns = ["site", "label", "year", "crop", *MEASURES]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _yearly(run: Run) -> pd.DataFrame:
    by = run.daily.groupby(run.daily.index.year)
    sums = by[["GPP", "NEE", "N2O_FLUX"]].sum()
    crop = np.where(by["CROP"].first() > 0.5, "corn", "soybean")
    grain = run.annual["Yield"].to_numpy() * GRAIN
    return pd.DataFrame(
        {
            "site": run.case.fips,
            "label": run.case.change.label(),
            "year": sums.index,
            "crop": crop,
            "corn_yield": np.where(crop == "corn", grain, np.nan),
            "soybean_yield": np.where(crop == "soybean", grain, np.nan),
            "n2o": sums["N2O_FLUX"].to_numpy() * 10,
            "gpp": sums["GPP"].to_numpy(),
            "nee": sums["NEE"].to_numpy(),
            "delta_soc": run.annual["Delta_SOC"].to_numpy(),
        }
    )


def means(table: pd.DataFrame, by: str = "label") -> pd.DataFrame:
    """Mean of MEASURES over the years (then the counties) of each ``by``, in the order they come; index ``by``."""
    keys = list(dict.fromkeys([by, "site"]))
    sites = table.groupby(keys, sort=False)[list(MEASURES)].mean().reset_index()
    return sites.groupby(by, sort=False)[list(MEASURES)].mean()


def differences(table: pd.DataFrame, baseline: str, label: str, by: str = "site") -> pd.DataFrame:
    """Mean difference of ``label`` from ``baseline`` by ``site`` or ``year``, over the county-years that both hold."""
    keys = ["site", "year"]
    one, other = (table[table["label"] == name].set_index(keys)[list(MEASURES)] for name in (baseline, label))
    return (other - one.reindex(other.index)).groupby(by).mean()


@dataclass(frozen=True)
class TradeOff:
    """Means over counties and years by nitrogen rate [kg N ha-1], ascending: columns corn_yield, n2o (of the rotation)

    and ``scaled``, N2O-N per tonne of dry grain of both crops [kg t-1]. ``optimum``: the rate with the least
    ``scaled``; ``enough``: the lowest rate with 95 % of the highest corn yield.
    """

    curve: pd.DataFrame
    optimum: float
    enough: float


def trade_off(runs: Mapping[float, Iterable[Run]]) -> TradeOff:
    """The trade-off between yield and N2O from runs at several nitrogen rates; SelectionError if no corn grew."""
    rows = {}
    for rate in sorted(runs):
        table = yearly(runs[rate])
        grain = table["corn_yield"].fillna(0).sum() + table["soybean_yield"].fillna(0).sum()
        mean = means(table.assign(label="all")).iloc[0]
        scaled = table["n2o"].sum() / grain if grain > 0 else np.nan
        rows[rate] = {"corn_yield": mean["corn_yield"], "n2o": mean["n2o"], "scaled": scaled}
    curve = pd.DataFrame.from_dict(rows, orient="index").rename_axis("rate")
    if curve["corn_yield"].isna().all():
        raise SelectionError("no corn grows in these years, so that no rate can be chosen: pick two years or more")
    enough = curve.index[curve["corn_yield"] >= 0.95 * curve["corn_yield"].max()]
    return TradeOff(curve, float(curve["scaled"].idxmin()), float(enough[0]))
