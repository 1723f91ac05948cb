"""``make screenshots``: every page, wide and narrow, light and dark, with the bundled data, into ``screenshots/``.

Two of them go to ``assets/screenshots/`` for the README. Look at them: a picture finds what no test asks for.
"""

import argparse
import logging
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e import chromium, steps
from tests.e2e.app_server import ROOT, serve

WIDTHS = (1440, 400)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FOLDER = ROOT / "screenshots"
SHOWN = ROOT / "assets" / "screenshots"
CHOSEN = ("sites-1440-light", "region-1440-light")
TOP = {"region-1440-light": 1620}  # px of its upper part; others 1000
MOST_BYTES = 300_000
TALLEST = 4000  # px

#: page -> what its link asks for
QUERIES: dict[str, dict[str, str]] = {
    "sites": {"var": "N2O_FLUX", "sites": "19027"},
    "compare": {},
    "region": {},
    "whatif": {"sites": "19015,19027", "years": "2013-2016", "whatif-2": "tillage:none~rain:0.7"},
    "emissions": {},
    "data": {},
    "leaderboard": {},
    "transfer": {},
}

log = logging.getLogger("screenshots")


def _run_region(tab: Page) -> None:
    tab.get_by_role("button", name="All 99").click()
    tab.get_by_role("button", name=re.compile("Run on 99 counties")).click()
    expect(tab.get_by_text(re.compile("594 site-years in")).first).to_be_visible()


def _run_whatif(tab: Page) -> None:
    for label in ("Simulate: ", "Run the rates: "):
        tab.get_by_role("button", name=re.compile(label)).click()
    expect(tab.get_by_role("button", name="Scenarios as YAML")).to_be_visible(timeout=120_000)
    expect(tab.get_by_text("Of the rates that were run").first).to_be_visible(timeout=120_000)


AFTER: dict[str, Callable[[Page], None]] = {"region": _run_region, "whatif": _run_whatif}


def _drawn(tab: Page) -> None:
    """Wait for what draws after the script: map and figures, fonts, and a moment for their animations."""
    if tab.locator('iframe[title*="folium"]').count():
        steps.map_frame(tab)
    for figure in tab.locator(".js-plotly-plot").all():
        expect(figure.locator(".main-svg").first).to_be_visible()
    tab.evaluate("document.fonts.ready")
    tab.wait_for_timeout(1200)


def shoot(browser: Browser, address: str, page: str, width: int, scheme: Literal["light", "dark"]) -> Path:
    """One picture of the whole page, however long it is."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=address)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    steps.open_page(tab, page, QUERIES[page])
    if page in AFTER:
        AFTER[page](tab)
        steps.settle(tab)
    _drawn(tab)
    height = int(tab.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))
    tab.set_viewport_size({"width": width, "height": min(max(height, 900), TALLEST)})
    _drawn(tab)
    path = FOLDER / f"{page}-{width}-{scheme}.png"
    tab.screenshot(path=path)
    faults = steps.faults(tab)
    context.close()
    log.info("%s%s", path.relative_to(ROOT), f"  SHOWS ERRORS: {faults}" if faults else "")
    return path


def publish(name: str) -> Path:
    """The upper part of a picture for the README; in fewer colours where it would be more than 300 kB."""
    SHOWN.mkdir(parents=True, exist_ok=True)
    target = SHOWN / f"{name.split('-')[0]}.png"
    with Image.open(FOLDER / f"{name}.png") as picture:
        part = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, TOP.get(name, 1000))))
        part.save(target, optimize=True)
        for colours in (256, 128, 64):
            if target.stat().st_size < MOST_BYTES:
                break
            part.quantize(colours).save(target, optimize=True)
    return target


def main(arguments: list[str]) -> None:
    """Take the pictures; ``--page`` limits them to one page."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", choices=list(QUERIES), action="append")
    pages = parser.parse_args(arguments).page or list(QUERIES)
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as (address, _),
        chromium.launch() as browser,
    ):
        for page in pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    shoot(browser, address, page, width, scheme)
    for name in CHOSEN:
        if name.split("-")[0] in pages:
            log.info("%s", publish(name).relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
