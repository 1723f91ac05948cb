"""Draws: known spreads come out, what is common does not cancel, the same seed gives the same figures."""

import time

import numpy as np
import pytest

from agroflux.emissions import indirect
from agroflux.emissions.residuals import CropResiduals, Residuals
from agroflux.emissions.uncertainty import COMPONENTS, Evidence, contributions, draw, grouped, interval

N = 40


def _residuals(year_scale: float, within: float) -> Residuals:
    scores = np.linspace(-1, 1, 201) * within
    one = CropResiduals((0.0, 1.0), year_scale, 4, scores, np.full(201, 1 / 201))
    return Residuals({"corn": one, "soybean": one}, (2015, 2016, 2017, 2018))


def _with_residuals(year_scale: float, within: float) -> Evidence:
    best = np.full(N, 100.0)
    crops = np.array(["corn", "soybean"] * (N // 2))
    return Evidence(
        best, True, residuals=_residuals(year_scale, within), predicted=best / 10, per_hectare=best / 10, crops=crops
    )


def test_two_simulators_share_the_draws_for_all_cells_at_once() -> None:
    best = np.full(N, 10.0)
    evidence = Evidence(best, True, simulators={"a": best, "b": best * 0.25}, own_simulator="a")
    total = draw(evidence).sum(axis=1)
    assert set(np.round(total, 9)) == {400.0, 100.0}
    assert (total == 400).mean() == pytest.approx(0.5, abs=0.02)


def test_a_balance_that_changes_sign_takes_differences() -> None:
    best = np.array([-2.0, 1.0])
    evidence = Evidence(best, False, simulators={"a": best, "b": np.array([3.0, -1.0])}, own_simulator="a")
    assert {tuple(row) for row in draw(evidence, draws=50)} == {(-2.0, 1.0), (3.0, -1.0)}


def test_kinds_of_models_weigh_alike_whatever_their_seeds() -> None:
    best = np.array([10.0])
    models = {"lstm": np.array([[10.0], [10.0], [10.0]]), "tcn": np.array([[20.0]])}
    total = draw(Evidence(best, True, models=models))[:, 0]
    assert (total == 20).mean() == pytest.approx(0.5, abs=0.02)


def test_seeds_spread_about_the_mean_of_their_kind() -> None:
    members = np.array([[9.0, 18.0], [10.0, 20.0], [11.0, 22.0]])
    evidence = Evidence(np.array([20.0, 40.0]), True, models={"lstm": members, "tcn": np.array([[30.0, 60.0]])})
    drawn = draw(evidence, ["seeds"])
    # A tenth apart, with the spread that three seeds' own mean takes given back: the kind with one seed adds nothing.
    step = 0.1 * np.sqrt(3 / 2)
    assert np.unique(np.round(drawn[:, 0], 9)) == pytest.approx([20 * (1 - step), 20, 20 * (1 + step)])
    assert drawn[:, 1] == pytest.approx(2 * drawn[:, 0])
    assert drawn[:, 0].std() == pytest.approx(20 * np.std([0.9, 1.0, 1.1], ddof=1), rel=0.02)
    carbon = Evidence(np.array([-5.0, 5.0]), False, models={"lstm": members})
    assert carbon.components() == ("seeds",)
    shifts = np.unique(np.round(draw(carbon)[:, 0] + 5.0, 9))
    assert shifts == pytest.approx([-np.sqrt(3 / 2), 0, np.sqrt(3 / 2)])


def test_county_errors_cancel_in_a_sum_and_the_year_effect_does_not() -> None:
    apart, common = (draw(_with_residuals(*pair)) for pair in ((0.0, 0.3), (0.1, 0.0)))
    sd_cell, sd_sum = apart[:, 0].std(), apart.sum(axis=1).std()
    assert sd_sum == pytest.approx(sd_cell * np.sqrt(N), rel=0.05)  # independent: the relative spread falls
    assert common.sum(axis=1).std() == pytest.approx(common[:, 0].std() * N, rel=1e-9)
    assert not (apart < 0).any()


def test_weather_is_the_spread_of_a_mean_of_years() -> None:
    rng = np.random.default_rng(3)
    years = 100 + 10 * rng.standard_normal((6, 1)) * np.ones((1, N))
    best = years.mean(axis=0)
    total = draw(Evidence(best, True, yearly=years)).sum(axis=1)
    assert total.std() == pytest.approx(years[:, 0].std(ddof=1) / np.sqrt(6) * N, rel=0.03)
    alone = years.copy()
    alone[1:] = np.nan  # the crop grows once: nothing is known of other years
    assert "weather" not in Evidence(best, True, yearly=alone).components()


def test_half_of_the_variance_of_area_is_common() -> None:
    best = np.ones(1000)
    total = draw(Evidence(best, True, area_sd=0.1), draws=4000).sum(axis=1)
    assert total.std() / total.mean() == pytest.approx(0.1 * np.sqrt(0.5), rel=0.05)


def test_indirect_factors_keep_their_default_in_the_middle_and_their_range() -> None:
    factor = indirect.FACTORS["frac_leach"]
    drawn = factor.draw(np.random.default_rng(0), 40_000)
    assert np.median(drawn) == pytest.approx(factor.value, abs=0.01)
    assert np.quantile(drawn, 0.975) == pytest.approx(factor.high, rel=0.05)
    applied = np.full(2, 1000.0)
    best = np.full(2, 10.0) + indirect.share() * applied * 44 / 28
    evidence = Evidence(best, True, applied=applied)
    assert draw(evidence, [], draws=3) == pytest.approx(np.tile(best, (3, 1)))
    assert draw(evidence, draws=500).std(axis=0)[0] > 0


def test_a_component_draws_the_same_with_and_without_the_others() -> None:
    best = np.full(N, 10.0)
    both = Evidence(best, True, simulators={"a": best, "b": best * 2}, own_simulator="a", area_sd=0.1)
    alone = draw(both, ["simulators"], draws=200)
    one = draw(Evidence(best, True, simulators={"a": best, "b": best * 2}, own_simulator="a"), draws=200)
    np.testing.assert_array_equal(alone, one)
    np.testing.assert_array_equal(draw(both, seed=5, draws=50), draw(both, seed=5, draws=50))
    assert not np.array_equal(draw(both, seed=5, draws=50), draw(both, seed=6, draws=50))


def test_nothing_to_draw_from_gives_the_total_itself() -> None:
    bare = Evidence(np.array([1.0, 2.0]), True)
    assert bare.components() == ()
    assert (draw(bare, draws=4) == [1, 2]).all()
    assert contributions(bare).empty


def test_intervals_and_groups() -> None:
    ends = interval(np.arange(1001.0)[:, None])
    assert [float(ends[k][0]) for k in ("low80", "median", "high80", "low95")] == pytest.approx([100, 500, 900, 25])
    names, sums = grouped(np.array([[1.0, 2.0, 4.0]]), ["b", "a", "b"])
    assert names == ["a", "b"] and sums.tolist() == [[2.0, 5.0]]


def test_contributions_are_ranked_and_their_shares_add_up() -> None:
    best = np.full(N, 10.0)
    table = contributions(Evidence(best, True, simulators={"a": best, "b": best * 2}, own_simulator="a", area_sd=0.05))
    assert table["component"].tolist() == ["simulators", "area"]
    assert table["share"].sum() == pytest.approx(1)
    assert set(table["label"]) <= set(COMPONENTS.values())


def test_ten_thousand_draws_of_99_counties_take_under_two_seconds() -> None:
    cells = 198
    best = np.linspace(50, 400, cells)
    evidence = Evidence(
        best,
        True,
        yearly=best * np.linspace(0.8, 1.2, 6)[:, None],
        simulators={"a": best, "b": best * 0.3},
        own_simulator="a",
        models={"lstm": np.stack([best, best * 1.1]), "tcn": best[None] * 0.9},
        residuals=_residuals(0.2, 0.4),
        predicted=best / 100,
        per_hectare=np.full(cells, 100.0),
        crops=np.array(["corn", "soybean"] * 99),
        area_sd=0.05,
        applied=best * 3,
    )
    assert evidence.components() == tuple(COMPONENTS)
    start = time.process_time()
    drawn = draw(evidence)
    interval(grouped(drawn, [str(n // 2) for n in range(cells)])[1])
    assert drawn.shape == (10_000, cells)
    assert time.process_time() - start < 2.0


def test_one_year_behind_a_figure_spreads_like_the_years_at_hand() -> None:
    years = 100 + 10 * np.random.default_rng(3).standard_normal((6, 1)) * np.ones((1, N))
    best = years.mean(axis=0)
    spread = years[:, 0].std(ddof=1) * N
    found = [draw(Evidence(best, True, yearly=years, n_years=np.full(N, n))).sum(axis=1).std() for n in (1, 2, 6)]
    assert found == pytest.approx([spread, spread / np.sqrt(2), spread / np.sqrt(6)], rel=0.03)


def test_several_simulators_behind_a_figure_count_by_their_mean_and_none_by_nothing() -> None:
    best = np.full(N, 10.0)
    held = {"a": best * 1.5, "b": best * 0.5}
    assert set(np.round(draw(Evidence(best, True, simulators=held, own_simulator=("a", "b")))[:, 0], 9)) == {15.0, 5.0}
    for own in ((), "", ("c",)):
        assert Evidence(best, True, simulators=held, own_simulator=own).components() == ()


def test_the_drawn_share_of_indirect_n2o_takes_each_factor_in_its_place() -> None:
    drawn = indirect.share_draws(np.random.default_rng(0), 40_000)
    mean = {name: one.draw(np.random.default_rng(1), 40_000).mean() for name, one in indirect.FACTORS.items()}
    assert drawn.mean() == pytest.approx(mean["frac_gasf"] * mean["ef4"] + mean["frac_leach"] * mean["ef5"], rel=0.03)
