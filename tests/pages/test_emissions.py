"""The page "Regional emissions" with the bundled data: what it shows is what the package computes."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions.totals import Totals, totals

ROOT = Path(__file__).resolve().parent.parent.parent
SCALE = {"t": 1.0, "kt": 1e3, "Mt": 1e6}


def _open(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.run()
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    return app.switch_page("pages/emissions.py").run()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """The page as it opens, for tests that only look."""
    return _open()


def _metric(app: AppTest, label: str) -> float:
    """A headline figure in tonnes."""
    (found,) = [m for m in app.metric if m.label.startswith(f"{label} [")]
    unit = re.search(r"\[(\w+) ", found.label)
    assert unit
    return float(found.value.replace(",", "")) * SCALE[unit[1]]


def _expected(**changes: object) -> Totals:
    kwargs = {"n_rate": 168.0, "years": range(2013, 2019), "gwp": "AR6", **changes}
    data = str(kwargs.pop("data", "cornbelt-century"))
    return totals(catalog.open_dataset(data), geo.county_facts(), **kwargs)


def test_the_headline_is_the_packages_total(opened: AppTest) -> None:
    app = opened
    assert not app.exception
    assert not app.error
    region = _expected().by("region").iloc[0]
    assert _metric(app, "N₂O") == pytest.approx(region["n2o_t"], rel=1e-3)
    assert _metric(app, "N₂O as CO₂e") == pytest.approx(region["n2o_t_co2e"], rel=1e-3)
    assert _metric(app, "NEE") == pytest.approx(region["nee_t_co2"], rel=1e-3)
    assert _metric(app, "NECB") == pytest.approx(region["necb_t_co2"], rel=1e-3)
    assert _metric(app, "Soil carbon") == pytest.approx(region["soil_carbon_t_co2"], rel=1e-3)


def test_a_link_sets_the_choice() -> None:
    app = _open(data="cornbelt-ceres", rate="252", years="2015-2016", emissions_gwp="AR4")
    region = _expected(data="cornbelt-ceres", n_rate=252.0, years=[2015, 2016], gwp="AR4").by("region").iloc[0]
    assert _metric(app, "N₂O") == pytest.approx(region["n2o_t"], rel=1e-3)
    assert _metric(app, "N₂O as CO₂e") == pytest.approx(region["n2o_t_co2e"], rel=1e-3)
    assert app.query_params["emissions-gwp"] == "AR4"


def test_a_single_year_says_that_crops_are_borrowed(opened: AppTest) -> None:
    app = _open(years="2014-2014")
    borrowed = int(_expected(years=[2014]).crops["outside_period"].sum())
    assert borrowed > 50
    assert any(c.value.startswith(f"{borrowed} of ") for c in app.caption)
    assert not any("do not grow in the chosen period" in c.value for c in opened.caption)


def test_uncertainty_is_said_to_be_absent_and_the_simulators_are_compared(opened: AppTest) -> None:
    (text,) = [i.value for i in opened.info if "shows no uncertainty" in i.value]
    found = [_expected(data=d).by("region")["n2o_t"].item() for d in ("cornbelt-century", "cornbelt-ceres")]
    assert all(f"{value:,.0f}" in text for value in found)
    assert f"{abs(found[0] - found[1]):,.0f} t" in text


def test_the_table_ranks_counties_or_states(opened: AppTest) -> None:
    table = opened.dataframe[0].value
    assert len(table) == 98
    assert table["n2o_t"].is_monotonic_decreasing
    states = _open(emissions_rows="state").dataframe[0].value
    assert states["n2o_t"].tolist() == pytest.approx(_expected().by("state")["n2o_t"].tolist())


def _with_areas(text: str) -> AppTest:
    app = _open()
    (upload,) = app.file_uploader
    return upload.set_value(("mine.csv", text.encode(), "text/csv")).run()


def test_own_areas_are_used() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n")
    assert not app.error
    assert any("Own areas of 1 counties" in s.value for s in app.success)
    assert len(app.dataframe[0].value) == 1


def test_areas_with_a_mistake_are_named_and_the_page_goes_on() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,-5,1000\n")
    assert not app.exception
    (error,) = app.error
    assert "row 2, column corn" in error.value.replace("\\", "")
    assert "negative" in error.value
    assert len(app.dataframe[0].value) == 98
    assert _metric(app, "N₂O") == pytest.approx(_expected().by("region")["n2o_t"].item(), rel=1e-3)
