"""The ranked bars and the estimates with ranges: order, units, values."""

import math

import pandas as pd
import pytest

from agroflux.figures.ranking import estimates, ranking


def _parts(values: dict[tuple[str, str], float]) -> pd.DataFrame:
    return pd.DataFrame([(*k, v) for k, v in values.items()], columns=["place", "part", "value"])


def test_the_largest_sum_is_on_top_and_the_rest_is_cut() -> None:
    parts = _parts({("A", "corn"): 5, ("A", "soybean"): 1, ("B", "corn"): 4, ("B", "soybean"): 4, ("C", "corn"): 1})
    fig = ranking(parts, label="N2O", unit="t N2O yr-1", top=2)
    assert list(fig.layout.yaxis.categoryarray) == ["A", "B"]  # from below: B (8) is on top
    assert {trace.name: dict(zip(trace.y, trace.x, strict=True)) for trace in fig.data} == {
        "Corn": {"A": 5, "B": 4},
        "Soybean": {"A": 1, "B": 4},
    }
    assert fig.layout.xaxis.title.text == "N2O [t N₂O yr⁻¹]"
    assert all("%{x:,.4~r}" in trace.hovertemplate for trace in fig.data), "214,200 and not 2.142e+5"


def test_uptake_is_ranked_by_size_and_drawn_to_the_left() -> None:
    fig = ranking(_parts({("A", "corn"): -9, ("B", "corn"): 2}), label="NEE", unit="t CO2 yr-1")
    assert list(fig.layout.yaxis.categoryarray) == ["B", "A"]
    assert fig.layout.barmode == "relative"
    assert min(fig.data[0].x) == -9


def test_estimates_carry_their_ranges() -> None:
    rows = pd.DataFrame(
        [("Fields", "data", 10.0, math.nan, math.nan), ("Tier 1", "tier1", 8.0, 6.5, 9.5)],
        columns=["estimate", "kind", "value", "low", "high"],
    )
    fig = estimates(rows, label="N2O", unit="t N2O yr-1")
    data, tier1 = fig.data
    assert not data.error_x.visible
    assert tier1.error_x.visible
    assert tier1.error_x.array[0] == pytest.approx(1.5)
    assert tier1.error_x.arrayminus[0] == pytest.approx(1.5)
    assert list(fig.layout.yaxis.categoryarray) == ["Tier 1", "Fields"]
    assert fig.layout.xaxis.title.text.endswith("[t N₂O yr⁻¹]")


def test_a_rate_per_hectare_is_one_bar_a_place() -> None:
    fig = ranking(_parts({("A", "both"): 2.0, ("B", "both"): 3.0}), label="N2O-N", unit="kg N2O-N ha-1 yr-1")
    assert [t.name for t in fig.data] == ["Corn and soybean"]
    assert list(fig.layout.yaxis.categoryarray) == ["A", "B"]


def test_one_kind_alone_can_be_shown() -> None:
    rows = pd.DataFrame(
        [("Fields", "data", 1.0, math.nan, math.nan)], columns=["estimate", "kind", "value", "low", "high"]
    )
    (drawn,) = estimates(rows, label="N2O", unit="t").data
    assert drawn.name == "From the chosen data" and "to" not in drawn.hovertemplate[0]
    (drawn,) = estimates(rows.assign(low=0.5, high=2.0), label="N2O", unit="t").data
    assert drawn.name == "From the chosen data, 95 % interval" and " to " in drawn.hovertemplate[0]
