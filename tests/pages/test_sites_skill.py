"""The layer of a model's skill: what the picker may cut off on a telephone stands above the map."""

import json

from agroflux import paths
from agroflux.ui import sites_skill


def test_seed_scope_and_fold_of_a_model_are_told_above_the_map() -> None:
    row = json.loads((paths.MODELS / "skill.json").read_text())[0] | {"seed": 7, "scored_on": "bundle"}
    assert "temporal experiment, seed 7, scored on the bundled data: " in sites_skill.layer(row, "GPP", "r2").detail
    folded = sites_skill.layer({**row, "fold": 3}, "GPP", "r2").detail
    assert "experiment, fold 3, seed 7, scored on" in folded


def test_a_picker_has_room_for_the_longest_name_of_a_model() -> None:
    rows = json.loads((paths.MODELS / "skill.json").read_text())
    longest = max(len(sites_skill.title(row)) for row in rows)
    assert 7 * longest + 60 <= sites_skill._WIDTH, "7 px a letter, and the arrow"
