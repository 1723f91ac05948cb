"""Folds of measured site-years: no year has two uses, whatever the record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.errors import SelectionError
from agroflux.training import folds

KEYS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(2001, 2007)), unique=True, min_size=1)


@given(KEYS, st.sampled_from(sorted(folds.PROTOCOLS)), st.integers(1, 8), st.integers(0, 99))
def test_no_test_day_and_no_validation_year_is_trained_on(
    keys: list[tuple[str, int]], protocol: str, n: int, seed: int
) -> None:
    for fold in folds.folds(protocol, keys):
        for part in filter(None, (fold, folds.few_shot(fold, n, seed))):
            train, validate, test = map(set, (part.train, part.validate, part.test))
            assert train and validate and test
            assert not (train & validate or train & test or validate & test)
            assert train | validate | test <= set(keys)
            chosen = {year for _, year in validate}
            assert len(chosen) == 1
            assert not chosen & {year for _, year in train | test}
            assert {site for site, _ in test} == {part.site}
            inside = {site for site, _ in train} == {part.site}
            assert inside if protocol == "leave-years-out" else part.site not in {site for site, _ in train}


@given(KEYS)
def test_each_year_of_a_site_with_three_is_tested_once(keys: list[tuple[str, int]]) -> None:
    tested = [key for fold in folds.leave_years_out(keys) for key in fold.test]
    long = {site for site, _ in keys if sum(s == site for s, _ in keys) >= 3}
    assert sorted(tested) == sorted(key for key in keys if key[0] in long)


def test_more_data_holds_the_less() -> None:
    keys = [("a", year) for year in range(2000, 2010)]
    fold = folds.leave_years_out(keys)[0]
    drawn = [folds.few_shot(fold, n, 3) for n in (1, 2, 4, 8, 9)]
    sets = [set(part.train) for part in drawn[:4] if part is not None]
    assert [len(s) for s in sets] == [1, 2, 4, 8]
    assert sets[0] < sets[1] < sets[2] < sets[3]
    assert drawn[4] is None
    others = {folds.few_shot(fold, 1, seed).train for seed in range(20)}  # type: ignore[union-attr]
    assert len(others) > 1


def test_what_a_user_leaves_open_is_chosen() -> None:
    keys = [("a", 2001), ("a", 2002), ("a", 2003), ("b", 2005)]
    fold = folds.chosen(keys, [("a", 2001)])
    assert (fold.validate, fold.test) == ((("a", 2003),), (("a", 2002), ("b", 2005)))
    assert folds.chosen(keys, [("a", 2001)], test=[("b", 2005)]).test == (("b", 2005),)


@pytest.mark.parametrize(
    ("train", "validate", "test", "says"),
    [
        ([("a", 2001)], [("a", 2001)], [], "a:2001 has two uses"),
        ([("a", 2001)], [("a", 2002)], [("a", 2002)], "a:2002 has two uses"),
        ([("a", 1999)], [], [], "no measured site-year a:1999"),
        ([("a", 2001), ("a", 2002)], [], [], "at least one site-year each"),
    ],
)
def test_a_fold_that_would_leak_is_refused(train: list, validate: list, test: list, says: str) -> None:
    with pytest.raises(SelectionError, match=says):
        folds.chosen([("a", 2001), ("a", 2002), ("a", 2003)][: 2 if len(train) > 1 else 3], train, validate, test)


def test_the_next_year_and_the_best_covered_one_validate() -> None:
    keys = [("a", 2001), ("a", 2002), ("a", 2003), ("b", 2002), ("b", 2003), ("c", 2001), ("c", 2002), ("d", 2004)]
    years = {fold.test: fold.validate for fold in folds.leave_years_out(keys)}
    assert years == {(("a", y),): (("a", v),) for y, v in ((2001, 2002), (2002, 2003), (2003, 2001))}
    fold = next(fold for fold in folds.leave_one_site_out(keys) if fold.site == "a")
    assert fold.validate == (("b", 2002), ("c", 2002))
    tie = next(fold for fold in folds.leave_one_site_out(keys[:5]) if fold.site == "a")
    assert tie.validate == (("b", 2003),)
