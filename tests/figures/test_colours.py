"""Colours of series: seen on the light and the dark page, and told apart by readers who are colour-blind."""

import itertools
import re
import tomllib

import numpy as np
import pytest

from agroflux.figures import colours, field_calendar, leaderboard, ranking
from agroflux.paths import ROOT

THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
FIXED = set(colours._FIXED.values())
OTHERS = {
    *ranking.PART_COLOURS.values(),
    *ranking.KIND_COLOURS.values(),
    *(kind[1] for kind in leaderboard.KINDS.values()),
}
OTHERS |= {mark[1] for mark in field_calendar._MARKS.values()}

#: Machado et al. (2009), doi 10.1109/TVCG.2009.113: what is left of linear RGB without one kind of cone.
SIGHT = {
    "all": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
# Ottosson (2020), OKLab: linear RGB -> cones -> lightness and two opponent axes.
CONES = [[0.41222, 0.53633, 0.05145], [0.2119, 0.6807, 0.1074], [0.0883, 0.28172, 0.62998]]
AXES = [[0.21045, 0.79362, -0.00407], [1.978, -2.42859, 0.45059], [0.0259, 0.78277, -0.80868]]


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: ratio of relative luminances, 1 to 21."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, sight: str) -> np.ndarray:
    cones = np.asarray(CONES) @ np.clip(np.asarray(SIGHT[sight]) @ linear(colour), 0, 1)
    return 100 * np.asarray(AXES) @ np.cbrt(cones)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("page", ["light", "dark"])
@pytest.mark.parametrize("colour", sorted({*colours.SERIES, *FIXED, *OTHERS, colours.NEUTRAL}))
def test_a_series_is_seen_on_both_pages(colour: str, page: str) -> None:
    assert contrast(colour, THEME[page]["backgroundColor"]) >= 3


@pytest.mark.parametrize("sight", list(SIGHT))
def test_no_two_series_look_alike(sight: str) -> None:
    """OKLab times 100: a difference of 2 is just seen. Lines and dots differ in dash or symbol as well."""
    for one, other in itertools.combinations(sorted({*colours.SERIES, *FIXED}), 2):
        assert np.linalg.norm(seen(one, sight) - seen(other, sight)) > 6, (one, other)


def test_the_page_and_its_legend_have_the_same_colours() -> None:
    assert THEME["chartCategoricalColors"] == list(colours.SERIES)
    style = (ROOT / "assets" / "style.css").read_text()
    told = dict(re.findall(r"i\.(measured|synthetic|simulated) \{ background: (#\w{6})", style))
    assert told == {"measured": colours.GREEN, "synthetic": colours.AMBER, "simulated": colours.BLUE}
