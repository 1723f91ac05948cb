"""The leaderboard in a real browser: the shipped rows are ranked, drawn and opened."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e


def test_the_shipped_rows_are_drawn_and_a_model_opens_with_its_command(tab: Page) -> None:
    steps.open_page(tab, "leaderboard", {"var": "GPP"})
    assert steps.faults(tab) == []
    expect(tab.get_by_test_id("stDataFrame").first).to_be_visible()
    for number in range(3):
        steps.figure(tab, number)
    command = tab.get_by_test_id("stCode").first
    before = command.inner_text()
    assert before.startswith("agroflux ")
    steps.pick(tab, "Model", "Climatology")
    expect(command).to_contain_text("climatology")
    steps.settle(tab)
    assert steps.query(tab)["leaderboard-model"] == "Climatology"
    assert steps.faults(tab) == []
