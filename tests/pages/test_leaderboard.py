"""The page "Leaderboard": what is ranked, shown losing, opened and downloaded is what the rows say."""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths, schema
from agroflux.ui import leaderboard_panels
from tests.pages import scored, untrained
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent


def _rows() -> list[dict[str, Any]]:
    """Rows on the bundled data, which tell the speeds, and the same on the full data, with which the page opens."""
    bundled = scored.rows()
    return [*bundled, *(row | {"scored_on": "full"} for row in bundled)]


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one model and a leaderboard of made-up rows."""
    folder = tmp_path_factory.mktemp("models")
    untrained.save(folder)
    scored.save(folder, _rows())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "MODELS", folder)
        yield folder


_open = partial(open_page, "leaderboard")


def _said(app: AppTest) -> str:
    boxes = (*app.info, *app.warning, *app.error, *app.caption)
    return " ".join(str(box.value).replace("\\", "") for box in boxes)


def _figure(app: AppTest, number: int) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return spec


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """The page as it opens, for tests that only look."""
    return _open(var="GPP")


def test_models_are_ranked_with_intervals_and_the_loser_is_named(opened: AppTest) -> None:
    assert not opened.exception and not opened.error
    table = opened.dataframe[0].value
    assert table["Model"].tolist() == ["LSTM", "Climatology", "TCN"]
    assert table["Rank"].tolist() == [1, 2, 3]
    assert table["Against references"].tolist() == ["beats all", "reference", "loses to Climatology"]
    assert (table["Low"].iloc[0], table["High"].iloc[0]) == (pytest.approx(0.88), pytest.approx(0.92))
    assert opened.dataframe[0].proto.placeholder == "–"  # noqa: RUF001 # an en dash
    assert "does better here than TCN" in _said(opened)
    assert "bundled training years alone" not in _said(opened) and "references have a dash" not in _said(opened)
    assert "Figures of the benchmark's paper are not shown" in _said(opened)


def test_bars_speed_and_all_targets_are_drawn(opened: AppTest) -> None:
    bars, speed, heat = (_figure(opened, number) for number in range(3))
    assert {trace["name"] for trace in bars["data"]} == {"Network", "Network that a reference beats", "Reference"}
    assert bars["layout"]["shapes"][0]["x0"] == 0.6, "the best reference"
    assert speed["layout"]["xaxis"]["type"] == "log"
    assert len(heat["data"][0]["y"]) == 20 and heat["data"][0]["x"] == ["LSTM", "TCN", "<i>Climatology</i>"]


def test_small_errors_rank_first_and_carry_their_unit() -> None:
    app = _open(var="GPP", leaderboard_metric="rmse")
    table = app.dataframe[0].value
    assert table["Model"].tolist() == ["TCN", "Climatology", "LSTM"]
    assert table.columns[2] == "RMSE [g C m⁻² d⁻¹]"
    assert app.query_params["leaderboard-metric"] == "rmse"


def test_on_the_bundled_data_networks_and_references_are_not_held_against_each_other() -> None:
    """References learned there from the bundled years alone, networks from all of theirs."""
    app = _open(var="GPP", leaderboard_scored_on="bundle")
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert table["Model"].tolist() == ["LSTM", "Climatology", "TCN"]
    assert table["Against references"].tolist() == ["not comparable", "reference", "not comparable"]
    ranks = table["Rank"]
    assert ranks[ranks.notna()].tolist() == [1, 2] and ranks.isna().tolist() == [False, True, False]
    assert "Ranks are among networks: references have a dash." in _said(app)
    assert "references learned from the bundled training years alone" in _said(app)
    assert "does better here" not in _said(app)
    bars = _figure(app, 0)
    assert {trace["name"] for trace in bars["data"]} == {"Network", "Reference"}
    assert not bars["layout"].get("shapes")


def test_biases_of_seeds_that_cancel_neither_rank_first_nor_beat_a_reference_nor_look_small(models: Path) -> None:
    biases = {"lstm": (0.2, -0.2), "tcn": (0.05, -0.06), "climatology": (0.1, 0.1)}
    rows = [
        scored.row(name, "GPP", 0.5, seed=seed, bias=bias, scored_on="full")
        for name, both in biases.items()
        for seed, bias in enumerate(both)
    ]
    scored.save(models, rows)
    try:
        app = _open(var="GPP", leaderboard_metric="bias")
        assert not app.exception and not app.error
        table = app.dataframe[0].value.set_index("Model")
        assert list(table.index) == ["TCN", "Climatology", "LSTM"]
        assert table["Bias [g C m⁻² d⁻¹]"].tolist() == pytest.approx([-0.005, 0.1, 0.0])
        assert table["Mean size [g C m⁻² d⁻¹]"].tolist() == pytest.approx([0.055, 0.1, 0.2])
        assert table["Against references"].tolist() == ["beats all", "reference", "loses to Climatology"]
        assert "Bias is ranked by its mean size over runs" in _said(app)
        (layer,) = _figure(app, 1)["data"]  # no speed was measured on the bundled data
        colour = np.frombuffer(base64.b64decode(layer["z"]["bdata"]), layer["z"]["dtype"])
        coloured = dict(zip(layer["x"], colour.tolist(), strict=True))
        assert coloured == pytest.approx({"LSTM": 0.4, "TCN": -0.11, "<i>Climatology</i>": 0.2})
        assert layer["text"][0] == ["0.00", "\u22120.005", "0.10"]
    finally:
        scored.save(models, _rows())


def test_a_row_opens_its_command_and_its_card(opened: AppTest) -> None:
    assert opened.code[0].value == "agroflux evaluate --model lstm --target GPP"
    assert len(opened.json) == 1 and untrained.ID in opened.json[0].value
    assert "The table has the mean of" not in _said(opened), "one run is its own mean"
    facts = "".join(element.proto.body for element in opened.get("html"))
    assert "<th>Memory</th><td>730 days</td>" in facts
    app = _open(var="GPP", leaderboard_model="Climatology")
    assert app.code[0].value == "agroflux evaluate --model climatology --target GPP"
    assert len(app.json) == 0 and "A reference is fitted anew" in _said(app)


def test_without_a_reference_no_model_beats_one(models: Path) -> None:
    scored.save(models, [scored.row("lstm", "GPP", 0.6)])
    try:
        app = _open(var="GPP")
        assert app.dataframe[0].value["Against references"].tolist() == ["none was scored"]
        assert "No simple reference was scored" in _said(app)
    finally:
        scored.save(models, _rows())


def test_the_marked_row_is_that_of_the_card_when_rows_change_their_places() -> None:
    def marked(app: AppTest) -> str:
        (row,) = app.session_state["leaderboard.table"]["selection"]["rows"]
        return str(app.dataframe[0].value["Model"].iloc[row])

    app = _open(var="GPP", leaderboard_model="LSTM")
    assert (marked(app), app.dataframe[0].value["Model"].iloc[0]) == ("LSTM", "LSTM")
    app.selectbox(key="w.leaderboard-metric").set_value("rmse").run()
    assert (marked(app), app.dataframe[0].value["Model"].iloc[0]) == ("LSTM", "TCN")
    app.selectbox(key="w.leaderboard-model").set_value("Climatology").run()
    assert marked(app) == "Climatology" and "climatology" in app.code[0].value
    assert not app.exception and not app.error


def test_a_link_to_what_was_not_scored_is_told() -> None:
    app = _open(var="GPP", leaderboard_protocol="official", leaderboard_metric="luck")
    assert not app.exception and not app.error
    assert "official" in _said(app) and "luck" in _said(app)


def test_runs_are_averaged_and_each_has_its_command(models: Path) -> None:
    folds = [scored.row("lstm", "GPP", 0.6 + fold / 10, fold=fold, command=f"fold {fold}") for fold in range(3)]
    scored.save(models, [*folds, scored.row("climatology", "GPP", 0.5, fold=0)])
    try:
        app = _open(var="GPP")
        table = app.dataframe[0].value.set_index("Model")
        assert table.loc["LSTM", "R²"] == pytest.approx(0.7) and table.loc["LSTM", "Runs"] == 3
        assert table.loc["LSTM", "Low"] == pytest.approx(0.6) and table.loc["LSTM", "High"] == pytest.approx(0.8)
        assert "Not every model was run on the same folds" in _said(app)
        run = next(box for box in app.selectbox if box.label == "Run")
        assert "The table has the mean of 3 runs (R² 0.7)" in _said(app) and "of the one run that is picked" in _said(
            app
        )
        run.set_value("2-0-lstm-untrained").run()
        assert app.code[0].value == "fold 2"
    finally:
        scored.save(models, _rows())


def test_what_is_said_of_intervals_and_speeds_is_true_of_the_rows_in_view(models: Path, opened: AppTest) -> None:
    assert "interval of a bootstrap" in _said(opened) and "Left out" not in _said(opened)
    speeds: tuple[tuple[str, float, dict[str, Any]], ...] = (
        ("lstm", 0.6, {}),
        ("climatology", 0.5, {"site_years_per_second": None}),
        ("ridge", -1.5, {}),
    )
    every = [scored.row(name, "GPP", r2, fold=fold, **about) for name, r2, about in speeds for fold in range(2)]
    scored.save(models, every)
    try:
        said = _said(_open(var="GPP"))
        assert "interval of a bootstrap" not in said and "lowest and highest run" in said
        assert "Left out: Climatology (no speed was measured), Ridge (below -1)." in said
    finally:
        scored.save(models, _rows())


def test_speeds_are_those_of_the_bundled_data_whatever_the_rows_in_view_took(models: Path) -> None:
    """Rows of other scopes were scored on busy and on idle machines."""
    bundled = [scored.row("lstm", "GPP", 0.9, data=data) for data in ("cornbelt-century", "cornbelt-ceres")]
    bundled[1]["site_years_per_second"] = 600.0
    full = scored.row("lstm", "GPP", 0.9, scored_on="full", site_years_per_second=7.0)
    other = scored.row("tcn", "GPP", 0.8, scored_on="full", site_years_per_second=9.0, preset="official")
    scored.save(models, [*bundled, full, other])
    try:
        app = _open(var="GPP")
        assert next(box for box in app.selectbox if box.label == "Scored on").value == "full"
        table = app.dataframe[0].value.set_index("Model")
        assert table.loc["LSTM", "Site-years s⁻¹"] == pytest.approx(500.0)
        assert pd.isna(table.loc["TCN, official", "Site-years s⁻¹"])
        assert "TCN, official (no speed was measured)" in _said(app)
    finally:
        scored.save(models, _rows())


def test_data_that_are_not_in_the_catalog_are_told_by_the_model_that_learned_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained.save(tmp_path)
    card = tmp_path / f"{untrained.ID}.json"
    about = {"id": "random", "title": "Random <b>fields</b>", "licence": "CC0-1.0", "citation": "Nobody (2020)"}
    card.write_text(json.dumps(json.loads(card.read_text()) | {"data": about, "synthetic": True}))
    scored.save(tmp_path, [row | {"data": "random"} for row in scored.rows()])
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(var="GPP")
    assert not app.exception and not app.error
    assert app.selectbox(key="w.data").options == ["Random <b>fields</b>"]
    assert "Synthetic data in view:** Random <b>fields</b>" in _said(app)
    assert "Nobody \\(2020\\) Licence: CC0\\-1.0" in " ".join(m.value for m in app.markdown)


def test_the_file_of_rows_has_the_unit_of_each_target(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[pd.DataFrame] = []
    monkeypatch.setattr(leaderboard_panels.show, "csv", lambda frame, *_, **__: files.append(frame))
    app = _open()
    assert not app.exception and not app.error
    assert files[-1]["unit"].tolist() == [schema.get(target).unit for target in files[-1]["target"]]


def test_no_leaderboard_and_a_damaged_one_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open()
    assert not app.exception and not app.error and "No model has been scored yet" in _said(app)
    (tmp_path / "leaderboard.json").write_text("[{")
    app = _open()
    assert not app.exception
    assert "leaderboard.json cannot be read" in app.error[0].value.replace("\\", "")


def test_the_shipped_leaderboard_opens_with_unseen_years_on_the_full_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", ROOT / "models")
    chosen = {box.label: box.value for box in _open().selectbox}
    assert (chosen["Experiment"], chosen["Scored on"]) == ("temporal", "full")
