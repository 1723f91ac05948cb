"""Units as people write them, one look for every figure, colours that can be told apart."""

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux import schema
from agroflux.figures import colours, theme


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("g C m-2 d-1", "g C m⁻² d⁻¹"),
        ("degC", "°C"),
        ("m3 m-3", "m³ m⁻³"),
        ("kg N ha-1 yr-1", "kg N ha⁻¹ yr⁻¹"),
        ("t N2O", "t N₂O"),
        ("t CO2e", "t CO₂e"),
        ("kg CO2e (t grain)-1", "kg CO₂e (t grain)⁻¹"),
        ("H2O", "H2O"),
        ("1", "1"),
    ],
)
def test_units_are_written_with_superscripts(unit: str, text: str) -> None:
    assert theme.pretty(unit) == text


def test_no_unit_of_a_variable_keeps_a_plain_power() -> None:
    for known in schema.VARIABLES.values():
        assert "-" not in theme.pretty(known.unit)


def test_a_long_name_stands_on_several_lines_and_stays_text() -> None:
    assert theme.lines("A <long> name over lines", 12) == "A &lt;long&gt;<br>name over<br>lines"


def test_finish_gives_template_height_and_titles() -> None:
    fig = theme.finish(go.Figure(go.Scatter(x=[1], y=[2])), height=240, x="Day", y="NEE", legend=False)
    assert (fig.layout.height, fig.layout.showlegend) == (240, False)
    assert (fig.layout.xaxis.title.text, fig.layout.yaxis.title.text) == ("Day", "NEE")
    assert tuple(fig.layout.template.layout.colorway) == colours.SERIES


@given(st.floats(-2, 3), st.sampled_from([colours.CIVIDIS, colours.VIK]))
def test_colours_lie_on_the_scale(share: float, scale: tuple[str, ...]) -> None:
    assert len(colours.at(share, scale)) == 7
    if share <= 0:
        assert colours.at(share, scale) == scale[0]
    if share >= 1:
        assert colours.at(share, scale) == scale[-1]


def test_the_sequential_scale_gets_lighter_all_the_way() -> None:
    def light(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lightness = [light(colours.at(i / 50, colours.CIVIDIS)) for i in range(51)]
    assert lightness == sorted(lightness)


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=20), st.sampled_from(["GPP", "NEE"]))
def test_limits_hold_every_value(values: list[float], variable: str) -> None:
    low, high = colours.limits(values, variable)
    assert low < high
    assert all(low <= v <= high for v in values if v == v)
    if variable == "NEE" and any(v < 0 for v in values) and any(v > 0 for v in values):
        assert low == -high


@pytest.mark.parametrize(("value", "ends"), [(714.0, (0, 714)), (-3.0, (-3, 0)), (0.0, (0, 1))])
def test_the_scale_of_one_value_begins_at_zero(value: float, ends: tuple[float, float]) -> None:
    assert colours.limits([value, value, float("nan")], "NEE") == ends


@pytest.mark.parametrize(("low", "high", "ends"), [(-3, 3, (0, -1)), (-300, -100, (0, 4)), (100, 300, (5, -1))])
def test_one_sign_takes_one_half_of_the_diverging_scale(low: float, high: float, ends: tuple[int, int]) -> None:
    scale = colours.stops("NEE", low, high)
    assert (scale[0], scale[-1]) == (colours.VIK[ends[0]], colours.VIK[ends[1]])
    assert colours.stops("GPP", low, high) == colours.CIVIDIS


@pytest.mark.parametrize(("low", "high", "ends"), [(-3, 3, (-1, 0)), (-300, -100, (-1, 5)), (100, 300, (4, 0))])
def test_what_the_field_gains_is_blue_as_uptake_is(low: float, high: float, ends: tuple[int, int]) -> None:
    scale = colours.stops("Delta_SOC", low, high)
    assert (scale[0], scale[-1]) == (colours.VIK[ends[0]], colours.VIK[ends[1]])
    assert colours.stops(colours.DIFFERENCE, low, high) == colours.stops("NEE", low, high)


def test_series_of_one_figure_are_told_apart() -> None:
    one = colours.apart({"Measured": "measured", "LSTM": "baseline"})
    assert one == {"Measured": colours.GREEN, "LSTM": colours.MAUVE}
    many = colours.apart({"CENTURY": "cornbelt-century"} | {f"Model {i}": "baseline" for i in range(7)})
    assert len(set(many.values())) == 8 and set(many.values()) == set(colours.SERIES)
    assert (many["CENTURY"], many["Model 0"], many["Model 6"]) == (colours.BLUE, colours.MAUVE, colours.GREEN)
    own = colours.apart({i: i for i in ("cornbelt-century-full", "cornbelt-century", "cornbelt-ceres-full")})
    assert len(set(own.values())) == 3 and own["cornbelt-century"] == colours.series("cornbelt-century")
    assert len(colours.apart({str(i): str(i) for i in range(20)})) == 20


def test_bundled_series_keep_their_colours() -> None:
    assert colours.series("cornbelt-century", 5) == colours.series("cornbelt-century")
    assert len({colours.series(n) for n in ("cornbelt-century", "cornbelt-ceres", "measured", "baseline")}) == 4
    assert colours.series("zero-shot") == colours.series("baseline"), "the model before it is adapted is the same"
