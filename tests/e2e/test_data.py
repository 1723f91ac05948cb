"""The Data page in a real browser: a real file goes in by upload and comes out on the map and in the comparison."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.data.test_monthly import monthly_file
from tests.e2e import steps

pytestmark = pytest.mark.e2e

ARM = "FLX_US-ARM_FLUXNET2015_SUBSET_DD_2003-2012_1-4.csv"


def test_a_real_fluxnet_file_is_uploaded_and_seen_on_the_map_and_beside_its_months(
    tab: Page, measured: Path, tmp_path: Path
) -> None:
    steps.import_file(tab, measured / "fluxnet" / ARM)
    assert steps.faults(tab) == []
    tab.get_by_role("button", name="Show on the map").first.click()
    expect(tab.get_by_role("heading", name=steps.TITLES["sites"]).first).to_be_visible()
    steps.settle(tab)
    assert steps.query(tab)["sites"] == "US-ARM"
    frame = steps.map_frame(tab)
    ringed = frame.locator(".agro-marker:has(circle[stroke='#E0218A'])")
    expect(ringed).to_have_count(1)
    frame.wait_for_function(
        "() => { const b = document.querySelector('.agro-marker circle[stroke=\"#E0218A\"]').getBoundingClientRect();"
        " return b.left > 0 && b.top > 0 && b.right < innerWidth && b.bottom < innerHeight; }"
    )
    expect(tab.get_by_text("US-ARM, ARM Southern Great Plains site - Lamont").first).to_be_visible()
    steps.figure(tab, 0)
    steps.open_page(tab, "compare", {"sites": "US-ARM"})
    expect(tab.get_by_text(re.compile("US-ARM.*measured")).first).to_be_visible()
    steps.figure(tab, 0)
    assert steps.faults(tab) == []
    steps.open_page(tab, "data", {"data-set": "us-arm"})
    steps.figure(tab, 0)
    tab.locator('input[type="file"]').first.set_input_files(monthly_file(tmp_path, measured / "fluxnet" / ARM))
    expect(tab.get_by_text(re.compile("_MM_2003-2012.*beside.*site US-ARM")).first).to_be_visible()
    expect(tab.locator(".js-plotly-plot").filter(has_text="Monthly file").first).to_be_visible()
    assert steps.faults(tab) == []
    tab.get_by_test_id("stPopoverButton").filter(has_text="Remove").click()
    tab.get_by_role("button", name="Delete it").click()
    expect(tab.get_by_text("US-ARM")).to_have_count(0)


def test_a_wrong_file_is_named_by_row_and_the_page_goes_on(tab: Page, tmp_path: Path) -> None:
    path = tmp_path / "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2005_1-4.csv"
    path.write_text("TIMESTAMP,NEE_VUT_REF\n20050101,1\n20050102,<img src=x onerror=window.__ran=1>\n")
    steps.open_page(tab, "data", {"data-view": "bring"})
    tab.locator('input[type="file"]').first.set_input_files(path)
    expect(tab.get_by_text(re.compile("cannot be imported as it is")).first).to_be_visible()
    steps.settle(tab)
    assert tab.evaluate("window.__ran") is None
    expect(tab.get_by_role("button", name="Import")).to_have_count(0)


def test_two_gigabytes_are_refused_before_they_travel(tab: Page, tmp_path: Path) -> None:
    path = tmp_path / "FLX_US-Xx1_FLUXNET2015_FULLSET_2005-2005_1-4.zip"
    with path.open("wb") as file:
        file.truncate(2_100_000_000)  # a hole in the file: it takes no space
    steps.open_page(tab, "data", {"data-view": "bring"})
    tab.locator('input[type="file"]').first.set_input_files(path)
    expect(tab.get_by_text(re.compile("must be 200", re.I)).first).to_be_visible()
    assert steps.faults(tab) == []
