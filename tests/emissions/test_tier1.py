"""IPCC Tier 1 by hand, and on the same nitrogen as the simulated figure."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.emissions.indirect import FACTORS
from agroflux.emissions.tier1 import EF1, compare, direct_n2o, implied_factor
from agroflux.emissions.totals import REGION, totals
from agroflux.emissions.units import UnitsError
from agroflux.errors import DataError

Rotation = Callable[..., xr.Dataset]


@pytest.mark.parametrize(
    ("climate", "best", "low", "high"),
    [("wet", 0.016, 0.013, 0.019), ("aggregated", 0.010, 0.001, 0.018), ("dry", 0.005, 0.0, 0.011)],
)
def test_factors_of_table_11_1(climate: str, best: float, low: float, high: float) -> None:
    factor = EF1[climate]
    assert (factor.value, factor.low, factor.high) == (best, low, high)
    applied = xr.DataArray(1000.0, attrs={"units": "t N yr-1"})
    n2o = direct_n2o(applied, factor)
    for name, ef in (("best", best), ("low", low), ("high", high)):
        assert float(n2o[name]) == pytest.approx(1000 * ef * 44 / 28, rel=1e-12)
        assert n2o[name].attrs["units"] == "t N2O yr-1"


def test_emitted_nitrogen_is_no_applied_nitrogen() -> None:
    with pytest.raises(UnitsError):
        direct_n2o(xr.DataArray(1.0, attrs={"units": "t N2O-N yr-1"}), EF1["wet"])


def test_comparison_by_hand(rotation: Rotation, facts: pd.DataFrame) -> None:
    ds = rotation()
    at, zero = (totals(ds, facts, n_rate=rate, years=[2013, 2014]) for rate in (168, 0))
    rows = compare(at, zero, facts).set_index(["place", "estimate"])
    # Iowa: 30,000 ha of corn x 168 kg = 5,040 t N; wet 1.6 % = 80.64 t N2O-N = 126.72 t N2O
    wet = rows.loc[("IA", "Tier 1, wet climate 1.6 %")]
    assert wet["n_applied_t_n"] == pytest.approx(5040)
    assert wet["n2o_t"] == pytest.approx(126.72)
    assert (wet["low_t"], wet["high_t"]) == (pytest.approx(5040 * 0.013 * 44 / 28), pytest.approx(150.48))
    farm = rows.loc[("IA", "Tier 1 on farm N of 2012, wet 1.6 %")]
    assert farm["n_applied_t_n"] == 3000
    # corn 2013: 3.65 kg N ha-1 at 168, a tenth at 0; soybean 2014: 0.73 and 0.073
    due = rows.loc[("IA", "Fields: due to fertiliser"), "n2o_t"]
    assert due == pytest.approx((0.9 * 3.65 * 30_000 + 0.9 * 0.73 * 13_000) / 1000 * 44 / 28)
    assert rows.loc[("IA", "Fields: corn"), "n2o_t"] == pytest.approx(3.65 * 30 * 44 / 28)
    assert implied_factor(rows.reset_index(), "IA") == pytest.approx(
        (0.9 * 3.65 * 30_000 + 0.9 * 0.73 * 13_000) / 1000 / 5040
    )


def test_states_add_up_to_the_region(rotation: Rotation, facts: pd.DataFrame) -> None:
    at, zero = (totals(rotation(), facts, n_rate=rate, years=[2013]) for rate in (168, 0))
    rows = compare(at, zero, facts)
    for _, group in rows.groupby("estimate"):
        region = group.loc[group["place"] == REGION, "n2o_t"].item()
        assert group.loc[group["place"] != REGION, "n2o_t"].sum() == pytest.approx(region, rel=1e-9)


def test_a_region_within_one_state_stands_once(rotation: Rotation, facts: pd.DataFrame) -> None:
    """The state's row would say the same again, under a name that may hold more than the region."""
    iowa = totals(rotation(), facts, n_rate=168, years=[2013], counties=["19153", "19169"])
    assert set(compare(iowa, None, facts)["place"]) == {REGION}


def test_without_a_zero_rate_nothing_is_due_to_fertiliser(rotation: Rotation, facts: pd.DataFrame) -> None:
    rows = compare(totals(rotation(), facts, n_rate=168, years=[2013]), None, facts)
    assert "Fields: due to fertiliser" not in set(rows["estimate"])
    assert implied_factor(rows) != implied_factor(rows)  # NaN


def test_at_zero_nitrogen_tier1_is_zero(rotation: Rotation, facts: pd.DataFrame) -> None:
    zero = totals(rotation(), facts, n_rate=0, years=[2013])
    rows = compare(zero, zero, facts).set_index(["place", "estimate"])
    assert rows.loc[(REGION, "Tier 1, wet climate 1.6 %"), "n2o_t"] == 0
    assert rows.loc[(REGION, "Fields: due to fertiliser"), "n2o_t"] == 0


def test_unlike_choices_are_not_subtracted(rotation: Rotation, facts: pd.DataFrame) -> None:
    at = totals(rotation(), facts, n_rate=168, years=[2013])
    with pytest.raises(DataError, match="same counties, areas and years"):
        compare(at, totals(rotation(), facts, n_rate=0, years=[2014]), facts)
    with pytest.raises(DataError, match="same counties, areas and years"):
        compare(at, at, facts)


def test_of_a_county_in_part_the_same_part_of_its_farm_nitrogen_counts(rotation: Rotation, facts: pd.DataFrame) -> None:
    at = totals(rotation(), facts, n_rate=168, years=[2013], counties=["19153", "19169"])
    shares = pd.Series({"19153": 0.5, "19169": 1.0})
    rows = compare(at, None, facts, shares=shares).set_index("estimate")
    assert rows.loc["Tier 1 on farm N of 2012, wet 1.6 %", "n_applied_t_n"] == pytest.approx(0.5 * 1000 + 2000)


def test_direct_and_indirect_together_have_a_95_percent_range(rotation: Rotation, facts: pd.DataFrame) -> None:
    at = totals(rotation(), facts, n_rate=168, years=[2013], counties=["19153"])
    row = compare(at, None, facts, indirect=True).set_index("estimate").loc["Tier 1, wet climate, direct and indirect"]
    whole = row[["low_t", "n2o_t", "high_t"]].to_numpy(float) / (1680 * 44 / 28)
    assert whole[1] == pytest.approx(0.016 + 0.11 * 0.014 + 0.24 * 0.011)
    rng = np.random.default_rng(1)
    parts = {name: one.draw(rng, 200_000) for name, one in (FACTORS | {"ef1": EF1["wet"]}).items()}
    drawn = parts["ef1"] + parts["frac_gasf"] * parts["ef4"] + parts["frac_leach"] * parts["ef5"]
    assert whole[[0, 2]] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), rel=0.02)
