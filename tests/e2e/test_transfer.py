"""Adapt live in a real browser: a real file is uploaded, seen on the map, fine-tuned on, and its result is there."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e

ARM = "FLX_US-ARM_FLUXNET2015_SUBSET_DD_2003-2012_1-4.csv"
#: What one training may take [ms] beside other programs; alone it takes five seconds.
TRAINED = 4 * steps.PATIENCE


def _adapt(tab: Page, data: str) -> None:
    """Fine-tune for five epochs on the first site-years of ``data`` and wait for the result."""
    query = {"transfer-view": "live", "transfer-measured": data, "transfer-epochs": "5", "transfer-targets": "NEE"}
    steps.open_page(tab, "transfer", query)
    tab.get_by_role("button", name="Adapt", exact=True).click()
    expect(tab.get_by_text("Trainings", exact=True)).to_be_visible()
    expect(tab.get_by_text(re.compile("^Day by day")).first).to_be_visible(timeout=TRAINED)
    steps.settle(tab)


def test_a_real_file_is_uploaded_mapped_and_fine_tuned_on(tab: Page, measured: Path) -> None:
    steps.import_file(tab, measured / "fluxnet" / ARM)
    tab.get_by_role("button", name="Show on the map").first.click()
    expect(tab.get_by_role("heading", name=steps.TITLES["sites"]).first).to_be_visible()
    steps.settle(tab)
    steps.map_frame(tab)
    assert steps.query(tab)["sites"] == "US-ARM"

    _adapt(tab, "us-arm")
    assert steps.faults(tab) == []
    assert re.match(r"\d{8}-", steps.query(tab)["transfer-job"])
    expect(tab.get_by_text(re.compile("scratch (by|beyond)|than scratch|from scratch by")).first).to_be_visible()
    for number in range(3):
        steps.figure(tab, number)
    with tab.expect_download() as waited:
        tab.get_by_role("button", name="Model as ZIP").click()
    assert waited.value.suggested_filename == "lstm-cornbelt-century-us-arm-finetune.zip"
    tab.get_by_role("button", name="Run it on a region").click()
    expect(tab.get_by_role("heading", name=steps.TITLES["region"]).first).to_be_visible()
    steps.settle(tab)
    assert steps.query(tab)["model"] == "lstm-cornbelt-century-us-arm-finetune"
    steps.open_page(tab, "data", {"data-set": "us-arm"})
    tab.get_by_role("button", name="Remove").click()
    tab.get_by_role("button", name="Delete it").click()
    expect(tab.get_by_text("US-ARM")).to_have_count(0)


def test_a_bundled_tower_is_fine_tuned_on_and_a_reload_finds_the_result(tab: Page) -> None:
    _adapt(tab, "towers-sample")
    assert steps.faults(tab) == []
    job = steps.query(tab)["transfer-job"]
    steps.open_page(tab, "transfer", {"transfer-view": "live", "transfer-job": job})
    # What was waited for may have been the result of an earlier job, which stays in view while one runs.
    expect(tab.get_by_text(re.compile("^Day by day")).first).to_be_visible(timeout=TRAINED)
    steps.figure(tab, 0)
    assert steps.faults(tab) == []
