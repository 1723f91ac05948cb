"""Any sequence of crops at one place: what grew from when to when, and the engine's files for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agroflux.simulation.crops import CROPS, CropModel
from agroflux.simulation.scenario import CONVENTIONAL, SOIL_MODELS, Fertiliser, SoilModel
from agroflux.simulation.sections import (
    FALLOW,
    FALLOWED,
    Control,
    Events,
    Options,
    control,
    dose_lines,
    experiment,
    planting_line,
    yyddd,
)

#: Urea ammonium nitrate, injected 10 cm deep.
USUAL = Fertiliser()
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Grown:
    """One crop of a sequence: a key of :data:`agroflux.simulation.crops.CROPS`, cultivar, first and last day.

    ``nitrogen``: days and rates [kg N ha-1]; ``cut_every``: days between two cuts of a perennial, 0 for none.
    """

    crop: str
    cultivar: tuple[str, str]
    planted: pd.Timestamp
    ended: pd.Timestamp
    plants: float
    nitrogen: tuple[tuple[pd.Timestamp, float], ...] = ()
    cut_every: int = 0

    @property
    def model(self) -> CropModel:
        """How the engine runs it."""
        return CROPS[self.crop]


@dataclass(frozen=True)
class CropSequence:
    """Crops in order of time, with a fallow day at least before each; ``keep_from`` to ``last_year`` are kept.

    The run starts on 2 November before ``first_year``. Every crop is harvested on its last day, ripe or not.
    """

    grown: tuple[Grown, ...]
    first_year: int
    keep_from: int
    last_year: int
    soil_model: SoilModel = "century"
    fertiliser: Fertiliser = USUAL
    tilled: bool = True
    irrigated: bool = False

    @property
    def start(self) -> pd.Timestamp:
        """First day of the run."""
        return pd.Timestamp(self.first_year - 1, 11, 2)

    def days(self) -> pd.DatetimeIndex:
        """The days that are kept, 29 February among them."""
        return pd.date_range(f"{self.keep_from}-01-01", f"{self.last_year}-12-31", name="time")

    def carbon_use(self) -> np.ndarray:
        """Net over gross primary production [1] of what grows on each kept day; 0.5 in a fallow, where nothing does."""
        days = self.days()
        out = pd.Series(0.5, index=days)
        for one in self.grown:
            out[one.planted : one.ended] = one.model.carbon_use
        return out.to_numpy()

    def crop_of_year(self) -> dict[int, str]:
        """The crop of each kept year, by harvest; a stand counts every year; two are joined by ``+``; none is empty."""
        named: dict[int, list[str]] = {year: [] for year in range(self.keep_from, self.last_year + 1)}
        for one in self.grown:
            first = one.planted.year if one.model.cuts else one.ended.year
            for year in range(first, one.ended.year + 1):
                if year in named:
                    named[year].append(one.crop)
        return {year: " + ".join(names) for year, names in named.items()}


def rotation(sequence: CropSequence) -> tuple[str, int]:
    """SQX text and number of components: a fallow before each crop, and one after the last."""
    kinds = list(dict.fromkeys((one.crop, one.cut_every) for one in sequence.grown))
    cultivars = {1: FALLOW} | {
        level: (one.model.code, *one.cultivar) for level, one in enumerate(sequence.grown, start=2)
    }
    treatments: list[str] = []
    fertilizers, tillage, plantings, harvests = [], [], [], []
    free = sequence.start
    given, number = sequence.fertiliser, 0
    ends = [*sequence.grown, None]
    for level, one in enumerate(ends, start=2):
        number += 1
        # The last fallow lasts until the years of the run are over: else the engine begins the sequence anew.
        last = one.planted - _DAY if one else pd.Timestamp(sequence.last_year + 1, 12, 31)
        passes = [
            (t, t.day(one.planted)) for t in CONVENTIONAL if one and sequence.tilled and free < t.day(one.planted)
        ]
        early = [dose for grown in sequence.grown for dose in grown.nitrogen if free <= dose[0] <= last]
        treatments.append(
            _treatment(number, "FALLOW", 1, level=0, doses=early, tilled=bool(passes), control=1 if number == 1 else 2)
        )
        tillage += [f"{number:2d} {yyddd(day)} {t.implement} {t.depth_cm:5d} -99" for t, day in passes]
        fertilizers += dose_lines(number, early, given)
        harvests.append(f"{number:2d} {yyddd(last)} GS000   -99   -99   -99   -99 -99")
        if one is None:
            break
        number += 1
        late = [dose for dose in one.nitrogen if one.planted <= dose[0] <= one.ended]
        treatments.append(
            _treatment(
                number,
                one.crop,
                level,
                level=level,
                doses=late,
                tilled=False,
                control=3 + kinds.index((one.crop, one.cut_every)),
            )
        )
        plantings.append(planting_line(level, one.planted, one.plants, one.model.row_cm))
        fertilizers += dose_lines(number, late, given)
        harvests.append(f"{number:2d} {yyddd(one.ended)} GS000   -99   -99   100     0 -99")
        free = one.ended + _DAY
    events = Events(treatments, plantings, fertilizers, tillage, harvests)
    return experiment(events, cultivars, sequence.start, _controls(sequence, kinds)), number


def _treatment(
    number: int,
    name: str,
    cultivar: int,
    *,
    level: int,
    doses: list[tuple[pd.Timestamp, float]],
    tilled: bool,
    control: int,
) -> str:
    first = 1 if number == 1 else 0
    return (
        f" 1{number:2d} 1 0 {name.upper():<25} {cultivar:2d}  1  0 {first:2d} {level:2d}  0 "
        f"{number if doses else 0:2d}  0  0 {number if tilled else 0:2d}  0 {number:2d} {control:2d}"
    )


def _controls(sequence: CropSequence, kinds: Sequence[tuple[str, int]]) -> list[str]:
    options = Options(
        SOIL_MODELS[sequence.soil_model],
        sequence.start,
        years=sequence.last_year - sequence.first_year + 2,
        tillage=sequence.tilled,
        sprinkler=sequence.irrigated,
    )
    grown = (
        Control(name.upper(), CROPS[name].model, CROPS[name].fixes, "Y" if cuts else "R", daily=False, cut_every=cuts)
        for name, cuts in kinds
    )
    wanted = [FALLOWED, replace(FALLOWED, daily=False), *grown]
    return [
        line
        for level, one in enumerate(wanted, start=1)
        for line in control(level, one, options, irrigates=sequence.irrigated and level > 2)
    ]
