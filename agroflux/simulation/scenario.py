"""What is grown and how: the frozen description of one rotation, from which the engine's files follow."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

SoilModel = Literal["century", "ceres"]
Crop = Literal["corn", "soybean"]


@dataclass(frozen=True, slots=True)
class SoilMethods:
    """The engine's letters for one soil model: organic matter (MESOM) and greenhouse gases (MEGHG)."""

    organic_matter: str
    gases: str


#: CENTURY soil carbon goes with DayCent's denitrification (Del Grosso et al. 2000), Godwin's with that of CERES.
SOIL_MODELS: dict[str, SoilMethods] = {"century": SoilMethods("P", "1"), "ceres": SoilMethods("G", "0")}


@dataclass(frozen=True, slots=True)
class PlantingRule:
    """Plant on the first day of [earliest, latest] (day of year) whose 10-day mean air temperature reaches ``warm``."""

    earliest: int
    latest: int
    warm: float

    def day(self, mean_temperature: pd.Series, year: int) -> pd.Timestamp:
        """Planting day in ``year`` given daily mean air temperature [degC]."""
        return self.in_year(mean_temperature.rolling(10).mean(), year)

    def in_year(self, ten_day_mean: pd.Series, year: int) -> pd.Timestamp:
        """Planting day in ``year`` given the mean air temperature of the ten days up to each day [degC]."""
        start = pd.Timestamp(year, 1, 1)
        days = ten_day_mean[start + pd.Timedelta(days=self.earliest - 1) : start + pd.Timedelta(days=self.latest - 1)]
        ready = days.index[days.to_numpy() >= self.warm]
        return ready[0] if len(ready) else days.index[-1]


@dataclass(frozen=True, slots=True)
class CropPlan:
    """Cultivar code and name in the engine's files, plants m-2, row width [cm], planting rule."""

    cultivar: str
    name: str
    plants: float
    row_cm: float
    planting: PlantingRule


@dataclass(frozen=True, slots=True)
class Tillage:
    """One pass: implement (code of the engine's TILOP048.SDA), depth [cm], and when.

    ``fall_day`` is a day of the year before planting; without one the pass is ``days_before`` planting.
    """

    implement: str
    depth_cm: int
    fall_day: int | None = None
    days_before: int = 0

    def day(self, planting: pd.Timestamp) -> pd.Timestamp:
        if self.fall_day is not None:
            return pd.Timestamp(planting.year - 1, 1, 1) + pd.Timedelta(days=self.fall_day - 1)
        return planting - pd.Timedelta(days=self.days_before)


#: Straight-point chisel plough in mid-November after harvest, field cultivator three days before planting.
CONVENTIONAL = (Tillage("TI005", 18, fall_day=318), Tillage("TI011", 10, days_before=3))


@dataclass(frozen=True, slots=True)
class Fertiliser:
    """How the nitrogen of a corn year is given: material and method (codes of the engine's DETAIL.CDE), depth [cm],

    and ``doses``: days from planting and share of the rate [1]; shares add up to 1. Negative days lie before
    planting. The usual: urea ammonium nitrate injected 10 cm deep at once, 19 days after planting.
    """

    material: str = "FE010"
    method: str = "AP004"
    depth_cm: int = 10
    doses: tuple[tuple[int, float], ...] = ((19, 1.0),)


@dataclass(frozen=True, slots=True)
class CoverCrop:
    """A winter cereal between harvest and planting, killed and left on the field.

    Cultivar code and name as in WHCER048.CUL, sown on day of year ``sown`` of the autumn at ``plants`` m-2 in rows of
    ``row_cm`` [cm], killed ``days_before`` planting. Both main crops are then harvested on their last date.
    """

    cultivar: str = "IB0488"
    name: str = "NEWTON"
    sown: int = 279
    plants: float = 250.0
    row_cm: float = 19.0
    days_before: int = 10

    def days(self, planting: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Days of sowing and of killing before a planting."""
        sowing = pd.Timestamp(planting.year - 1, 1, 1) + pd.Timedelta(days=self.sown - 1)
        return sowing, planting - pd.Timedelta(days=self.days_before)


@dataclass(frozen=True)
class Scenario:
    """One rotation at one place: who is first, how much nitrogen, which soil model, from when to when."""

    first_crop: Crop
    n_rate: float
    soil_model: SoilModel
    corn: CropPlan
    soybean: CropPlan
    #: First and last year of the run; the years before ``keep_from`` are spin-up.
    first_year: int = 1996
    last_year: int = 2018
    keep_from: int = 2000
    fertiliser: Fertiliser = Fertiliser()
    #: Days by which both crops are planted later (or, below zero, earlier) than their rules say.
    planting_shift: int = 0
    #: Passes before each planting; none leaves residues on the surface.
    tillage: tuple[Tillage, ...] = CONVENTIONAL
    #: Harvest no later than this day of year.
    harvest_by: int = 310
    #: Share of the corn stover [%] that leaves the field at harvest.
    residue_removal: float = 0.0
    #: Sprinkle to the drained upper limit whenever half of the water that plants can take from 0-30 cm is gone.
    irrigated: bool = False
    #: Carbon dioxide in the air [ppm]; None: as recorded at Mauna Loa, year by year.
    co2: float | None = None
    #: Grown before each planting but the first; the passes of the autumn are then left out.
    cover: CoverCrop | None = None
    #: Let the engine print its water, nitrogen and carbon balances too (a third slower).
    balances: bool = False

    def crop(self, year: int) -> Crop:
        """The crop of ``year``: corn and soybean alternate; ``first_crop`` grows in ``keep_from``."""
        even = (year - self.keep_from) % 2 == 0
        other: Crop = "soybean" if self.first_crop == "corn" else "corn"
        return self.first_crop if even else other

    def plan(self, crop: Crop) -> CropPlan:
        return self.corn if crop == "corn" else self.soybean

    def planted(self, mean_temperature: pd.Series) -> dict[int, pd.Timestamp]:
        """Planting day of each year of the run given daily mean air temperature [degC]."""
        shift = pd.Timedelta(days=self.planting_shift)
        ten_day_mean = mean_temperature.rolling(10).mean()
        return {
            year: self.plan(self.crop(year)).planting.in_year(ten_day_mean, year) + shift
            for year in range(self.first_year, self.last_year + 1)
        }

    def applications(self, year: int, planting: pd.Timestamp) -> list[tuple[pd.Timestamp, float]]:
        """Days and amounts [kg N ha-1] of the nitrogen for the crop of ``year``; none for soybean.

        Amounts are whole, as the engine's files hold no fraction; the last dose is what the others leave of the rate.
        """
        left = round(self.n_rate)
        if self.crop(year) != "corn" or left <= 0:
            return []
        *first, (last_day, _) = self.fertiliser.doses
        found = []
        for day, share in first:
            amount = min(left, round(share * self.n_rate))
            left -= amount
            found.append((planting + pd.Timedelta(days=day), float(amount)))
        return [*found, (planting + pd.Timedelta(days=last_day), float(left))]


def midwest_corn(lat: float) -> CropPlan:
    """Corn by latitude: earlier-maturing hybrids in the north (CERES-Maize cultivar file)."""
    code, name = ("IB1072", "DEKALB 485") if lat > 39.7 else ("IB1069", "PIO 3563")
    return CropPlan(code, name, 7.0, 76.0, PlantingRule(_shift(110, lat), 145, 12.5))


def midwest_soybean(lat: float) -> CropPlan:
    """Soybean by latitude: maturity groups 2 (north) and 3 (south) of the CROPGRO cultivar file."""
    code, name = ("990002", "M GROUP   2") if lat > 40.5 else ("990003", "M GROUP   3")
    return CropPlan(code, name, 30.0, 38.0, PlantingRule(_shift(125, lat), 160, 15.5))


def _shift(day: int, lat: float) -> int:
    """Earliest planting day of year, two days earlier per degree south of 42 N."""
    return int(np.round(day - 2 * np.clip(42 - lat, -2, 5)))
