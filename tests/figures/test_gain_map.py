"""The map of gains: colours about zero, state lines, and sites of one place that can be told apart."""

import itertools
import math

import pandas as pd

from agroflux.figures import gain_map

RING = {"type": "Polygon", "coordinates": [[[-96, 40], [-95, 41], [-96, 40]]]}


def sites(lat: list[float], lon: list[float]) -> pd.DataFrame:
    names = [f"CH-{turn + 1}" for turn in range(len(lat))]
    return pd.DataFrame(
        {"site": names, "lat": lat, "lon": lon, "gain": 0.2, "gain_low": 0.1, "gain_high": 0.3},
        index=range(7, 7 + len(lat)),  # any index will do
    )


def test_the_map_is_symmetric_about_zero_and_draws_outlines() -> None:
    points = sites([40.0, 42.0], [-95.0, -93.0]).assign(gain=[0.2, -0.1], gain_low=[0.1, -0.3], gain_high=[0.3, 0.1])
    fig = gain_map.gain_map(points, {"features": [{"geometry": RING}]})
    lines, _, dots = fig.data
    assert list(lines.x) == [-96, -95, -96, None]
    assert (dots.marker.cmin, dots.marker.cmax) == (-0.2, 0.2)
    assert list(dots.marker.symbol) == ["circle", "circle-open"]
    assert list(dots.x) == [-95, -93] and not gain_map.is_spread(fig)


def test_a_gain_of_next_to_nothing_is_pale() -> None:
    for gain, end in ((0.005, 0.1), (0.0, 0.1), (-0.25, 0.25)):
        dots = gain_map.gain_map(sites([40.0], [-95.0]).assign(gain=gain), {}).data[-1]
        assert (dots.marker.cmin, dots.marker.cmax) == (-end, end)


def test_areas_and_lines_of_every_kind_are_drawn() -> None:
    line = [[6.0, 50.0], [7.0, 51.0]]
    shapes = [
        {"type": "LineString", "coordinates": line},
        {"type": "MultiLineString", "coordinates": [line, line[::-1]]},
        {"type": "MultiPolygon", "coordinates": [RING["coordinates"], RING["coordinates"]]},
    ]
    fig = gain_map.gain_map(sites([51.1], [10.9]), {"features": [{"geometry": shape} for shape in shapes]})
    around = [point[0] for point in RING["coordinates"][0]]
    assert list(fig.data[0].x) == [6, 7, None, 6, 7, None, 7, 6, None, *around, None, *around, None]


def test_sites_of_one_place_stand_around_it_and_say_where_they_are() -> None:
    points = sites([40.05] * 6 + [38.1159], [-88.37, -88.36, -88.35, -88.34, -88.33, -88.32, -121.6467])
    fig = gain_map.gain_map(points, {})
    assert gain_map.is_spread(fig)
    _, ties, places, _, dots = fig.data
    # On the narrowest plot no two dots come nearer than one is wide [px].
    shrink = math.cos(math.radians(points["lat"].mean()))
    spans = [end[1] - end[0] for end in (fig.layout.xaxis.range, fig.layout.yaxis.range)]
    degree = min(300 / (spans[0] * shrink), 260 / spans[1])
    drawn = list(zip(dots.x, dots.y, strict=True))
    gaps = [degree * math.hypot((a[0] - b[0]) * shrink, a[1] - b[1]) for a, b in itertools.combinations(drawn, 2)]
    assert min(gaps) > dots.marker.size
    assert drawn[6] == (-121.6467, 38.1159) and len(places.x) == 6, "the one that stands alone is not moved"
    assert (ties.x[0], ties.y[0], ties.x[1], ties.y[1]) == (-88.37, 40.05, *drawn[0])
    assert [dots.customdata[i][1] for i in (0, 6)] == ["40.0500° N, 88.3700° W", "38.1159° N, 121.6467° W"]
    # Names stand outside the ring: above its top, right of its right half.
    assert list(dots.textposition[:3]) == ["top center", "middle right", "middle right"]


def test_a_chain_of_near_sites_is_one_ring_and_two_rings_stay_apart() -> None:
    made = gain_map.told_apart(sites([40.0, 40.0, 40.0, 50.0, 50.0], [-90.0, -89.0, -88.0, -120.0, -120.0]))
    assert made.loc[:2, "y"].mean() == 40 and made.loc[3:, "y"].mean() == 50
    assert sorted(made.loc[3:, "y"] - 50) == sorted(-(made.loc[3:, "y"] - 50)) and made.loc[3, "y"] > 50
    assert made["x"].iloc[:3].nunique() == 3
