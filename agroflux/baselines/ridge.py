"""Ridge regression (Hoerl & Kennard 1970, doi 10.1080/00401706.1970.10488634) on lagged and rolled drivers."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from agroflux.baselines import features, regression
from agroflux.baselines.regression import Estimator, Regression

#: Days that it is fitted on by default.
ROWS = 60_000
#: Penalties to choose from, on standardised features, and groups of years that are left out in turn.
PENALTIES, FOLDS = (1.0, 1e2, 1e3, 1e4, 1e5), 5


def fit(ds: xr.Dataset, years: Iterable[int], *, rows: int = ROWS, seed: int = 0) -> Regression:
    """Fit one linear model for corn years and one for soybean years on ``years`` of ``ds``.

    Features (:data:`.features.NAMES`) are standardised. The penalty of each target is chosen by leaving out years:
    all sites share the weather of a year, so that leaving out days would choose one that learns years by heart.
    Errors and the draw of ``rows`` as in :func:`.regression.fit`.
    """
    return regression.fit(ds, years, _ridge, rows, seed)


def _ridge(_: tuple[str, ...], year: NDArray[Any]) -> Estimator:
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GroupKFold
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    folds = min(FOLDS, len(np.unique(year)))
    left_out = list(GroupKFold(folds).split(year, groups=year)) if folds > 1 else None
    each = MultiOutputRegressor(RidgeCV(PENALTIES, cv=left_out))
    pipeline: Estimator = make_pipeline(FunctionTransformer(_by_crop), StandardScaler(), each)
    return pipeline


def _by_crop(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(rows, features)`` twice: as they are in corn years and zero else, then the other way round."""
    corn = x[:, [features.NAMES.index("CROP")]].round()
    return np.concatenate([x * corn, x * (1 - corn), corn], axis=1)
