"""The page "Transfer": what it says of rows follows from them; a job started on it ends in a model that can be used."""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.data import catalog
from agroflux.training import jobs, transfer
from agroflux.training.request import Request
from agroflux.ui import transfer as page
from agroflux.ui import transfer_models
from tests.pages import untrained
from tests.pages.ended import ended
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent


def row(recipe: str, site: str, n: int, r2: float, gain: float, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A made-up row as ``agroflux transfer`` writes it."""
    return {
        "model": untrained.ID, "data": "towers-sample", "source": "cornbelt-century", "synthetic": False,
        "protocol": "leave-years-out", "site": site, "target": "GPP", "recipe": recipe, "n_site_years": n, "seed": None,
        "r2": r2, "rmse": 1.0, "gain": gain, "gain_low": low, "gain_high": high, "n_test_site_years": 8,
        "n_test_days": 900, "seeds": [0, 1], "command": f"agroflux transfer --recipe {recipe} --shots {n}",
    } | more  # fmt: skip


def rows() -> list[dict[str, Any]]:
    found = []
    for site, n in ((s, n) for n in (1, 2) for s in ("US-Tw3", "US-AR1", "all")):
        found.append(row("scratch", site, n, 0.5, 0.0, 0.0, 0.0))
        found.append(row("finetune", site, n, 0.7, 0.2, 0.1, 0.3))
        found.append(row("adversarial", site, n, 0.4, -0.1, -0.2, -0.05))
        found.append(row("zero-shot", site, n, -1.5, -2.0, -3.0, -1.0))
        found.append(row("finetune", site, n, 0.9, 0.4, 0.3, 0.5, seed=0, seeds=[0]))
        for by, group, won in (("crop", "alfalfa", 0.5), ("crop", "unknown", -0.3), ("management", "unknown", 0.2)):
            said = {"by": by, "group": group}
            found.append(row("scratch", site, n, 0.4, 0.0, 0.0, 0.0, **said))
            found.append(row("finetune", site, n, 0.4 + won, won, won - 0.1, won + 0.1, **said))
    return found


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one small model and made-up rows; a user folder of the module's own."""
    folder = tmp_path_factory.mktemp("models")
    untrained.save(folder)
    (folder / "transfer.json").write_text(json.dumps(rows()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        patch.setenv("AGROFLUX_DATA", str(tmp_path_factory.mktemp("user")))
        yield folder


_open = partial(open_page, "transfer")


def _said(app: AppTest) -> str:
    boxes = (*app.info, *app.warning, *app.success, *app.error, *app.caption, *app.markdown)
    return " ".join(str(box.value).replace("\\", "") for box in boxes)


def _figure(app: AppTest, number: int) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return spec


def _figures(app: AppTest, *names: str) -> Iterator[dict[str, Any]]:
    """The figures of the comparison by their keys: their order on the page follows their heights."""
    for name in names:
        (chart,) = (one for one in app.get("plotly_chart") if one.proto.id.endswith(f"transfer.{name}"))
        yield json.loads(chart.proto.spec)


def test_every_recipe_has_a_name_on_the_page() -> None:
    assert set(page.RECIPES) == set(transfer.RECIPES)


def test_gains_and_losses_are_said_with_intervals_and_causes() -> None:
    app = _open(var="GPP")
    assert not app.exception and not app.error
    said = _said(app)
    assert "1 of 2 adaptations beat training from scratch" in said and "zero; 1 worse, 0 undecided." in said
    assert "**Fine-tune** beats scratch by 0.20 R² (95 % interval +0.10 to +0.30, 8 test site-years)." in said
    assert "**Adversarial** is worse than scratch by 0.10 R² (95 % interval \u22120.20 to \u22120.05" in said
    assert "The source model as it is has R² \u22121.50 here" in said, "the cause is read off the rows"
    by_model, by_site, curves, places = _figures(app, "models", "sites", "curves", "map")
    assert by_model["layout"]["yaxis"]["ticktext"] == ["lstm-untrained"]
    assert by_site["layout"]["yaxis"]["ticktext"] == ["US-Tw3", "US-AR1"]
    assert {t["name"] for t in curves["data"]} == {"Fine-tune", "Adversarial", "Source as it is", "From scratch"}
    assert set(places["data"][2]["text"]) == {"US-Tw3", "US-AR1"}
    lines = [lon for lon in places["data"][0]["x"] if lon is not None]
    assert min(lines) < -121.6 < max(lines), "the site in California stands among state lines"
    assert app.query_params["transfer-recipes"] == "finetune,adversarial,zero-shot"


def test_a_source_that_does_better_untrained_is_told_and_no_gain_is_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [row("scratch", "US-Tw3", 2, 0.5, 0.0, 0.0, 0.0), row("finetune", "US-Tw3", 2, 0.7, 0.2, 0.1, 0.3)]
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    for r2, better in ((0.8, True), (0.6, False)):
        source = row("zero-shot", "US-Tw3", 2, r2, r2 - 0.5, 0.0, 0.9)
        (tmp_path / "transfer.json").write_text(json.dumps([*made, source]))
        app = _open(transfer_recipes="finetune")
        assert not app.exception and not app.error
        said = _said(app)
        assert "**Fine-tune** beats scratch by 0.20 R²" in said
        assert ("The source model as it is does better (R² 0.80)." in said) is better
        assert ("The source model as it is does better than 1 of those that beat scratch." in said) is better
        assert bool(app.success) is not better


def test_of_several_models_one_is_shown_in_detail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = [
        one | {"model": "tcn-untrained", "r2": one["r2"] - 0.3} for one in rows() if one["recipe"] != "adversarial"
    ]
    (tmp_path / "transfer.json").write_text(json.dumps([*rows(), *other]))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(var="GPP")
    by_model, by_site, curves = _figures(app, "models", "sites", "curves")
    assert [t.replace("<br>", "") for t in by_model["layout"]["yaxis"]["ticktext"]] == [untrained.ID, "tcn-untrained"]
    assert by_site["layout"]["yaxis"]["ticktext"] == ["US-Tw3", "US-AR1"]
    assert "Adversarial" in {t["name"] for t in curves["data"]}
    assert "The source model as it is has R² \u22121.50 here" in _said(app)
    app = _open(var="GPP", transfer_by="crop")
    by_crop, by_model = _figures(app, "groups", "models")
    assert by_crop["layout"]["yaxis"]["ticktext"] == ["Alfalfa", "Unknown crop"], "of the model in detail"
    assert len(by_model["layout"]["yaxis"]["ticktext"]) == 2 and "**Gain by model**, all sites, 2 site-years, alf" in (
        _said(app)
    )
    app = _open(var="GPP", transfer_detail="tcn-untrained")
    assert not app.exception and not app.error
    (curves,) = _figures(app, "curves")
    assert {t["name"] for t in curves["data"]} == {"Fine-tune", "Source as it is", "From scratch"}
    said = _said(app)
    assert "**Learning curves**, all sites, tcn-untrained" in said
    assert "The source model as it is" not in said, "its one recipe wins: there is no cause to tell"


def test_a_data_set_that_is_not_here_is_named_with_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"data": "us-xx1", "title": "Tower <b>X</b>", "licence": "CC-BY-4.0", "citation": "Somebody (2020)"}
    (tmp_path / "transfer.json").write_text(json.dumps([*rows(), *(one | told for one in rows())]))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(var="GPP", transfer_data="us-xx1")
    assert not app.exception and not app.error
    measured = next(box for box in app.selectbox if box.label == "Measured")
    assert measured.options[1:] == ["Tower <b>X</b>"] and measured.value == "us-xx1"
    assert "**Tower \\<b\\>X\\</b\\>** (measured). Somebody \\(2020\\)" in " ".join(m.value for m in app.markdown)
    assert "The data set is not installed here" in _said(app)


def test_models_of_two_simulators_are_shown_apart_and_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = "cornbelt-century+cornbelt-ceres"
    more = [made | {"model": "lstm-of-both", "source": both} for made in rows()]
    (tmp_path / "transfer.json").write_text(json.dumps(rows() + more))
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open()
    assert app.selectbox(key="w.transfer-source").value == "cornbelt-century"
    assert app.multiselect(key="w.transfer-models").options == [untrained.ID]
    assert "cornbelt-century and cornbelt-ceres" in app.selectbox(key="w.transfer-source").options
    app = _open(transfer_source=page.ANY)
    assert app.multiselect(key="w.transfer-models").options == [untrained.ID, "lstm-of-both"]
    assert not app.exception


def test_a_recipe_that_was_not_run_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [one for one in rows() if one["recipe"] != "adversarial" or one["site"] == "US-Tw3"]
    (tmp_path / "transfer.json").write_text(json.dumps(few))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    assert "Not run for this choice: Adversarial." in _said(_open(var="GPP"))
    assert "Not run for this choice" not in _said(_open(var="GPP", transfer_site="US-Tw3"))


def test_the_numbers_stand_under_headings_with_units_and_names() -> None:
    shown = _open(var="GPP").dataframe[0].value
    assert list(shown.columns)[:8] == ["Model", "Recipe", "Site", "R²", "RMSE", "Gain", "Low", "High"]
    assert set(shown["Site"]) == {"All sites", "US-Tw3", "US-AR1"}


def test_an_empty_choice_is_no_error_and_says_what_to_pick() -> None:
    for name, what in (("transfer-models", "model"), ("transfer-recipes", "recipe")):
        app = _open(var="GPP").multiselect(key=f"w.{name}").set_value([]).run()
        assert not app.exception and not app.error
        assert f"No {what} is chosen. Pick at least one above." in _said(app)


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


def test_site_years_are_written_by_site() -> None:
    assert page.site_years(["US-Tw3:2014", "A:B:2001", "US-Tw3:2013"]) == "US-Tw3 2013, 2014; A:B 2001"


def test_simulations_of_both_simulators_can_be_pooled_live() -> None:
    app = _open(transfer_view="live", transfer_recipe="pooled")
    assert app.selectbox(key="w.transfer-simulated").options[-1] == "cornbelt-century and cornbelt-ceres"


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


def test_a_link_narrows_the_choice() -> None:
    app = _open(transfer_recipes="adversarial", transfer_count="1", transfer_site="US-AR1")
    assert "0 of 1 adaptations" in _said(app) and "Not run for this choice" not in _said(app)
    assert app.query_params["transfer-site"] == "US-AR1" and not app.exception


def test_scores_by_crop_are_a_picture_a_choice_and_a_table() -> None:
    app = _open(var="GPP", transfer_by="crop")
    assert not app.exception and not app.error
    assert "**Fine-tune** beats scratch by 0.50 R²" in _said(
        app
    ) and "all sites, 2 site-years to train on, alfalfa" in (app.subheader[0].value.replace("\\", ""))
    by_crop, by_site, curves = _figures(app, "groups", "sites", "curves")
    assert by_crop["layout"]["yaxis"]["ticktext"] == ["Alfalfa", "Unknown crop"]
    assert by_site["layout"]["yaxis"]["ticktext"] == ["US-Tw3", "US-AR1"]
    assert {t["name"] for t in curves["data"]} == {"Fine-tune", "From scratch"}
    assert set(app.dataframe[0].value["Crop"]) == {"Alfalfa", "Unknown crop"}
    assert app.query_params["transfer-by"] == "crop" and app.query_params["transfer-crop"] == "alfalfa"
    app = _open(var="GPP", transfer_by="crop", transfer_crop="unknown")
    assert "**Fine-tune** is worse than scratch by 0.30 R²" in _said(app)
    assert "**Gain by management**" in _said(_open(var="GPP", transfer_by="management"))


def test_rows_of_an_older_file_offer_all_days_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [one for one in rows() if "by" not in one]
    (tmp_path / "transfer.json").write_text(json.dumps(old))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(transfer_by="crop")
    assert not app.exception and not app.error
    assert next(box for box in app.selectbox if box.label == "Scored on").options == ["All days"]
    assert "1 of 2 adaptations beat training from scratch" in _said(app)


def test_without_rows_the_page_says_what_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open()
    assert not app.exception and not app.error and "No comparison of transfer recipes" in _said(app)
    (tmp_path / "transfer.json").write_text("[{")
    app = _open()
    assert not app.exception and "transfer.json cannot be read" in app.error[0].value.replace("\\", "")
    assert "No adapted model is installed" in _said(_open(transfer_view="models"))


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
    series, season, losses = (_figure(app, number) for number in range(3))
    assert {"Measured", "Fine-tune", "From scratch", "Source as it is"} <= {
        t["name"] for t in series["data"] if "name" in t
    }
    assert len(season["data"]) == 3 and len(losses["data"]) == 4
    assert season["layout"]["yaxis"]["title"]["text"].startswith("Model minus measured")
    scores = app.dataframe[0].value.set_index("Model")
    assert scores.loc["From scratch", ["Gain", "Low", "High"]].isna().all() and scores["R²"].notna().all()
    assert "Fine-tune of lstm-untrained" in app.selectbox(key="w.transfer-job").options[0]
    with zipfile.ZipFile(io.BytesIO(transfer_models.packed(done.model))) as archive:
        assert sorted(archive.namelist()) == [f"{done.model}.json", f"{done.model}.safetensors"]

    jobs.remove(job.id)
    app = _open(transfer_view="models")
    assert not app.exception and not app.error
    assert "No model from scratch was kept" in _said(app), "nothing is claimed of a gain that is not known"
    region = app.switch_page("pages/region.py").run()
    assert done.model in next(box for box in region.multiselect if box.label == "Models").options


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


def test_management_is_known_on_a_share_of_the_measured_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sites that share no year: what is not measured is not asked for."""
    ds = catalog.open_dataset("towers-sample").load()
    told = ds["GPP"].notnull() & (ds["site"] == "US-AR1")
    ds = ds.assign({name: xr.zeros_like(ds["GPP"]).where(told) for name in ("CROP", "PLANTING", "FERTZR_N")})
    monkeypatch.setattr(page.cache, "dataset", lambda data: ds)
    monkeypatch.setattr(page.cache, "version", lambda data: "made up")
    assert page.management("towers-sample", "GPP", "US-AR1") == 1.0
    assert page.management("towers-sample", "GPP", "US-Tw3") == 0.0
    expected = int(told.sum()) / int(ds["GPP"].notnull().sum())
    assert page.management("towers-sample", "GPP") == pytest.approx(expected)
    assert page.management("towers-sample", "GPP", "US-AR1", "US-Tw3") == pytest.approx(expected)
    assert page.management("towers-sample", "GPP", page.ALL) == pytest.approx(expected)
    assert math.isnan(page.management("towers-sample", "GPP", "gone")), "a data set may be replaced"


def test_a_cause_of_some_recipes_says_of_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = {"low": -0.3, "high": 0.3}
    made = [row("scratch", "US-Tw3", n, 0.5, 0.0, 0.0, 0.0) for n in (1, 2)]
    made += [row("zero-shot", "US-Tw3", n, -1.5, -2.0, -3.0, -1.0) for n in (1, 2)]
    for recipe, first, last in (("finetune", 0.1, -0.1), ("pooled", 0.1, -0.2), ("finetune-head", -0.1, -0.1)):
        made += [row(recipe, "US-Tw3", n, 0.5, gain, **bounds) for n, gain in ((1, first), (2, last))]
    (tmp_path / "transfer.json").write_text(json.dumps(made))
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    said = _said(_open())
    assert "- The source model as it is has R² \u22121.50" in said, "this one holds for all"
    assert "- Fine-tune: The gain falls from +0.10 with 1 to \u22120.10 with 2 site-years" in said
    assert "- Pooled: The gain falls from +0.10 with 1 to \u22120.20 with 2 site-years" in said
