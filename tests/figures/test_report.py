"""The pictures of the emissions report are written as its page is: formulas and units with sub- and superscripts."""

import json

import plotly.graph_objects as go
import pytest

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions.assess import assess
from agroflux.emissions.question import Question, of_simulator
from agroflux.emissions.sums import whole_years
from agroflux.figures import report

DATA = "cornbelt-century"


@pytest.fixture(scope="module")
def drawn() -> dict[str, go.Figure]:
    data = catalog.open_dataset(DATA)
    question = Question(168.0, tuple(whole_years(data)[1:3]), indirect=True, draws=1000)
    answer = assess(question, of_simulator(DATA, data, catalog.open_dataset), geo.county_facts())
    shapes = {f["properties"]["fips"]: f for f in json.loads(geo.counties().to_json(drop_id=True))["features"]}
    return report.figures(answer, shapes)


def test_no_picture_writes_a_formula_or_a_power_plainly(drawn: dict[str, go.Figure]) -> None:
    for name, fig in drawn.items():
        written = fig.to_json()
        assert not [plain for plain in ("N2O", "CO2", "yr-1", "ha-1") if plain in written], name


@pytest.mark.parametrize(
    ("name", "axis", "unit"),
    [
        ("drivers", "xaxis", "[t CO₂e yr⁻¹]"),
        ("counties", "xaxis", "[t CO₂e yr⁻¹]"),
        ("years", "yaxis", "[t CO₂e yr⁻¹]"),
        ("months", "yaxis", "[t CO₂e month⁻¹]"),
        ("lever", "yaxis", "[t CO₂e yr⁻¹]"),
        ("tier1", "xaxis", "N₂O [t N₂O yr⁻¹]"),
    ],
)
def test_an_axis_has_its_unit(drawn: dict[str, go.Figure], name: str, axis: str, unit: str) -> None:
    assert drawn[name].layout[axis].title.text.endswith(unit)


def test_the_map_names_its_scale(drawn: dict[str, go.Figure]) -> None:
    assert drawn["map"].data[-1].marker.colorbar.title.text == "N₂O-N [kg N₂O-N ha⁻¹ yr⁻¹]"
