"""The view "Adapt live" of the page "Transfer": what can be asked for, and the jobs that it starts."""

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agroflux import paths
from agroflux.training import jobs
from agroflux.training.request import Request
from agroflux.ui import transfer_results
from tests.pages import untrained
from tests.pages.ended import ended
from tests.pages.opened import figure, open_page
from tests.pages.opened import said as _said

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one small model; a user folder of the module's own."""
    folder = tmp_path_factory.mktemp("models")
    untrained.save(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        patch.setenv("AGROFLUX_DATA", str(tmp_path_factory.mktemp("user")))
        yield folder


_open = partial(open_page, "transfer")


def test_empty_choices_live_say_which_one_is_empty() -> None:
    app = _open(transfer_view="live")
    for name, said in (
        ("transfer-held", "No site-year is left or picked to test on."),
        ("transfer-train", "No site-year is picked to train on."),
        ("transfer-targets", "No flux is picked."),
    ):
        app = app.multiselect(key=f"w.{name}").set_value([]).run()
        assert not app.exception and said in _said(app)
        assert not [button for button in app.button if button.label == "Adapt"]


def test_the_way_to_a_record_of_ones_own_leads_to_the_import() -> None:
    app = _open(transfer_view="live").button("transfer.bring").click().run()
    assert not app.exception and app.title[0].value == "Data"
    assert app.query_params["data-view"] == "bring"


def test_simulations_of_both_simulators_can_be_pooled_live() -> None:
    app = _open(transfer_view="live", transfer_recipe="pooled")
    assert app.selectbox(key="w.transfer-simulated").options[-1] == "Corn Belt, DSSAT with CENTURY and CERES"


def test_a_training_from_scratch_says_that_nothing_else_is_trained() -> None:
    said = {recipe: _said(_open(transfer_view="live", transfer_recipe=recipe)) for recipe in ("scratch", "finetune")}
    for recipe, alone in (("scratch", True), ("finetune", False)):
        assert ("what the others are compared with: nothing else is trained" in said[recipe]) is alone
        assert ("Beside the recipe, a model from scratch is trained" in said[recipe]) is not alone


def test_a_source_is_not_tested_on_what_it_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    source = "lstm-randomised-hidden30-towers-sample-finetune-head"
    link = {"transfer_measured": "towers-sample", "transfer_train": "US-Tw3:2014"}
    app = _open(transfer_view="live", transfer_from=source, transfer_held="US-Tw3:2016", **link)
    assert not app.exception
    assert f"{source} learned from US-Tw3 2016, which cannot test it. Test on others, or adapt its source." in _said(
        app
    )


def test_a_job_from_the_page_ends_in_a_model_for_every_page() -> None:
    app = _open(transfer_view="live", transfer_epochs="5", transfer_targets="GPP")
    assert not app.exception and not app.error
    app.button("transfer.start").click().run()
    assert not app.exception and not app.error
    (job,) = jobs.listed()
    assert app.query_params["transfer-job"] == job.id, "a reload finds it by the link"
    assert job.request.targets == ("GPP",) and job.request.epochs == 5
    done = ended(job.id)
    assert done.state == "done", done.message
    app = _open(transfer_view="live", transfer_job=job.id)
    assert not app.exception and not app.error
    assert "Gross primary production" in _said(app) and "scratch" in _said(app)
    assert set(_open(transfer_view="live", transfer_job=job.id, transfer_by="crop").dataframe[0].value["Crop"]) == {
        "Alfalfa"
    }
    series, season, losses = (figure(app, number) for number in range(3))
    assert {"Measured", "Fine-tune", "From scratch", "Source as it is"} <= {
        t["name"] for t in series["data"] if "name" in t
    }
    assert len(season["data"]) == 3 and len(losses["data"]) == 4
    assert season["layout"]["yaxis"]["title"]["text"].startswith("Model minus measured")
    assert losses["layout"]["xaxis"]["tickvals"][-1] == max(line["epoch"] for line in jobs.progress(job.id)) == 5
    last = {n for n, e in jobs.result(job.id)["best_epoch"].items() if e == 5}
    assert " ".join(box.proto.body for box in app.get("html")).count("(the last one: more epochs may help)") == len(
        last
    )
    scores = app.dataframe[0].value.set_index("Model")
    assert scores.loc["From scratch", ["Gain", "Low", "High"]].isna().all() and scores["R²"].notna().all()
    assert "Fine-tune of lstm-untrained" in app.selectbox(key="w.transfer-job").options[0]
    with zipfile.ZipFile(io.BytesIO(transfer_results.packed(done.model))) as archive:
        assert sorted(archive.namelist()) == [f"{done.model}.json", f"{done.model}.safetensors"]

    jobs.remove(job.id)
    app = _open(transfer_view="models")
    assert not app.exception and not app.error
    assert "No model from scratch was kept" in _said(app), "nothing is claimed of a gain that is not known"
    region = app.switch_page("pages/region.py").run()
    assert done.model in next(box for box in region.multiselect if box.label == "Models").options


def test_a_training_takes_as_many_seconds_as_were_asked_for() -> None:
    app = _open(transfer_view="live", transfer_budget="seconds", transfer_seconds="30", transfer_targets="GPP")
    app.button("transfer.start").click().run()
    assert not app.exception and not app.error
    job = jobs.get(app.query_params["transfer-job"])
    jobs.cancel(job.id)
    assert job.request.seconds == 30.0 and job.request.epochs > 10_000, "the clock ends it, no count of epochs"
    ended(job.id)
    jobs.remove(job.id)


def test_what_a_training_would_take_brings_banner_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    for model, synthetic in (("lstm-randomised-hidden30", True), ("lstm-cornbelt-century", False)):
        app = _open(transfer_view="live", transfer_measured="towers-sample", transfer_from=model)
        assert not app.exception and not app.error
        assert ("Synthetic data in view: Random fields" in _said(app)) is synthetic
        assert ("(simulated)" in _said(app)) is not synthetic, "what the model learned stands among the sources"
    pooled = {"transfer_recipe": "pooled", "transfer_simulated": "cornbelt-ceres"}
    app = _open(transfer_view="live", transfer_measured="towers-sample", transfer_from=model, **pooled)
    (listed,) = (one.value for one in app.markdown if "Licence:" in one.value)
    assert listed.count("(simulated)") == 2, "what is trained on beside, and what the model learned"


def test_a_failed_job_is_told_in_plain_words() -> None:
    job = jobs.submit(Request("towers-sample", ("GPP",), "US-Tw3:1999", untrained.ID))
    ended(job.id)
    app = _open(transfer_view="live", transfer_job=job.id)
    assert not app.exception
    assert "This training failed" in app.error[0].value


def test_a_job_that_somebody_else_removed_meanwhile_is_told() -> None:
    made = jobs.folder() / "20200101-000000-000000"
    made.mkdir(parents=True)
    jobs.write(made / "request.json", Request("towers-sample", ("GPP",), "US-Tw3:2014", untrained.ID).as_dict())
    jobs.set_state(made, "cancelled")
    app = _open(transfer_view="live", transfer_job=made.name)
    jobs.remove(made.name)
    app.button(f"transfer.remove.{made.name}").click().run()
    assert not app.exception
    assert "it may have been removed" in app.error[0].value
