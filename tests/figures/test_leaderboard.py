"""Figures of the leaderboard: order, intervals, references marked, a network that loses shown losing."""

import math

import pandas as pd
import pytest

from agroflux.figures import colours, leaderboard


def _rows(*values: tuple[str, str, float]) -> pd.DataFrame:
    rows = pd.DataFrame(values, columns=["name", "kind", "value"])
    return rows.assign(low=rows["value"] - 0.1, high=rows["value"] + 0.05, speed=[10.0, 100.0, 1000.0][: len(rows)])


ROWS = _rows(("LSTM", "network", 0.9), ("Climatology", "reference", 0.6), ("TCN", "losing", 0.5))


def test_bars_are_ranked_with_intervals_and_the_loser_is_told_apart() -> None:
    fig = leaderboard.bars(ROWS, label="R²")
    assert list(fig.layout.yaxis.categoryarray) == ["TCN", "Climatology", "LSTM"]  # from below
    by_name = {trace.y[0]: trace for trace in fig.data}
    assert by_name["TCN"].name == "Network that a reference beats"
    assert len({trace.marker.color for trace in fig.data}) == 3
    assert len({trace.marker.pattern.shape for trace in fig.data}) == 3
    assert by_name["LSTM"].error_x.array[0] == pytest.approx(0.05)
    assert by_name["LSTM"].error_x.arrayminus[0] == pytest.approx(0.1)
    assert fig.layout.shapes[0].x0 == 0.6  # the best reference
    assert fig.layout.xaxis.title.text == "R²"


def test_long_titles_and_names_take_lines_that_fit_a_telephone() -> None:
    rows = ROWS.assign(name=["LSTM, unknown-management 0.3", "Climatology", "TCN"])
    fig = leaderboard.bars(rows, label="RMSE of Maximum soil temperature, layer 1", unit="degC")
    title, short = fig.layout.xaxis.title.text, leaderboard.bars(ROWS, label="R²")
    assert title == "RMSE of Maximum soil<br>temperature, layer 1 [°C]"
    assert fig.layout.yaxis.categoryarray[-1] == "LSTM, unknown-<br>management 0.3"
    assert fig.layout.height > short.layout.height


def test_a_value_without_an_interval_says_so_where_it_is_pointed_at() -> None:
    rows = ROWS.assign(low=[0.8, math.nan, -0.2], high=[0.95, math.nan, 0.55])
    for fig in (leaderboard.bars(rows, label="R²"), leaderboard.speed(rows, label="R²")):
        told = [str(text) for trace in fig.data for text in trace.customdata[:, 0]]
        assert sorted(told) == ["0.8 to 0.95", "no interval", "\u22120.2 to 0.55"]


def test_a_failure_does_not_stretch_the_axis_of_a_score_but_an_error_keeps_its_own() -> None:
    rows = _rows(("LSTM", "network", 0.9), ("Ridge", "reference", -40.0))
    low, high = leaderboard.bars(rows, label="R²").layout.xaxis.range
    assert low == leaderboard.FLOOR and high > 0.95
    fig = leaderboard.bars(rows, label="Bias", unit="g C m-2 d-1")
    assert fig.layout.xaxis.range is None
    assert fig.layout.xaxis.title.text == "Bias [g C m⁻² d⁻¹]"


def test_speed_is_logarithmic_and_a_row_without_it_is_left_out() -> None:
    rows = ROWS.assign(speed=[10.0, math.nan, 1000.0])
    fig = leaderboard.speed(rows, label="R²")
    assert fig.layout.xaxis.type == "log" and "[site-years s⁻¹]" in fig.layout.xaxis.title.text
    assert [list(trace.text) for trace in fig.data] == [["LSTM"], ["TCN"]]
    low, high = fig.layout.xaxis.range
    assert low < 1 and high > 3
    assert leaderboard.speed(rows.assign(speed=math.nan), label="R²").data == ()
    failure = rows.assign(value=[0.9, 0.6, -40.0])
    assert [list(trace.text) for trace in leaderboard.speed(failure, label="R²").data] == [["LSTM"]]


def test_names_of_close_points_do_not_meet_on_a_narrow_screen_nor_on_a_wide_one() -> None:
    names = ["LSTM", "EA-LSTM", "TCN", "Transformer", "iTransformer", "Pyraformer", "Climatology", "Ridge"]
    at = {"x": [100, 108, 111, 120, 121, 125, 240, 242], "value": [200, 201, 203, 190, 199, 200, 40, 41]}
    close = pd.DataFrame(at).assign(low=math.nan, high=math.nan)
    close.loc[7, ["low", "high"]] = 20, 90  # the interval of one
    widths = [6.5 * len(name) for name in names]
    offsets = leaderboard.label_offsets(close, widths, 290)
    assert all(abs(aside) < 60 and abs(up) < 100 for aside, up in offsets)
    for stretch in (1.0, 1.5, 4.0):
        middles = [
            (x * stretch + aside, y + up, width)
            for x, y, (aside, up), width in zip(close["x"], close["value"], offsets, widths, strict=True)
        ]
        assert all(0 < y < 290 for _, y, _ in middles)
        for k, (x, y, width) in enumerate(middles):
            for other_x, other_y, other in middles[:k]:
                assert abs(x - other_x) >= (width + other) / 2 or abs(y - other_y) >= 15
    aside, up = offsets[7]
    assert aside or not 20 - 7 < 41 + up < 90 + 7
    fig = leaderboard.speed(ROWS, label="R²")
    assert [(note.text, note.x, note.y) for note in fig.layout.annotations] == [
        ("LSTM", 1.0, 0.9), ("Climatology", 2.0, 0.6), ("TCN", 3.0, 0.5)
    ]  # fmt: skip


def test_the_heat_map_has_references_on_the_right_and_writes_the_values() -> None:
    values = pd.DataFrame({"Climatology": [0.4, math.nan], "LSTM": [0.9, -3.0]}, index=["GPP", "NEE"])
    fig = leaderboard.heat(values, values, label="R²", low=0, high=1, references={"Climatology"})
    layer = fig.data[0]
    assert list(layer.x) == ["LSTM", "<i>Climatology</i>"] and list(layer.y) == ["GPP", "NEE"]
    assert [list(row) for row in layer.text] == [["0.90", "0.40"], ["\u22123.00", ""]]
    assert layer.colorscale[-1][1] == colours.CIVIDIS[-1] and (layer.zmin, layer.zmax) == (0, 1)
    assert fig.layout.shapes[0].x0 == 0.5


def test_the_heat_map_of_errors_is_light_where_they_are_small_and_of_bias_centred() -> None:
    values = pd.DataFrame({"LSTM": [1.0]}, index=["GPP"])
    errors = leaderboard.heat(values, values, label="x", low=1, high=3, best_low=True).data[0]
    assert errors.colorscale[0][1] == colours.CIVIDIS[-1]
    bias = leaderboard.heat(values, values, label="x", low=-1, high=1, diverging=True).data[0]
    assert bias.colorscale[0][1] == colours.VIK[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.934, "0.93"), (0.00123, "0.0012"), (-0.5, "\u22120.50"), (1234.5, "1,234"), (math.nan, "")],
)
def test_values_are_short(value: float, text: str) -> None:
    assert leaderboard.figure_text(value) == text
