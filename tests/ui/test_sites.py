"""Seasonal cycles of the page "Sites and counties": which years of which data they are of."""

import pandas as pd

from agroflux.ui import sites


def test_measurements_are_read_in_all_their_years_and_simulations_in_those_chosen() -> None:
    tower, county = "US-Tw3", "19027"
    one, _ = sites.cycles([tower, county], ["GPP"], [2016], 168.0)
    more, _ = sites.cycles([tower, county], ["GPP"], [2015, 2016], 168.0)
    both = [frame[frame["site"] == tower].reset_index(drop=True) for frame in (one, more)]
    pd.testing.assert_frame_equal(*both)
    assert both[0]["n_years"].max() == 6, "its record, of which neither choice holds all"
    simulated = [frame[frame["site"] == county].groupby("data")["crop"].nunique() for frame in (one, more)]
    assert set(simulated[0]) == {1} and set(simulated[1]) == {2}
