"""Adapted models on "Simulated against observed": run as in their training, on what they learned, and what flatters."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.data import catalog, coverage, importing
from agroflux.inference import predict
from agroflux.training import paired
from agroflux.ui import compare_sources, compare_view
from tests.pages import untrained
from tests.pages.opened import open_page

OF_TOWERS = "lstm-randomised-hidden30-towers-sample-finetune-head"
OF_CHAMBERS = "lstm-cornbelt-century-chambers-synthetic-finetune"


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shipped adapted models, the source of one of them, which is not trained here, and an untrained one."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(paths.adapted_models(), folder / "adapted")
    for name in (untrained.ID, "lstm-cornbelt-century"):
        untrained.save(folder, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        patch.setenv("AGROFLUX_DATA", str(tmp_path_factory.mktemp("user")))
        yield


def _said(app: AppTest) -> str:
    assert not app.exception
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


def _captions(app: AppTest) -> str:
    return " ".join(str(one.value).replace("\\", "") for one in app.caption)


@pytest.mark.parametrize(
    ("model", "data", "target"),
    [
        (OF_TOWERS, "towers-sample", "GPP"),
        (OF_TOWERS, "towers-sample", "NEE"),
        (OF_CHAMBERS, "chambers-synthetic", "N2O_FLUX"),
    ],
)
def test_an_adapted_model_gives_what_the_page_transfer_shows(model: str, data: str, target: str) -> None:
    """The same values on every test day of its card that has any weather; elsewhere none."""
    ds, network = catalog.open_dataset(data), predict.load(model)
    there = paired.of_checkpoint(network, None, ds).series.query("target == @target")
    tested = network.card.data["site_years"]["test"]
    sites = tuple(dict.fromkeys(key.partition(":")[0] for key in tested))
    years = tuple(sorted({int(key.partition(":")[2]) for key in tested}))
    frame = compare_view.view(compare_sources.Ask(data, sites, target, years, (f"model:{model}",))).frame
    days = pd.MultiIndex.from_frame(there[["site", "time"]])
    here = frame.iloc[:, 0].reindex(days).to_numpy()
    blind = coverage.without_weather(ds, there)
    recipe = network.card.training["recipe"]
    assert (~blind).sum() > 200
    np.testing.assert_allclose(here[~blind], there[recipe].to_numpy()[~blind], rtol=1e-4, atol=1e-5)
    assert np.isnan(here[blind]).all()
    assert set(frame.index.get_level_values("time").year) == set(years)


def test_synthetic_data_that_a_model_learned_from_stand_beside_it() -> None:
    for model, synthetic in ((OF_CHAMBERS, True), (untrained.ID, False)):
        ask = compare_sources.Ask("towers-sample", ("US-AR1",), "N2O_FLUX", (2012,), (f"model:{model}",))
        assert ("chambers-synthetic" in {entry.id for entry in compare_sources.entries(ask)}) is synthetic
        assert compare_sources.about(ask)["synthetic"] == synthetic


def test_what_is_unknown_to_an_adapted_model_is_said_and_not_assumed() -> None:
    at = {"compare_where": "towers-sample", "sites": "US-AR1", "var": "GPP", "years": "2012-2012"}
    app = open_page("compare", compare_sources=f"towers-sample,model:{OF_TOWERS}", **at)
    assert not app.exception and not app.error
    assert "nitrogen and soil is unknown, as in its training" in _captions(app)
    assert "is assumed" not in _captions(app) and "Crop it is told" not in {box.label for box in app.selectbox}
    app = open_page("compare", compare_sources=f"towers-sample,model:{OF_TOWERS},model:{untrained.ID}", **at)
    assert "unknown, as in its training" in _captions(app) and "assumed for the other models" in _captions(app)
    assert "Crop it is told" in {box.label for box in app.selectbox}
    app = open_page("compare", compare_sources=f"towers-sample,model:{untrained.ID}", **at)
    assert "as in its training" not in _captions(app) and "is assumed day by day" in _captions(app)


def test_on_other_measurements_a_model_knows_as_little_as_it_learned_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"]).load()
    importing.save(tower.assign_coords(site=["plot 1"]), "mine")
    assert compare_sources.as_trained(f"model:{OF_TOWERS}", "mine")
    assert not compare_sources.as_trained(f"model:{OF_CHAMBERS}", "mine"), "chambers told it crop and nitrogen"
    assert compare_sources.as_trained(f"model:{OF_CHAMBERS}", "chambers-synthetic")
    assert not compare_sources.as_trained(f"model:{untrained.ID}", "towers-sample")
    assert not compare_sources.as_trained(f"model:{OF_TOWERS}", compare_sources.COUNTIES)


@pytest.mark.parametrize("where", ["towers-sample", compare_sources.COUNTIES])
def test_what_an_adaptation_left_alone_is_not_offered(where: str) -> None:
    offered = {name: set(compare_sources.sources(where, name)) for name in ("NEE", "GPP", "ET", "N2O_FLUX")}
    assert {name for name, known in offered.items() if f"model:{OF_TOWERS}" in known} == {*offered}, "its head alone"
    assert {name for name, known in offered.items() if f"model:{OF_CHAMBERS}" in known} == {"N2O_FLUX"}
    assert all(f"model:{untrained.ID}" in known for known in offered.values())


def test_a_model_that_is_asked_for_and_not_offered_is_named_with_what_to_use() -> None:
    said = _said(
        open_page("compare", sites="19027", var="GPP", compare_sources=f"cornbelt-century,model:{OF_CHAMBERS}")
    )
    assert f"{OF_CHAMBERS} is not offered for Gross primary" in said
    assert "Use lstm-cornbelt-century for it" in said
    said = _said(open_page("compare", sites="19027", var="GPP", compare_sources=f"cornbelt-century,model:{OF_TOWERS}"))
    assert "is not offered" not in said and "did not change it" not in said
    said = _said(open_page("compare", sites="19027", var="ET", compare_sources=f"cornbelt-century,model:{OF_TOWERS}"))
    assert f"of {OF_TOWERS} is that of lstm-randomised-hidden30: its adaptation did not change it." in said


def test_days_that_an_adapted_model_learned_from_are_named() -> None:
    at = {"compare_where": "towers-sample", "sites": "US-Tw3", "var": "NEE"}
    said = _said(open_page("compare", compare_sources=f"towers-sample,model:{OF_TOWERS}", **at))
    years = ", ".join(f"US-Tw3:{year}" for year in range(2014, 2019))
    assert f"{OF_TOWERS} was adapted to {years}: scores on days of those years flatter it" in said
    assert "learnt from simulated corn and soybean" not in said, "this one learned from the tower itself"
    said = _said(open_page("compare", compare_sources=f"towers-sample,model:{untrained.ID}", **at))
    assert "learnt from simulated corn and soybean" in said
    assert "was adapted to" not in said


def test_on_counties_an_adapted_model_knows_the_years_of_its_source() -> None:
    said = _said(
        open_page("compare", sites="19027", var="N2O_FLUX", compare_sources=f"cornbelt-century,model:{OF_CHAMBERS}")
    )
    assert "was trained on 2013-2014 of cornbelt-century" in said
    assert "Years it has never seen: 2017, 2018" in said
    said = _said(open_page("compare", sites="19027", var="GPP", compare_sources=f"cornbelt-century,model:{OF_TOWERS}"))
    assert "was trained on" not in said, "its source is not installed here, so its years are not known"
