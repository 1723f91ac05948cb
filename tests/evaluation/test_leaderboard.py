"""The leaderboard's rows: kept, merged, ranked and shown."""

from pathlib import Path
from typing import Any

import pytest

from agroflux import paths
from agroflux.errors import DataError, SelectionError
from agroflux.evaluation import leaderboard


def row(model: str, r2: float, **other: Any) -> dict[str, Any]:
    """A row of a temporal run on the bundled data."""
    about = {
        "model": model, "data": "corn", "protocol": "clean", "experiment": "temporal", "fold": None, "seed": 0,
        "scored_on": "bundle", "target": "GPP", "architecture": model.split("-")[0], "preset": "recommended",
    }  # fmt: skip
    return about | {"n": 10, "r2": r2, "r2_low": r2 - 0.1, "r2_high": r2 + 0.1, "bias": -r2, "rmse": 1 - r2} | other


def test_rows_come_back_as_they_were_one_a_line(tmp_path: Path) -> None:
    assert leaderboard.read(tmp_path) == []
    rows = [row("tcn-corn", 0.25, target="Yield"), row("tcn-corn", 1 / 3, kge=float("nan")), row("lstm-corn", 0.5)]
    path = leaderboard.write(rows, tmp_path)
    assert len(path.read_text().splitlines()) == 5
    back = leaderboard.read(tmp_path)
    assert [(r["model"], r["target"]) for r in back] == [
        ("lstm-corn", "GPP"),
        ("tcn-corn", "GPP"),
        ("tcn-corn", "Yield"),
    ]
    assert back[1]["r2"] == 0.3333333
    assert back[1]["kge"] is None
    path.write_text("[{}]")
    with pytest.raises(DataError, match="make leaderboard"):
        leaderboard.read(tmp_path)
    path.write_text("[")
    with pytest.raises(DataError, match="cannot be read"):
        leaderboard.read(tmp_path)


def test_a_new_row_takes_the_place_of_its_elder_alone() -> None:
    old = [row("a-corn", 0.1), row("a-corn", 0.2, seed=1), row("a-corn", 0.3, scored_on="full")]
    merged = leaderboard.merge(old, [row("a-corn", 0.9)])
    assert sorted(r["r2"] for r in merged) == [0.2, 0.3, 0.9]


def test_rows_are_selected_and_a_wrong_wish_is_told_what_there_is() -> None:
    rows = [row("a-corn", 0.1), row("b-corn", 0.2, target="ET")]
    assert leaderboard.select(rows, target="ET", protocol=None) == rows[1:]
    with pytest.raises(SelectionError, match="there is ET, GPP"):
        leaderboard.select(rows, target="N2O")


def test_models_are_ranked_within_a_task_the_right_way_round() -> None:
    rows = [row("a-corn", 0.1), row("b-corn", 0.7), row("c-corn", 0.4), row("a-corn", 0.9, target="ET")]
    by_r2 = leaderboard.pooled(rows, "r2")
    assert [(r["target"], r["architecture"], r["rank"]) for r in by_r2] == [
        ("GPP", "b", 1), ("GPP", "c", 2), ("GPP", "a", 3), ("ET", "a", 1),
    ]  # fmt: skip
    assert (by_r2[0]["low"], by_r2[0]["high"]) == pytest.approx((0.6, 0.8))
    assert leaderboard.pooled(rows[:3], "rmse")[0]["architecture"] == "b"
    assert leaderboard.pooled(rows[:3], "bias")[0]["architecture"] == "a"  # the smallest by its size
    with pytest.raises(SelectionError, match="unknown metric"):
        leaderboard.better("skill", 1.0)


def test_biases_of_runs_that_cancel_do_not_rank_first() -> None:
    biases = {"opposite": (0.2, -0.2), "small": (0.05, 0.05)}
    rows = [row(f"{name}-s{k}", 0.5, seed=k, bias=b) for name, two in biases.items() for k, b in enumerate(two)]
    first, second = leaderboard.pooled(rows, "bias")
    assert (first["architecture"], first["rank"], first["value"], first["judged"]) == ("small", 1, 0.05, 0.05)
    assert (second["architecture"], second["value"], second["judged"]) == ("opposite", 0.0, 0.2)
    assert second["low"] == -0.2, "signs are kept in what is shown"
    assert "ranked by its mean size" in " ".join(leaderboard.notes([first, second]))
    assert "**0.05**" in leaderboard.markdown(rows, "bias") and "**0**" not in leaderboard.markdown(rows, "bias")


def test_networks_and_references_are_ranked_apart_on_the_bundled_data_alone() -> None:
    values = {"lstm": 0.4, "tcn": 0.3, "climatology": 0.6, "ridge": 0.5}
    for scored_on, ranks, bold in (("bundle", [1, 2, 1, 2], 2), ("full", [1, 2, 3, 4], 1)):
        rows = [row(name, r2, scored_on=scored_on) for name, r2 in values.items()]
        found = leaderboard.pooled(rows)
        assert [r["architecture"] for r in found] == ["climatology", "ridge", "lstm", "tcn"]
        assert [r["rank"] for r in found] == ranks
        text = leaderboard.markdown(rows)
        assert text.split("| model |")[1].count("**") == 2 * bold
        assert ("bundled training years alone" in text) == (scored_on == "bundle")
    assert leaderboard.notes(leaderboard.pooled([row("lstm", 0.4)])) == [], "there is no reference beside it"


def test_folds_are_pooled_into_their_mean_and_range() -> None:
    rows = [row(f"a-corn-f{k}", value, experiment="spatial", fold=k) for k, value in enumerate((0.2, 0.3, 0.7))]
    (found,) = leaderboard.pooled(rows)
    assert (found["value"], found["low"], found["high"], found["runs"]) == pytest.approx((0.4, 0.2, 0.7, 3))


def test_the_markdown_table_has_a_line_a_model_and_marks_the_best() -> None:
    rows = [row("a-corn", 0.1), row("b-corn", 0.7, preset="official"), row("a-corn", 0.5, target="Yield")]
    text = leaderboard.markdown(rows)
    assert "**corn, clean temporal, scored on the bundle data: r2**" in text
    assert "| model | GPP | Yield |" in text
    assert "| b (official) | **0.70** |  |" in text
    assert "| a | 0.10 | **0.50** |" in text


def test_the_tables_of_the_readmes_are_those_of_the_leaderboard() -> None:
    """As ``agroflux leaderboard --markdown`` prints them; a row that is scored again changes one."""
    board = leaderboard.read()
    shown = (
        {"scored_on": "full"},
        {"experiment": "spatial"},
        {"experiment": "spatial-state"},
        {"protocol": "clean", "experiment": "temporal", "scored_on": "subsample"},
        {"protocol": "official"},
    )
    made = {
        block
        for chosen in shown
        for block in leaderboard.markdown(leaderboard.select(board, **chosen)).split("\n\n")
        if block.startswith("| model |")
    }
    told = [
        block.strip()
        for file in (paths.ROOT / "README.md", paths.MODELS / "README.md")
        for block in file.read_text(encoding="utf-8").split("\n\n")
        if block.startswith("| model | CO2_FLUX")
    ]
    assert len(told) == 6
    assert [block for block in told if block not in made] == []
