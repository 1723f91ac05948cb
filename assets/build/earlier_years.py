"""Build assets/data/earlier-years.parquet: annual fluxes of the years before the bundled data sets.

99 counties, the bundled nitrogen rates and rotation phases, both soil models, 1995-1999, from runs that start in 1991.
Errors of a trained model are told from them (agroflux/simulation/earlier.py). Run:
``python assets/build/earlier_years.py``. The runs are kept in the user's folder: stopped, it goes on where it was.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.emissions.fluxes import yearly_fluxes
from agroflux.simulation import earlier
from agroflux.simulation.benchmark import benchmark_rates, noleap_days
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.runs import Case, Job, Run
from agroflux.simulation.scenario import SoilModel
from agroflux.simulation.whatif import Change

OUT = Path(__file__).resolve().parent.parent / "data" / "earlier-years.parquet"
MODELS: tuple[SoilModel, ...] = ("century", "ceres")


def table(runs: Sequence[Run], rate: float) -> pd.DataFrame:
    """One row a county and year of ``runs``, which share rate [kg N ha-1] and soil model."""
    days = noleap_days(earlier.YEARS)
    sites = [run.case.fips for run in runs]
    arrays = {
        name: ("time", np.stack([run.daily.loc[days, name] for run in runs])) for name in ("CROP", "N2O_FLUX", "NEE")
    }
    arrays |= {name: ("year", np.stack([run.annual[name] for run in runs])) for name in ("Yield", "Delta_SOC")}
    ds = xr.Dataset(
        {
            name: (("site", "scenario", dim), values[:, None].astype(float), {"units": schema.get(name).unit})
            for name, (dim, values) in arrays.items()
        },
        coords={"site": sites, "time": days, "year": list(earlier.years())},
        attrs={"kind": "simulation", "calendar": "noleap"},
    )
    found = yearly_fluxes(ds, earlier.years()).to_dataframe().dropna(subset=["n2o"]).reset_index()
    found = found.assign(soil_model=runs[0].case.soil_model, n_rate=rate)
    return found[["soil_model", "n_rate", "site", "crop", "year", *earlier.UNITS]]


def main() -> None:
    parts = []
    for model in MODELS:
        for rate in benchmark_rates(5):
            cases = [Case(str(f), earlier.YEARS, Change(n_rate=rate), model) for f in benchmark_counties().index]
            job = Job(cases).start().wait()
            if job.failed:
                raise SystemExit(f"{len(job.failed)} runs failed: {next(iter(job.failed.items()))}")
            parts.append(table([job.runs[case] for case in cases], rate))
            print(f"{model}, {rate:g} kg N ha-1: {len(parts[-1])} county-years", flush=True)
    whole = pd.concat(parts, ignore_index=True).round(dict.fromkeys(earlier.UNITS, 4))
    beside = OUT.with_suffix(".part")
    whole.astype(dict.fromkeys(earlier.UNITS, "float32")).to_parquet(beside, compression="zstd", index=False)
    beside.replace(OUT)
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
