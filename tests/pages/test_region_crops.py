"""Corn and soybean on "Run on a region": which years are of which, one crop's alone, and what is said of a mixture."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog, summary
from agroflux.emissions.fluxes import with_crops
from tests.pages.opened import box, open_page, press, said

pytestmark = pytest.mark.usefixtures("two_models")

#: Carroll and Champaign grow corn in even years, the third in odd ones.
EVEN, ODD = ("19027", "17019"), "17007"
ALL = ",".join((*EVEN, ODD))


def _run(**choice: str) -> AppTest:
    return press(open_page("region", **{"model": "first", "var": "GPP", "rate": "168"} | choice), "Run")


def test_a_county_tells_in_which_years_it_grows_corn(region_files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2015-2018")
    table = region_files["region-first-GPP-2015-2018-n168"].set_index("FIPS")
    assert table["Corn in"].to_dict() == {**dict.fromkeys(EVEN, "2016, 2018"), ODD: "2015, 2017"}
    assert "by crop" not in said(app), "as many years of each"


@pytest.mark.parametrize(("crop", "of_odd"), [("corn", "2017"), ("soybean", "2016")])
def test_the_years_of_one_crop_alone_are_shown(crop: str, of_odd: str, region_files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2016-2017", crop=crop)
    table = region_files[f"region-first-GPP-2016-2017-n168-{crop}"].set_index("FIPS")
    assert set(table["crop_years"]) == {crop}
    years = {year: table[f"{year} [g C m⁻² yr⁻¹]"] for year in ("2016", "2017")}
    other = {"2016": "2017", "2017": "2016"}
    assert np.isfinite(years[of_odd][ODD]) and np.isnan(years[other[of_odd]][ODD])
    for site in EVEN:
        assert np.isnan(years[of_odd][site]) and np.isfinite(years[other[of_odd]][site])
    held = app.session_state["agroflux.region.result"]
    assert held.crop == "both", "the run itself holds all years"
    whole = with_crops(held.data, catalog.open_dataset("cornbelt-century"))
    expected = summary.site_means(whole, "GPP", [2016, 2017], 168.0, crop)
    np.testing.assert_allclose(table["Mean [g C m⁻² yr⁻¹]"][expected.index], expected, rtol=1e-9)


def test_several_models_keep_the_crops_apart_alike(region_files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2016-2017", crop="corn", model="first,second", var="Yield")
    (name,) = [name for name in region_files if name.startswith("region-2-models")]
    assert name.endswith("-corn")
    assert set(region_files[name]["Corn in"]) == {"2016", "2017"}
    assert "mean of the counties that grow corn" in said(app)
    _run(sites=ALL, years="2016-2017", model="first,second", var="Yield")
    mixed, alone = (
        region_files[file].set_index("FIPS").loc[ODD, "Ensemble mean [g C m⁻²]"]
        for file in (name.removesuffix("-corn"), name)
    )
    assert mixed != pytest.approx(alone)


@pytest.mark.parametrize(
    ("sites", "years", "mixture"),
    [
        (ALL, "2016-2016", "In 2016 2 of these counties grow corn, 1 soybean"),
        (ALL, "2016-2018", "In 2016-2018 2 of these counties have more years of corn than of soybean, 1 fewer"),
        (",".join(EVEN), "2016-2018", "These are years mostly of corn"),
        (ODD, "2016-2016", "These are years of soybean"),
    ],
)
def test_a_mixture_of_crops_is_told(sites: str, years: str, mixture: str) -> None:
    assert mixture in said(_run(sites=sites, years=years))


def test_a_crop_that_no_county_grows_then_is_said_so_and_can_be_changed() -> None:
    app = _run(sites=ODD, years="2016-2016", crop="corn")
    assert "None of these counties grows corn in 2016." in said(app)
    box(app, "selectbox", "Crop").set_value("both").run()
    assert not app.exception and "None of these counties" not in said(app)


def test_a_link_that_was_run_elsewhere_says_that_it_is_not_run_here() -> None:
    assert "No run to show yet." in said(open_page("region", sites=ODD, years="2016-2016", model="first"))
    assert "No run to show yet." not in said(_run(sites=ODD, years="2016-2016"))


def test_years_that_a_model_learned_from_aresaid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the models that ship
    told = said(_run(sites=ODD, years="2014-2018", model="lstm-cornbelt-century"))
    assert "The model saw 2014-2016 in training; new to it: 2017-2018." in told
    other = said(_run(sites=ODD, years="2014-2018", model="lstm-cornbelt-ceres"))
    assert "The model saw" not in other, "those are years of other data"
