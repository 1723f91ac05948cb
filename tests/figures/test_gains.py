"""Pictures of transfer: what is drawn is what the rows say, and a failure does not hide the rest."""

import itertools

import pandas as pd

from agroflux.figures import gain_map, gains

RECIPES = {"finetune": "Fine-tune", "scratch": "From scratch"}


def rows(**more: list[float]) -> pd.DataFrame:
    base = {
        "label": ["a", "b"], "model": ["m", "m"], "recipe": ["finetune"] * 2, "gain": [0.2, -0.1], "r2": [0.5, 0.4],
        "gain_low": [0.1, -0.3], "gain_high": [0.3, 0.1], "n": [1, 4],
    }  # fmt: skip
    return pd.DataFrame(base | more)


def test_dots_bars_and_hollow_where_zero_is_inside() -> None:
    fig = gains.gains(rows(), RECIPES)
    (dots,) = fig.data
    assert list(dots.x) == [0.2, -0.1] and [round(v, 6) for v in dots.error_x.array] == [0.1, 0.2]
    assert list(dots.marker.symbol) == ["circle", "circle-open"]
    assert list(fig.layout.yaxis.ticktext) == ["a", "b"] and fig.layout.xaxis.range is None


def test_a_label_is_as_high_as_it_has_dots_and_no_two_share_a_line() -> None:
    recipes = {name: name.title() for name in ("a", "b", "c", "d")}
    many = [{"label": "all", "recipe": name} for name in recipes] + [{"label": "few", "recipe": "d"}]
    table = pd.DataFrame(many).assign(gain=0.1, gain_low=0.0, gain_high=0.2, r2=0.5)
    fig = gains.gains(table, recipes)
    lines = sorted(y for trace in fig.data for y in trace.y)
    assert len(lines) == 5 and min(b - a for a, b in itertools.pairwise(lines)) >= 1
    assert list(fig.layout.yaxis.range) == [5 + 3, 0] and list(fig.layout.yaxis.tickvals) == [2.5, 6.5]
    assert fig.layout.height < gains.gains(pd.concat([table, table.assign(label="more")]), recipes).layout.height


def test_a_label_is_text_not_markup() -> None:
    fig = gains.gains(rows().assign(label=["<b>corn</b>", "a & b"]), RECIPES)
    assert list(fig.layout.yaxis.ticktext) == ["&lt;b&gt;corn&lt;/b&gt;", "a &amp; b"]
    assert fig.data[0].customdata[0][0] == "&lt;b&gt;corn&lt;/b&gt;"


def test_a_gain_without_interval_is_told_so_where_it_is_pointed_at() -> None:
    """Of a bound that is null Plotly writes +0.00 (a list of mixed types) or +NaN."""
    made = pd.DataFrame(
        {"label": ["a", "b"], "recipe": "finetune", "site": ["a", "b"], "gain": [0.2, -0.1], "r2": 0.5, "n": [1, 2],
         "gain_low": [None, -0.3], "gain_high": [None, 0.1], "lat": 40.0, "lon": [-90.0, -91.0]}
    )  # fmt: skip
    figs = (gains.gains(made, RECIPES), gains.curves(made, RECIPES), gain_map.gain_map(made, {}))
    for trace, column in zip((figs[0].data[0], figs[1].data[0], figs[2].data[-1]), (1, 1, 0), strict=True):
        assert [point[column] for point in trace.customdata] == ["no interval", "\u22120.30 to +0.10"]
        assert f"(%{{customdata[{column}]}})" in trace.hovertemplate


def test_one_wide_interval_does_not_squeeze_the_others() -> None:
    ends = gains.gains(rows(gain_low=[-40.0, -0.3]), RECIPES).layout.xaxis.range
    assert ends is not None and ends[0] > -2 and ends[0] < -0.1 and ends[1] > 0.2


def test_curves_end_at_the_floor_and_have_a_tick_a_number() -> None:
    fig = gains.curves(rows(r2=[-7.0, 0.4]), RECIPES)
    assert fig.layout.yaxis.range[0] == gains.FLOOR and list(fig.layout.xaxis.ticktext) == ["1", "4"]
    assert len(fig.data) == 1


def test_curves_that_all_lie_below_the_floor_are_seen() -> None:
    assert gains.curves(rows(r2=[-7.0, -2.0]), RECIPES).layout.yaxis.range is None


def test_losses_have_two_lines_a_run() -> None:
    lines = pd.DataFrame(
        {"run": ["finetune", "finetune"], "epoch": [1, 2], "train_loss": [1.0, 0.5], "validation_loss": [1.2, 0.8]}
    )
    fig = gains.losses(lines, RECIPES)
    assert [trace.name for trace in fig.data] == ["Fine-tune, training", "Fine-tune, validation"]
    assert list(fig.data[1].y) == [1.2, 0.8]


def test_the_axis_of_losses_has_the_first_and_the_last_epoch_and_none_before() -> None:
    for first, last, ticks in (
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 1, [1]),
        (1, 120, [1, 20, 40, 60, 80, 100, 120]),
        (4, 42, [4, 10, 20, 30, 42]),
    ):
        lines = pd.DataFrame({"run": "finetune", "epoch": [first, last], "train_loss": 1.0, "validation_loss": 1.2})
        axis = gains.losses(lines, RECIPES).layout.xaxis
        assert list(axis.tickvals) == ticks
        assert 0 < axis.range[0] < first and axis.range[1] > last, "there is no epoch 0"
