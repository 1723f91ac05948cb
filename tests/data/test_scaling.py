"""Scalers: what they say of a variable, and that blocks give what the whole gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data.scaling import EVENT_SIZE, Moments, Scaler
from agroflux.errors import DataError


def test_mean_and_spread_by_hand() -> None:
    moments = Moments(["TMAX"])
    moments.update(0, np.array([2.0, 4.0, np.nan, 6.0]))
    scaler = moments.scaler()
    assert scaler.mean[0] == pytest.approx(4.0)
    assert scaler.std[0] == pytest.approx(np.sqrt(8 / 3))


@given(st.lists(st.floats(-50, 50), min_size=4, max_size=40), st.integers(1, 3), st.sampled_from([0.0, 1e5]))
def test_blocks_give_what_the_whole_gives(values: list[float], cut: int, offset: float) -> None:
    whole, parts = Moments(["TMAX"]), Moments(["TMAX"])
    data = np.array(values) + offset
    whole.update(0, data)
    parts.update(0, data[:cut])
    parts.update(0, data[cut:])
    spread = data.std() if data.std() > 1e-8 else 1.0
    for moments in (whole, parts):
        assert moments.scaler().mean[0] == pytest.approx(data.mean(), rel=1e-5, abs=1e-5)
        if data.std() > 1e-3:
            assert moments.scaler().std[0] == pytest.approx(spread, rel=1e-3)


def test_an_event_is_scaled_by_its_own_days_and_not_shifted() -> None:
    days = np.zeros(365)
    days[140] = 16.8
    moments = Moments(["FERTZR_N"])
    moments.update(0, days)
    scaled = moments.scaler().scale(days[:, None].astype(np.float32))
    assert scaled[140, 0] == pytest.approx(EVENT_SIZE)
    assert scaled[0, 0] == 0.0


def test_a_constant_is_not_divided_by_zero() -> None:
    moments = Moments(["PH"])
    moments.update(0, np.full(5, 6.5))
    assert np.isfinite(moments.scaler().scale(np.array([[6.5]], np.float32))).all()


def test_a_variable_without_values_is_named() -> None:
    moments = Moments(["TMAX", "GPP"])
    moments.update(0, np.arange(3.0))
    moments.update(1, np.full(3, np.nan))
    with pytest.raises(DataError, match="GPP"):
        moments.scaler()


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=2))
def test_unscale_undoes_scale(pair: list[float]) -> None:
    scaler = Scaler(("TMAX", "TMIN"), np.array([15, 5], np.float32), np.array([12, 10], np.float32))
    x = np.array([pair], np.float32)
    assert scaler.unscale(scaler.scale(x)) == pytest.approx(x, abs=1e-2)


@pytest.mark.parametrize("std", [0.0, -1.0, np.nan])
def test_a_scale_that_cannot_be_is_refused(std: float) -> None:
    with pytest.raises(DataError):
        Scaler(("TMAX",), np.zeros(1, np.float32), np.array([std], np.float32))
