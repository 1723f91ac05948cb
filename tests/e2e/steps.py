"""What a person does on a page and sees there, in words the tests read like: open, pick, click a county."""

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from PIL import Image
from playwright.sync_api import Frame, Locator, Page, expect

#: What one wait may take [ms]: the first run of a page imports its libraries, on a machine that may be busy.
PATIENCE = 1000 * int(os.environ.get("E2E_PATIENCE", "40"))
expect.set_options(timeout=PATIENCE)

#: page -> its heading
TITLES = {
    "sites": "Sites and counties",
    "compare": "Simulated against observed",
    "region": "Run on a region",
    "whatif": "What if",
    "emissions": "Regional emissions",
    "data": "Data",
    "leaderboard": "Leaderboard",
    "transfer": "Transfer",
}
#: page -> its name in the menu
NAMES = {
    "sites": "Sites",
    "compare": "Compare",
    "region": "Region",
    "whatif": "What if",
    "emissions": "Emissions",
    "data": "Data",
    "leaderboard": "Leaderboard",
    "transfer": "Transfer",
}
_APP = '[data-testid="stApp"]'
_FAULTS = '[data-testid="stException"], [data-testid="stAlertContentError"]'
_POLYGONS = "path.leaflet-interactive"
# The place on the screen of a latitude and longitude, once two looks a quarter of a second apart agree.
_SETTLED_POINT = """([lat, lon]) => new Promise(done => {
  let last = null;
  const look = () => {
    const p = window.map.latLngToContainerPoint([lat, lon]);
    const o = window.map.getContainer().getBoundingClientRect();
    const now = [p.x + o.x, p.y + o.y];
    if (last && Math.abs(now[0] - last[0]) + Math.abs(now[1] - last[1]) < 0.5) done(now);
    else { last = now; setTimeout(look, 250); }
  };
  look();
})"""


def open_page(tab: Page, name: str, query: Mapping[str, str] | None = None) -> None:
    """Load a page by its URL and wait until it is complete."""
    tab.goto(f"/{name}" + (f"?{urlencode(query)}" if query else ""))
    expect(tab.get_by_role("heading", name=TITLES[name]).first).to_be_visible()
    settle(tab)


def link(tab: Page, name: str) -> Locator:
    """The page's entry in the menu; its accessible name begins with that of its icon."""
    return tab.get_by_role("link", name=re.compile(rf"(^|\s){re.escape(NAMES[name])}$")).first


def settle(tab: Page) -> None:
    """Wait until the script has run and nothing on the page is out of date."""
    expect(tab.locator(_APP)).to_have_attribute("data-test-script-state", re.compile("notRunning|compilationError"))
    expect(tab.locator('[data-stale="true"]')).to_have_count(0)
    expect(tab.locator('[data-testid="stSkeleton"]')).to_have_count(0)


def faults(tab: Page) -> list[str]:
    """Texts of the errors that the page shows."""
    return tab.locator(_FAULTS).all_inner_texts()


def query(tab: Page) -> dict[str, str]:
    """The state in the page's URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


def pick(tab: Page, label: str, text: str) -> None:
    """Choose the option that holds ``text`` in the select box called ``label``, by typing as a person would."""
    box = tab.get_by_role("combobox", name=re.compile(re.escape(label))).first
    box.click()
    box.fill(text)  # a long list draws only the options in sight
    tab.get_by_role("option").filter(has_text=text).first.click()


def map_frame(tab: Page) -> Frame:
    """The frame of the Leaflet map, once it has drawn its counties."""
    handle = tab.locator('iframe[title*="folium"]').first.element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None, "the map has no frame"
    expect(frame.locator(f'{_POLYGONS}:not([d="M0 0"])').first).to_be_visible()
    return frame


def polygons(frame: Frame) -> Locator:
    """The shapes on the map that can be clicked."""
    return frame.locator(_POLYGONS)


def fills(frame: Frame) -> list[str]:
    """Fill colours of the shapes on the map, in the order drawn."""
    found: list[str] = polygons(frame).evaluate_all("paths => paths.map(p => p.getAttribute('fill'))")
    return found


def click_map(tab: Page, lat: float, lon: float) -> None:
    """A real mouse click on the map at a place [degrees], once its tooltip says that a county is under the pointer."""
    frame = map_frame(tab)
    point = frame.evaluate(_SETTLED_POINT, [lat, lon])
    box = frame.frame_element().bounding_box()
    assert box is not None
    x, y = box["x"] + point[0], box["y"] + point[1]
    tab.mouse.move(x - 4, y)
    tab.mouse.move(x, y)
    expect(frame.locator(".leaflet-tooltip").first).to_be_visible()
    tab.mouse.click(x, y)


def figure(tab: Page, number: int) -> Locator:
    """The Plotly figure with that number on the page, once it is drawn."""
    found = tab.locator(".js-plotly-plot").nth(number)
    expect(found.locator(".main-svg").first).to_be_visible()
    return found


def tile_map(tab: Page) -> Locator:
    """The first MapLibre map that a Plotly figure holds, once its canvas is there and its tiles are done."""
    found = tab.locator(".js-plotly-plot:has(.maplibregl-canvas, canvas)").first
    expect(found.locator("canvas").first).to_be_visible()
    tab.wait_for_function(
        "() => { const g = [...document.querySelectorAll('.js-plotly-plot')].find(g => g._fullLayout?.map);"
        " const m = g?._fullLayout.map._subplot?.map; return m && m.loaded() && m.areTilesLoaded(); }"
    )
    return found


def click_tile_map(tab: Page, lat: float, lon: float) -> None:
    """A real mouse click on the first MapLibre map at a place [degrees]."""
    tile_map(tab).scroll_into_view_if_needed()
    x, y = tab.evaluate(
        "([lat, lon]) => { const g = [...document.querySelectorAll('.js-plotly-plot')].find(g => g._fullLayout?.map);"
        " const m = g._fullLayout.map._subplot.map; const p = m.project([lon, lat]);"
        " const o = m.getCanvas().getBoundingClientRect(); return [p.x + o.x, p.y + o.y]; }",
        [lat, lon],
    )
    tab.mouse.move(x - 3, y)
    tab.mouse.move(x, y)  # Plotly finds the county under the pointer as it moves
    tab.mouse.click(x, y)


def colours(found: Locator) -> int:
    """How many clearly different colours cover more than a thousandth each of what is on the screen there."""
    with Image.open(io.BytesIO(found.screenshot())) as picture:
        small = picture.convert("RGB").quantize(64).convert("RGB")
        counted = small.getcolors(1 << 24) or []
        return sum(number > small.width * small.height / 1000 for number, _ in counted)


def metric(tab: Page, label: str | re.Pattern[str]) -> tuple[str, float]:
    """Label and value of the ``st.metric`` whose label holds ``label``."""
    found = tab.get_by_test_id("stMetric").filter(has_text=label).first
    expect(found).to_be_visible()
    value = found.get_by_test_id("stMetricValue").inner_text().replace(",", "").replace("\u2212", "-")
    return found.get_by_test_id("stMetricLabel").inner_text(), float(value)


def import_file(tab: Page, path: Path) -> None:
    """Bring a file in by upload on the Data page and wait until it is on the map."""
    open_page(tab, "data", {"data-view": "bring"})
    tab.locator('input[type="file"]').first.set_input_files(path)
    expect(tab.get_by_text(re.compile("can be imported")).first).to_be_visible()
    settle(tab)
    tab.get_by_role("button", name="Import").last.click()
    expect(tab.get_by_text(re.compile("is imported: it is on the map")).first).to_be_visible()
    settle(tab)
