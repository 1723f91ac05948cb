"""The view "Adapted models" of the page "Transfer", and the jobs behind it: which weights are meant, what is told."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint
from agroflux.data import catalog, importing, text_cells
from agroflux.errors import ModelError
from agroflux.training import jobs, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.prepared import prepare
from agroflux.training.request import Request
from agroflux.ui import transfer_models, transfer_results
from tests.pages import untrained
from tests.pages.ended import ended
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one small model, and a user folder of each test's own."""
    untrained.save(tmp_path / "models")
    monkeypatch.setattr(paths, "MODELS", tmp_path / "models")
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "user"))
    yield tmp_path / "models"


_open = partial(open_page, "transfer", transfer_view="models")


def _said(app: AppTest) -> str:
    boxes = (*app.info, *app.warning, *app.success, *app.error, *app.caption, *app.markdown)
    return " ".join(str(box.value).replace("\\", "") for box in boxes)


def _buttons(app: AppTest) -> set[str]:
    return {one.proto.label for one in app.get("download_button")}


def test_a_job_is_not_shown_for_other_weights_of_its_name() -> None:
    source = cards.weights_path(untrained.ID)
    asked = Request(
        "towers-sample", ("GPP",), "US-Tw3:2014", str(source), validate="US-Tw3:2016", test="US-Tw3:2017,US-Tw3:2018",
        epochs=2, every=1,
    )  # fmt: skip
    job = ended(jobs.submit(asked).id)
    assert job.state == "done", job.message
    result = jobs.place_of(job.id) / "result.json"
    noted = json.loads(result.read_text())
    older = {key: value for key, value in noted.items() if key != "weights_sha256"}
    live = partial(_open, transfer_view="live", transfer_job=job.id)

    def scores(app: AppTest) -> dict[str, float]:
        assert not app.exception and not app.error
        return app.dataframe[0].value.set_index("Model")["R²"].to_dict()

    for said in (noted, older):
        jobs.write(result, said)
        app = _open()
        assert "From scratch" in scores(app) and "Model as ZIP" in _buttons(app)
    assert "Model as ZIP" in _buttons(live())

    made = prepare(asked, checkpoint.load(source))
    other = dataclasses.replace(made.run, seed=7, budget=Budget(1, every=1))
    path = transfer.adapt_and_save(made.checkpoint, made.windows, other, made.origin, paths.user_models())
    assert path.stem == job.model, "the same command takes the name over"
    card = checkpoint.load(path).card
    (r2,) = (one["r2"] for one in card.scores if one["model"] == job.model)
    for said in (noted, older):
        jobs.write(result, said)
        app = _open()
        found = scores(app)
        assert set(found) == {"Fine-tune", "Source as it is"} and found["Fine-tune"] == pytest.approx(r2)
        assert "Model as ZIP" in _buttons(app)
        app = live()
        assert scores(app)["Fine-tune"] != pytest.approx(r2), "what the job found stays"
        assert "Another model has taken the name of this one" in _said(app) and "Model as ZIP" not in _buttons(app)
    with pytest.raises(ModelError, match="another model has taken the name"):
        transfer_results.packed(job.model, noted["weights_sha256"])
    path.unlink()
    app = live()
    assert "The adapted model was removed" in _said(app) and "Model as ZIP" not in _buttons(app)


def test_a_source_that_was_trained_anew_is_not_shown_as_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "lstm-cornbelt-century"
    shutil.copytree(ROOT / "models" / "adapted", tmp_path / "adapted")
    untrained.save(tmp_path, name)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    asked = partial(_open, transfer_model=f"{name}-chambers-synthetic-finetune")
    assert list(asked().dataframe[0].value["Model"]) == ["Fine-tune"], "other weights under the name of the source"
    for suffix in (".json", ".safetensors"):
        shutil.copy(ROOT / "models" / f"{name}{suffix}", tmp_path)
    shown = asked()
    assert list(shown.dataframe[0].value["Model"]) == ["Fine-tune", "Source as it is"]
    assert "Gain" not in shown.dataframe[0].value and "R² less that of scratch" not in _said(shown)


def test_without_a_run_from_scratch_a_better_source_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    real = transfer_results._run
    model = "lstm-cornbelt-century-chambers-synthetic-finetune"
    for r2, better in ((0.99, True), (-9.0, False)):

        def run(*args: str, r2: float = r2) -> Any:
            rows, series = real(*args)
            return [one | {"r2": r2} if one["recipe"] == "zero-shot" else one for one in rows], series

        monkeypatch.setattr(transfer_results, "_run", run)
        app = _open(transfer_model=model)
        assert not app.exception and not app.error
        said = _said(app)
        assert "No model from scratch was kept" in said
        assert ("The source model as it is does better (R² 0.99)." in said) is better


def test_a_gain_of_a_model_that_is_its_source_as_it_was_is_not_green(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _result("nowhere", ["US-Tw3:2018"], pd.DataFrame())
    gain = {"gain": 0.2, "gain_low": 0.1, "gain_high": 0.3, "r2": 0.7}
    boxes: list[str] = []
    for name in ("success", "info", "warning"):
        monkeypatch.setattr(transfer_models.st, name, lambda said, name=name, **_: boxes.append(f"{name} {said}"))
    for r2, kind, unchanged in ((0.7, "info", True), (0.69, "success", False)):
        own = result.rows[0] | gain
        rows = [own, result.rows[1], own | {"recipe": "zero-shot", "r2": r2}]
        boxes.clear()
        transfer_models._findings(dataclasses.replace(result, rows=rows))
        assert [said.split()[0] for said in boxes] == [kind]
        assert ("It is the source model as it was" in boxes[0]) is unchanged


def test_a_best_epoch_that_is_the_last_one_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"id": "towers-sample", "site_years": {"train": [], "validate": [], "test": []}}
    card = {"id": "m", "weights_sha256": "w", "data": data, "command": "c", "synthetic": False}
    monkeypatch.setattr(transfer_results, "_run", lambda *_: ([], pd.DataFrame()))
    for best, last, said in (
        (5, 5, "5 (the last one: more epochs may help)"),
        (3, 5, "3"),
        (0, 5, "none was better than the start"),
    ):
        training = {"source_model": {"id": "s"}, "recipe": "finetune", "best_epoch": best, "epochs": last}
        assert ("Best epoch", said) in transfer_results.of_card(card | {"training": training}).facts
    assert ("Best epoch", "not trained") in transfer_results.of_card(
        card | {"training": {"source_model": {"id": "s"}, "recipe": "zero-shot"}}
    ).facts


def test_no_model_is_drawn_on_days_without_weather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    model = "lstm-cornbelt-century-chambers-synthetic-finetune"
    app = _open(transfer_model=model, transfer_test="CH-1 2016")
    assert not app.exception and "No model is drawn on 151 days" in _said(app)  # January to March, November, December
    assert "Days as CSV has no value of a model on 906 days" in _said(app)  # of six chambers


def test_the_days_downloaded_are_empty_where_there_is_no_weather(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    kept: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(transfer_models.show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    model = "lstm-cornbelt-century-chambers-synthetic-finetune"
    assert not _open(transfer_model=model).exception
    days = kept[f"{model}-synthetic-days"]
    for frame in (days, kept[f"{model}-synthetic-scores"]):
        assert set(frame["unit"]) == {"g N m-2 d-1"}, "of the values, RMSE, MAE and bias"
    blind = ~days["time"].dt.month.between(4, 10)
    for name in ("finetune", "zero-shot"):
        assert days.loc[blind, name].isna().all() and days.loc[~blind, name].notna().all()
    assert blind.any() and days["synthetic_measurement"].notna().any()


def test_a_model_of_a_synthetic_source_brings_banner_and_sources_and_marks_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    kept: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(transfer_models.show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    model = "lstm-randomised-hidden30-towers-sample-finetune-head"
    app = _open(transfer_model=model)
    assert not app.exception and not app.error
    (banner,) = (one.value for one in app.warning if "Synthetic data in view" in one.value)
    assert "Random fields" in banner and "AmeriFlux" not in banner
    assert [one.label for one in app.expander].count("Sources and licences") == 1
    assert "(measured)" in _said(app) and "(synthetic)" in _said(app)
    for part in ("days", "scores"):
        assert set(kept[f"{model}-{part}"]["synthetic"]) == {"yes"}


def test_scratch_gains_nothing_over_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[pd.DataFrame] = []
    monkeypatch.setattr(transfer_models.st, "dataframe", lambda frame, **_: shown.append(frame))
    transfer_models._scores(_result("nowhere", ["US-Tw3:2018"], pd.DataFrame()))
    (table,) = shown
    found = table.set_index("Model")[["Gain", "Low", "High"]]
    assert found.loc["From scratch"].isna().all() and found.loc["Fine-tune"].tolist() == [0.0, -0.1, 0.1]


@pytest.mark.parametrize("site", ["02", "NA", "-A"])
def test_a_site_is_called_as_in_the_data_whatever_it_looks_like(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"]).load()
    told = ds["time"].dt.year != 2017
    importing.save(ds.assign(TMAX=ds["TMAX"].where(told), TMIN=ds["TMIN"].where(told),
                             PRECN=ds["PRECN"].where(told)).assign_coords(site=[site]), "mine")  # fmt: skip
    days = pd.DataFrame({"site": site, "time": pd.date_range("2017-12-30", "2018-01-02"), "target": "GPP"})
    days = days.assign(measured=[1.0, 2.0, None, 4.0], finetune=1.5)
    path = paths.user_data() / "series.csv"
    path.write_text(text_cells.to_csv(days, index=False))
    series = transfer_results._series(str(path), 1)
    assert series["site"].tolist() == [site] * 4 and series["measured"].isna().tolist() == [False, False, True, False]
    result = _result("mine", [f"{site}:2017", f"{site}:2018"], series)
    blind = transfer_models._blind(result)
    assert blind.tolist() == [True, True, False, False]
    offered: dict[str, list[str]] = {}

    def pick(label: str, options: list[str], *_: object) -> str:
        offered[label] = options
        return options[0]

    monkeypatch.setattr(transfer_models, "pick", pick)
    transfer_models._days(result, series, blind)
    assert offered == {"Flux": ["GPP"], "Test site-year": [f"{site} 2017", f"{site} 2018"]}


def test_the_management_that_a_cause_tells_of_is_that_of_the_tested_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    ds = catalog.open_dataset("towers-sample").load()
    told = ds["GPP"].notnull() & (ds["site"] != "US-Tw3")
    ds = ds.assign({name: xr.zeros_like(ds["GPP"]).where(told) for name in ("CROP", "PLANTING", "FERTZR_N")})
    monkeypatch.setattr(transfer_models.cache, "dataset", lambda data: ds)
    monkeypatch.setattr(transfer_models.cache, "version", lambda data: "made up here")
    assert transfer_models.transfer.management("towers-sample", "GPP") > 0
    causes: list[str] = []
    monkeypatch.setattr(transfer_models.transfer, "tell_causes", causes.extend)
    transfer_models._findings(_result("towers-sample", ["US-Tw3:2017", "US-Tw3:2018"], pd.DataFrame()))
    assert any("fertiliser are known on 0 % of the days" in cause for cause in causes)


def _result(data: str, tested: list[str], series: pd.DataFrame) -> transfer_results.Result:
    """What a job finds that wins nothing on the site-years ``tested``."""
    scores = {"r2": 0.5, "rmse": 1.0, "bias": 0.0, "n": 900, "n_test_site_years": 8}
    gain = {"gain": 0.0, "gain_low": -0.1, "gain_high": 0.1}
    rows = [{"recipe": recipe, "target": "GPP", **scores, **gain} for recipe in ("finetune", "scratch")]
    fold = {"train": [], "validate": [], "test": tested}
    return transfer_results.Result("mine", "source", "finetune", data, rows, series, fold, [], "", False, "")
