"""The trade-off figure: a point a rate in both panels, and the marked rates where they belong."""

import pandas as pd

from agroflux.figures.tradeoff import n2o_per_grain, yield_and_n2o


def test_points_and_marks_stand_at_their_rates() -> None:
    curve = pd.DataFrame(
        {"corn_yield": [6.0, 9.0, 9.2], "n2o": [1.0, 1.2, 3.0], "scaled": [0.12, 0.1, 0.25]},
        index=pd.Index([0.0, 84.0, 168.0], name="rate"),
    )
    left, *over_yield = yield_and_n2o(curve, optimum=84.0, enough=168.0).data
    assert list(left.text) == ["0", "84", "168"]
    assert list(left.x) == [6.0, 9.0, 9.2] and list(left.y) == [1.0, 1.2, 3.0]
    assert [(mark.x[0], mark.y[0]) for mark in over_yield] == [(9.0, 1.2), (9.2, 3.0)]
    fig = n2o_per_grain(curve, optimum=84.0, enough=168.0)
    right, *over_rate = fig.data
    assert list(right.x) == [0.0, 84.0, 168.0] and list(right.y) == [0.12, 0.1, 0.25]
    assert [(mark.x[0], mark.y[0]) for mark in over_rate] == [(84.0, 0.1), (168.0, 0.25)]
    assert fig.layout.xaxis.title.text == "Nitrogen to corn [kg N ha⁻¹]"
