"""Adapted models on "Simulated against observed": days that they learned from are named, and what their source saw."""

import shutil
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
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


def test_days_that_an_adapted_model_learned_from_are_named() -> None:
    at = {"compare_where": "towers-sample", "sites": "US-Tw3", "var": "NEE"}
    said = _said(open_page("compare", compare_sources=f"towers-sample,model:{OF_TOWERS}", **at))
    years = ", ".join(f"US-Tw3:{year}" for year in range(2014, 2019))
    assert f"{OF_TOWERS} was adapted to {years}: scores on days of those years flatter it" in said
    assert "learnt from simulated corn and soybean" not in said, "this one learned from the tower itself"
    said = _said(open_page("compare", compare_sources=f"towers-sample,model:{untrained.ID},model:{OF_CHAMBERS}", **at))
    assert "learnt from simulated corn and soybean" in said
    assert "was adapted to" not in said, "chambers are not the tower"


def test_on_counties_an_adapted_model_knows_the_years_of_its_source() -> None:
    at = {"sites": "19027", "var": "GPP"}
    said = _said(open_page("compare", compare_sources=f"cornbelt-century,model:{OF_CHAMBERS}", **at))
    assert "was trained on 2013-2014 of cornbelt-century" in said
    assert "Years it has never seen: 2017, 2018" in said
    said = _said(open_page("compare", compare_sources=f"cornbelt-century,model:{OF_TOWERS}", **at))
    assert "was trained on" not in said, "its source is not installed here, so its years are not known"
