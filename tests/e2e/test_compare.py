"""Simulated against observed in a real browser: lines are drawn, scores are shown, downloads hold numbers."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e


def test_lines_are_drawn_with_units_on_the_axis(tab: Page) -> None:
    steps.open_page(tab, "compare")
    figure = steps.figure(tab, 0)
    expect(figure.locator(".scatterlayer .trace path.js-line").first).to_be_attached()
    expect(figure.locator(".ytitle").first).to_contain_text("[")
    assert steps.faults(tab) == []


def test_every_axis_on_the_page_has_a_unit(tab: Page) -> None:
    steps.open_page(tab, "compare")
    steps.figure(tab, 0)
    titles = tab.locator(".js-plotly-plot .ytitle").all_text_contents()
    assert len(titles) >= 3
    assert [title for title in titles if "[" not in title] == []


def test_another_variable_changes_the_axis(tab: Page) -> None:
    steps.open_page(tab, "compare", {"var": "GPP"})
    title = steps.figure(tab, 0).locator(".ytitle").first
    expect(title).to_contain_text("Gross primary production")
    steps.pick(tab, "Variable", "Net ecosystem exchange")
    expect(title).to_contain_text("Net ecosystem exchange")
    steps.settle(tab)
    assert steps.query(tab)["var"] == "NEE"


def test_the_csv_holds_what_is_shown(tab: Page, tmp_path: Path) -> None:
    steps.open_page(tab, "compare", {"var": "GPP"})
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name=re.compile("CSV")).first.click()
    path = tmp_path / "download.csv"
    waiting.value.save_as(path)
    rows = list(csv.reader(io.StringIO(path.read_text())))
    assert len(rows) > 300
    assert any(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) for cell in rows[200][1:])
