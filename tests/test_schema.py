"""The variable table: complete, in the benchmark's order, with the right colour scales."""

import pytest

from agroflux import schema

# The benchmark's own order of X and Y columns (arXiv 2602.01614), written out once more by hand.
BENCHMARK_X = ["TMAX", "TMIN", "PRECN", "FERTZR_N", "PLANTING", "CROP", "BD", "SAND", "SILT", "PH", "SOC"]
BENCHMARK_Y = [
    "Reco",
    "GPP",
    "CO2_FLUX",
    "Yield",
    "Delta_SOC",
    "TMAX_SOIL_1",
    "TMIN_SOIL_1",
    "TMAX_SOIL_3",
    "TMIN_SOIL_3",
    "TMAX_SOIL_5",
    "TMIN_SOIL_5",
    "WTR_1",
    "WTR_3",
    "WTR_5",
    "ET",
    "N2O_FLUX",
    "NH4_1",
    "NO3_1",
    "NO3_3",
    "NO3_5",
]
# Published standard scaler of X: mean and standard deviation, same order.
SCALER_X = [
    (16.7299, 12.1570),
    (5.91153, 10.8093),
    (2.77694, 7.28331),
    (0.0271866, 0.730844),
    (0.00273973, 0.0522706),
    (0.564103, 0.495874),
    (1.35602, 0.154807),
    (188.332, 157.753),
    (532.834, 132.951),
    (6.32661, 0.808509),
    (14.4635, 7.74554),
]


def test_order_is_the_benchmarks() -> None:
    assert list(schema.DRIVERS) == BENCHMARK_X
    assert list(schema.TARGETS) == BENCHMARK_Y


@pytest.mark.parametrize("role", ["driver", "target"])
def test_indices_have_no_gap(role: str) -> None:
    indices = sorted(v.index for v in schema.VARIABLES.values() if v.role == role and v.index is not None)
    assert indices == list(range(len(indices)))


def test_only_the_benchmarks_own_have_an_index() -> None:
    assert all((v.index is None) == (v.role == "extra") for v in schema.VARIABLES.values())


def test_modules_of_targets_follow_the_order_of_all() -> None:
    order = [schema.get(name).module for name in schema.TARGETS]
    assert order == ["Carbon"] * 5 + ["Thermal"] * 6 + ["Water"] * 4 + ["Nitrogen"] * 5


def test_daily_and_annual_targets_share_out_all() -> None:
    assert set(schema.ANNUAL_TARGETS) == {"Yield", "Delta_SOC"}
    assert set(schema.DAILY_TARGETS) | set(schema.ANNUAL_TARGETS) == set(schema.TARGETS)
    assert not set(schema.DAILY_TARGETS) & set(schema.ANNUAL_TARGETS)


@pytest.mark.parametrize("variable", schema.VARIABLES.values(), ids=list(schema.VARIABLES))
def test_each_variable_can_be_shown(variable: schema.Variable) -> None:
    assert variable.low < variable.high
    assert variable.axis == f"{variable.label} [{variable.unit}]"
    assert variable.label[0].isupper()


def test_people_read_formulas_with_subscripts_and_files_keep_letters() -> None:
    assert schema.get("N2O_FLUX").title == "N₂O flux" and schema.get("CO2_FLUX").title == "Net CO₂ flux to the air"
    assert all(variable.label.isascii() for variable in schema.VARIABLES.values())
    assert schema.get("GPP").title == schema.get("GPP").label


@pytest.mark.parametrize(("name", "scaler"), list(zip(BENCHMARK_X, SCALER_X, strict=True)))
def test_plausible_range_holds_the_published_mean(name: str, scaler: tuple[float, float]) -> None:
    mean, std = scaler
    known = schema.get(name)
    assert known.low <= mean <= known.high
    assert std < known.high - known.low


@pytest.mark.parametrize("variable", schema.VARIABLES.values(), ids=list(schema.VARIABLES))
def test_only_a_balance_is_coloured_about_zero(variable: schema.Variable) -> None:
    """Its plausible range reaches as far below zero as above, more or less; that of a temperature has no zero."""
    about_zero = variable.low < 0 and -variable.low > 0.5 * variable.high and variable.unit != "degC"
    assert (variable.scale != "sequential") == about_zero


def test_a_rate_that_adds_up_is_per_day_and_annual_values_are_not() -> None:
    for variable in schema.VARIABLES.values():
        assert variable.flux == variable.unit.endswith("d-1"), variable.name
        if variable.per == "year":
            assert not variable.flux


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(KeyError, match=r"unknown variable 'NEP'.*NEE"):
        schema.get("NEP")
