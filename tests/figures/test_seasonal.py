"""Seasonal small multiples: one panel each, corn solid and soybean dotted, a shade only where it can be read."""

import pandas as pd

from agroflux.figures import colours, seasonal


def _cycles(variables: tuple[str, ...] = ("GPP",), data: tuple[str, ...] = ("cornbelt-century",)) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"day": range(1, 366), "mean": level, "low": level - 1.0, "high": level + 1.0}).assign(
            data=name, site="19169", variable=variable, crop=crop, n_years=3
        )
        for variable in variables
        for name in data
        for level, crop in ((5.0, "corn"), (2.0, "soybean"))
    ]
    return pd.concat(parts, ignore_index=True)


def test_corn_is_solid_soybean_dotted_and_two_lines_are_shaded() -> None:
    fig = seasonal.panel(_cycles(), {"cornbelt-century": "CENTURY"}, "GPP")
    lines = [t for t in fig.data if t.name]
    assert {(t.name, t.line.dash) for t in lines} == {
        ("CENTURY, corn years", "solid"),
        ("CENTURY, soybean years", "dot"),
    }
    assert len(fig.data) == 4
    assert fig.layout.yaxis.title.text == "g C m⁻² d⁻¹"
    assert list(lines[0].y) == [5.0] * 365


def test_four_lines_are_not_shaded() -> None:
    fig = seasonal.panel(_cycles(data=("cornbelt-century", "cornbelt-ceres")), {}, "GPP")
    assert len(fig.data) == 4 and all(t.fill is None for t in fig.data)


def test_the_shade_spans_lowest_to_highest_year() -> None:
    shade = next(t for t in seasonal.panel(_cycles(), {}, "GPP").data if t.fill == "toself")
    assert (max(shade.y), min(shade.y)) == (6.0, 4.0)


def test_small_multiples_have_a_panel_a_variable_and_one_legend_entry_a_line() -> None:
    fig = seasonal.small_multiples(_cycles(("GPP", "NEE", "N2O_FLUX", "ET")), {})
    titles = {a.text for a in fig.layout.annotations}
    assert {"Gross primary production", "Net ecosystem exchange", "N₂O flux", "Evapotranspiration"} == titles
    assert sum(bool(t.showlegend) for t in fig.data) == 2


def test_data_sets_of_one_name_keep_an_entry_each() -> None:
    fig = seasonal.small_multiples(_cycles(("GPP", "NEE"), ("mine", "yours")), {"mine": "Tower", "yours": "Tower"})
    shown = [trace for trace in fig.data if trace.showlegend]
    assert len(shown) == 4 and len({trace.legendgroup for trace in shown}) == 4


def test_panels_by_site_are_called_by_name() -> None:
    fig = seasonal.small_multiples(_cycles(), {}, by="site", names={"19169": "Story, IA"})
    assert fig.layout.annotations[0].text == "Story, IA"


def test_keys_name_colour_and_dots() -> None:
    found = seasonal.keys(_cycles(), {"cornbelt-century": "CENTURY"})
    blue = colours.series("cornbelt-century")
    assert found == [("CENTURY, corn years", blue, "solid"), ("CENTURY, soybean years", blue, "dotted")]


def test_years_of_another_or_unknown_crop_are_told_from_corn_years() -> None:
    cycles = _cycles().replace({"crop": {"soybean": ""}})
    lines = [t for t in seasonal.panel(cycles, {}, "GPP").data if t.name]
    assert [t.line.dash for t in lines] == ["solid", "dash"]
    assert [style for _, _, style in seasonal.keys(cycles, {})] == ["solid", "dashed"]


def test_data_sets_of_ones_own_have_colours_of_their_own_in_every_panel() -> None:
    cycles = _cycles(("GPP", "NEE"), ("cornbelt-century", "cornbelt-century-full", "cornbelt-ceres-full"))
    keys = {name.split(",")[0]: colour for name, colour, _ in seasonal.keys(cycles, {})}
    assert len(set(keys.values())) == 3
    part = cycles[(cycles["variable"] == "NEE") & (cycles["data"] == "cornbelt-ceres-full")]
    lines = [trace for trace in seasonal.panel(part, {}, "NEE", beside=cycles).data if trace.name]
    assert {trace.line.color for trace in lines} == {keys["cornbelt-ceres-full"]}


def test_the_chosen_variable_comes_first_and_only_daily_held_ones_follow() -> None:
    assert seasonal.panels_for("ET", ["GPP", "NEE", "ET", "SOC", "Yield"]) == ["ET", "GPP", "NEE"]
    assert seasonal.panels_for("Yield", ["GPP", "Yield"]) == ["GPP"]
    assert len(seasonal.panels_for("GPP", ["GPP", "NEE", "N2O_FLUX", "ET", "WTR_1", "TMAX_SOIL_1", "Reco"])) == 6
