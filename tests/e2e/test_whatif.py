"""What if in a real browser: a link opens the scenario, the engine runs, the result and the emulator stand there."""

import re
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from agroflux.simulation.county import benchmark_counties
from tests.e2e import sessions, steps

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")]


def test_a_shared_scenario_is_simulated_while_one_watches(tab: Page) -> None:
    steps.open_page(tab, "whatif", {"sites": "19027", "years": "2000-2001", "whatif-1": "n_rate:0"})
    expect(tab.get_by_text("Simulated, not measured").first).to_be_visible()
    tab.get_by_role("button", name=re.compile("Simulate: 2 runs")).click()
    expect(tab.get_by_role("button", name="Scenarios as YAML")).to_be_visible()
    steps.settle(tab)
    assert steps.colours(steps.tile_map(tab)) >= 2
    assert steps.faults(tab) == []
    assert steps.query(tab)["whatif-1"] == "n_rate:0"
    with tab.expect_download() as sent:
        tab.get_by_role("button", name="Years and counties as CSV").click()
    text = sent.value.path().read_text()
    assert text.startswith("site,label,year,crop,corn_yield") and text.count("19027") == 4


def test_runs_asked_for_by_five_sessions_all_finish(browser: Browser, address: str) -> None:
    """Twenty runs; benchmarks/bench_whatif.py has fifty."""
    counties = list(benchmark_counties().index[-2:])
    assert sessions.simulate_all(browser, address, counties) == [[]] * sessions.SESSIONS
