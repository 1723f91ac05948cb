"""The page "What if" with the real engine: what it shows is what the package computes; links, files, empty states."""

import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from agroflux.data import catalog
from agroflux.errors import SimulationError
from agroflux.evaluation import compare
from agroflux.simulation import dssat, effects, runs
from agroflux.simulation.earlier import SOIL_MODEL_OF
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import USUAL, Change
from agroflux.ui import cache, whatif_emulator, whatif_panels
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
YEARS = (2000, 2001)
LINK = {"sites": "19015", "years": "2000-2001", "whatif-1": "n_rate:0"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user folder of its own, so that nothing is kept from another test."""
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    yield


_open = partial(open_page, "whatif")


def _button(app: AppTest, label: str) -> Button:
    (found,) = [b for b in app.button if b.label.startswith(label)]
    return found


def _wait(app: AppTest, kind: str) -> AppTest:
    job = app.session_state["agroflux.whatif.jobs"][kind][1]
    end = time.monotonic() + 60
    while job.running and time.monotonic() < end:
        time.sleep(0.05)
    return app.run()


def _texts(app: AppTest) -> str:
    return " ".join(e.value for kind in (app.info, app.caption, app.warning, app.error, app.markdown) for e in kind)


def test_the_page_opens_empty_and_says_that_all_is_simulated() -> None:
    app = _open()
    assert not app.exception and not app.error
    assert "Simulated, not measured" in _texts(app)
    assert "No county is picked yet" in _texts(app)


def test_the_emulator_has_a_name_of_its_own_and_leaves_the_models_of_a_region_alone() -> None:
    models = cache.models()
    app = _open(**LINK)
    assert "model" not in app.query_params
    picked = app.selectbox(key="w.whatif-model").set_value(models[1]["id"]).run()
    assert picked.query_params["whatif-model"] == models[1]["id"]
    assert "model" not in picked.session_state["agroflux.chosen"]


@linux
def test_a_run_shows_what_the_package_computes_beside_the_emulator() -> None:
    app = _open(**LINK | {"years": "2000-2003"})
    assert not app.exception and not app.error
    assert "Run the simulation to see" in _texts(app)
    emulated = app.dataframe[0].value
    assert list(emulated.columns) == ["Scenario", "Quantity", "Emulated", "Emulated difference"]
    apart = emulated.set_index("Scenario").loc[["Baseline", "Scenario 1"]].groupby("Quantity", sort=False)
    for _, pair in apart:
        assert pair["Emulated difference"].tolist()[1] == pytest.approx(pair["Emulated"].diff().iloc[1])
    app = _wait(_button(app, "Simulate: 2 runs").click().run(), "scenarios")
    assert not app.exception and not app.error
    made = {c: runs.run_case(Case("19015", (2000, 2003), c)) for c in (USUAL, Change(n_rate=0))}
    assert all(run.kept for run in made.values()), "the page runs the very same cases"
    means = effects.means(effects.yearly(made.values()))
    shown = app.dataframe[0].value.set_index("Quantity")
    n2o = next(name for name in shown.index if name.startswith("N₂O"))
    assert shown.loc[n2o, "Baseline"] == pytest.approx(means["n2o"].iloc[0])
    assert shown.loc[n2o, "Scenario 1, difference"] == pytest.approx(means["n2o"].iloc[1] - means["n2o"].iloc[0])
    table = effects.yearly(made.values())
    by_year = table.pivot_table(index=["crop", "year"], columns="label", values="n2o", sort=False)
    change = (by_year.iloc[:, 1] - by_year.iloc[:, 0]).groupby("crop")
    ends = {crop: f"{of.min():+.2g} to {of.max():+.2g}".replace("-", "\u2212") for crop, of in change}
    assert f"(corn years {ends['corn']}, soybean years {ends['soybean']})" in _texts(app)
    assert "N₂O emission: \u2212" in _texts(app) and "lean to" not in _texts(app)
    beside = app.dataframe[1].value
    error = beside["Emulated"] - beside["Simulated"]
    assert beside["Emulator error"].to_numpy() == pytest.approx(error.to_numpy())
    assert "earlier choice" not in _texts(app)


@linux
def test_a_scenario_that_the_soil_model_cannot_follow_is_told() -> None:
    app = _open(**LINK | {"soil": "ceres", "whatif-1": "tillage:none"})
    assert not app.exception
    assert any("use tillage=reduced, or the soil model century" in text.value for text in app.info)
    assert not [b for b in app.button if b.label.startswith("Simulate")]


@linux
def test_the_soil_model_of_the_link_runs_and_is_not_held_against_another_models_emulator() -> None:
    app = _open(**LINK | {"soil": "ceres"})
    app = _wait(_button(app, "Simulate: 2 runs").click().run(), "scenarios")
    assert not app.exception and not app.error
    run = runs.run_case(Case("19015", YEARS, USUAL, "ceres"))
    assert run.kept, "the page ran CERES"
    shown = app.dataframe[0].value.set_index("Quantity")
    n2o = next(name for name in shown.index if name.startswith("N₂O"))
    assert shown.loc[n2o, "Baseline"] == pytest.approx(effects.means(effects.yearly([run]))["n2o"].iloc[0])
    if "did not learn from the CERES" in _texts(app):
        assert "Emulator error" not in app.dataframe[1].value
    assert "CERES" in _texts(app)


def _card(data: dict[str, str]) -> dict[str, object]:
    return {"id": "one", "data": data}


@pytest.mark.parametrize(
    ("data", "soils"),
    [
        ({"id": "cornbelt-ceres"}, ("ceres",)),
        ({"id": "cornbelt-century+cornbelt-ceres"}, ("century", "ceres")),
        ({"id": "random", "title": "Random fields, DSSAT with CENTURY soil carbon (synthetic)"}, ("century",)),
        ({"id": "towers", "title": "Towers"}, ()),
    ],
)
def test_soil_models_are_told_by_the_data_that_a_model_learned_from(
    data: dict[str, str], soils: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "models", lambda: [_card(data)])
    assert whatif_emulator.soil_models("one") == soils
    assert whatif_emulator.learned_from("one") == (soils[0] if len(soils) == 1 else "")


@pytest.mark.parametrize("name", sorted(SOIL_MODEL_OF))
def test_the_title_that_a_simulation_gets_tells_its_soil_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = catalog.open_dataset(name)
    monkeypatch.setattr(cache, "models", lambda: [_card({"id": "another", "title": str(ds.attrs["title"])})])
    assert whatif_emulator.soil_models("one") == (ds.attrs["simulator"],)


@pytest.mark.parametrize(
    ("learned", "said"),
    [
        (("century",), ""),
        (("ceres",), "did not learn from the CENTURY soil model"),
        (("century", "ceres"), "learned from both soil models and answers between them"),
        ((), "It is not known from which soil model"),
    ],
)
def test_why_an_emulator_stands_alone(learned: tuple[str, ...], said: str) -> None:
    assert said in whatif_panels._apart(learned, "century")
    assert bool(said) == bool(whatif_panels._apart(learned, "century"))


@pytest.mark.parametrize("soil", ["century", "ceres"])
def test_an_emulator_of_both_soil_models_is_not_said_to_know_neither(soil: str) -> None:
    joint = "lstm-cornbelt-century-and-cornbelt-ceres"
    app = _open(**LINK | {"soil": soil, "whatif-model": joint, "whatif-2": "planting:7"})
    assert not app.exception and not app.error
    assert app.selectbox(key="w.whatif-model").value == joint
    assert "did not learn from" not in _texts(app) and "learned from both soil models" in _texts(app)
    assert "Scenario 2: not emulated" in _texts(app) and "has learned" not in _texts(app)


def test_an_emulator_of_random_fields_learned_from_the_soil_model_that_their_title_names() -> None:
    app = _open(**LINK | {"whatif-model": "lstm-randomised-hidden30"})
    assert not app.exception and not app.error
    assert app.selectbox(key="w.whatif-model").value == "lstm-randomised-hidden30"
    assert "did not learn from" not in _texts(app) and "Run the simulation to see" in _texts(app)


@linux
def test_levers_change_the_link_and_the_result_is_then_said_to_be_old() -> None:
    app = _wait(_button(_open(**LINK), "Simulate").click().run(), "scenarios")
    app.selectbox(key="whatif.1.n_kind").set_value("ammonia").run()
    assert app.query_params["whatif-1"] == "n_rate:0~n_kind:ammonia"
    assert app.selectbox(key="whatif.1.n_placement").options == ["Injected (usual)"]
    assert "belongs to an earlier choice" in _texts(app)
    assert "Scenario 1: not emulated" in _texts(app)
    app.button(key="whatif-1.reset").click().run()
    assert app.query_params["whatif-1"] == "usual"
    assert "All scenarios are as usual" in _texts(app)


@linux
def test_a_trade_off_curve_of_other_years_is_said_to_be_old_and_names_its_own() -> None:
    app = _wait(_button(_open(**LINK), "Run the rates").click().run(), "rates")
    assert not app.exception and not app.error
    assert "Boone, IA, 2000-2001, CENTURY" in _texts(app).replace("\\", "")
    app.selectbox(key="whatif.1.n_kind").set_value("ammonia").run()
    assert "earlier choice" not in _texts(app), "a scenario is no part of the curve"
    app.select_slider(key="w.years").set_value((2000, 2002)).run()
    assert "The curve below belongs to an earlier choice" in _texts(app)
    assert "Boone, IA, 2000-2001, CENTURY" in _texts(app).replace("\\", "")


def test_failed_runs_are_told_with_counties_reason_and_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(case: Case, *, timeout: float, stop: object) -> runs.Run:
        raise SimulationError(f"the engine did not finish within {timeout:g} s")

    monkeypatch.setattr(runs, "run_case", slow)
    monkeypatch.setattr(dssat, "engine", lambda: (Path("engine"), Path("data")))
    app = _open(**LINK | {"sites": "19015,19027"})
    app = _wait(_button(app, "Simulate: 4 runs").click().run(), "scenarios")
    (told,) = (error.value.replace("\\", "") for error in app.error)
    assert "4 of 4 runs failed, in Boone, IA; Carroll, IA: the engine did not finish within 300 s." in told
    assert "Press the button again" in told


@linux
def test_two_scenarios_that_ask_for_the_same_are_run_once_and_said_to_be_the_same() -> None:
    app = _open(**LINK | {"whatif-3": "n_rate:0"})
    assert not app.exception and not app.error, "the emulator answers them once too"
    assert list(dict.fromkeys(app.dataframe[0].value["Scenario"])) == ["Baseline", "Scenario 1"]
    app = _wait(_button(app, "Simulate: 2 runs").click().run(), "scenarios")
    assert not app.exception and not app.error
    assert "- As Scenario 1" in _texts(app)


@linux
def test_one_year_is_written_once_and_has_no_range() -> None:
    app = _open(**LINK | {"years": "2000-2000"})
    app = _wait(_button(app, "Simulate").click().run(), "scenarios")
    assert not app.exception and not app.error
    assert "1 county, 2000" in [heading.value for heading in app.subheader]
    assert "in one year; four years or more show how much the weather decides" in _texts(app)
    assert "Only soybean grew: this is not the mean of the rotation" in _texts(app)


def test_a_week_stands_at_its_monday_as_on_the_other_pages() -> None:
    days = pd.date_range("2001-01-01", "2001-01-28", name="time")  # a Monday to a Sunday
    daily = pd.Series(range(28), index=days, dtype=float)
    sites = pd.concat({"19015": daily.to_frame("flux")}, names=["site"])
    expected = compare.site_mean(compare.aggregate(sites, "weekly"))["flux"]
    pd.testing.assert_series_equal(
        whatif_panels._stepped(daily, "weekly"), expected, check_names=False, check_freq=False, check_index_type=False
    )


@linux
def test_cancel_ends_the_engines_and_the_page_says_so() -> None:
    app = _open(**LINK | {"years": "2000-2018", "sites": "19015,19027,19153"})
    app = _button(app, "Simulate").click().run()
    app.button(key="whatif.cancel.scenarios").click().run()
    app = _wait(app, "scenarios")
    assert "was cancelled" in _texts(app) and not app.exception


def test_a_link_that_cannot_be_read_is_noted() -> None:
    app = _open(**LINK | {"whatif-1": "n_rate:9999"})
    assert any("whatif" in w.value for w in app.warning)
    assert app.query_params["whatif-1"] == "n_rate:84"


def test_a_file_with_scenarios_is_taken_over_and_a_bad_one_is_named() -> None:
    app = _open(**LINK)
    (upload,) = app.file_uploader
    bad = upload.set_value(("mine.yaml", b"n_rate: much", "application/yaml")).run()
    assert any("is not a number" in e.value for e in bad.error)
    good = bad.file_uploader[0].set_value(("mine.yaml", b"tillage: none", "application/yaml")).run()
    app = _button(good, "Use its scenarios").click().run()
    assert app.query_params["whatif-1"] == "tillage:none"


def test_without_an_engine_the_emulator_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise SimulationError("the DSSAT executable runs on Linux only")

    monkeypatch.setattr(dssat, "engine", none)
    app = _open(**LINK)
    assert not app.exception
    assert "The process model cannot run here" in _texts(app)
    assert "Emulated" in app.dataframe[0].value
    assert not [b for b in app.button if b.label.startswith("Simulate")]


def test_without_a_county_the_link_holds_the_rest_and_what_it_asked_for_in_vain_is_told() -> None:
    app = _open(sites="99999", years="2000-2001", whatif_1="n_rate:0")
    assert "No county is picked yet" in " ".join(str(box.value) for box in app.info)
    assert "sites = 99999" in " ".join(str(box.value) for box in app.warning)
    assert "sites" not in app.query_params and app.query_params["years"] == "2000-2001"
    assert app.query_params["whatif-1"] == "n_rate:0"


def test_a_county_that_is_taken_out_leaves_the_link_too() -> None:
    app = _open(**LINK)
    assert app.query_params["sites"] == "19015"
    _button(app, "Clear").click().run()
    assert "sites" not in app.query_params


def test_a_model_that_was_adapted_to_fewer_targets_is_no_emulator() -> None:
    box = next(box for box in _open(**LINK).selectbox if box.label == "Emulator")
    adapted = [card["title"] for card in cache.models() if card["training"].get("targets_left_alone")]
    assert adapted, "two ship"
    assert "LSTM" in box.options[0] and not {*adapted} & {*box.options}
