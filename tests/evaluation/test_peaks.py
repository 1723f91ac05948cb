"""Peak days: counted by hand."""

import math

import numpy as np

from agroflux.evaluation import peaks


def test_a_hand_counted_example() -> None:
    observed = np.array([0.0, 9.0, 9.0, 0.0, 9.0, np.nan])
    simulated = np.array([0.0, 9.0, 1.0, 9.0, 9.0, 9.0])
    found = peaks.count(observed, simulated, above=5.0)
    assert (found.hits, found.misses, found.false_alarms, found.calm) == (2, 1, 1, 2)
    assert peaks.hit_rate(found) == 2 / 3
    assert peaks.false_alarm_ratio(found) == 1 / 3
    assert peaks.false_alarm_rate(found) == 1 / 2


def test_the_threshold_leaves_a_tenth_above_it() -> None:
    values = np.append(np.arange(1000.0), np.nan)
    assert (values > peaks.threshold(values)).sum() == 100
    assert math.isnan(peaks.threshold([np.nan]))


def test_days_add_up_under_weights_and_no_peak_is_no_score() -> None:
    observed = np.array([[9.0, 0.0], [0.0, 0.0]])
    found = peaks.count(observed, observed, above=5.0, axis=1)
    both = peaks.merged(found, np.array([[1.0, 1.0], [0.0, 2.0]]))
    assert both.hits.tolist() == [1, 0]
    rate = peaks.hit_rate(both)
    assert rate[0] == 1
    assert math.isnan(rate[1])
