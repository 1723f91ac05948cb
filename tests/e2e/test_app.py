"""The app as a whole: each page opens by its link, from the navigation, and as the first thing a new server shows."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import steps
from tests.e2e.app_server import serve
from tests.e2e.conftest import watch

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", steps.TITLES)
def test_each_page_opens_without_an_error_and_fits_a_narrow_screen(tab: Page, name: str) -> None:
    steps.open_page(tab, name)
    assert steps.faults(tab) == []
    for other in steps.NAMES:
        expect(steps.link(tab, other)).to_be_visible()
    tab.set_viewport_size({"width": 400, "height": 800})
    tab.wait_for_function(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.clientWidth <= 400 && main.scrollWidth <= 400; }"
    )


def test_the_navigation_goes_round_and_keeps_the_choice(tab: Page) -> None:
    steps.open_page(tab, "sites", {"sites": "19027", "rate": "252"})
    for name in ("compare", "region", "emissions", "sites"):
        steps.link(tab, name).click()
        expect(tab.get_by_role("heading", name=steps.TITLES[name]).first).to_be_visible()
        steps.settle(tab)
        assert steps.faults(tab) == []
    assert steps.query(tab)["sites"] == "19027" and steps.query(tab)["rate"] == "252"


def test_back_leads_to_the_page_before_in_one_step(tab: Page) -> None:
    """However many choices were written into the link since."""
    steps.open_page(tab, "compare", {"sites": "19027", "var": "N2O_FLUX"})
    steps.link(tab, "emissions").click()
    expect(tab.get_by_role("heading", name=steps.TITLES["emissions"]).first).to_be_visible()
    steps.settle(tab)
    tab.get_by_text("20 years", exact=True).click()
    steps.settle(tab)
    tab.wait_for_function("() => location.search.length > 40")
    tab.go_back()
    expect(tab.get_by_role("heading", name=steps.TITLES["compare"]).first).to_be_visible()
    steps.settle(tab)
    assert steps.query(tab)["var"] == "N2O_FLUX" and steps.faults(tab) == []


def test_a_small_laptop_shows_every_page_and_a_phone_a_list(tab: Page) -> None:
    tab.set_viewport_size({"width": 1100, "height": 700})
    steps.open_page(tab, "data")
    for name in steps.NAMES:
        expect(steps.link(tab, name)).to_be_in_viewport()
    tab.set_viewport_size({"width": 400, "height": 800})
    tab.get_by_test_id("stExpandSidebarButton").click()
    for name in steps.NAMES:
        expect(steps.link(tab, name)).to_be_in_viewport()
    steps.link(tab, "emissions").click()
    expect(tab.get_by_role("heading", name=steps.TITLES["emissions"]).first).to_be_visible()


def test_a_shared_link_may_be_the_first_thing_a_new_server_shows(browser: Browser, tmp_path: Path) -> None:
    with serve(tmp_path) as (address, _):
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        strangers, errors = watch(page)
        steps.open_page(page, "compare")
        expect(steps.link(page, "emissions")).to_be_visible()
        assert (steps.faults(page), strangers, errors) == ([], [], [])
        context.close()


@pytest.mark.parametrize("name", ["sites", "emissions"])
def test_a_damaged_data_set_is_named_and_the_app_goes_on(tab: Page, name: str) -> None:
    steps.open_page(tab, name, {"data": "broken"})
    expect(tab.get_by_text("broken").first).to_be_visible()
    assert steps.faults(tab) == []
