"""The domain-randomised set: many random fields (:mod:`.fields`), run one by one, resumable, as one contract data set.

Each field is a site of its own with the single scenario ``random``. CROP is 1 in a corn year, 0 in a soybean year and
unknown (NaN) in any other and where nothing or two crops are harvested, as in management tables
(:mod:`agroflux.data.management`); the coordinate ``crop_name`` (site, year) tells. A year without a grain harvest has
no Yield (NaN). A year whose crop failed (less than 100 g C m-2 of GPP: alfalfa and wheat that die in the engine's
winters) has no target at all: a farmer would have sown again. Everything else is known; a training hides management at
random (``agroflux train --unknown-management``).
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.data.management import CROP_FLAG
from agroflux.errors import SimulationError
from agroflux.simulation import dssat, fields, fingerprint, outputs, workspace
from agroflux.simulation.benchmark import ANNUAL, DAILY, PHASE, WEATHER, noleap_days
from agroflux.simulation.dataset import STATIC, attributes, read_part, units
from agroflux.simulation.parts import claim, run_parts, write_part
from agroflux.simulation.scenario import SoilModel

#: Gross primary production of a year [g C m-2] below which its crop has failed.
FAILED_CROP = 100.0
_TARGETS = tuple(key for key in DAILY if schema.get(key).role != "driver")


@dataclass(frozen=True)
class Plan:
    """``count`` fields of ``seed``, ``years`` kept of each."""

    count: int
    seed: int
    years: tuple[int, int]
    soil_model: SoilModel = "century"

    def __str__(self) -> str:
        return f"randomised, seed {self.seed}, {self.soil_model} {self.years[0]}-{self.years[1]}"


def name(number: int) -> str:
    """Site id and file name of a field: ``r0007``."""
    return f"r{number:04d}"


def run_field(plan: Plan, number: int, part: Path, stop: threading.Event | None = None) -> None:
    """Run one field and write its part: arrays (time,), (year,) and (). CancelledError once ``stop`` is set."""
    field = fields.draw(number, plan.seed, plan.years, plan.soil_model)
    days = noleap_days(plan.years)
    with workspace.place(stop), workspace.scratch() as folder:
        result = dssat.run_sequence(field.sequence, field.site, folder / "r", dssat.prepare_home(folder), stop=stop)
    grown = field.sequence.grown
    doses = [dose for one in grown for dose in one.nitrogen]
    table = result.daily.assign(**outputs.events(result.daily.index, [one.planted for one in grown], doses)).loc[days]
    crops = field.sequence.crop_of_year()
    table["CROP"] = pd.Series(days.year, index=days).map(
        {year: CROP_FLAG.get(crop, np.nan) for year, crop in crops.items()}
    )
    years = days.year.to_numpy()
    lost = [y for y, crop in crops.items() if crop and table["GPP"].to_numpy()[years == y].sum() < FAILED_CROP]
    table.loc[np.isin(years, lost), list(_TARGETS)] = np.nan
    annual = result.annual.copy()
    annual.loc[lost] = np.nan
    arrays = {key: table[key].to_numpy(np.float32) for key in (*DAILY, *PHASE)}
    arrays |= {key: annual[key].to_numpy(np.float32) for key in ANNUAL}
    arrays |= {key: field.site.weather.loc[days, key].to_numpy(np.float32) for key in WEATHER}
    arrays |= {key: np.asarray(value, np.float32) for key, value in field.site.soil.drivers().items()}
    arrays |= {"lat": np.asarray(field.site.lat), "lon": np.asarray(field.site.lon)}
    arrays |= {"climate": np.asarray(field.climate), "state": np.asarray(field.state)}
    arrays |= {"crops": np.asarray(list(crops.values())), "n_mean": np.asarray(_mean_rate(field))}
    write_part(arrays, part)


def _mean_rate(field: fields.Field) -> float:
    """Nitrogen that a crop gets on average [kg N ha-1]."""
    given = [sum(amount for _, amount in one.nitrogen) for one in field.sequence.grown]
    return float(np.mean(given)) if given else 0.0


def run_all(plan: Plan, parts: Path, workers: int, done: Callable[[int, str | None], None]) -> dict[int, str]:
    """Run every field that has no part yet; ``done(number, error)`` after each. Returns the failures."""
    workspace.sweep()
    claim(parts, str(plan), fingerprint.made_with(fingerprint.FIELDS))
    files = {number: parts / f"{name(number)}.npz" for number in range(plan.count)}
    return run_parts(files, lambda number, part, stop: run_field(plan, number, part, stop), workers, done)


def assemble(plan: Plan, parts: Path, numbers: Iterable[int], command: str) -> xr.Dataset:
    """Contract data set (site, scenario, time) of the finished fields ``numbers``.

    Raises SimulationError when none is finished, or a part is missing or damaged.
    """
    chosen = sorted(numbers)
    if not chosen:
        raise SimulationError(f"{parts} holds no finished field: run the simulation to its end")
    read = [read_part(parts / f"{name(number)}.npz") for number in chosen]

    def stacked(key: str) -> np.ndarray:
        # Each array leaves its part, so that the set does not stand in memory twice.
        return np.stack([part.pop(key) for part in read])

    days, sites = noleap_days(plan.years), [name(number) for number in chosen]
    crops = stacked("crops").astype(str)
    ds = xr.Dataset(
        coords={
            "site": sites,
            "lat": ("site", stacked("lat").astype(float), {"units": "degrees_north"}),
            "lon": ("site", stacked("lon").astype(float), {"units": "degrees_east"}),
            "site_name": (
                "site",
                [f"Random field {n}, weather of {c}" for n, c in zip(chosen, stacked("climate"), strict=True)],
            ),
            "state": ("site", stacked("state").astype(str)),
            "scenario": ["random"],
            "n_rate": ("scenario", [round(float(stacked("n_mean").mean()), 1)], _RATE),
            "time": days,
            "year": np.arange(plan.years[0], plan.years[1] + 1),
            "crop_name": (("site", "year"), crops),
        }
    )
    for key in WEATHER:
        ds[key] = (("site", "time"), stacked(key))
    for key in STATIC:
        ds[key] = (("site",), stacked(key))
    for key in (*DAILY, *PHASE):
        ds[key] = (("site", "scenario", "time"), stacked(key)[:, None])
    for key in ANNUAL:
        ds[key] = (("site", "scenario", "year"), stacked(key)[:, None])
    ds["NEE"] = ds["Reco"] - ds["GPP"]
    ds["CO2_FLUX"] = ds["NEE"].copy()
    ds = units(ds)
    ds.attrs = _attributes(plan, command)
    return ds


_RATE = {"units": "kg N ha-1", "long_name": "Nitrogen that a crop gets, mean over all fields"}


def _attributes(plan: Plan, command: str) -> dict[str, object]:
    return attributes(plan.soil_model, command) | {
        "title": f"Random fields, DSSAT with {plan.soil_model.upper()} soil carbon (synthetic)",
        "source": "DSSAT-CSM 4.8.2 (CERES, CROPGRO, CROPSIM, PRFRM) for random crops, soils, management and weather",
        "synthetic": True,
        "notes": "GPP = NPP / 0.55 (C4 crops), NPP / 0.50 (others); Reco = Rh + GPP - NPP; CROP is unknown (NaN) but "
        "in corn (1) and soybean (0) years; a year whose crop failed has no target; what is drawn stands in "
        "agroflux/simulation/fields.py",
    }
