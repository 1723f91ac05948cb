"""The search for settings: performed on a tiny data set, called again, told in the cards; test years are not read."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint, registry
from agroflux.data import splits
from agroflux.data.store import write_store
from agroflux.data.subsample import Subsample
from agroflux.errors import DataError, ModelError
from agroflux.evaluation import leaderboard
from agroflux.training import recipes, search
from tests.synthetic_contract import tiny

PART = Subsample((0.0,))


def test_every_candidate_is_a_change_that_its_network_knows() -> None:
    assert set(search.CANDIDATES) == set(registry.names())
    for model, candidates in search.CANDIDATES.items():
        every = (search.Candidate(), *candidates)  # what is recommended is tried too, and none of them twice
        tried = [(registry.configuration(model, **c.settings), recipes.recipe(model, **c.training)) for c in every]
        assert all(pair not in tried[:n] for n, pair in enumerate(tried))
        for candidate in candidates:
            registry.build(model, **candidate.settings)


def test_a_longer_search_takes_the_best_of_a_shorter_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = tmp_path / "tiny.zarr", tmp_path / "models"
    write_store(tiny(4, 2, 7), data)
    monkeypatch.setitem(search.CANDIDATES, "lstm", (search.Candidate({"hidden": 4}), search.Candidate({"hidden": 2})))

    def hidden(minutes: float, best: int | None) -> list[int]:
        rows, _ = search.run(["lstm"], data, out, tmp_path / "work", minutes=minutes, part=PART, best=best)
        return sorted(row["settings"]["hidden"] for row in rows)

    with pytest.raises(DataError, match="without --best first"):
        hidden(0.04, 1)
    sha256 = cards.sha256(data)
    tried = [
        search._about(search._recipe("lstm", candidate, 0.02), data, sha256, PART) | {"validation_loss": loss}
        for candidate, loss in zip((search.Candidate(), *search.CANDIDATES["lstm"]), (0.3, 0.1, 0.2), strict=True)
    ]
    out.mkdir()
    leaderboard.write_lines(tried, out / search.NAME)
    assert hidden(0.02, None) == [2, 4, 128], "tried before"
    assert hidden(0.03, 1) == [4, 128], "the best, and what is recommended"


def test_a_search_is_kept_resumed_and_told_in_the_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = tiny(4, 2, 7)
    data, out = tmp_path / "tiny.zarr", tmp_path / "models"
    split = splits.make(ds)
    for name in ("GPP", "N2O_FLUX"):  # a search that read test years would meet these
        ds[name] = ds[name].where(~ds["time"].dt.year.isin(split.test), np.inf)
    write_store(ds, data)
    monkeypatch.setitem(search.CANDIDATES, "lstm", (search.Candidate({"hidden": 4}, {"learning_rate": 1e-2}),))
    notes: list[str] = []

    def run() -> list[search.Row]:
        return search.run(["lstm"], data, out, tmp_path / "work", minutes=0.03, part=PART, note=notes.append)[0]

    rows = run()
    assert [row["validation_loss"] for row in rows] == sorted(row["validation_loss"] for row in rows)
    assert all(np.isfinite(row["validation_loss"]) and row["epochs"] >= 1 for row in rows)
    small = next(row for row in rows if row["settings"]["hidden"] == 4)
    assert small["settings"]["learning_rate"] == 1e-2
    assert small["subsample"] == {"rates": [0.0]}
    assert small["parameters"] < min(row["parameters"] for row in rows if row is not small)
    usual = next(row for row in rows if row is not small)
    usual["validation_loss"], small["validation_loss"] = 0.5, 0.4
    assert search.advice(rows, "lstm") == "lstm: 20% less loss with hidden=4, learning_rate=0.01"
    small["validation_loss"] = 0.49
    assert search.advice(rows, "lstm") == "lstm: what is recommended stands (2% at most is to be won)"
    assert "not tried" in search.advice(rows, "tcn")
    rows = search.read(out)
    notes.clear()
    assert run() == rows
    assert notes == ["2 of 2 candidate(s) tried before"]
    longer = [rows[0] | {"minutes": 9.0}, *rows]
    leaderboard.write_lines(longer, out / search.NAME)
    assert run() == rows, "candidates are compared with those that had the same time"
    leaderboard.write_lines(rows, out / search.NAME)

    shipped = checkpoint.load("lstm-cornbelt-century")
    checkpoint.save(shipped, out)
    untold = {name: value for name, value in shipped.card.training.items() if name != "search"}
    official = dataclasses.replace(shipped.card, id="another", preset="official", training=untold)
    checkpoint.save(dataclasses.replace(shipped, card=official), out)
    assert search.record(out) == 1
    told = cards.read(out / "lstm-cornbelt-century.json").training["search"]
    assert [row["settings"] for row in told] == [row["settings"] for row in rows]
    assert "search" not in cards.read(out / "another.json").training
    (out / search.NAME).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="agroflux search"):
        search.read(out)


def test_the_cards_that_ship_tell_what_was_tried() -> None:
    rows = search.read(paths.MODELS)
    tried = {model: [row["settings"] for row in rows if row["model"] == model] for model in registry.names()}
    assert all(tried.values())
    for card in cards.available(paths.MODELS):
        if card["preset"] == "recommended" and "recipe" not in card["training"]:
            told = [row["settings"] for row in card["training"].get("search", [])]
            assert told == tried[card["model"]], card["id"]


def test_a_row_tells_how_windows_started_where_that_is_not_the_default() -> None:
    usual, january = (recipes.recipe("itransformer", **how) for how in ({}, {"any_day": False}))
    assert search._settings(usual) == search._settings(january) | {"any_day": True}
    assert search._changes("itransformer", search._settings(january)) == "any_day=False"
    assert "any_day" not in search._settings(recipes.recipe("lstm")), "rows of before stay as they are"


def test_a_candidate_that_fails_loses_no_row_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, out = tmp_path / "tiny.zarr", tmp_path / "models"
    write_store(tiny(4, 2, 7), data)
    monkeypatch.setitem(search.CANDIDATES, "lstm", (search.Candidate({"hidden": 4}),))
    notes: list[str] = []

    def note(text: str) -> None:
        notes.append(text)
        if "of 2" in text:  # another search writes while this one trains
            leaderboard.write_lines([other], out / search.NAME)

    other = search._about(recipes.recipe("tcn", max_minutes=1.0), data, "0" * 64, PART) | {"validation_loss": 0.3}
    slow = recipes.recipe("lstm", max_minutes=0.02, max_epochs=search.study.MAX_EPOCHS)
    about = search._about(slow, data, cards.sha256(data), PART)
    name = hashlib.sha256(search._key(about).encode()).hexdigest()[:16]
    (tmp_path / "work" / name / "run.json").mkdir(parents=True)  # no file can be read or written there
    rows, failed = search.run(["lstm"], data, out, tmp_path / "work", minutes=0.02, part=PART, note=note)
    assert [row["settings"]["hidden"] for row in rows] == [4]
    assert len(failed) == 1 and failed[0].startswith("lstm as recommended: IsADirectoryError")
    assert [row["model"] for row in search.read(out)] == ["lstm", "tcn"]


def test_an_unknown_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown model 'gru'"):
        search.run(["lstm", "gru"], tmp_path, tmp_path / "out", tmp_path / "work")
