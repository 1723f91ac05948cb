"""The map in a real browser: counties are drawn, a click selects, a new variable recolours, a link comes back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e

CARROLL = (42.04, -94.87)  # degrees; Carroll County, Iowa, FIPS 19027
LOGAN = (40.13, -89.37)  # degrees; Logan County, Illinois, in the middle of the map


def test_counties_are_drawn_in_more_than_one_colour(tab: Page) -> None:
    steps.open_page(tab, "sites")
    frame = steps.map_frame(tab)
    assert steps.polygons(frame).count() >= 99
    assert len(set(steps.fills(frame))) > 10, "the counties all look alike"
    assert steps.faults(tab) == []


def test_the_drawn_counties_have_an_area(tab: Page) -> None:
    steps.open_page(tab, "sites")
    frame = steps.map_frame(tab)
    areas = steps.polygons(frame).evaluate_all(
        "paths => paths.map(p => p.getBoundingClientRect()).map(b => b.width * b.height)"
    )
    assert sum(area > 20 for area in areas) >= 99


def test_a_click_on_a_county_shows_it_beside_the_map(tab: Page) -> None:
    steps.open_page(tab, "sites")
    beside = tab.get_by_text("Carroll, IA")
    expect(beside).to_have_count(0)
    steps.click_map(tab, *CARROLL)
    expect(beside.first).to_be_visible()
    expect(tab.get_by_text("Corn yield").first).to_be_visible()
    steps.settle(tab)
    assert steps.query(tab)["sites"] == "19027"
    assert steps.faults(tab) == []


def test_panning_and_zooming_run_nothing(tab: Page) -> None:
    asked: list[object] = []  # every message from the page to the server
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(frame)))
    steps.open_page(tab, "sites")
    frame = steps.map_frame(tab)
    tab.wait_for_timeout(1000)  # the map tells the page of itself a little after it is drawn
    before = len(asked)
    assert before > 0
    frame.evaluate("() => new Promise(done => { map.once('zoomend', done); map.zoomIn(); }).then(() => 1)")
    frame.evaluate("() => new Promise(done => { map.once('moveend', done); map.panBy([80, 0]); }).then(() => 1)")
    tab.wait_for_timeout(1000)
    assert len(asked) == before, "moving the map ran the page again"
    steps.click_map(tab, *LOGAN)
    expect(tab.get_by_text("Logan, IL").first).to_be_visible()
    assert len(asked) > before  # what was counted is what a click sends


def test_another_variable_recolours_the_same_map(tab: Page) -> None:
    steps.open_page(tab, "sites", {"var": "GPP"})
    frame = steps.map_frame(tab)
    before = steps.fills(frame)
    frame.evaluate("window.__kept = true")
    steps.pick(tab, "Variable", "N₂O flux")
    expect(tab.get_by_text(re.compile("N₂O flux.*N")).first).to_be_visible()
    tab.wait_for_function("() => new URL(location).searchParams.get('var') === 'N2O_FLUX'")
    steps.settle(tab)
    frame.wait_for_function(
        "before => { const now = [...document.querySelectorAll('path.leaflet-interactive')]"
        ".map(p => p.getAttribute('fill')); return now.length >= 99 && now.join() !== before; }",
        arg=",".join(before),
    )
    assert frame.evaluate("window.__kept"), "the map was rebuilt instead of recoloured"


def test_a_view_survives_a_reload_and_reaches_the_next_page(tab: Page) -> None:
    steps.open_page(tab, "sites", {"var": "N2O_FLUX", "sites": "19027,17107", "rate": "252", "years": "2014-2016"})
    kept = steps.query(tab)
    assert kept["var"] == "N2O_FLUX" and kept["sites"] == "19027,17107" and kept["rate"] == "252"
    tab.reload()
    expect(tab.get_by_text("Logan, IL").first).to_be_visible()
    steps.settle(tab)
    assert steps.query(tab) == kept


def test_an_unknown_county_in_a_link_is_named_and_the_rest_works(tab: Page) -> None:
    steps.open_page(tab, "sites", {"sites": "99999,19027", "var": "nonsense"})
    expect(tab.get_by_text(re.compile("99999")).first).to_be_visible()
    expect(tab.get_by_text("Carroll, IA").first).to_be_visible()
    assert steps.polygons(steps.map_frame(tab)).count() >= 99
    assert steps.faults(tab) == []


def test_markup_in_a_link_is_shown_as_text(tab: Page) -> None:
    steps.open_page(tab, "sites", {"sites": "<img src=x onerror=window.__ran=1>", "var": "${window.__ran=1}"})
    steps.map_frame(tab)
    assert tab.evaluate("window.__ran") is None
    assert tab.locator('img[src="x"]').count() == 0


def test_no_site_hides_another_from_a_click(tab: Page) -> None:
    steps.open_page(tab, "sites")
    frame = steps.map_frame(tab)
    hidden = frame.locator(".agro-marker").evaluate_all(
        "all => all.map(one => [one, one.getBoundingClientRect()])"
        ".filter(([, box]) => box.left > 0 && box.top > 0 && box.right < innerWidth && box.bottom < innerHeight)"
        ".map(([one, box]) => one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)))"
    )
    assert len(hidden) > 10 and all(hidden), "six virtual chambers stand within 5 km, three towers within 2"
    frame.locator(".agro-marker").filter(has=frame.locator("path")).nth(3).click()
    expect(tab.get_by_text(re.compile("Virtual chamber [1-6]")).first).to_be_visible()
    steps.settle(tab)
    assert re.fullmatch(r"CH-\d", steps.query(tab)["sites"])
