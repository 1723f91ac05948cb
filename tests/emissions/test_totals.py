"""County, state and regional totals: worked by hand, additive, and honest about what is left out."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agroflux.emissions.areas import read_areas
from agroflux.emissions.totals import ADDITIVE, COLUMNS, totals
from agroflux.errors import SelectionError

Rotation = Callable[..., xr.Dataset]


def test_a_county_by_hand(rotation: Rotation, facts: pd.DataFrame) -> None:
    result = totals(rotation(), facts, n_rate=168, years=[2013, 2014], gwp="AR5")
    polk = result.by("county").set_index("county").loc["Polk"]
    # corn 2013: 3.65 kg N ha-1 x 10,000 ha = 36.5 t N; soybean 2014: 0.73 x 5,000 = 3.65 t N
    assert polk["n2o_t_n"] == pytest.approx(40.15, rel=1e-12)
    assert polk["n2o_t"] == pytest.approx(40.15 * 44 / 28, rel=1e-12)
    assert polk["n2o_t_co2e"] == pytest.approx(40.15 * 44 / 28 * 265, rel=1e-12)
    assert polk["n2o_kg_n_ha"] == pytest.approx(40.15 * 1000 / 15_000, rel=1e-12)
    # NEE: -3.65 t C ha-1 x 10,000 + -0.365 x 5,000 = -38,325 t C; harvest 4 x 10,000 + 1 x 5,000 = 45,000 t C
    assert polk["nee_t_co2"] == pytest.approx(-38_325 * 44 / 12, rel=1e-12)
    assert polk["harvest_t_co2"] == pytest.approx(45_000 * 44 / 12, rel=1e-12)
    assert polk["necb_t_co2"] == pytest.approx((38_325 - 45_000) * 44 / 12, rel=1e-12)
    assert polk["soil_carbon_t_co2"] == pytest.approx((0.1 * 10_000 - 0.05 * 5_000) * 44 / 12, rel=1e-12)
    assert polk["area_ha"] == 15_000
    assert not polk["outside_period"]


def test_a_blank_area_is_left_out_and_listed(rotation: Rotation, facts: pd.DataFrame) -> None:
    result = totals(rotation(), facts, n_rate=168, years=[2013, 2014])
    assert result.left_out.to_dict("records") == [
        {"fips": "17019", "county": "Champaign", "state": "IL", "crop": "soybean", "reason": "no harvested area"}
    ]
    champaign = result.by("county").set_index("county").loc["Champaign"]
    assert champaign["area_ha"] == 50_000  # corn alone
    assert champaign["n2o_t_n"] == pytest.approx(365 * 0.0011 * 10 * 50_000 / 1000)


def test_one_year_flags_the_borrowed_crop(rotation: Rotation, facts: pd.DataFrame) -> None:
    crops = totals(rotation(), facts, n_rate=168, years=[2013]).crops.set_index(["county", "crop"])
    assert not crops.loc[("Polk", "corn"), "outside_period"]
    assert crops.loc[("Polk", "soybean"), "outside_period"]
    assert crops.loc[("Polk", "soybean"), "crop_years"] == "2014"
    assert totals(rotation(), facts, n_rate=168, years=[2013]).by("state")["outside_period"].all()


def test_own_areas_replace_the_surveys(rotation: Rotation, facts: pd.DataFrame) -> None:
    own = read_areas(b"fips,corn_area_ha,soybean_area_ha\n19153,100,0\n", facts, name="mine.csv")
    result = totals(rotation(), facts, n_rate=168, years=[2013], areas=own)
    assert result.by("county")["fips"].tolist() == ["19153"]
    assert result.by("region")["n2o_t_n"].item() == pytest.approx(0.365)
    assert len(result.left_out) == 4
    assert "mine.csv" in result.area_source


def test_rates_years_and_areas_that_are_not_there(rotation: Rotation, facts: pd.DataFrame) -> None:
    with pytest.raises(SelectionError, match="100"):
        totals(rotation(), facts, n_rate=100, years=[2013])
    with pytest.raises(SelectionError, match="2030"):
        totals(rotation(), facts, n_rate=168, years=[2030])
    none = facts.assign(corn_area_ha=np.nan, soybean_area_ha=np.nan)
    with pytest.raises(SelectionError, match="no county"):
        totals(rotation(), none, n_rate=168, years=[2013])
    with pytest.raises(SelectionError, match="'17019' is no county"):
        totals(rotation(), facts.drop("17019"), n_rate=168, years=[2013])


def test_a_variable_that_is_missing_leaves_its_columns_out(rotation: Rotation, facts: pd.DataFrame) -> None:
    table = totals(rotation().drop_vars(["NEE", "Delta_SOC"]), facts, n_rate=168, years=[2013]).by("county")
    assert not {"nee_t_co2", "necb_t_co2", "soil_carbon_t_co2"} & set(table)
    assert {"n2o_t", "harvest_t_co2"} <= set(table)


def test_tables_are_ranked_and_every_figure_has_a_unit(rotation: Rotation, facts: pd.DataFrame) -> None:
    table = totals(rotation(), facts, n_rate=168, years=[2013]).by("county")
    assert table["n2o_t"].is_monotonic_decreasing
    for name in table.select_dtypes("number"):
        assert COLUMNS[name].unit, name


_areas = st.one_of(st.just(float("nan")), st.floats(0, 1e6))
_daily = st.floats(-0.01, 1.0, allow_subnormal=False)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_areas, min_size=6, max_size=6), st.lists(_daily, min_size=12, max_size=12))
def test_states_and_region_are_the_sums_of_their_counties(
    rotation: Rotation, facts: pd.DataFrame, areas: list[float], fluxes: list[float]
) -> None:
    daily = np.repeat(np.reshape(fluxes, (3, 1, 4)), 365, axis=2).repeat(2, axis=1)
    facts = facts.assign(corn_area_ha=areas[:3], soybean_area_ha=areas[3:])
    if all(math.isnan(a) for a in areas):
        return
    result = totals(rotation(n2o=daily), facts, n_rate=168, years=[2013, 2014])
    county, state, region = result.by("county"), result.by("state"), result.by("region")
    for name in (c for c in ADDITIVE if c in county):
        scale = max(1.0, float(county[name].abs().sum()))
        by_state = {s: math.fsum(rows[name]) for s, rows in county.groupby("state")}
        for row in state.itertuples():
            assert abs(getattr(row, name) - by_state[row.state]) <= 1e-9 * scale
        assert abs(region[name].item() - math.fsum(by_state.values())) <= 1e-9 * scale
    assert abs(region["area_ha"].item() - math.fsum(a for a in areas if not math.isnan(a))) <= 1e-6
    assert len(result.crops) + len(result.left_out) == 6
    assert region["necb_t_co2"].item() == pytest.approx(
        -region["nee_t_co2"].item() - region["harvest_t_co2"].item(), rel=1e-9, abs=1e-6
    )


def test_totals_grow_in_step_with_area(rotation: Rotation, facts: pd.DataFrame) -> None:
    doubled = facts.assign(corn_area_ha=facts["corn_area_ha"] * 2, soybean_area_ha=facts["soybean_area_ha"] * 2)
    one, two = (totals(rotation(), f, n_rate=168, years=[2013]).by("region") for f in (facts, doubled))
    for name in (c for c in ADDITIVE if c in one):
        assert two[name].item() == pytest.approx(2 * one[name].item(), rel=1e-12)


def test_intensities_by_hand(rotation: Rotation, facts: pd.DataFrame) -> None:
    table = totals(rotation(), facts, n_rate=168, years=[2013, 2014], gwp="AR6", horizon=20)
    polk = table.by("county").set_index("county").loc["Polk"]
    # grain: 4 t C ha-1 x 10,000 + 1 x 5,000 = 45,000 t C / 0.42; N: 10,000 ha x 168 kg = 1,680 t
    assert polk["grain_t"] == pytest.approx(45_000 / 0.42)
    assert polk["n_applied_t_n"] == pytest.approx(1_680)
    assert polk["co2e_per_grain"] == pytest.approx(40.15 * 44 / 28 * 273 * 1000 / (45_000 / 0.42))
    assert polk["n2o_n_per_n"] == pytest.approx(40.15 / 1_680)
    crops = table.by("crop").set_index("crop")
    assert crops.loc["corn", "n2o_t_n"] == pytest.approx(36.5 + 73 + 0.365 * 1.1 * 500)
    assert np.isnan(crops.loc["soybean", "n2o_n_per_n"])  # soybean gets no nitrogen
    assert crops["n2o_t"].sum() == pytest.approx(table.by("region")["n2o_t"].item(), rel=1e-9)


def test_indirect_n2o_is_an_option_and_apart(rotation: Rotation, facts: pd.DataFrame) -> None:
    one = totals(rotation(), facts, n_rate=168, years=[2013], indirect=True).by("region").iloc[0]
    applied = 80_000 * 168 / 1000
    # 11 % volatilise, of which 1.4 % become N2O-N; 24 % leach, of which 1.1 %
    assert one["n2o_indirect_t"] == pytest.approx(applied * (0.11 * 0.014 + 0.24 * 0.011) * 44 / 28)
    assert one["n2o_all_t_co2e"] == pytest.approx((one["n2o_t"] + one["n2o_indirect_t"]) * 273)
    without = totals(rotation(), facts, n_rate=168, years=[2013]).by("region")
    assert not {"n2o_indirect_t", "n2o_all_t_co2e"} & set(without)
    assert without["n2o_t_co2e"].item() == one["n2o_t_co2e"]


def test_soil_co2_stands_beside_nee(rotation: Rotation, facts: pd.DataFrame) -> None:
    ds = rotation()
    ds["Rh"] = -2 * ds["NEE"]
    ds["Rh"].attrs["units"] = "g C m-2 d-1"
    region = totals(ds, facts, n_rate=168, years=[2013]).by("region").iloc[0]
    assert region["soil_co2_t_co2"] == pytest.approx(-2 * region["nee_t_co2"], rel=1e-12)


def test_a_single_county_can_be_chosen(rotation: Rotation, facts: pd.DataFrame) -> None:
    every = totals(rotation(), facts, n_rate=168, years=[2013]).by("county").set_index("fips")
    one = totals(rotation(), facts, n_rate=168, years=[2013], counties=["19169"])
    assert one.by("region")["n2o_t"].item() == every.at["19169", "n2o_t"]
    assert one.left_out.empty
