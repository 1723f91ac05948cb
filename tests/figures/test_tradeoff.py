"""The trade-off figure: a point a rate in both panels, and the marked rates where they belong."""

import pandas as pd

from agroflux.figures.tradeoff import trade_off


def test_points_and_marks_stand_at_their_rates() -> None:
    curve = pd.DataFrame(
        {"corn_yield": [6.0, 9.0, 9.2], "n2o": [1.0, 1.2, 3.0], "scaled": [0.12, 0.1, 0.25]},
        index=pd.Index([0.0, 84.0, 168.0], name="rate"),
    )
    fig = trade_off(curve, optimum=84.0, enough=84.0)
    left, right, *marks = fig.data
    assert list(left.text) == ["0", "84", "168"]
    assert list(left.x) == [6.0, 9.0, 9.2] and list(left.y) == [1.0, 1.2, 3.0]
    assert list(right.x) == [0.0, 84.0, 168.0] and list(right.y) == [0.12, 0.1, 0.25]
    assert [(mark.x[0], mark.y[0]) for mark in marks] == [(9.0, 1.2), (84.0, 0.1)] * 2
    assert fig.layout.xaxis2.title.text == "Nitrogen to corn [kg N ha⁻¹]"
