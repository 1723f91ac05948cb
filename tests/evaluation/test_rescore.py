"""Rows made from checkpoints, and the check that finds a figure that no longer follows."""

import dataclasses
import json
from pathlib import Path

import pytest
import xarray as xr

from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint
from agroflux.data import catalog, splits
from agroflux.data.splits import Split
from agroflux.data.store import write_store
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import leaderboard, protocols, rescore, tally
from agroflux.training import locks
from tests.inference.conftest import model, model_path, simulation  # noqa: F401


@pytest.fixture
def shipped(
    model: checkpoint.Checkpoint,  # noqa: F811
    simulation: xr.Dataset,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder with one checkpoint whose data set is in the catalog and counts as bundled."""
    (tmp_path / "datasets").mkdir()
    write_store(simulation, tmp_path / "datasets" / "tiny.zarr")
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    known = catalog._paths()
    monkeypatch.setattr(catalog, "BUNDLED", ("tiny",))
    monkeypatch.setattr(catalog, "_paths", lambda: known)
    rescore._sha256.cache_clear()
    score = {"model": "lstm-tiny", "target": "GPP", "n": 5, "r2": 0.5, "rmse": 1.0, "mae": 1.0}
    scores = [score, score | {"model": "climatology", "r2": 0.4, "duration_s": 2.5}]
    training = {"parameters": 7, "minutes": 1.5}
    about = {"id": "tiny-full", "sha256": "f" * 64}
    card = dataclasses.replace(model.card, data=about, scores=scores, training=training)
    checkpoint.save(dataclasses.replace(model, card=card), tmp_path / "models")
    rescore.refresh(tmp_path / "models", ["climatology"], note=lambda text: None)
    return tmp_path / "models"


def check(folder: Path) -> list[str]:
    return rescore.check(folder, note=lambda text: None)


def test_the_leaderboard_follows_from_the_checkpoints(shipped: Path) -> None:
    rows = leaderboard.read(shipped)
    assert {(r["model"], r["scored_on"]) for r in rows} == {
        (name, where) for name in ("lstm-tiny", "climatology") for where in ("bundle", "full")
    }
    full = next(r for r in rows if r["model"] == "lstm-tiny" and r["scored_on"] == "full")
    assert (full["data"], full["r2"], full["data_sha256"], full["duration_s"]) == ("tiny", 0.5, "f" * 64, 90.0)
    assert [r["duration_s"] for r in rows if (r["model"], r["scored_on"]) == ("climatology", "full")] == [2.5]
    ours = next(r for r in rows if (r["model"], r["scored_on"], r["target"]) == ("lstm-tiny", "bundle", "GPP"))
    assert (ours["architecture"], ours["preset"], ours["parameters"], ours["seed"]) == ("lstm", "recommended", 7, 3)
    assert ours["n"] == 3 * 2 * 2 * 365
    assert ours["rmse_low"] < ours["rmse"] < ours["rmse_high"]
    assert ours["site_years_per_second"] > 0
    # Its own data were scored by the training; the bundled ones by a command of their own.
    assert ours["command"] == "agroflux evaluate --model lstm-tiny --data tiny --protocol clean --experiment temporal"
    assert full["command"] != ours["command"] and full["duration_s"] != ours["duration_s"]
    assert check(shipped) == []
    skill = json.loads((shipped / rescore.SKILL).read_text())
    assert [part["model"] for part in skill] == ["lstm-tiny", "climatology"]
    assert len(skill[0]["targets"]["GPP"]["rmse"]) == len(skill[0]["sites"]) == 3


def test_one_model_is_scored_beside_rows_that_stay(shipped: Path) -> None:
    before = leaderboard.read(shipped)
    skill = json.loads((shipped / rescore.SKILL).read_text())
    first = checkpoint.load(shipped / "lstm-tiny.safetensors")
    scores = [row | {"model": row["model"].replace("lstm", "tcn")} for row in first.card.scores]
    card = dataclasses.replace(first.card, id="tcn-tiny", scores=scores)
    checkpoint.save(dataclasses.replace(first, card=card), shipped)
    scored: list[str] = []
    rescore.refresh(shipped, ["climatology"], note=scored.append, only="tcn-*")
    assert scored == ["scoring tcn-tiny"], "references have their rows"
    after = leaderboard.read(shipped)
    assert [row for row in after if row["model"] != "tcn-tiny"] == before
    assert {row["scored_on"] for row in after if row["model"] == "tcn-tiny"} == {"bundle", "full"}
    kept = json.loads((shipped / rescore.SKILL).read_text())
    assert kept[:-1] == skill and kept[-1]["model"] == "tcn-tiny"
    assert check(shipped) == []
    with pytest.raises(SelectionError, match=r"gru.*lstm-tiny, tcn-tiny"):
        rescore.refresh(shipped, only="gru-*")


def test_rows_that_a_study_writes_meanwhile_stay(shipped: Path) -> None:
    row = next(r for r in leaderboard.read(shipped) if r["scored_on"] == "full") | {"model": "tcn-new"}

    def note(_: str) -> None:
        leaderboard.write(leaderboard.merge(leaderboard.read(shipped), [row]), shipped)

    rescore.refresh(shipped, ["climatology"], note=note)
    assert "tcn-new" in {r["model"] for r in leaderboard.read(shipped)}


def test_no_study_writes_between_the_reading_and_the_writing_of_rows(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []

    def watched(name: str) -> None:
        does = getattr(leaderboard, name)

        def call(*args: object) -> object:
            try:
                with locks.alone(shipped, "held"):
                    pass
            except ModelError:
                held.append(name)
            return does(*args)

        monkeypatch.setattr(leaderboard, name, call)

    for name in ("read", "write"):
        watched(name)
    rescore.refresh(shipped, ["climatology"], note=lambda text: None)
    assert held == ["read", "write"]
    with locks.alone(shipped, "it is free again"):
        pass


def test_runs_that_were_trained_otherwise_are_averaged_apart(shipped: Path) -> None:
    card = checkpoint.load(shipped / "lstm-tiny.safetensors").card
    train = "agroflux train --model lstm --data my-set-january.zarr --seed 2"
    kinds = {
        train: "recommended",
        f"{train} --january": "january",
        f"{train} --unknown-management 0.3 --any-day": "any-day, unknown-management 0.3",
        f"{train} --set hidden=16 --set layers=2": "set hidden=16, set layers=2",
        f"{train} --learning-rate 0.01": "learning-rate 0.01",
    }
    rows = []
    for command, kind in kinds.items():
        facts = rescore.model_facts(dataclasses.replace(card, command=command))
        assert facts["preset"] == kind
        rows.append(leaderboard.read(shipped)[0] | facts | {"model": command})
    assert len(leaderboard.pooled(rows)) == len(kinds)
    older = dataclasses.replace(card, model="pyraformer", command=f"{train} --learning-rate 0.001")
    assert rescore.model_facts(older)["preset"] == "recommended", "as those that ship"
    official = dataclasses.replace(card, command=f"{train} --preset official --january", preset="official")
    assert rescore.model_facts(official)["preset"] == "official, january"


def test_a_figure_that_does_not_follow_is_named(shipped: Path) -> None:
    rows = leaderboard.read(shipped)
    changed = next(r for r in rows if (r["model"], r["scored_on"], r["target"]) == ("lstm-tiny", "bundle", "N2O_FLUX"))
    changed["r2"] += 3e-4 * max(1.0, abs(changed["r2"]))
    leaderboard.write(rows, shipped)
    (sentence,) = check(shipped)
    assert sentence.startswith("lstm-tiny on tiny, N2O_FLUX: r2 is")
    changed["r2"] -= 3e-4 * max(1.0, abs(changed["r2"]))
    changed["rmse"] *= 1.001  # far below 1e-4 in its unit, and still not what the model scores
    leaderboard.write(rows, shipped)
    assert [s for s in check(shipped) if "rmse is" in s]


def test_a_map_of_skill_that_does_not_follow_is_named(shipped: Path) -> None:
    path = shipped / rescore.SKILL
    maps = json.loads(path.read_text())
    values, site = maps[0]["targets"]["N2O_FLUX"]["rmse"], maps[0]["sites"][1]
    values[1] *= 1.0005  # the last of four digits may differ from one processor to another
    path.write_text(json.dumps(maps))
    assert check(shipped) == []
    values[1] *= 1.01
    path.write_text(json.dumps(maps))
    assert check(shipped) == [
        f"lstm-tiny on tiny, N2O_FLUX: scores of 1 county(ies) differ from skill.json, {site} for one"
    ]
    path.write_text(json.dumps(maps[1:]))
    assert check(shipped) == ["lstm-tiny on tiny: no scores of its counties in skill.json, run 'make leaderboard'"]


def test_rows_that_are_missing_orphaned_or_not_of_their_card_are_named(shipped: Path) -> None:
    rows = leaderboard.read(shipped)
    kept = [r for r in rows if r["target"] != "ET" or r["model"] != "lstm-tiny"]
    orphan = next(r for r in rows if r["model"] == "lstm-tiny" and r["scored_on"] == "bundle") | {"model": "gone"}
    other = next(r for r in rows if r["scored_on"] == "full") | {"model": "not-shipped", "r2": 0.0}
    for r in kept:
        if r["scored_on"] == "full" and r["model"] == "lstm-tiny":
            r["r2"] = 0.999
    leaderboard.write([*kept, orphan, other], shipped)
    assert check(shipped) == [
        "lstm-tiny on tiny, ET: not in the leaderboard, run 'make leaderboard'",
        "lstm-tiny on tiny (full), GPP: r2 is 0.5, the leaderboard says 0.999",
        "gone: in the leaderboard, but no such checkpoint follows",
    ]


def test_rows_of_other_runs_on_the_full_data_stay(shipped: Path) -> None:
    rows = leaderboard.read(shipped)
    study = next(r for r in rows if r["scored_on"] == "full") | {"model": "tcn-tiny-s1", "seed": 1}
    leaderboard.write([*rows, study], shipped)
    rescore.refresh(shipped, ["climatology"], note=lambda text: None)
    assert len(leaderboard.read(shipped)) == len(rows) + 1


def test_a_reference_has_the_years_of_the_model_beside_it(shipped: Path) -> None:
    ds, card = catalog.open_dataset("tiny"), cards.read(shipped / "lstm-tiny.json")
    assert (splits.make(ds).train, splits.make(ds).test) == ((2000, 2001, 2002), (2004,)), "not those of the model"
    rows = [row for row in leaderboard.read(shipped) if row["scored_on"] == "bundle" and row["target"] == "GPP"]
    assert {row["model"]: row["n"] for row in rows} == dict.fromkeys(("climatology", "lstm-tiny"), 3 * 2 * 2 * 365)
    want = tally.rows(protocols.count_reference("climatology", ds, Split((2000, 2001), (), (2003, 2004), ())), {})
    (theirs,) = [row for row in rows if row["model"] == "climatology"]
    assert theirs["rmse"] == pytest.approx(next(row["rmse"] for row in want if row["target"] == "GPP"), rel=1e-5)
    assert theirs["command"] == "agroflux leaderboard --refresh"
    early = dataclasses.replace(card, split=card.split | {"train": [1990, 1991]})
    assert rescore.reference_rows("climatology", early) == ([], [])
    same = splits.make(ds)
    alike = dataclasses.replace(card, split=card.split | {"train": list(same.train), "test": list(same.test)})
    assert rescore.reference_rows("climatology", alike)[0][0]["command"].startswith("agroflux evaluate --model clim")


def test_the_command_of_a_row_of_joined_data_names_each_part(shipped: Path) -> None:
    card = cards.read(shipped / "lstm-tiny.json")
    rows = rescore.card_rows(dataclasses.replace(card, data={"id": "one+two"}))
    (command,) = [row["command"] for row in rows if row["model"] == "climatology"]
    assert "--data one.zarr+two.zarr --protocol" in command
