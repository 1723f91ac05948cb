"""Run on a region in a real browser: counties are picked in each way, the model runs, the result is on the screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e

CARROLL = (42.04, -94.87)  # degrees; Carroll County, Iowa


def _picked(tab: Page, count: int) -> None:
    expect(tab.get_by_text(f"List of picked counties ({count})")).to_be_visible()
    steps.settle(tab)


def test_the_map_is_drawn(tab: Page) -> None:
    steps.open_page(tab, "region")
    assert steps.colours(steps.tile_map(tab)) >= 3
    assert steps.faults(tab) == []


def test_counties_are_picked_by_state_and_taken_back(tab: Page) -> None:
    steps.open_page(tab, "region")
    _picked(tab, 0)
    tab.get_by_role("button", name="Iowa").click()
    _picked(tab, 31)
    assert len(steps.query(tab)["sites"].split(",")) == 31
    tab.get_by_role("button", name="All 99").click()
    _picked(tab, 99)
    tab.get_by_role("button", name="Undo").click()
    _picked(tab, 31)
    tab.get_by_role("button", name="Clear", exact=True).click()
    _picked(tab, 0)


def test_a_click_on_the_map_picks_a_county(tab: Page) -> None:
    steps.open_page(tab, "region")
    steps.click_tile_map(tab, *CARROLL)
    _picked(tab, 1)
    assert steps.query(tab)["sites"] == "19027"


def test_the_model_runs_on_all_counties_and_shows_the_result(tab: Page) -> None:
    steps.open_page(tab, "region", {"var": "GPP"})
    tab.get_by_role("button", name="All 99").click()
    _picked(tab, 99)
    tab.get_by_role("button", name=re.compile("Run on 99 counties")).click()
    told = tab.get_by_text(re.compile(r"594 site-years in \d+\.\d+ s"))
    expect(told.first).to_be_visible()
    steps.settle(tab)
    assert steps.faults(tab) == []
    expect(tab.get_by_role("button", name=re.compile("NetCDF")).first).to_be_attached()
    titles = tab.locator(".js-plotly-plot .ytitle").all_text_contents()
    assert titles and all("[" in title for title in titles)
    seconds = re.search(r"594 site-years in (\d+\.\d+) s", told.first.inner_text())
    assert seconds and float(seconds[1]) < 30  # the bound of a busy machine; benchmarks hold the 2 s


def test_without_a_county_nothing_runs(tab: Page) -> None:
    steps.open_page(tab, "region")
    expect(tab.get_by_role("button", name=re.compile("Run on 0"))).to_be_disabled()
    expect(tab.get_by_text("No county is picked yet.").first).to_be_visible()
