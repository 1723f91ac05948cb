"""The engine's input files: the usual practice gives the very text that the benchmark's data were made with."""

import hashlib
import re

import pandas as pd
import pytest

from agroflux.simulation import filex
from agroflux.simulation.county import county_scenario, county_site
from agroflux.simulation.runs import Case
from agroflux.simulation.scenario import Crop, SoilModel
from agroflux.simulation.whatif import Change

FIPS = "19015"
#: First 16 digits of the SHA-256 of the rotation file of 2000-2018 when the benchmark's data were made.
TEXTS: dict[tuple[SoilModel, Crop, float], str] = {
    ("century", "corn", 0.0): "6e667feeac1f408b",
    ("century", "corn", 100.8): "4761730bccb75614",
    ("century", "soybean", 336.0): "49b1af3ab8bf3dee",
    ("ceres", "corn", 100.8): "314fa12bd33246a2",
    ("ceres", "soybean", 0.0): "420f86c55a03cfce",
}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize(("model", "crop", "rate"), TEXTS)
def test_the_usual_practice_is_written_as_it_was(model: SoilModel, crop: Crop, rate: float) -> None:
    site = county_site(FIPS)
    mean = (site.weather["TMAX"] + site.weather["TMIN"]) / 2
    text, _, components = filex.rotation(county_scenario(site.lat, crop, rate, model, (2000, 2018)), mean)
    assert _short(text) == TEXTS[model, crop, rate]
    assert components == 46


def test_weather_and_soil_are_written_as_they_were() -> None:
    site = county_site(FIPS)
    assert _short(site.weather_text) == "4b08935e03ea2f47"
    assert _short(filex.soil_file(site.soil)) == "27d944ba85341962"


def _rotation(years: tuple[int, int], *change: str) -> tuple[str, dict[int, pd.Timestamp], int]:
    scenario, site = Case("17003", years, Change.from_pairs(change)).build()
    return filex.rotation(scenario, (site.weather["TMAX"] + site.weather["TMIN"]) / 2)


def test_a_dose_before_the_run_is_left_out_of_its_first_year_alone() -> None:
    text, _, _ = _rotation((2010, 2011), "n_timing=fall", "planting=-21")
    doses = re.findall(r"^ ?\d+ (\d{5}) FE010", text, re.MULTILINE)
    assert doses[0].startswith("97") and len(doses) == 8, "corn of 1998 to 2012; that of 1996 was to have it in October"


@pytest.mark.parametrize(("change", "closing"), [("n_timing=fall", ["FALLOW"]), ("cover=wheat", ["COVER", "FALLOW"])])
def test_a_busy_autumn_closes_the_run_with_what_the_coming_crop_asks_for(change: str, closing: list[str]) -> None:
    text, planted, count = _rotation((2010, 2010), change)
    longer, more, _ = _rotation((2010, 2011), change)
    assert max(planted) == 2011 and planted.items() <= more.items()
    names = re.findall(r"^ 1[ \d]\d 1 0 ([A-Z]+)", text, re.MULTILINE)
    assert len(names) == count and names[-1 - len(closing) :] == ["CORN", *closing]
    assert " 11365 GS000" in text, "the closing fallow lasts until the years of the run are over"
    assert text.count("FE010") == longer.count("FE010") - ("fall" in change), "soybean comes, corn after it"


@pytest.mark.parametrize("change", ["n_timing=split", "n_timing=preplant", "tillage=none", "planting=-21"])
def test_any_other_autumn_needs_no_closing(change: str) -> None:
    _, planted, count = _rotation((2010, 2010), change)
    assert max(planted) == 2010 and count == 2 * len(planted)
