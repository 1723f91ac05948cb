"""Adapted models on "Run on a region": what their adaptation spoiled is not shown, what it left as it was is."""

import json
import shutil
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.ui import region_models
from tests.pages import untrained
from tests.pages.opened import open_page

OF_TOWERS = "lstm-randomised-hidden30-towers-sample-finetune-head"
OF_CHAMBERS = "lstm-cornbelt-century-chambers-synthetic-finetune"
#: The weights of ``OF_TOWERS`` under a card that says that all layers were trained.
WHOLE = "lstm-of-towers-finetune"
AT = {"sites": "19027", "years": "2016-2016", "var": "GPP"}


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The shipped adapted models, one of them as if all layers were trained, and an untrained one."""
    folder = tmp_path_factory.mktemp("models")
    own = folder / "adapted"
    shutil.copytree(paths.adapted_models(), own)
    shutil.copy(own / f"{OF_TOWERS}.safetensors", own / f"{WHOLE}.safetensors")
    card = json.loads((own / f"{OF_TOWERS}.json").read_text())
    card |= {"id": WHOLE, "training": card["training"] | {"recipe": "finetune"}}
    (own / f"{WHOLE}.json").write_text(json.dumps(card))
    untrained.save(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        yield


def _run(*models: str) -> AppTest:
    app = open_page("region", model=",".join(models), **AT)
    next(button for button in app.button if button.label.startswith("Run")).click().run()
    assert not app.exception and not app.error
    return app


def _captions(app: AppTest) -> str:
    return " ".join(str(one.value).replace("\\", "") for one in app.caption)


def test_an_output_that_adaptation_left_alone_is_neither_shown_nor_saved() -> None:
    app = _run(OF_CHAMBERS)
    assert app.selectbox(key="w.var").value == "N2O_FLUX" and len(app.selectbox(key="w.var").options) == 1
    assert set(app.session_state["agroflux.region.result"].data.data_vars) == {"N2O_FLUX"}
    said = f"Of {OF_CHAMBERS} nothing is shown but N2O_FLUX: its adaptation left its other outputs alone"
    assert said in _captions(app) and "Use lstm-cornbelt-century for those" in _captions(app)
    app = _run(WHOLE)
    assert set(app.session_state["agroflux.region.result"].data.data_vars) == {"NEE", "CO2_FLUX", "GPP", "Reco"}
    assert app.selectbox(key="w.var").value == "GPP"


def test_outputs_that_the_adaptation_of_the_head_did_not_change_are_shown_as_the_sources() -> None:
    app = _run(OF_TOWERS)
    assert len(app.session_state["agroflux.region.result"].data.data_vars) == 21
    said = _captions(app)
    assert f"Beside Reco, GPP, CO2_FLUX, NEE, the outputs of {OF_TOWERS} are those of lstm-randomised-hidden30" in said
    assert "nothing is shown but" not in said and "say nothing any more" not in said


def test_a_model_that_was_not_adapted_keeps_all_its_outputs() -> None:
    app = _run(untrained.ID)
    assert len(app.session_state["agroflux.region.result"].data.data_vars) == 21
    assert "nothing is shown but" not in _captions(app)


def test_a_model_that_learned_from_synthetic_data_brings_the_banner_and_marks_its_files() -> None:
    app = open_page("region", model=OF_CHAMBERS, **AT)
    assert _banner(app) == "Six virtual N₂O chambers, three seasons (synthetic)"
    app = _run(OF_CHAMBERS)
    assert region_models.provenance(app.session_state["agroflux.region.result"])["synthetic"] == "yes"
    app.multiselect(key="w.model").set_value([untrained.ID]).run()
    assert _banner(app), "the result of the other model is still in view"
    next(button for button in app.button if button.label.startswith("Run")).click().run()
    assert region_models.provenance(app.session_state["agroflux.region.result"])["synthetic"] == "no"
    assert not _banner(app)


def _banner(app: AppTest) -> str:
    told = [str(one.value).replace("\\", "") for one in app.warning if "Synthetic data in view" in str(one.value)]
    return told[0].removeprefix("**Synthetic data in view:** ").split(". Made by")[0] if told else ""


def test_several_models_show_what_each_of_them_learned() -> None:
    app = _run(untrained.ID, OF_CHAMBERS)
    done = app.session_state["agroflux.region.result"]
    assert region_models.provenance(done)["synthetic"] == "yes", "one of the two learned from synthetic data"
    assert region_models.member_dataset(done).attrs["synthetic"] is True
    assert region_models.common_variables(app.session_state["agroflux.region.result"]) == ["N2O_FLUX"]
    app = _run(OF_TOWERS, OF_CHAMBERS)
    assert region_models.common_variables(app.session_state["agroflux.region.result"]) == ["N2O_FLUX"]
    app = _run(WHOLE, OF_CHAMBERS)
    said = " ".join(str(box.value) for box in (*app.info, *app.warning))
    assert "no variable in common" in said
