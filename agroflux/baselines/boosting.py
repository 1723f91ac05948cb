"""Gradient boosting of trees on histograms (Friedman 2001, doi 10.1214/aos/1013203451; Ke et al. 2017, LightGBM)."""

from collections.abc import Iterable

import xarray as xr

from agroflux.baselines import regression
from agroflux.baselines.regression import Estimator, Regression

#: Days that it is fitted on by default, and trees a target.
ROWS, TREES = 40_000, 200


def fit(ds: xr.Dataset, years: Iterable[int], *, rows: int = ROWS, trees: int = TREES, seed: int = 0) -> Regression:
    """Fit one ensemble of trees a target on ``years`` of ``ds``, with scikit-learn's histogram boosting.

    Features are :data:`.features.NAMES`: the day, its memory of weather and management, soil and season. Errors
    and the draw of ``rows`` as in :func:`.regression.fit`.
    """

    def make(*_: object) -> Estimator:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.multioutput import MultiOutputRegressor

        one = HistGradientBoostingRegressor(
            max_iter=trees, learning_rate=0.08, min_samples_leaf=40, early_stopping=False, random_state=seed
        )
        each: Estimator = MultiOutputRegressor(one)
        return each

    return regression.fit(ds, years, make, rows, seed)
