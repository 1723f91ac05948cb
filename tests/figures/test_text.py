"""What comes from data, file names or users is shown letter by letter: Plotly reads no markup and no value in it."""

import html
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agroflux.figures import (
    choropleth,
    coverage,
    cumulative,
    field_calendar,
    gain_map,
    gains,
    intervals,
    leaderboard,
    picker,
    ranking,
    residuals,
    scatter,
    seasonal,
    series,
    spread,
    theme,
)

NAME = '<b>a</b> "&lt; <a href="x">here</a> %{own}'
DAYS = pd.date_range("2015-01-01", periods=40, name="time")
KINDS = {NAME: "measured", "other": "baseline"}
SHAPES: dict[str, Any] = {"counties": "/counties.geojson", "states": "/states.geojson"}
RECIPES = {"finetune": NAME}
WORDS: dict[str, Any] = {"label": "GPP", "unit": "g C m-2 d-1"}


def _frame() -> pd.DataFrame:
    return pd.DataFrame({NAME: np.arange(40.0), "other": np.arange(40.0) + 1}, DAYS)


def _sites() -> pd.DataFrame:
    return pd.concat({NAME: _frame()}, names=["site"])


def _rows() -> pd.DataFrame:
    row = {"label": NAME, "site": NAME, "recipe": "finetune", "run": "finetune", "gain": 0.1, "gain_low": 0.0}
    more = {
        "gain_high": 0.2,
        "r2": 0.5,
        "n": 3,
        "lat": 40.0,
        "lon": -90.0,
        "epoch": 1,
        "train_loss": 1.0,
        "validation_loss": 1.0,
    }
    return pd.DataFrame([row | more])


def _cycles() -> pd.DataFrame:
    columns = {"data": "d", "site": "s", "variable": "GPP", "crop": "corn", "n_years": 3}
    return pd.DataFrame({"day": range(1, 366), "mean": 1.0, "low": 0.5, "high": 2.0}).assign(**columns)


def _quantiles() -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples([(NAME, 1)], names=["source", "month"])
    return pd.DataFrame({name: [0.0] for name in ("q10", "q25", "q50", "q75", "q90")}, index)


def _ranked() -> pd.DataFrame:
    return pd.DataFrame([{"name": NAME, "kind": "network", "value": 0.5, "low": 0.4, "high": 0.6, "speed": 10.0}])


def _score() -> pd.DataFrame:
    return pd.DataFrame({NAME: [0.5]}, ["GPP"])


def _intervals() -> pd.DataFrame:
    return pd.DataFrame([{"label": NAME, "value": 2, "low80": 1, "high80": 3, "low95": 0, "high95": 4, "share": 1}])


MADE: dict[str, Callable[[], go.Figure]] = {
    "choropleth": lambda: choropleth.county_figure(
        pd.Series({"1": 1.0}), {"1": NAME}, variable="GPP", **WORDS, **SHAPES
    ),
    "choropleth, titled": lambda: choropleth.titled(go.Figure(go.Choroplethmap()), [NAME, "2015"]),
    "coverage": lambda: coverage.coverage(pd.DataFrame({NAME: [0.5]}, DAYS[:1])),
    "cumulative": lambda: cumulative.cumulative(_frame(), KINDS, **WORDS),
    "field calendar": lambda: field_calendar.field_calendar(
        [2015],
        [field_calendar.Mark(date(2015, 5, 1), "planting", NAME)],
        [field_calendar.Stand(NAME, date(2015, 5, 1), date(2015, 9, 1))],
    ),
    "gain map": lambda: gain_map.gain_map(_rows(), {}),
    "gains": lambda: gains.gains(_rows().assign(label="a"), RECIPES),
    "gains, labels": lambda: gains.gains(_rows().assign(label="<i>a</i>"), RECIPES),
    "gains, curves": lambda: gains.curves(_rows(), RECIPES),
    "gains, losses": lambda: gains.losses(_rows(), RECIPES),
    "intervals, places": lambda: intervals.places(_intervals(), **WORDS),
    "intervals, contributions": lambda: intervals.contributions(_intervals(), 2.0, **WORDS),
    "leaderboard, bars": lambda: leaderboard.bars(_ranked(), label="R²"),
    "leaderboard, speed": lambda: leaderboard.speed(_ranked(), label="R²"),
    "leaderboard, heat": lambda: leaderboard.heat(_score(), _score(), label="R²", low=0, high=1),
    "picker": lambda: picker.picker({"1": NAME}, [], **SHAPES),
    "ranking": lambda: ranking.ranking(pd.DataFrame([{"place": NAME, "part": "corn", "value": 1.0}]), **WORDS),
    "residuals": lambda: residuals.residuals(_frame(), KINDS, reference=NAME, unit="1", what=NAME),
    "residuals by month": lambda: residuals.residuals_by_month(_quantiles(), KINDS, reference=NAME, unit="1"),
    "scatter": lambda: scatter.scatter(_sites(), NAME, KINDS, unit="1"),
    "scatter, source": lambda: scatter.scatter(_sites(), "other", KINDS, unit="1"),
    "seasonal, data": lambda: seasonal.panel(_cycles(), {"d": NAME}, "GPP"),
    "seasonal, title": lambda: seasonal.panel(_cycles(), {}, NAME),
    "seasonal, multiples": lambda: seasonal.small_multiples(_cycles(), {"d": NAME}, by="site", names={"s": NAME}),
    "series": lambda: series.series(_frame(), KINDS, **WORDS),
    "series, gap-filled": lambda: series.series(_frame(), KINDS, qc=pd.Series(0.1, DAYS), **WORDS),
    "series, lines": lambda: series.series(_frame(), {NAME: "baseline"}, **WORDS),
    "series, season": lambda: series.seasonal_cycle(_frame(), KINDS, **WORDS),
    "series, bars": lambda: series.bars(_frame(), KINDS, **WORDS),
    "spread": lambda: spread.spread(
        _frame().iloc[:, :0].assign(mean=1.0, low=0.0, high=2.0, n=2), name=NAME, colour="#000000", **WORDS
    ),
}


def _texts(held: Any, key: str = "") -> Iterator[str]:
    """Every text of a figure that is drawn; a legend's group is a key, not a text."""
    if isinstance(held, dict):
        for name, value in held.items():
            yield from () if name == "template" else _texts(value, name)
    elif isinstance(held, str):
        yield from () if key == "legendgroup" else (held,)
    elif isinstance(held, list | tuple | np.ndarray):
        for value in held:
            yield from _texts(value, key)


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_names_are_text_not_markup(make: Callable[[], go.Figure]) -> None:
    texts = list(_texts(make().to_dict()))
    assert any("&lt;" in text for text in texts)
    assert not any(mark in text for text in texts for mark in ("<b>", "<a", "<i>", "%{own}"))


def test_text_is_what_it_was_once_plotly_has_read_it() -> None:
    told = theme.text(NAME)
    assert html.unescape(told) == NAME and "<" not in told and "%{" not in told
    assert theme.text("N₂O, 5 µm 'a' \"b\"") == "N₂O, 5 µm 'a' \"b\"", "Plotly knows no &quot;"


def test_titles_and_names_are_escaped_once_and_legends_beside_a_figure_get_them_as_they_are() -> None:
    fig = seasonal.panel(_cycles(), {"d": "a <b> c"}, "<5 & >3")
    assert fig.layout.title.text == "&lt;5 &amp; &gt;3"
    assert {trace.name for trace in fig.data if trace.name} == {"a &lt;b&gt; c, corn years"}
    assert [name for name, _, _ in seasonal.keys(_cycles(), {"d": "a <b> c"})] == ["a <b> c, corn years"]


def test_the_houses_own_markup_stays() -> None:
    wrapped = ranking.estimates(
        pd.DataFrame([{"estimate": "A <long> name over lines", "kind": "data", "value": 1.0, "low": 0.5, "high": 2.0}]),
        **WORDS,
    )
    assert wrapped.data[0].y[0] == "A &lt;long&gt; name over<br>lines"
