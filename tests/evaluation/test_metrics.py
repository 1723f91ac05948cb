"""Metrics: worked by hand, against scikit-learn, and that blocks add up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from agroflux.evaluation import metrics

VALUES = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=3, max_size=60)


def test_a_hand_worked_example() -> None:
    # errors 1, 0, -1, 2: SSE 6; observed about 2.5: SST 5; r = 2.5 / sqrt(5 * 2.75)... worked on paper
    got = metrics.score([1, 2, 3, 4], [2, 2, 2, 6])
    assert got["n"] == 4
    assert got["r2"] == pytest.approx(1 - 6 / 5)
    assert got["nse"] == got["r2"]
    assert got["rmse"] == pytest.approx(math.sqrt(1.5))
    assert got["mae"] == 1.0
    assert got["bias"] == 0.5
    # products about the means: (-1.5)(-1) + (-.5)(-1) + (.5)(-1) + (1.5)(3) = 6; simulated squares 12
    r, alpha, beta = 6 / math.sqrt(5 * 12), math.sqrt(12 / 5), 3 / 2.5
    assert got["kge"] == pytest.approx(1 - math.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2))


def test_a_perfect_simulation() -> None:
    got = metrics.score([1.0, 5.0, 2.0], [1.0, 5.0, 2.0])
    assert (got["r2"], got["kge"], got["rmse"], got["bias"]) == (1.0, pytest.approx(1.0), 0.0, 0.0)


@given(VALUES)
def test_the_same_as_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    observed, simulated = np.array(pairs).T
    got = metrics.score(observed, simulated)
    assert got["rmse"] == pytest.approx(math.sqrt(mean_squared_error(observed, simulated)), rel=1e-9, abs=1e-12)
    assert got["mae"] == pytest.approx(mean_absolute_error(observed, simulated), rel=1e-9, abs=1e-12)
    if np.ptp(observed) > 1e-3:
        assert got["r2"] == pytest.approx(r2_score(observed, simulated), rel=1e-9, abs=1e-9)


@given(VALUES, st.integers(0, 60))
def test_blocks_add_up_to_the_whole(pairs: list[tuple[float, float]], at: int) -> None:
    observed, simulated = np.array(pairs).T + 1e4  # a large mean: naive sums of squares would lose the spread
    merged = metrics.sums(observed[:at], simulated[:at]) + metrics.sums(observed[at:], simulated[at:])
    whole = metrics.sums(observed, simulated)
    assert merged.n == whole.n
    for name in ("mean_o", "squares_o", "squares_s", "products", "squared_error", "absolute_error"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-7, abs=1e-4)


def test_only_common_days_count() -> None:
    got = metrics.score([1.0, np.nan, 3.0, 4.0], [1.0, 2.0, np.inf, 5.0])
    assert got["n"] == 2
    assert got["mae"] == 0.5


def test_what_is_not_defined_is_nan_and_not_an_error() -> None:
    assert math.isnan(metrics.score([], [])["rmse"])
    assert math.isnan(metrics.score([2.0, 2.0], [1.0, 3.0])["r2"])
    assert math.isnan(metrics.score([1.0, -1.0], [1.0, 0.0])["kge"])


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="align"):
        metrics.score([1.0, 2.0], [1.0])


def test_groups_are_counted_along_an_axis_and_merge_by_weight() -> None:
    rng = np.random.default_rng(1)
    observed = rng.normal(1e4, 1.0, (5, 30, 2))  # a large mean: naive sums of squares would lose the spread
    simulated = observed + rng.normal(0.3, 0.5, observed.shape)
    observed[3, :, 1] = np.nan
    groups = metrics.sums(observed, simulated, axis=1)
    assert groups.n.shape == (5, 2)
    drawn = metrics.merged(groups, [[1, 1, 1, 1, 1], [2, 0, 0, 1, 2]])
    picked = [0, 0, 3, 4, 4]
    for draw, rows in enumerate((range(5), picked)):
        for k in range(2):
            want = metrics.score(observed[list(rows), :, k], simulated[list(rows), :, k])
            got = metrics.scores(drawn[draw, k])
            assert got == pytest.approx(want, rel=1e-6)


def test_a_draw_of_values_that_are_all_alike_has_no_score() -> None:
    rng = np.random.default_rng(2)
    observed = np.stack([np.full(7, 0.1), np.full(7, 0.3), rng.normal(0.2, 0.1, 7)])
    groups = metrics.sums(observed, observed + 0.01 * rng.normal(size=observed.shape), axis=1)
    drawn = metrics.merged(groups, [[3, 0, 0], [0, 3, 0], [1, 0, 2]])
    for metric in (metrics.r2, metrics.kge):
        assert np.isfinite(metric(drawn)).tolist() == [False, False, True]
    flat = metrics.sums(rng.normal(size=(2, 7)), np.full((2, 7), 0.1), axis=1)
    assert np.isnan(metrics.kge(metrics.merged(flat, [[2, 1], [0, 3]]))).all(), "nor has a simulation that is flat"
    small = 1e-6 * rng.normal(size=9)
    assert np.isfinite(metrics.score(small, 2 * small)["kge"]), "a small spread about zero is one"
