"""Lines break at gaps, gap-filled days are hollow, sources differ in more than colour."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agroflux.figures import series

KINDS = {"Measured": "measured", "CENTURY": "cornbelt-century", "LSTM": "baseline"}


def _frame(days: int = 60) -> pd.DataFrame:
    time = pd.date_range("2015-01-01", periods=days, name="time")
    frame = pd.DataFrame({name: np.arange(days, dtype=float) + i for i, name in enumerate(KINDS)}, index=time)
    frame.loc[time[10:15], "Measured"] = np.nan
    frame.loc[time[20:22], "CENTURY"] = np.nan
    return frame


def _figure(qc: pd.Series | None = None) -> go.Figure:
    return series.series(_frame(), KINDS, label="GPP", unit="g C m-2 d-1", qc=qc)


def test_no_line_crosses_a_gap() -> None:
    lines = [t for t in _figure().data if "lines" in t.mode]
    assert len(lines) == 3 and all(t.connectgaps is False for t in lines)
    century = next(t for t in lines if t.name == "CENTURY")
    assert np.isnan(np.asarray(century.y, dtype=float)[20:22]).all() and len(century.y) == 60


def test_gap_filled_days_are_hollow_and_say_so() -> None:
    frame = _frame()
    qc = pd.Series(1.0, index=frame.index)
    qc.iloc[:5] = 0.2
    qc.iloc[5] = np.nan  # unknown is not gap-filled
    points = {t.name: t for t in _figure(qc).data if t.mode == "markers"}
    hollow = points["Measured, mostly gap-filled"]
    assert len(hollow.x) == 5 and hollow.marker.symbol.endswith("-open")
    assert len(points["Measured"].x) == 60 - 5 - 5 and "measured)" in points["Measured"].hovertemplate
    assert "Measured, mostly gap-filled" not in {t.name for t in _figure().data}


def test_sources_differ_in_dash_and_colour_and_the_axis_has_a_unit() -> None:
    look = series.looks({"a": "cornbelt-century", "b": "cornbelt-ceres", "c": "baseline"})
    assert len({v.dash for v in look.values()}) == len({v.colour for v in look.values()}) == 3
    fig = _figure()
    assert fig.layout.yaxis.title.text == "GPP [g C m⁻² d⁻¹]"
    assert all("g C m⁻² d⁻¹" in t.hovertemplate for t in fig.data if t.hovertemplate)


def test_long_series_use_webgl_and_an_absent_source_is_no_trace() -> None:
    frame = _frame(series.MANY + 10)
    fig = series.series(frame[["CENTURY"]], KINDS, label="GPP", unit="g C m-2 d-1")
    assert [type(t) for t in fig.data] == [go.Scattergl]


def test_years_are_bars_and_season_is_in_months() -> None:
    years = pd.DataFrame({"CENTURY": [1.0, 2.0]}, index=pd.DatetimeIndex(["2015-01-01", "2016-01-01"]))
    fig = series.bars(years, KINDS, label="Yield", unit="g C m-2")
    # With a pattern alone the bars would be white lines on white.
    assert all(bar.marker.pattern.fillmode == "overlay" for bar in fig.data)
    assert list(fig.data[0].x) == ["2015", "2016"] and fig.layout.yaxis.title.text == "Yield [g C m⁻²]"
    cycle = pd.DataFrame({"CENTURY": np.arange(12.0)}, index=pd.date_range("2001-01-01", periods=12, freq="MS"))
    fig = series.seasonal_cycle(cycle, KINDS, label="GPP", unit="g C m-2 d-1")
    assert fig.layout.xaxis.tickformat == "%b" and "markers" in fig.data[0].mode


def test_a_value_between_two_gaps_is_not_lost() -> None:
    dense = pd.Series(np.arange(50.0))
    assert series.line_mode(dense) == "lines"
    holed = dense.copy()
    holed[[20, 22]] = np.nan
    assert series.line_mode(holed) == "lines+markers"
    assert series.line_mode(dense[:10]) == "lines+markers"
