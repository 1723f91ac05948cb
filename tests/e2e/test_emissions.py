"""Regional emissions in a real browser: the headline holds, GWP sets scale it, a bad file is named."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import steps
from tests.e2e.app_server import ROOT

pytestmark = pytest.mark.e2e

SCALE = {"Mt": 1e6, "kt": 1e3, "t": 1.0}


def _tonnes(tab: Page, label: str) -> float:
    """Value of a metric [t], whatever multiple of a tonne its label names."""
    text, value = steps.metric(tab, label)
    unit = re.search(r"\[(Mt|kt|t) ", text)
    assert unit, text
    return value * SCALE[unit[1]]


def test_the_headline_is_what_the_command_line_gives(tab: Page) -> None:
    steps.open_page(tab, "emissions", {"data": "cornbelt-century", "rate": "168"})
    shown = _tonnes(tab, "N₂O [")
    main = "from agroflux.cli import main; main()"
    command = [sys.executable, "-c", main, "emissions", "--data", "cornbelt-century", "--n-rate", "168", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout)
    assert shown == pytest.approx(sum(row["n2o_t"] for row in told["totals"]), rel=1e-3)
    nothing_grown = {row["fips"] for row in told["left_out"]} - {row["fips"] for row in told["totals"]}
    assert len(told["totals"]) + len(nothing_grown) == 99


def test_a_gwp_set_scales_co2_equivalents_alone(tab: Page) -> None:
    steps.open_page(tab, "emissions", {"emissions-gwp": "AR6"})
    gas, warming = _tonnes(tab, "N₂O ["), _tonnes(tab, "CO₂e")
    assert warming == pytest.approx(273 * gas, rel=2e-3)
    tab.get_by_role("radio", name=re.compile("AR5")).or_(
        tab.get_by_role("button", name=re.compile("AR5"))
    ).first.click()
    expect(tab.get_by_test_id("stMetric").filter(has_text="CO₂e").first).not_to_contain_text(f"{warming:,.4g}")
    tab.wait_for_function("() => new URL(location).searchParams.get('emissions-gwp') === 'AR5'")
    steps.settle(tab)
    assert _tonnes(tab, "N₂O [") == gas
    assert _tonnes(tab, "CO₂e") == pytest.approx(265 * gas, rel=2e-3)


def test_carbon_stands_apart_and_the_interval_is_in_words(tab: Page) -> None:
    steps.open_page(tab, "emissions")
    expect(tab.get_by_text("never added to N₂O").first).to_be_visible()
    expect(tab.get_by_text("80 % interval").first).to_be_visible()
    expect(tab.get_by_text("What this number is, and what it is not").first).to_be_visible()
    expect(tab.get_by_text("IPCC Tier 1").first).to_be_visible()
    assert steps.faults(tab) == []


def test_the_county_map_is_drawn(tab: Page) -> None:
    steps.open_page(tab, "emissions")
    assert steps.colours(steps.tile_map(tab)) >= 6


def test_areas_with_wrong_columns_are_named_and_the_totals_stay(tab: Page, tmp_path: Path) -> None:
    steps.open_page(tab, "emissions")
    before = _tonnes(tab, "N₂O [")
    wrong = tmp_path / "areas.csv"
    wrong.write_text("county,hectares\nStory,1000\n")
    tab.get_by_text("Own areas, or a region of your own").first.click()
    tab.locator('input[type="file"]').first.set_input_files(wrong)
    message = tab.get_by_test_id("stAlertContentError").first
    expect(message).to_contain_text("corn_area_ha")
    steps.settle(tab)
    assert _tonnes(tab, "N₂O [") == before


def test_own_areas_change_the_totals(tab: Page, tmp_path: Path) -> None:
    steps.open_page(tab, "emissions")
    before = _tonnes(tab, "N₂O [")
    own = tmp_path / "areas.csv"
    own.write_text("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n")
    tab.get_by_text("Own areas, or a region of your own").first.click()
    tab.locator('input[type="file"]').first.set_input_files(own)
    expect(tab.get_by_text("Own areas of 1 county are in use").first).to_be_visible()
    steps.settle(tab)
    assert 0 < _tonnes(tab, "N₂O [") < before / 20
