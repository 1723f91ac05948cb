"""The gain over a reference: sums by hand, the interval against a bootstrap written as a loop."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from agroflux.evaluation import gain

NAN = float("nan")
OBSERVED = np.array([[1.0, 2.0, 3.0, NAN], [0.0, 4.0, NAN, NAN]])
OURS = np.array([[1.0, 2.0, 4.0, 9.0], [0.0, 3.0, 9.0, 9.0]])
SCRATCH = np.array([[2.0, 2.0, 4.0, 9.0], [1.0, 2.0, 9.0, 9.0]])


def test_a_worked_example() -> None:
    # Observed 1 2 3 and 0 4: mean 2, squares about it 1 + 0 + 1 + 4 + 4 = 10.
    # Our errors 0 0 1 and 0 -1: SSE 2, R2 0.8. Scratch 1 0 1 and 1 -2: SSE 7, R2 0.3.
    ours, scratch = gain.sums(OBSERVED, OURS), gain.sums(OBSERVED, SCRATCH)
    assert ours.tolist() == [[3, 6, 14, 1], [2, 4, 16, 1]]
    assert scratch.tolist() == [[3, 6, 14, 2], [2, 4, 16, 5]]
    assert float(gain.r2(ours.sum(0))) == pytest.approx(0.8)
    assert float(gain.rmse(ours.sum(0))) == pytest.approx(np.sqrt(2 / 5))
    found = gain.gain(ours, scratch)
    assert found.value == pytest.approx(0.5)
    # Drawn are (first, first): R2 1 - 2/4 and 1 - 4/4, gain 0.5; (second, second): 1 - 2/16, 1 - 10/16, gain 0.5; both.
    assert (found.low, found.high) == (pytest.approx(0.5), pytest.approx(0.5))


def test_the_interval_is_that_of_resampled_site_years() -> None:
    rng = np.random.default_rng(3)
    observed = rng.normal(5, 2, (6, 40))
    good, bad = observed + rng.normal(0, 0.5, (6, 40)), observed + rng.normal(0, 1, (6, 1)) * 2
    found = gain.gain(gain.sums(observed, good), gain.sums(observed, bad), draws=4000)
    drawn = []
    for _ in range(4000):
        rows = rng.integers(0, 6, 6)
        o = observed[rows].ravel()
        drawn.append(r2_score(o, good[rows].ravel()) - r2_score(o, bad[rows].ravel()))
    assert found.value == pytest.approx(
        r2_score(observed.ravel(), good.ravel()) - r2_score(observed.ravel(), bad.ravel())
    )
    np.testing.assert_allclose([found.low, found.high], np.quantile(drawn, [0.025, 0.975]), rtol=0.1)
    assert found.low < found.value < found.high


def test_one_site_year_has_no_interval_and_equal_runs_no_gain() -> None:
    one = gain.sums(OBSERVED[:1], OURS[:1])
    found = gain.gain(one, one)
    assert found.value == 0.0
    assert np.isnan([found.low, found.high]).all()


def test_seeds_count_with_their_mean_error() -> None:
    both = gain.over_seeds([gain.sums(OBSERVED, OURS), gain.sums(OBSERVED, SCRATCH)])
    assert both.tolist() == [[3, 6, 14, 1.5], [2, 4, 16, 3]]


def test_other_days_are_refused() -> None:
    with pytest.raises(ValueError, match="same test days"):
        gain.gain(gain.sums(OBSERVED, OURS), gain.sums(OBSERVED[::-1], OURS[::-1]))
    with pytest.raises(ValueError, match="no value on an observed day"):
        gain.sums(OBSERVED, np.full_like(OURS, NAN))
    with pytest.raises(ValueError, match="shape"):
        gain.sums(OBSERVED, OURS[:1])


def test_without_a_score_there_is_no_interval() -> None:
    flat = gain.sums(np.zeros((2, 3)), np.ones((2, 3)))
    found = gain.gain(flat, flat)
    assert np.isnan([found.value, found.low, found.high]).all()
