"""The page "Run on a region" with the bundled data: counties picked in every way, one run, many views of it."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.data import catalog
from agroflux.inference import region as engine
from agroflux.ui import region, region_models
from tests.pages import untrained
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent
TWO = "19027,17019"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small untrained model."""
    made = tmp_path_factory.mktemp("models")
    untrained.save(made)
    return made


@pytest.fixture(autouse=True)
def models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page sees this folder of models alone."""
    monkeypatch.setattr(paths, "MODELS", folder)
    yield folder


_open = partial(open_page, "region")


def _button(app: AppTest, start: str) -> Any:
    return next(button for button in app.button if button.label.startswith(start))


def _picked(app: AppTest) -> list[str]:
    return list(app.multiselect(key="w.sites").value)


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


def _traces(app: AppTest, number: int) -> list[dict[str, Any]]:
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    found: list[dict[str, Any]] = spec["data"]
    return found


# -- picking ----------------------------------------------------------------------------------------------
def test_states_all_undo_and_clear_end_in_one_list() -> None:
    app = _open()
    assert not app.exception and not app.error
    assert _picked(app) == [] and "No county is picked" in _said(app)
    assert _button(app, "Run").disabled
    _button(app, "Iowa").click().run()
    states = catalog.open_dataset("cornbelt-century")["state"].to_numpy()
    assert len(_picked(app)) == int((states == "IA").sum())
    _button(app, "All").click().run()
    assert len(_picked(app)) == 99
    _button(app, "Undo").click().run()
    assert len(_picked(app)) == int((states == "IA").sum())
    _button(app, "Clear").click().run()
    assert _picked(app) == []
    assert _button(app, "Clear").disabled


def test_the_list_can_be_edited_and_taken_back() -> None:
    app = _open(sites=TWO)
    app.multiselect(key="w.sites").set_value(["19027"]).run()
    assert _picked(app) == ["19027"]
    _button(app, "Undo").click().run()
    assert _picked(app) == TWO.split(",")


def test_a_click_toggles_and_a_box_adds() -> None:
    assert region.merged([], ["a"], []) == ["a"]
    assert region.merged(["a"], ["a"], ["b"]) == []
    assert region.merged(["a"], [], ["a"]) == []  # Plotly's second click on the same county
    assert region.merged(["a"], ["a", "b"], ["a"]) == ["a", "b"]  # shift-click
    assert region.merged(["a"], ["b", "c", "d"], []) == ["a", "b", "c", "d"]  # box or lasso
    assert region.merged(["a", "b"], [], ["a", "b"]) == ["a", "b"]  # the box is dismissed: nothing is lost


def test_a_box_adds_all_inside_whatever_was_cleared_since_the_last_one() -> None:
    assert region.merged([], ["a", "b", "c", "d"], ["a", "b", "c"]) == ["a", "b", "c", "d"]
    assert region.merged(["d"], ["a", "b", "c"], ["a", "b", "c", "d"]) == ["d", "a", "b", "c"]
    assert region.merged(["a", "b"], ["a", "b"], ["a"], area=True) == ["a", "b"]  # no click on a chosen county
    assert region.merged(["a"], ["a"], [], area=True) == ["a"]
    assert region.merged(["a"], [], ["a"], area=True) == ["a"]  # a box with nothing in it


@pytest.mark.parametrize("shape", ["box", "lasso"])
def test_the_map_tells_a_box_or_lasso_from_a_click(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picked = ["19015"]
    event: dict[str, Any] = {"points": [{"location": "19015"}], "box": [], "lasso": []} | {shape: [{"x": [0, 1]}]}
    monkeypatch.setattr(region.st, "session_state", {region._MAP: {"selection": event}})
    monkeypatch.setattr(region.state, "get", lambda *_: picked)
    monkeypatch.setattr(region, "choose", lambda sites: pytest.fail(f"picked {sites}"))
    region._on_map()


@given(
    st.lists(st.sampled_from("abcde"), unique=True),
    st.lists(st.sampled_from("abcde"), unique=True),
    st.lists(st.sampled_from("abcde"), unique=True),
)
def test_no_event_makes_a_county_appear_twice_or_from_nowhere(
    chosen: list[str], now: list[str], before: list[str]
) -> None:
    after = region.merged(chosen, now, before)
    assert len(set(after)) == len(after)
    assert set(after) <= set(chosen) | set(now) | set(before)
    if len(now) > 1:
        assert set(chosen) - set(now) <= set(after)


# -- running ----------------------------------------------------------------------------------------------
def test_a_run_shows_map_series_and_table_and_another_view_runs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    real = engine.run_region

    def counted(*args: Any, **kwargs: Any) -> Any:
        runs.append(args)
        return real(*args, **kwargs)

    monkeypatch.setattr(engine, "run_region", counted)
    app = _open(sites=TWO, years="2016-2017", var="GPP", rate="168")
    assert len(app.get("plotly_chart")) == 1
    _button(app, "Run on 2 counties").click().run()
    assert not app.exception and not app.error
    assert len(runs) == 1 and len(app.get("plotly_chart")) == 3
    done = app.session_state["agroflux.region.result"]
    assert done.site_years == 4 and done.data.sizes["time"] == 730

    counties = _traces(app, 1)[0]
    assert sorted(counties["locations"]) == sorted(TWO.split(","))
    gpp = done.data["GPP"].isel(scenario=0)
    yearly = gpp.sum("time") / 2
    shown = dict(zip(counties["locations"], untrained.numbers(counties["z"]), strict=True))
    for site in TWO.split(","):
        assert shown[site] == pytest.approx(float(yearly.sel(site=site)), rel=1e-4)

    table = app.dataframe[0].value
    assert table["FIPS"].tolist() == sorted(shown, key=lambda f: -shown[f])
    app.selectbox(key="w.var").set_value("ET").run()
    assert not app.exception and not app.error
    assert len(runs) == 1
    assert "Evapotranspiration" in json.loads(app.get("plotly_chart")[2].proto.spec)["layout"]["yaxis"]["title"]["text"]


def test_one_county_is_called_so() -> None:
    app = _open(sites="19027", years="2016-2016", var="GPP", rate="168")
    _button(app, "Run on 1 county").click().run()
    assert not app.exception and not app.error
    assert app.subheader[0].value.startswith("1 county, 2016,")


def test_the_band_holds_the_mean_of_the_counties() -> None:
    app = _open(sites=f"{TWO},18103", years="2016-2016", var="ET", agg="daily")
    _button(app, "Run").click().run()
    done = app.session_state["agroflux.region.result"].data["ET"].isel(scenario=0)
    series = {trace.get("name"): untrained.numbers(trace["y"]) for trace in _traces(app, 2)}
    np.testing.assert_allclose(series["Mean of 3 counties"], done.mean("site").to_numpy(), rtol=1e-4)
    np.testing.assert_allclose(series["10-90 % of counties"], done.quantile(0.9, "site").to_numpy(), rtol=1e-4)


def test_a_result_of_an_earlier_choice_stays_and_says_so() -> None:
    app = _open(sites="19027", years="2016-2016", var="GPP")
    _button(app, "Run").click().run()
    app.multiselect(key="w.sites").set_value(TWO.split(",")).run()
    assert "belongs to an earlier choice" in _said(app)
    assert len(app.get("plotly_chart")) == 3


# -- several models ---------------------------------------------------------------------------------------
def test_the_file_of_one_model_has_a_unit_in_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[list[str]] = []
    monkeypatch.setattr(region_models.show, "csv", lambda frame, *_, **__: files.append(list(frame.columns)))
    app = _open(sites=TWO, years="2016-2017", var="Yield")
    _button(app, "Run on 2 counties").click().run()
    assert not app.exception and not app.error
    assert files[-1][:6] == ["FIPS", "County", "Corn in", "Mean [g C m⁻²]", "2016 [g C m⁻²]", "2017 [g C m⁻²]"]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Ids of two models that differ in their weights."""
    for seed, name in enumerate(("first", "second")):
        untrained.save(tmp_path, name, seed)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    return "first", "second"


def test_two_models_share_a_scale_and_are_told_apart_everywhere(
    pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[list[str]] = []
    drawn_as: dict[str, Any] = {}
    monkeypatch.setattr(region_models.show, "csv", lambda frame, *_, **__: files.append(list(frame.columns)))
    monkeypatch.setattr(region_models.show, "figure_files", lambda fig, name: drawn_as.update({name: fig}))
    app = _open(sites=TWO, years="2016-2016", var="ET", agg="daily", model=",".join(pair))
    _button(app, "Run 2 models on 2 counties").click().run()
    assert not app.exception and not app.error
    done = app.session_state["agroflux.region.result"]
    means = {m: done.runs[m]["ET"].isel(scenario=0).sum("time").to_series() for m in pair}
    maps = [_traces(app, number)[0] for number in (1, 2)]
    assert maps[0]["zmin"] == maps[1]["zmin"] and maps[0]["zmax"] == maps[1]["zmax"]
    for name, drawn in zip(pair, maps, strict=True):
        assert drawn["showscale"] is False, "it stands below both"
        file = drawn_as[f"region-{name}-ET-map-2016-n168"]
        assert file.data[0].showscale and (file.data[0].zmin, file.data[0].zmax) == (drawn["zmin"], drawn["zmax"])
        assert file.layout.title.text.startswith(f"Evapotranspiration [mm yr⁻¹], 2016<br>{name} on cornbelt-century")
        np.testing.assert_allclose(untrained.numbers(drawn["z"]), means[name][drawn["locations"]], rtol=1e-4)
    assert maps[0]["zmin"] == pytest.approx(min(m.min() for m in means.values()), rel=1e-4)
    difference = _traces(app, 3)[0]
    expected = (means["first"] - means["second"])[difference["locations"]]
    np.testing.assert_allclose(untrained.numbers(difference["z"]), expected, rtol=1e-3)
    overlaid = {trace["name"]: untrained.numbers(trace["y"]) for trace in _traces(app, 5)}
    assert set(overlaid) == set(pair)
    middle = next(t for t in _traces(app, 6) if t.get("name") == "Mean of the models")
    np.testing.assert_allclose(untrained.numbers(middle["y"]), (overlaid["first"] + overlaid["second"]) / 2, rtol=1e-4)
    table = app.dataframe[0].value.set_index("FIPS")
    assert (table["Highest"] - table["Lowest"]).to_numpy() == pytest.approx(
        (table["first"] - table["second"]).abs().to_numpy()
    )
    assert files[-1][:5] == ["FIPS", "County", "Corn in", "first [mm yr⁻¹]", "second [mm yr⁻¹]"]
    members = region_models.member_dataset(done)
    assert members["model"].to_numpy().tolist() == list(pair) and members["ET"].attrs["units"] == "mm d-1"


def test_a_choice_of_two_for_the_difference_is_in_the_link(pair: tuple[str, str]) -> None:
    app = _open(sites=TWO, years="2016-2016", var="ET", model=",".join(pair), region_second="first")
    _button(app, "Run 2 models").click().run()
    assert "Both are the same model" in _said(app)


def test_a_damaged_model_among_two_is_left_out_and_stays_told(pair: tuple[str, str], tmp_path: Path) -> None:
    weights = tmp_path / "second.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    card = weights.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "weights_sha256": "2" * 64}))
    app = _open(sites=TWO, years="2016-2016", var="ET", model=",".join(pair))
    _button(app, "Run 2 models").click().run()
    assert not app.exception
    assert "Left out: second" in _said(app)
    assert len(app.get("plotly_chart")) == 3  # picker, map, series: the view of one model
    app.selectbox(key="w.var").set_value("GPP").run()
    assert "Left out: second" in _said(app)


def test_what_the_models_learned_from_is_said_once(pair: tuple[str, str]) -> None:
    def told(data: str) -> list[str]:
        app = _open(sites=TWO, model=",".join(pair), data=data)
        assert not app.exception
        return [text for c in app.caption if "learned from" in (text := str(c.value).replace("\\", ""))]

    (own,) = told("cornbelt-century")  # both models learned from it; the other five networks have none
    assert own.startswith("No model of ealstm, tcn, transformer, itransformer, pyraformer that learned from")
    (other,) = told("cornbelt-ceres")
    assert other.startswith("first, second learned from cornbelt-century, not from cornbelt-ceres")
    assert "No model of any network that learned from cornbelt-ceres" in other


def test_one_reason_of_several_models_is_one_message() -> None:
    failed = {"a": "model a needs the driver(s) PH", "b": "model b needs the driver(s) PH", "c": "c.json is missing"}
    assert region.problems(failed) == {"needs the driver(s) PH": ["a", "b"], "c.json is missing": ["c"]}


# -- bad input --------------------------------------------------------------------------------------------
def test_no_model_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(sites=TWO)
    assert not app.exception and not app.error
    assert "No trained model is installed" in _said(app)


def test_a_damaged_model_is_an_error_and_the_page_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = untrained.save(tmp_path)
    card = weights.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "weights_sha256": "1" * 64}))
    weights.write_bytes(weights.read_bytes()[:200])
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(sites=TWO, years="2016-2016")
    _button(app, "Run").click().run()
    assert not app.exception
    assert any("safetensors" in box.value for box in app.error)
    assert "agroflux.region.result" not in app.session_state
    _button(app, "Clear").click().run()
    assert _picked(app) == [] and not app.exception


def test_a_link_with_unknown_counties_and_years_is_told() -> None:
    app = _open(sites="19027,00000", years="1901-1902")
    assert not app.exception and not app.error
    assert _picked(app) == ["19027"]
    assert "00000" in _said(app) and "1901" in _said(app)


def test_a_link_with_more_models_than_fit_takes_the_first_of_them_and_says_so(tmp_path: Path) -> None:
    for number in range(region.MOST_MODELS + 1):
        untrained.save(tmp_path, f"lstm-copy-{number:02d}", seed=number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", tmp_path)
        app = _open(model=",".join(f"lstm-copy-{number:02d}" for number in range(region.MOST_MODELS + 1)))
    assert not app.exception and not app.error
    assert len(app.multiselect(key="w.model").value) == region.MOST_MODELS
    assert f"the first {region.MOST_MODELS} are used" in _said(app)
