"""Does the stated interval hold what it says? Measured on held-out county-years that the calibration never saw.

What is measured is the model-error part of the interval, for single years: prediction and errors of
:mod:`agroflux.emissions.residuals` against the simulator's value. The spread between simulators, kinds and seeds of
model, weather and areas, which the intervals of totals hold as well, has no truth to be held against.

Grouped cross-validation: to judge a county in a year, the scores come from *other counties* in *other held-out years*
(:mod:`agroflux.emissions.residuals`). Sums over a state or the region are judged with scores from other years, since
all their counties are in the sum; there are few of them, so that their figures are coarse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agroflux.data.catalog import stem
from agroflux.emissions.areas import AREA_OF
from agroflux.emissions.question import Sources
from agroflux.emissions.residuals import QUANTITIES, TOO_FEW_YEARS, Residuals, fit
from agroflux.errors import SelectionError

LEVELS = (0.5, 0.8, 0.95)
#: Nominal levels of a reliability plot.
CURVE = tuple(round(0.05 * step, 2) for step in range(1, 20))
FOLDS = 5
_DRAWS = 4000
HOW = (
    "Measured is the model-error part of the interval, for single years: what else the intervals shown hold (between "
    "simulators, kinds and seeds of model, weather, areas) is not in it. A county-year is held by the interval made "
    "from other counties (five folds) in other held-out years. Held out are the model's test years, its validation "
    "years, which only decided when training stopped, and simulated years before its data. Blocks are annual sums of a "
    "county; the year effect is common to all counties of a year."
)


@dataclass(frozen=True)
class Coverage:
    """Shares of held-out totals inside their intervals.

    ``blocks``: one row a county-year with ``rank`` in [0, 1], the share of draws below the simulated value;
    ``sums``: the same for states and the region by year. ``years``: the uses of the held-out years. ``model``, ``data``
    it ran on, the data it ``learned_from``, and the simulators it is held ``against``: empty where not told.
    """

    quantity: str
    blocks: pd.DataFrame
    sums: pd.DataFrame
    years: Mapping[str, tuple[int, ...]]
    model: str = ""
    data: str = ""
    learned_from: str = ""
    against: tuple[str, ...] = ()

    @property
    def truth(self) -> str:
        """What the model is held against, in a sentence."""
        held = self.against or (self.data,)
        told = " and ".join(held)
        if not set(held) <= set(self.learned_from.split("+")):
            return f"The truth here is {told}; {self.model} learned from other data ({self.learned_from})."
        if len(held) == 1:
            return f"The truth here is {told}, the simulator that {self.model} learned from."
        return f"The truth here is the mean of {told}, the simulators that {self.model} learned from."

    def share(self, levels: Sequence[float] = LEVELS) -> dict[str, float]:
        """Share of county-years inside the central interval of each level, by level as text."""
        return {f"{level:g}": _held(self.blocks["rank"], level) for level in levels}

    def summary(self) -> dict[str, Any]:
        """All that is told: coverage, by year, on test years alone, of sums, and how it was measured."""
        by_year = {int(str(y)): round(_held(part["rank"], 0.8), 4) for y, part in self.blocks.groupby("year")}
        test = self.blocks[self.blocks["year"].isin(self.years.get("test", ()))]
        return {
            "model": self.model,
            "data": self.data,
            "learned_from": self.learned_from,
            "held_against": list(self.against),
            "quantity": self.quantity,
            "coverage": {k: round(v, 4) for k, v in self.share().items()},
            "county_years": len(self.blocks),
            "coverage_test_years": {f"{level:g}": round(_held(test["rank"], level), 4) for level in LEVELS},
            "coverage_80_by_year": by_year,
            "coverage_of_sums": {
                str(kind): {f"{level:g}": round(_held(part["rank"], level), 4) for level in LEVELS} | {"n": len(part)}
                for kind, part in self.sums.groupby("kind")
            },
            "held_out_years": {use: list(years) for use, years in self.years.items()},
            "how": f"{HOW} {self.truth}" if self.model else HOW,
        }

    def curve(self) -> pd.DataFrame:
        """Reliability: columns ``nominal`` and ``measured`` [1], from 5 to 95 %."""
        return pd.DataFrame({"nominal": CURVE, "measured": [_held(self.blocks["rank"], level) for level in CURVE]})


def of_sources(sources: Sources, quantity: str, facts: pd.DataFrame) -> Coverage:
    """:func:`measure` of the model behind ``sources``, sums weighed by the survey's areas.

    ``facts``: county facts by FIPS. SelectionError where there are no held-out years.
    """
    if sources.held_out is None:
        raise SelectionError(sources.no_error or TOO_FEW_YEARS)
    areas = {(str(f), crop): float(facts.at[f, column]) for f in facts.index for crop, column in AREA_OF.items()}
    found = measure(sources.held_out, quantity, sources.held_years, areas, facts["state"].to_dict())
    against = tuple(stem(Path(name)) for name in sources.truth)
    return replace(found, model=sources.model, data=sources.data, learned_from=sources.learned_from, against=against)


def measure(
    table: pd.DataFrame,
    quantity: str,
    years: Mapping[str, tuple[int, ...]],
    areas: Mapping[tuple[str, str], float],
    states: Mapping[str, str],
    *,
    seed: int = 0,
) -> Coverage:
    """Measure the coverage of county-year totals and of their sums.

    ``table``: blocks of held-out years (:func:`agroflux.emissions.residuals.blocks`); ``areas`` [ha] by (FIPS, crop)
    weigh the sums; ``states`` by FIPS. SelectionError for an unknown quantity, with fewer than two years, with fewer
    counties than folds, or where a crop of a year grows in no other held-out year.
    """
    if quantity not in QUANTITIES:
        raise SelectionError(f"no coverage of {quantity!r}: use one of {', '.join(QUANTITIES)}")
    here = table[table["quantity"] == quantity].reset_index(drop=True)
    if here["year"].nunique() < 2 or here["fips"].nunique() < FOLDS:
        raise SelectionError(
            f"coverage of {quantity} cannot be measured: it takes two held-out years and {FOLDS} counties, and there "
            f"are {here['year'].nunique()} and {here['fips'].nunique()}"
        )
    rng = np.random.default_rng(seed)
    counties = np.sort(here["fips"].unique())
    fold = dict(zip(counties.tolist(), rng.permutation(len(counties)) % FOLDS, strict=True))
    folds = here["fips"].map(fold)
    ranks = pd.Series(np.nan, index=here.index)
    sums = []
    for year, rows in here.groupby("year"):
        others = here["year"] != year
        for number in range(FOLDS):
            part = rows[folds[rows.index] == number]
            if len(part):
                ranks[part.index] = _ranks(_fitted(here[others & (folds != number)], part), part, rng)
        sums += _sum_ranks(_fitted(here[others], rows), rows, areas, states, rng)
    return Coverage(
        quantity, here.assign(rank=ranks), pd.DataFrame(sums, columns=["kind", "place", "year", "rank"]), years
    )


def _fitted(others: pd.DataFrame, rows: pd.DataFrame) -> Residuals:
    """Scores of ``others`` to judge ``rows`` with; SelectionError where they lack a crop of these."""
    if absent := sorted(set(rows["crop"]) - set(others["crop"])):
        raise SelectionError(
            f"coverage cannot be measured: {absent[0]} of {rows['year'].iloc[0]} grows in other counties in no other "
            "held-out year; choose data with more years, or with both phases of the rotation"
        )
    return fit(others)


def _held(rank: pd.Series, level: float) -> float:
    """Share of ranks inside the central interval of ``level``; NaN without any."""
    return float((np.abs(rank - 0.5) <= level / 2).mean()) if len(rank) else float("nan")


def _ranks(residuals: Residuals, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Share of draws below each simulated value, ``(rows,)``."""
    drawn = _drawn(residuals, rows, rng)
    return np.asarray((drawn < rows["simulated"].to_numpy()).mean(axis=0))


def _drawn(residuals: Residuals, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    predicted = rows["predicted"].to_numpy(float)
    return predicted + residuals.errors(rng, predicted, rows["crop"].to_numpy(str), _DRAWS)


def _sum_ranks(
    residuals: Residuals,
    rows: pd.DataFrame,
    areas: Mapping[tuple[str, str], float],
    states: Mapping[str, str],
    rng: np.random.Generator,
) -> list[tuple[str, str, int, float]]:
    keys = zip(rows["fips"], rows["crop"], strict=True)
    area = np.nan_to_num(np.array([areas.get(key, np.nan) for key in keys], float))
    drawn, truth = _drawn(residuals, rows, rng), rows["simulated"].to_numpy(float)
    state = rows["fips"].map(states).to_numpy(str)
    places = [("region", "all", np.ones(len(rows), bool)), *(("state", s, state == s) for s in np.unique(state))]
    year = int(rows["year"].iloc[0])
    return [
        (kind, place, year, float((drawn[:, take] @ area[take] < truth[take] @ area[take]).mean()))
        for kind, place, take in places
    ]
