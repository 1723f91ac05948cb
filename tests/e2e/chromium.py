"""Where Chromium is, and how it is started: headless and offline."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

#: ``CHROMIUM`` names a browser that is none of these.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# Background services of the browser look for Google's hosts; resolving nothing but localhost silences all.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find() -> str | None:
    """Path of a Chromium or Chrome on this machine, or None."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MACOS) if MACOS.exists() else None)


@contextmanager
def launch() -> Iterator[Browser]:
    """A headless browser; the sandbox is left out for root alone, whom Chromium refuses otherwise."""
    path = find()
    if path is None:
        raise RuntimeError("no Chromium found: install Debian's package chromium, or set CHROMIUM to its path")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*FLAGS, "--disable-dev-shm-usage"], chromium_sandbox=not root
        )
        yield browser
        browser.close()
