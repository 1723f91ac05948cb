"""The page "Transfer": what it says of the rows of a comparison follows from them."""

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.data import catalog
from agroflux.training import transfer
from agroflux.ui import transfer as page
from tests.pages import untrained
from tests.pages.opened import open_page
from tests.pages.opened import said as _said

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
    assert "1 of 2 adaptations beats training from scratch" in said and "leaves out zero; 1 is worse." in said
    assert "Fine-tune beats scratch by 0.20 R² (95 % interval +0.10 to +0.30, 8 test site-years)." in said
    assert "Adversarial is worse than scratch by 0.10 R² (95 % interval \u22120.20 to \u22120.05" in said
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
        assert "Fine-tune beats scratch by 0.20 R²" in said
        assert ("The source model as it is does better (R² 0.80)." in said) is better
        assert "The adaptation beats training from scratch" in said
        assert ("It is worse than the source model as it is." in said) is better
        assert bool(app.success) is not better


def test_an_adaptation_that_is_the_source_as_it_was_is_not_counted_as_one_that_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [row("scratch", "US-Tw3", 2, 0.5, 0.0, 0.0, 0.0), row("zero-shot", "US-Tw3", 2, 0.7, 0.2, 0.1, 0.3)]
    made += [row("finetune", "US-Tw3", 2, 0.7, 0.2, 0.1, 0.3)]
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    (tmp_path / "transfer.json").write_text(json.dumps(made))
    app = _open()
    assert not app.exception and not app.error and not app.success
    assert "The adaptation is the source model as it was: no epoch of the training did better." in _said(app)
    assert "It is the source model as it was: no epoch of the training did better." in _said(app)
    more = [row("pooled", "US-Tw3", 2, 0.9, 0.4, 0.3, 0.5), row("adversarial", "US-Tw3", 2, 0.6, 0.1, 0.05, 0.2)]
    (tmp_path / "transfer.json").write_text(json.dumps([*made, *more]))
    app = _open()
    assert not app.success
    said = _said(app)
    assert "2 of 3 adaptations beat training from scratch" in said and "1 is the source model as it was." in said
    assert "Of these 2, 1 is worse than the source model as it is." in said


def test_the_surest_gains_are_told_first_and_those_of_a_model_that_was_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for model, recipe, gain, half in (
        ("a", "finetune", -0.2, 0.1),
        ("b", "finetune", 0.9, 0.85),  # a large gain, but not a sure one
        ("c", "finetune", 0.3, 0.5),
        ("a", "pooled", 0.4, 0.1),
        ("b", "pooled", 0.2, 0.1),
    ):
        made.append(row(recipe, "all", 2, 0.5 + gain, gain, gain - half, gain + half, model=model))
    (tmp_path / "transfer.json").write_text(json.dumps(made))
    monkeypatch.setattr(paths, "MODELS", tmp_path)

    def told(app: AppTest) -> list[str]:
        lines = " ".join(m.value for m in app.markdown).replace("\\", "").split("- **")[1:]
        return [line.split(" of ")[1][0] + line[0] for line in lines[:5]]

    assert told(_open()) == ["aP", "bP", "bF", "cF", "aF"]
    assert told(_open(transfer_detail="b")) == ["bP", "bF", "aP", "cF", "aF"]
    assert "3 of 5 adaptations beat training" in _said(_open()) and "1 is worse, 1 is undecided." in _said(_open())


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
    assert len(by_model["layout"]["yaxis"]["ticktext"]) == 2 and "Gain by model, all sites, 2 site-years, alf" in (
        _said(app)
    )
    app = _open(var="GPP", transfer_detail="tcn-untrained")
    assert not app.exception and not app.error
    (curves,) = _figures(app, "curves")
    assert {t["name"] for t in curves["data"]} == {"Fine-tune", "Source as it is", "From scratch"}
    said = _said(app)
    assert "Learning curves, all sites, tcn-untrained" in said
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
    assert "Corn Belt, DSSAT with CENTURY and CERES" in app.selectbox(key="w.transfer-source").options
    app = _open(transfer_source=page.ANY)
    assert app.multiselect(key="w.transfer-models").options == [untrained.ID, "lstm-of-both"]
    assert not app.exception


def test_the_source_of_most_models_is_offered_first_and_each_has_a_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [one | {"model": "of-fields", "source": "randomised"} for one in rows()] + rows()
    made += [one | {"model": "second"} for one in rows()]
    (tmp_path / "transfer.json").write_text(json.dumps(made))
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open()
    picker = app.selectbox(key="w.transfer-source")
    titles = [page.said(name) for name in ("cornbelt-century", "randomised", page.ANY)]
    assert picker.value == "cornbelt-century" and picker.options == titles
    assert titles[1] == "Random fields (synthetic)" and "cornbelt-" not in titles[0]
    assert page.said("randomised+mine") == "Random fields (synthetic) and mine"


def test_a_recipe_that_was_not_run_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [one for one in rows() if one["recipe"] != "adversarial" or one["site"] == "US-Tw3"]
    (tmp_path / "transfer.json").write_text(json.dumps(few))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    assert "Not run for this choice: Adversarial." in _said(_open(var="GPP"))
    assert "Not run for this choice" not in _said(_open(var="GPP", transfer_site="US-Tw3"))


def test_the_numbers_stand_under_headings_with_units_and_names() -> None:
    shown = _open(var="GPP").dataframe[0].value
    assert list(shown.columns)[:5] == ["Model", "Recipe", "Site", "Site-years", "R²"]
    assert list(shown.columns)[5:9] == ["RMSE", "Gain", "Low", "High"]
    assert set(shown["Site"]) == {"All sites", "US-Tw3", "US-AR1"}


def test_the_table_holds_scratch_and_every_number_in_order() -> None:
    shown = _open(var="GPP", transfer_recipes="adversarial,finetune", transfer_count="2").dataframe[0].value
    places = ["All sites", "US-AR1", "US-Tw3"]
    assert list(shown[["Recipe", "Site", "Site-years"]].itertuples(index=False, name=None)) == [
        (recipe, site, n) for recipe in ("Fine-tune", "Adversarial", "From scratch") for site in places for n in (1, 2)
    ]
    scratch = shown["Recipe"] == "From scratch"
    assert shown.loc[scratch, ["Gain", "Low", "High"]].isna().all(axis=None) and shown["R²"].notna().all()
    assert shown.loc[~scratch, "Gain"].notna().all()


def test_rows_for_download_have_units_and_say_what_they_are_of(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(page.show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    assert not _open(var="GPP").exception
    frame = kept["transfer-cornbelt-century-to-towers-sample-GPP-leave-years-out"]
    assert list(frame.columns)[frame.columns.get_loc("target") + 1] == "unit"
    assert set(frame["unit"]) == {"g C m-2 d-1"}


def test_models_that_learned_from_synthetic_data_bring_banner_and_sources_and_are_told_in_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    kept: dict[str, Any] = {}
    monkeypatch.setattr(page.show, "csv", lambda frame, name, *_, **__: kept.update({name: frame}))
    for source, synthetic in (("randomised", True), ("cornbelt-century", False)):
        app = _open(transfer_data="towers-sample", transfer_source=source, transfer_protocol="leave-years-out")
        assert not app.exception and not app.error
        assert ("Synthetic data in view: Random fields" in _said(app)) is synthetic
        assert ("(simulated)" in _said(app)) is not synthetic and "(measured)" in _said(app)
        (frame,) = (one for name, one in kept.items() if name.startswith(f"transfer-{source}-to-towers-sample"))
        assert set(frame["synthetic"]) == {"yes" if synthetic else "no"}


def test_an_empty_choice_is_no_error_and_says_what_to_pick() -> None:
    for name, what in (("transfer-models", "model"), ("transfer-recipes", "recipe")):
        app = _open(var="GPP").multiselect(key=f"w.{name}").set_value([]).run()
        assert not app.exception and not app.error
        assert f"No {what} is chosen. Pick at least one above." in _said(app)


def test_site_years_are_written_by_site() -> None:
    assert page.site_years(["US-Tw3:2014", "A:B:2001", "US-Tw3:2013"]) == "US-Tw3 2013, 2014; A:B 2001"


def test_a_link_narrows_the_choice() -> None:
    app = _open(transfer_recipes="adversarial", transfer_count="1", transfer_site="US-AR1")
    assert "The adaptation is worse than training from scratch" in _said(
        app
    ) and "Not run for this choice" not in _said(app)
    assert app.query_params["transfer-site"] == "US-AR1" and not app.exception


def test_scores_by_crop_are_a_picture_a_choice_and_a_table() -> None:
    app = _open(var="GPP", transfer_by="crop")
    assert not app.exception and not app.error
    assert "Fine-tune beats scratch by 0.50 R²" in _said(app) and "all sites, 2 site-years to train on, alfalfa" in (
        app.subheader[0].value.replace("\\", "")
    )
    by_crop, by_site, curves = _figures(app, "groups", "sites", "curves")
    assert by_crop["layout"]["yaxis"]["ticktext"] == ["Alfalfa", "Unknown crop"]
    assert by_site["layout"]["yaxis"]["ticktext"] == ["US-Tw3", "US-AR1"]
    assert {t["name"] for t in curves["data"]} == {"Fine-tune", "From scratch"}
    assert set(app.dataframe[0].value["Crop"]) == {"Alfalfa", "Unknown crop"}
    assert app.query_params["transfer-by"] == "crop" and app.query_params["transfer-crop"] == "alfalfa"
    app = _open(var="GPP", transfer_by="crop", transfer_crop="unknown")
    assert "Fine-tune is worse than scratch by 0.30 R²" in _said(app)
    assert "Gain by management" in _said(_open(var="GPP", transfer_by="management"))


@pytest.mark.parametrize("by", ["all", "crop"])
def test_the_two_columns_of_pictures_are_about_as_tall(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [one | {"model": f"model-{n}"} for n in range(14) for one in rows()]
    (tmp_path / "transfer.json").write_text(json.dumps(made))
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(var="GPP", transfer_by=by)
    assert not app.exception and not app.error
    charts = [[json.loads(one.proto.spec)["layout"]["height"] for one in c.get("plotly_chart")] for c in app.columns]
    left, right = (sum(column) for column in charts if column)
    assert abs(left - right) < 400, charts


def test_rows_of_an_older_file_offer_all_days_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [one for one in rows() if "by" not in one]
    (tmp_path / "transfer.json").write_text(json.dumps(old))
    untrained.save(tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(transfer_by="crop")
    assert not app.exception and not app.error
    assert next(box for box in app.selectbox if box.label == "Scored on").options == ["All days"]
    assert "1 of 2 adaptations beats training from scratch" in _said(app)


def test_without_rows_the_page_says_what_makes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open()
    assert not app.exception and not app.error and "No comparison of transfer recipes" in _said(app)
    (tmp_path / "transfer.json").write_text("[{")
    app = _open()
    assert not app.exception and "transfer.json cannot be read" in app.error[0].value.replace("\\", "")
    assert "No adapted model is installed" in _said(_open(transfer_view="models"))


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
