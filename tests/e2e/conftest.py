"""One server and one browser for all browser tests; a fresh tab for each, which may talk to the server alone."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.e2e import chromium, steps
from tests.e2e.app_server import serve


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium. Without one the tests skip, but continuous integration fails."""
    if chromium.find() is None:
        reason = "no Chromium on this machine (Debian's package chromium, or set CHROMIUM)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium.launch() as running:
        yield running


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running app; a damaged data set lies in its user folder, and all pages must live with that.

    The server fails the run if it tried to reach another machine.
    """
    folder = tmp_path_factory.mktemp("served")
    (folder / "datasets").mkdir()
    (folder / "datasets" / "broken.zarr.zip").write_bytes(b"PK\x03\x04 cut off")
    with serve(folder) as (url, _):
        yield url


def watch(page: Page) -> tuple[list[str], list[str]]:
    """Requests of ``page`` to other machines (the browser finds none) and errors of its scripts, as they come."""
    strangers: list[str] = []
    errors: list[str] = []

    def note(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and url.hostname not in {"127.0.0.1", "localhost"}:
            strangers.append(request.url)

    page.context.on("request", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return strangers, errors


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh 1440 x 1000 tab. Afterwards: no request left this machine and no script failed."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=address, accept_downloads=True)
    context.set_default_timeout(steps.PATIENCE)
    page = context.new_page()
    strangers, errors = watch(page)
    yield page
    context.close()
    assert strangers == [], "the page asked for something that is not on this machine"
    assert errors == [], "a script on the page failed"
