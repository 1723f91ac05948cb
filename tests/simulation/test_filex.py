"""The engine's input files: the usual practice gives the very text that the benchmark's data were made with."""

import hashlib

import pytest

from agroflux.simulation import filex
from agroflux.simulation.county import county_scenario, county_site
from agroflux.simulation.scenario import Crop, SoilModel

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
