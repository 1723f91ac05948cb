"""Several browser sessions that ask for what-if runs at the same time: for the test and for the benchmark."""

import re
from collections.abc import Sequence
from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.e2e import steps

SESSIONS = 5


def simulate_all(browser: Browser, address: str, counties: Sequence[str]) -> list[list[str]]:
    """Five sessions ask for baseline and a scenario of their own in each county of one year and wait for the result.

    Returns the errors that each session shows. A session that does not finish fails the wait.
    """
    runs = 2 * len(counties)
    with ExitStack() as all_closed:
        tabs = []
        for number in range(SESSIONS):
            context = browser.new_context(base_url=address)
            all_closed.callback(context.close)
            tabs.append(context.new_page())
            tabs[-1].set_default_timeout(steps.PATIENCE)
            query = {"sites": ",".join(counties), "years": "2000-2000", "whatif-1": f"n_rate:{10 * number}"}
            steps.open_page(tabs[-1], "whatif", query)
        for tab in tabs:
            tab.get_by_role("button", name=re.compile(f"Simulate: {runs} runs")).click()
        found = []
        for tab in tabs:
            heading = tab.get_by_role("heading", name=f"{len(counties)} counties, 2000", exact=True)
            expect(heading).to_be_visible(timeout=3 * steps.PATIENCE)
            steps.settle(tab)
            found.append(steps.faults(tab))
        return found
