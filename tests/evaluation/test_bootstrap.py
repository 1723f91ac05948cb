"""Bootstrap weights and intervals: seeded, of whole clusters, and as wide as theory says."""

import numpy as np
import pytest

from agroflux.evaluation import bootstrap


def test_a_draw_takes_as_many_clusters_as_there_are_and_the_same_for_a_seed() -> None:
    drawn = bootstrap.weights(12, seed=4, draws=50)
    assert drawn.shape == (50, 12)
    assert (drawn.sum(axis=1) == 12).all()
    np.testing.assert_array_equal(drawn, bootstrap.weights(12, seed=4, draws=50))
    assert (drawn != bootstrap.weights(12, seed=5, draws=50)).any()


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(0).normal(0.0, 1.0, 400)
    drawn = bootstrap.weights(400) @ values / 400
    low, high = bootstrap.interval(drawn[:, None])
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low[0] < values.mean() < high[0]


def test_what_no_draw_defines_has_no_interval() -> None:
    low, high = bootstrap.interval(np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]]))
    assert np.isfinite([low[0], high[0]]).all()
    assert np.isnan([low[1], high[1]]).all()
