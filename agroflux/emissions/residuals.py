"""Errors of a model on years it was not trained on, and what they say about the error of its sums.

One block is a county and a year: the model's annual total of a field against the simulator's. Days within a block are
not independent and are never treated so; counties of one year share that year's weather, so that their errors have a
part in common. Scores are errors over a scale that grows with the prediction (locally weighted conformal prediction,
Lei et al. 2018, doi 10.1080/01621459.2017.1307116), by crop, and each score is the sum of

- a *year effect* common to all counties of a year. A handful of held-out years gives no empirical 95 % quantile: it is
  drawn from Student's t with as many degrees of freedom as years with the crop, its scale the root mean square of the
  years' mean scores about zero. A constant bias of the model therefore counts as error; it is not corrected.
- a *county part*: the held-out scores about their year's mean, each year weighing the same, drawn with either sign
  (pooling of groups as in Dunn, Wasserman and Ramdas 2023, doi 10.1080/01621459.2022.2060112).

A draw of the year effect holds for all counties and for all years of a period: errors of a model do not average out
over years. That makes intervals of means over many years too wide rather than too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from agroflux.emissions.fluxes import yearly_fluxes
from agroflux.errors import SelectionError

#: Quantities whose errors can be held against each other, in the order of tables.
QUANTITIES = ("n2o", "nee", "harvest", "necb", "soil_carbon")
TOO_FEW_YEARS = (
    "the data hold fewer than two years that the model kept for its validation and test: its error cannot be told; "
    "choose the data set it was made for, or a model with more test years"
)
_FLOOR = 1e-9


@dataclass(frozen=True)
class CropResiduals:
    """Scores of one crop. ``scale``: (a, b) of ``a + b |prediction|``; ``year_scale`` [1] and ``n_years`` of the year
    effect; ``within``: scores about their year's mean, ``(blocks,)``; ``weights`` of them, which sum to 1.
    """

    scale: tuple[float, float]
    year_scale: float
    n_years: int
    within: np.ndarray
    weights: np.ndarray

    def sigma(self, predicted: np.ndarray) -> np.ndarray:
        """Scale of the error at each prediction, in its unit."""
        a, b = self.scale
        return np.maximum(a + b * np.abs(predicted), _FLOOR)

    def draw_within(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """County parts of scores, of ``shape``, independent of each other."""
        place = np.searchsorted(np.cumsum(self.weights), rng.random(shape), side="right")
        sign = rng.integers(0, 2, shape, dtype=np.int8) * 2 - 1
        return np.asarray(self.within[np.minimum(place, len(self.within) - 1)] * sign)


@dataclass(frozen=True)
class Residuals:
    """Scores of a quantity, by crop; ``years`` are those they were taken from."""

    crops: Mapping[str, CropResiduals]
    years: tuple[int, ...]

    def errors(self, rng: np.random.Generator, predicted: np.ndarray, crops: np.ndarray, draws: int) -> np.ndarray:
        """Errors of cells, ``(draws, cells)``, in the unit of ``predicted`` ``(cells,)``; ``crops`` names their crop.

        The year effect is one draw for all cells, so that errors of a sum do not cancel. A crop that grows in fewer of
        the years has fewer degrees of freedom: for it the draw is stretched to the same quantile of its own t.
        """
        common = rng.standard_t(len(self.years), draws)
        out = np.empty((draws, len(predicted)))
        for crop in dict.fromkeys(crops.tolist()):
            one, here = self.crops[crop], crops == crop
            within = one.draw_within(rng, (draws, int(here.sum())))
            effect = common
            if one.n_years != len(self.years):
                tail = special.stdtr(len(self.years), -np.abs(common))  # Student's t: scipy.stats is slow to import
                effect = np.copysign(special.stdtrit(one.n_years, tail), common)
            out[:, here] = (one.year_scale * effect[:, None] + within) * one.sigma(predicted[here])
        return out


def adapted(*, synthetic: bool) -> str:
    """Why the error of a model cannot be told that was adapted to measurements, or to what stands for them."""
    return (
        f"the model was adapted to {'other data, here synthetic' if synthetic else 'measurements'}, of other years and "
        "places than its source learned from: its error against a simulator cannot be told; ask for the source, or any "
        "model that learned from a simulator alone"
    )


def held_out_years(
    split: Mapping[str, Sequence[int]], available: Sequence[int], earlier: Sequence[int] = ()
) -> dict[str, tuple[int, ...]]:
    """Years that no weight and no scaler of the model was fitted on: ``earlier``, ``validate`` and ``test``.

    ``available`` are those of the data set, ``earlier`` simulated ones before it. Validation years decided when
    training stopped and nothing else; they count as held out, and it is said. SelectionError where the data hold fewer
    than two of the model's own validation and test years: what it was trained on is then not known to be elsewhere.
    """
    seen = {int(y) for use in ("train", "scaler") for y in split.get(use, ())}
    own = {use: {int(y) for y in split.get(use, ())} & set(available) - seen for use in ("validate", "test")}
    if sum(map(len, own.values())) < 2:
        raise SelectionError(TOO_FEW_YEARS)
    before = {"earlier": set(earlier) - seen - own["validate"] - own["test"]}
    return {use: tuple(sorted(years)) for use, years in (before | own).items() if years or use != "earlier"}


def blocks(annual: xr.Dataset, prediction: xr.Dataset, years: Sequence[int]) -> pd.DataFrame:
    """Annual fluxes of each county and year in which a crop grows: one row a block.

    ``annual``: simulated fluxes ``(site, crop, year)`` as :func:`agroflux.emissions.fluxes.yearly_fluxes` gives them;
    ``prediction``: contract simulation of one nitrogen rate with CROP, ``(site, ...)``. Columns: fips, crop, year,
    quantity (of :data:`QUANTITIES`), simulated, predicted [kg N2O-N ha-1 yr-1 or t C ha-1 yr-1].
    """
    sides = {
        "simulated": with_balance(annual.sel(year=list(years))),
        "predicted": with_balance(yearly_fluxes(prediction, years)),
    }
    frames = []
    for quantity in QUANTITIES:
        if all(quantity in side for side in sides.values()):
            pair = xr.Dataset({name: side[quantity] for name, side in sides.items()}).to_dataframe().dropna()
            frames.append(pair.reset_index().assign(quantity=quantity))
    table = pd.concat(frames, ignore_index=True).rename(columns={"site": "fips"})
    return table[["fips", "crop", "year", "quantity", "simulated", "predicted"]]


def mean_of(annual: Sequence[xr.Dataset]) -> xr.Dataset:
    """Mean of the annual fluxes ``(site, crop, year)`` of several simulators, of those that all of them give."""
    names = [name for name in annual[0] if all(name in one for one in annual)]
    with xr.set_options(keep_attrs=True):
        return sum((one[names] for one in annual[1:]), annual[0][names]) / len(annual)


def with_balance(fluxes: xr.Dataset) -> xr.Dataset:
    """``fluxes`` with ``necb`` = -nee - harvest [t C ha-1 yr-1], where both are there."""
    if not {"nee", "harvest"} <= set(fluxes):
        return fluxes
    balance = -fluxes["nee"] - fluxes["harvest"]
    return fluxes.assign(necb=balance.assign_attrs(fluxes["nee"].attrs))


def fit(table: pd.DataFrame) -> Residuals:
    """Scores from blocks of one quantity (columns crop, year, simulated, predicted). SelectionError without blocks."""
    if table.empty:
        raise SelectionError("no held-out county and year is left to calibrate on: choose more counties or years")
    crops = {str(crop): _fit_crop(part) for crop, part in table.groupby("crop")}
    return Residuals(crops, tuple(sorted({int(y) for y in table["year"]})))


def _fit_crop(table: pd.DataFrame) -> CropResiduals:
    from scipy.optimize import nnls  # slow to import, and needed only for models

    predicted = table["predicted"].to_numpy(float)
    error = table["simulated"].to_numpy(float) - predicted
    design = np.column_stack([np.ones(len(error)), np.abs(predicted)])
    a, b = nnls(design, np.abs(error))[0]
    scores = error / np.maximum(a + b * np.abs(predicted), _FLOOR)
    year, place, count = np.unique(table["year"].to_numpy(int), return_inverse=True, return_counts=True)
    means = np.bincount(place, scores) / count
    within = scores - means[place]
    spare = max(len(scores) - len(year), 1)
    noise = float((within**2).sum() / spare * (1.0 / count).mean())  # of a year's mean, by its counties alone
    effect = max(float((means**2).mean()) - noise, 0.0)
    # Centring took a degree of freedom of each year: give the county parts their spread back.
    within = within * np.sqrt(len(scores) / spare)
    return CropResiduals((float(a), float(b)), effect**0.5, len(year), within, 1.0 / (len(year) * count[place]))
