"""Which years train, validate and test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import splits
from agroflux.errors import SelectionError


def test_the_clean_split_of_the_benchmark() -> None:
    split = splits.temporal(range(2000, 2019))
    assert split.train == tuple(range(2000, 2015))
    assert split.validate == (2015, 2016)
    assert split.test == (2017, 2018)
    assert split.scaler == split.train


def test_the_bundled_years_are_tested_on_the_same_years_as_the_full_ones() -> None:
    assert splits.temporal(range(2013, 2019)).test == splits.temporal(range(2000, 2019)).test


def test_the_official_split_keeps_its_shares_and_its_defect() -> None:
    split = splits.temporal(range(2001, 2019), "official")
    assert (len(split.train), len(split.validate), len(split.test)) == (14, 1, 3)
    assert split.scaler == tuple(range(2001, 2019))


@given(st.integers(1980, 2010), st.integers(4, 40))
def test_clean_uses_every_year_once_and_in_order(first: int, n: int) -> None:
    split = splits.temporal(range(first, first + n))
    assert split.train + split.validate + split.test == tuple(range(first, first + n))
    assert split.train and split.validate and split.test
    assert not set(split.scaler) & set(split.validate + split.test)


def test_too_few_years_and_unknown_names_are_refused() -> None:
    with pytest.raises(SelectionError, match="at least 4"):
        splits.temporal([2013, 2014, 2015])
    with pytest.raises(SelectionError, match="clean"):
        splits.temporal(range(2000, 2019), "fair")
    with pytest.raises(SelectionError, match="temporal"):
        splits.check("clean", "spatial-temporal")
