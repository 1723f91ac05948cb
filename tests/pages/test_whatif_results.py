"""What "What if" keeps and gives away: jobs and results that outlast what is picked, files that can be read alone.

The engine is replaced by one that answers at once, or not before it is told to.
"""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux.simulation import dssat, runs, workspace
from agroflux.simulation.runs import Case, Run
from agroflux.ui import show
from tests.pages.opened import open_page

LINK = {"sites": "19015", "years": "2000-2001", "whatif-1": "n_rate:0"}
_open = partial(open_page, "whatif")


@pytest.fixture(autouse=True)
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """An engine that waits while this is set; what it gives depends on county and crop alone."""
    held = threading.Event()

    def run_case(case: Case, *, timeout: float, stop: threading.Event) -> Run:
        while held.is_set():
            if stop.wait(0.01):
                raise workspace.CancelledError
        return _made(case)

    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    monkeypatch.setattr(runs, "run_case", run_case)
    monkeypatch.setattr(dssat, "engine", lambda: (Path("engine"), Path("data")))
    yield held
    held.clear()


def _made(case: Case) -> Run:
    first, last = case.years
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31", name="time")
    daily = pd.DataFrame(1.0, index=days, columns=list(runs.KEPT))
    daily["CROP"] = np.where(days.year % 2, 1.0, 0.0)
    years = pd.Index(range(first, last + 1), name="year")
    return Run(case, daily, pd.DataFrame({"Yield": 400.0, "Delta_SOC": 1.0}, index=years), kept=False)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Every CSV file that the page offers, by name."""
    held: dict[str, pd.DataFrame] = {}

    def keep(frame: pd.DataFrame, name: str, *_: object, **__: object) -> None:
        held.update({name: frame} if name.startswith("whatif-") else {})

    monkeypatch.setattr(show, "csv", keep)
    return held


def _press(app: AppTest, label: str) -> AppTest:
    (found,) = [button for button in app.button if button.label.startswith(label)]
    return found.click().run()


def _finish(app: AppTest, kind: str) -> AppTest:
    app.session_state["agroflux.whatif.jobs"][kind][1].wait()
    return app.run()


def _labels(app: AppTest) -> list[str]:
    return [button.label.partition(":")[0] for button in app.button]


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for kind in (app.info, app.caption, app.error) for box in kind)


# -- jobs and results outlast what is picked -----------------------------------------------------------


def test_a_job_that_runs_can_be_watched_and_ended_whatever_is_picked_since(hold: threading.Event) -> None:
    hold.set()
    app = _press(_open(**LINK | {"whatif-1": "tillage:none"}), "Simulate")
    job = app.session_state["agroflux.whatif.jobs"]["scenarios"][1]
    assert "Cancel" in _labels(app)
    app.selectbox(key="w.soil").set_value("ceres").run()
    assert "cannot run these scenarios" in _said(app) and "Simulate" not in _labels(app)
    assert "Cancel" in _labels(app) and app.get("progress")
    _press(app, "Clear")
    assert "No county is picked yet" in _said(app) and "Simulate" not in _labels(app)
    assert "Cancel" in _labels(app) and app.get("progress") and job.running
    _press(app, "Cancel")
    job.wait()
    app.run()
    assert not app.exception and "was cancelled" in _said(app)
    assert "Cancel" not in _labels(app)


def test_the_rates_can_be_ended_without_a_county_too(hold: threading.Event) -> None:
    hold.set()
    app = _press(_press(_open(**LINK), "Run the rates"), "Clear")
    assert not app.exception and "Cancel" in _labels(app) and "Run the rates" not in _labels(app)
    _press(app, "Cancel")
    assert app.session_state["agroflux.whatif.jobs"]["rates"][1].cancelled


def test_a_result_stays_where_the_next_question_cannot_be_run() -> None:
    app = _finish(_press(_open(**LINK | {"whatif-1": "tillage:none"}), "Simulate"), "scenarios")
    app = _finish(_press(app, "Run the rates"), "rates")
    assert "1 county, 2000-2001" in [heading.value for heading in app.subheader]
    for change in (lambda: app.selectbox(key="w.soil").set_value("ceres").run(), lambda: _press(app, "Clear")):
        change()
        assert not app.exception and not app.error
        assert "1 county, 2000-2001" in [heading.value for heading in app.subheader]
        assert "Soil model of all runs: CENTURY" in _said(app)
        assert "The result below belongs to an earlier choice" in _said(app)
        assert "The curve below belongs to an earlier choice" in _said(app)
        assert "Simulate again" not in _said(app), "it cannot be"


def test_without_a_county_and_a_job_there_is_nothing_to_start() -> None:
    app = _open(years="2000-2001")
    assert not {"Simulate", "Run the rates", "Cancel"} & {*_labels(app)}
    assert [heading.value for heading in app.subheader] == ["Scenarios"]


# -- files that can be read alone ------------------------------------------------------------------------

TOLD = {"soil_model": "century", "years": "2000-2001", "simulated": "yes"}


def _only(table: pd.DataFrame, *columns: str) -> list[list[object]]:
    return table[list(columns)].drop_duplicates().to_numpy().tolist()


def test_the_years_say_units_change_rate_years_and_soil_model(files: dict[str, pd.DataFrame]) -> None:
    _finish(_press(_open(**LINK | {"whatif-2": "n_rate:84~tillage:none"}), "Simulate"), "scenarios")
    table = files["whatif-yearly-2000-2001-century"]
    assert list(table.columns) == [
        "site", "label", "year", "crop", "corn_yield [t ha-1]", "soybean_yield [t ha-1]", "n2o [kg N ha-1 yr-1]",
        "gpp [g C m-2 yr-1]", "nee [g C m-2 yr-1]", "delta_soc [g C m-2 yr-1]", "change", "n_rate_kg_n_ha", *TOLD,
    ]  # fmt: skip
    assert _only(table, "label", "change", "n_rate_kg_n_ha") == [
        ["Baseline", "usual practice", 168.0],
        ["Scenario 1", "0 kg N ha-1", 0.0],
        ["Scenario 2", "84 kg N ha-1, tillage: none", 84.0],
    ]
    assert _only(table, *TOLD) == [list(TOLD.values())]


def test_the_curve_says_units_counties_years_and_soil_model(files: dict[str, pd.DataFrame]) -> None:
    _finish(_press(_open(**LINK | {"sites": "19015,19027"}), "Run the rates"), "rates")
    table = files["whatif-trade-off-2000-2001-century"]
    assert list(table.columns) == [
        "n_rate_kg_n_ha", "corn_yield [t ha-1]", "n2o [kg N ha-1 yr-1]", "n2o_per_grain [kg N t-1]", "change", "sites",
        *TOLD,
    ]  # fmt: skip
    assert _only(table, "sites", *TOLD) == [["19015; 19027", *TOLD.values()]]
    assert dict(_only(table, "n_rate_kg_n_ha", "change"))[56.0] == "56 kg N ha-1"
    assert dict(_only(table, "n_rate_kg_n_ha", "change"))[168.0] == "usual practice"


def test_other_years_and_soil_models_are_other_files(files: dict[str, pd.DataFrame]) -> None:
    app = _open(**LINK | {"years": "2000-2000"})
    for soil in ("century", "ceres"):
        app = app.selectbox(key="w.soil").set_value(soil).run()
        app = _finish(_press(app, "Simulate"), "scenarios")
    made = {name for name in files if name.startswith("whatif-yearly")}
    assert made == {"whatif-yearly-2000-century", "whatif-yearly-2000-ceres"}
    assert _only(files["whatif-yearly-2000-ceres"], "soil_model", "years") == [["ceres", "2000"]]


def test_the_emulated_answer_says_model_counties_years_and_what_the_model_learned(
    files: dict[str, pd.DataFrame],
) -> None:
    joint = "lstm-cornbelt-century-and-cornbelt-ceres"
    app = _open(**LINK | {"whatif-2": "planting:7", "years": "2000-2002"})
    assert "2 of 3 years grew" in _said(app), "its means lean to a crop too"
    learned = {"lstm-cornbelt-century": ("century", "no"), joint: ("century; ceres", "no")}
    learned["lstm-randomised-hidden30"] = ("century", "yes")
    for model, (soil, synthetic) in learned.items():
        app = app.selectbox(key="w.whatif-model").set_value(model).run()
        assert not app.exception and not app.error
        table = files[f"whatif-emulated-2000-2002-{model}"]
        assert _only(table, "Scenario", "change", "n_rate_kg_n_ha") == [
            ["Baseline", "usual practice", 168.0],
            ["Scenario 1", "0 kg N ha-1", 0.0],
        ]
        told = ["sites", "model", "soil_model", "years", "synthetic"]
        assert list(table.columns)[-7:] == ["change", "n_rate_kg_n_ha", *told]
        assert _only(table, *told) == [["19015", model, soil, "2000-2002", synthetic]]
