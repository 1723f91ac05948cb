"""A stated part of the scenarios."""

import pytest

from agroflux.data.subsample import ALL, Subsample, parse_rates, take
from agroflux.errors import SelectionError
from tests.synthetic_contract import tiny


def test_rates_and_phases_are_taken_and_everything_is_left_alone() -> None:
    ds = tiny(2, 3, 1)
    assert take(ds, ALL) is ds
    assert take(ds, Subsample((0.0, 336.0)))["n_rate"].values.tolist() == [0.0, 336.0]
    phased = ds.assign_coords(first_crop=("scenario", ["corn", "soybean", "corn"]))
    assert take(phased, Subsample(phases="one"))["n_rate"].values.tolist() == [0.0, 336.0]
    assert take(phased, Subsample((168.0, 336.0), "one"))["n_rate"].values.tolist() == [336.0]


def test_one_phase_is_not_taken_of_data_that_do_not_tell_it_by_scenario() -> None:
    """One phase a county, or none told: all would be kept, and the name and the rows say that half was."""
    ds = tiny(2, 3, 1)
    for untold in (ds, ds.assign_coords(first_crop=("site", ["corn", "soybean"]))):
        for part in (Subsample(phases="one"), Subsample((0.0,), "one")):
            with pytest.raises(SelectionError, match="take both phases, or give a simulation of both"):
                take(untold, part)
        assert take(untold, Subsample((0.0,))).sizes["scenario"] == 1


def test_what_the_data_do_not_hold_is_refused() -> None:
    with pytest.raises(SelectionError, match="no N rate 84 kg"):
        take(tiny(2, 3, 1), Subsample((84.0,)))
    with pytest.raises(SelectionError, match="unknown phases"):
        take(tiny(2, 3, 1), Subsample(phases="two"))


def test_a_card_says_what_was_left_out() -> None:
    assert (ALL.as_dict(), ALL.tag()) == ({}, "")
    part = Subsample((0.0, 84.0), "one")
    assert (part.as_dict(), part.tag()) == ({"rates": [0.0, 84.0], "phases": "one"}, "2rates-1phase")


def test_a_card_and_a_command_tell_it_back() -> None:
    for part in (ALL, Subsample((0.0, 84.5), "one"), Subsample(phases="one"), Subsample((168.0,))):
        assert Subsample.of(part.as_dict()) == part
        options = dict(zip(part.options()[::2], part.options()[1::2], strict=True))
        assert Subsample(parse_rates(options.get("--rates")), options.get("--phases", "both")) == part
    assert parse_rates("168, 0,0,") == (0.0, 168.0)
    with pytest.raises(SelectionError, match="'0;84' is no list of numbers"):
        parse_rates("0;84")


def test_observations_have_no_part_to_take() -> None:
    observed = tiny(2, 1, 1).isel(scenario=0).drop_vars("n_rate")
    assert take(observed, ALL) is observed
    for part in (Subsample((0.0,)), Subsample(phases="one")):
        with pytest.raises(SelectionError, match="no N rates or phases"):
            take(observed, part)
