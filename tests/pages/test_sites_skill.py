"""The layer of a model's skill: what the picker may cut off on a telephone stands above the map."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.ui import sites_skill
from tests.pages.opened import open_page, said

DATA = "cornbelt-century"
N2O_BIAS = "Bias of N₂O flux [g N m⁻² d⁻¹]"


def _row(model: str = "lstm-cornbelt-century") -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads((paths.MODELS / "skill.json").read_text())
    return next(row for row in rows if row["model"] == model and row["data"] == DATA)


def _open(row: dict[str, Any], variable: str = "N2O_FLUX", metric: str = "bias") -> AppTest:
    app = open_page("sites", var=variable, sites_layer="skill", sites_metric=metric, sites_model=sites_skill.title(row))
    assert not app.exception and not app.error
    return app


def _facts(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def test_seed_scope_and_fold_of_a_model_are_told_above_the_map() -> None:
    row = json.loads((paths.MODELS / "skill.json").read_text())[0] | {"seed": 7, "scored_on": "bundle"}
    assert "temporal experiment, seed 7, scored on the bundled data: " in sites_skill.layer(row, "GPP", "r2").detail
    folded = sites_skill.layer({**row, "fold": 3}, "GPP", "r2").detail
    assert "experiment, fold 3, seed 7, scored on" in folded


def test_a_picker_has_room_for_the_longest_name_of_a_model() -> None:
    rows = json.loads((paths.MODELS / "skill.json").read_text())
    longest = max(len(sites_skill.title(row)) for row in rows)
    assert 7 * longest + 60 <= sites_skill._WIDTH, "7 px a letter, and the arrow"


def test_small_biases_keep_their_digits_and_the_table_says_of_what_and_whose_they_are() -> None:
    row = _row()
    frame = next(one for one in _open(row).dataframe if "County" in one.value)
    assert list(frame.value.columns) == ["County", N2O_BIAS, "Model"]
    assert set(frame.value["Model"]) == {row["model"]}
    numbers = json.loads(frame.proto.columns)[N2O_BIAS]
    assert numbers["type_config"]["format"] == "%.4g"


def test_of_a_bias_the_outermost_counties_and_the_best_are_told_apart() -> None:
    row = _row()
    facts = _facts(_open(row))
    bias = np.array(row["targets"]["N2O_FLUX"]["bias"], float)
    assert bias.min() < 0
    assert ("Most above" in facts) == (bias.max() > 0) and "Most below" in facts and "Nearest to zero" in facts
    assert "Highest" not in facts and "Lowest" not in facts
    least = np.format_float_positional(np.abs(bias).min(), precision=3, unique=False, fractional=False)
    assert f"{least}, " in facts, "three digits, as the table has four"
    facts = _facts(_open(row, metric="rmse"))
    assert "Highest" in facts and "Nearest to zero" not in facts


@pytest.mark.parametrize("model", ["lstm-cornbelt-century", "climatology"])
def test_the_page_tells_on_how_much_a_score_of_a_county_rests_and_where_intervals_are(model: str) -> None:
    board = json.loads((paths.MODELS / "leaderboard.json").read_text())
    for target in ("N2O_FLUX", "Yield"):
        n = next(
            one["n"]
            for one in board
            if (one["model"], one["data"], one["target"], one["scored_on"]) == (model, DATA, target, "bundle")
        )
        told = said(_open(_row(model), target))
        assert f"is of 2 test years (2017-2018), {n / 99:,.0f} values on average. It has no interval" in told
        assert "the page Leaderboard has intervals" in told


def test_without_cards_and_leaderboard_nothing_is_made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _row()
    shutil.copy(paths.MODELS / "skill.json", tmp_path)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    (tmp_path / "leaderboard.json").write_text("[{")
    assert "The score of each county is of the test years alone. It has no interval" in said(_open(row))
