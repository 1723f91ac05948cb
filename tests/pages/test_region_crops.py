"""Corn and soybean on "Run on a region": which years are of which, one crop's alone, and what is said of a mixture."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.data import catalog, summary
from agroflux.emissions.fluxes import with_crops
from agroflux.ui import region_models
from tests.pages import untrained
from tests.pages.opened import open_page

#: Carroll and Champaign grow corn in even years, the third in odd ones.
EVEN, ODD = ("19027", "17019"), "17007"
ALL = ",".join((*EVEN, ODD))


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two untrained models, the only ones that the page sees."""
    folder = tmp_path / "models"
    for seed, name in enumerate(("first", "second")):
        untrained.save(folder, name, seed)
    monkeypatch.setattr(paths, "MODELS", folder)
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    yield folder


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Every CSV file that the page offers last, by name."""
    held: dict[str, pd.DataFrame] = {}

    def keep(frame: pd.DataFrame, name: str, *_: object, **__: object) -> None:
        held.update({name: frame} if name.startswith("region-") else {})

    monkeypatch.setattr(region_models.show, "csv", keep)
    return held


def _run(**choice: str) -> AppTest:
    app = open_page("region", **{"model": "first", "var": "GPP", "rate": "168"} | choice)
    next(button for button in app.button if button.label.startswith("Run")).click().run()
    assert not app.exception and not app.error
    return app


def _told(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.caption))


def test_a_county_tells_in_which_years_it_grows_corn(files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2015-2018")
    table = files["region-first-GPP-2015-2018-n168"].set_index("FIPS")
    assert table["Corn in"].to_dict() == {**dict.fromkeys(EVEN, "2016, 2018"), ODD: "2015, 2017"}
    assert "by crop" not in _told(app), "as many years of each"
    ds = catalog.open_dataset("cornbelt-century")
    assert table["Corn in"].to_dict() == {
        site: ", ".join(str(y) for y in range(2015, 2019) if _grows_corn(ds, site, y)) for site in table.index
    }


def _grows_corn(ds: "object", site: str, year: int) -> bool:
    return bool(ds["CROP"].sel(site=site, time=f"{year}-07-01").to_numpy().ravel()[0] == 1)  # type: ignore[index]


@pytest.mark.parametrize(("crop", "of_odd"), [("corn", "2017"), ("soybean", "2016")])
def test_the_years_of_one_crop_alone_are_shown(crop: str, of_odd: str, files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2016-2017", crop=crop)
    table = files[f"region-first-GPP-2016-2017-n168-{crop}"].set_index("FIPS")
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


def test_several_models_keep_the_crops_apart_alike(files: dict[str, pd.DataFrame]) -> None:
    app = _run(sites=ALL, years="2016-2017", crop="corn", model="first,second", var="Yield")
    (name,) = [name for name in files if name.startswith("region-2-models")]
    assert name.endswith("-corn")
    assert set(files[name]["Corn in"]) == {"2016", "2017"}
    assert any("mean of the counties that grow corn" in str(text.value) for text in app.markdown)
    both = _run(sites=ALL, years="2016-2017", model="first,second", var="Yield")
    assert not both.exception
    mixed = files[name.removesuffix("-corn")].set_index("FIPS")
    assert not np.allclose(mixed.loc[ODD, mixed.columns[2]], files[name].set_index("FIPS").loc[ODD, mixed.columns[2]])


@pytest.mark.parametrize(
    ("sites", "years", "said"),
    [
        (ALL, "2016-2016", "In 2016 2 of these counties grow corn, 1 soybean"),
        (ALL, "2016-2018", "In 2016-2018 2 of these counties have more years of corn than of soybean, 1 fewer"),
        (",".join(EVEN), "2016-2018", "These are years mostly of corn"),
        (ODD, "2016-2016", "These are years of soybean"),
    ],
)
def test_a_mixture_of_crops_is_told(sites: str, years: str, said: str) -> None:
    assert said in _told(_run(sites=sites, years=years))


def test_a_crop_that_no_county_grows_then_is_said_so_and_can_be_changed() -> None:
    app = _run(sites=ODD, years="2016-2016", crop="corn")
    assert "None of these counties grows corn in 2016." in _told(app)
    next(box for box in app.selectbox if box.label == "Crop").set_value("both").run()
    assert not app.exception and "None of these counties" not in _told(app)


def test_a_link_that_was_run_elsewhere_says_that_it_is_not_run_here() -> None:
    assert "No run to show yet." in _told(open_page("region", sites=ODD, years="2016-2016", model="first"))
    assert "No run to show yet." not in _told(_run(sites=ODD, years="2016-2016"))


def test_years_that_a_model_learned_from_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the models that ship
    told = _told(_run(sites=ODD, years="2014-2018", model="lstm-cornbelt-century"))
    assert "The model saw 2014-2016 in training; new to it: 2017-2018." in told
    other = _told(_run(sites=ODD, years="2014-2018", model="lstm-cornbelt-ceres"))
    assert "The model saw" not in other, "those are years of other data"
