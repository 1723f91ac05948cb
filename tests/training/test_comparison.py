"""A whole small comparison on real towers: paired rows, and a second call that goes on instead of starting over."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data.field_days import FieldDays
from agroflux.errors import SelectionError
from agroflux.evaluation import gain, metrics
from agroflux.training import comparison, transfer
from agroflux.training.adaptation import Budget, predict
from agroflux.training.comparison import Design
from agroflux.training.folds import Fold
from agroflux.training.site_years import SiteYears
from agroflux.training.transfer import Run

DESIGN = Design(("finetune-head", "zero-shot"), ("leave-one-site-out",), (1, 2, 8), (0, 1), Budget(1, every=1))
TARGETS = ("NEE", "GPP")
Row = dict


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("comparison") / "deep" / "runs.jsonl"


@pytest.fixture(scope="module")
def rows(small: Checkpoint, towers: SiteYears, work: Path) -> list[Row]:
    return comparison.compare(small, towers, DESIGN, TARGETS, {"data": "towers-sample"}, work)


def _one(rows: list[Row], **where: object) -> Row:
    where = {"by": "all"} | where
    found = [row for row in rows if all(row[key] == value for key, value in where.items())]
    assert len(found) == 1, where
    return found[0]


def test_scratch_always_runs_and_no_fold_has_eight_site_years(towers: SiteYears) -> None:
    planned = list(comparison.runs(DESIGN, TARGETS, towers))
    assert len(planned) == 2 * (1 + 2 * 2 * 2)  # sites x (zero-shot + shots x seeds x (scratch, head))
    assert {n for n, _ in planned} == {0, 1, 2}
    assert {run.recipe for _, run in planned} == {"scratch", "finetune-head", "zero-shot"}
    assert {n: len(run.fold.train) for n, run in planned if n} == {1: 1, 2: 2}
    by_seed = {(run.recipe, run.fold.test): run.fold.train for n, run in planned if (n, run.seed) == (1, 1)}
    assert by_seed["scratch", planned[0][1].fold.test] == by_seed["finetune-head", planned[0][1].fold.test]


def test_rows_are_paired_on_the_same_days(rows: list[Row]) -> None:
    every = [row for row in rows if row["by"] == "all"]
    assert len(every) == 2 * 2 * 3 * (2 * 2 + 2 + 1)  # shots, targets, recipes; sites x seeds, sites, all
    for target in TARGETS:
        for site in ("US-Tw3", "US-AR1", "all"):
            here = [row for row in every if (row["site"], row["target"]) == (site, target)]
            assert len({row["n_test_days"] for row in here}) == 1
    assert all(row["gain"] == 0.0 for row in rows if row["recipe"] == "scratch")
    where = {"site": "US-AR1", "target": "GPP", "n_site_years": 2, "seed": 1}
    ours, scratch = (_one(rows, recipe=name, **where) for name in ("finetune-head", "scratch"))
    assert ours["gain"] == pytest.approx(ours["r2"] - scratch["r2"])
    assert ours["gain_low"] <= ours["gain"] <= ours["gain_high"]
    assert (ours["n_test_site_years"], ours["data"], ours["model"]) == (4, "towers-sample", "lstm-cornbelt-century")


def test_the_untrained_model_scores_as_the_metrics_say(rows: list[Row], small: Checkpoint, towers: SiteYears) -> None:
    test = towers.take([key for key in towers.keys if key[0] == "US-AR1"])
    column = schema.TARGETS.index("CO2_FLUX")
    simulated = predict(small.network, small.targets, test)[..., column]
    want = metrics.score(test.targets[..., column], simulated)
    for n in (1, 2):
        row = _one(rows, site="US-AR1", target="NEE", recipe="zero-shot", n_site_years=n, seed=None)
        assert (row["r2"], row["rmse"]) == (pytest.approx(want["r2"]), pytest.approx(want["rmse"]))


def test_rows_over_all_seeds_are_also_by_crop_and_by_management(rows: list[Row]) -> None:
    where = {"target": "GPP", "recipe": "finetune-head", "n_site_years": 2}
    by_crop = [row for row in rows if row["by"] == "crop"]
    assert {(row["site"], row["group"]) for row in by_crop} == {
        ("US-Tw3", "alfalfa"), ("US-AR1", "switchgrass"), ("US-AR1", "unknown"),
        ("all", "alfalfa"), ("all", "switchgrass"), ("all", "unknown"),
    }  # fmt: skip
    assert {row["seed"] for row in rows if row["by"] != "all"} == {None}
    # Alfalfa is all that US-Tw3 grew; of US-AR1 no table says what grew in 2009, and of neither what was done.
    numbers = ("r2", "rmse", "gain", "gain_low", "gain_high", "n_test_site_years", "n_test_days")
    whole = _one(rows, site="US-Tw3", seed=None, **where)
    for site, by, group in (
        ("US-Tw3", "crop", "alfalfa"),
        ("all", "crop", "alfalfa"),
        ("US-Tw3", "management", "unknown"),
    ):
        part = _one(rows, site=site, by=by, group=group, **where)
        assert [part[name] for name in numbers] == [whole[name] for name in numbers]
    there = [row for row in by_crop if row["site"] == "all" and all(row[k] == v for k, v in where.items())]
    assert sum(row["n_test_days"] for row in there) == _one(rows, site="all", seed=None, **where)["n_test_days"]
    assert {row["group"]: row["n_test_site_years"] for row in there}["switchgrass"] == 3
    assert not [row for row in rows if row["group"] == "known"]


def test_a_group_has_the_score_and_the_site_years_of_its_own_days() -> None:
    rng = np.random.default_rng(4)
    observed, ours, theirs = rng.normal(3, 1, (3, 3, 40))
    crops = np.array([["corn"] * 40, ["corn"] * 25 + ["wheat"] * 15, ["unknown"] * 40])
    groups = FieldDays(crops, crops == "corn").groups()
    keys = (("a", 2001), ("a", 2002), ("a", 2003))
    run = Run("finetune", ("GPP",), Fold("leave-years-out", "a", (("a", 2004),), (("a", 2005),), keys))
    found = []
    for name, simulated in (("finetune", ours), ("scratch", theirs)):
        parts = gain.by_group(observed, simulated, groups)
        sums = [{"by": by, "group": group, "sums": part.tolist()} for (by, group), part in parts.items()]
        found.append((1, dataclasses.replace(run, recipe=name), {"GPP": sums}))
    rows = comparison.rows(found, {})
    listed = list(dict.fromkeys((row["by"], row["group"]) for row in rows))
    assert listed == [
        ("all", "all"), ("crop", "corn"), ("crop", "wheat"), ("crop", "unknown"),
        ("management", "known"), ("management", "unknown"),
    ]  # fmt: skip
    for group, years in (("corn", 2), ("wheat", 1), ("unknown", 1)):
        row = _one(rows, by="crop", group=group, recipe="finetune")
        days = crops == group
        assert (row["n_test_site_years"], row["n_test_days"]) == (years, days.sum())
        want = [metrics.score(observed[days], one[days]) for one in (ours, theirs)]
        assert row["r2"] == pytest.approx(want[0]["r2"]) and row["rmse"] == pytest.approx(want[0]["rmse"])
        assert row["gain"] == pytest.approx(want[0]["r2"] - want[1]["r2"])
        assert np.isnan(row["gain_low"]) == (years == 1)
    assert _one(rows, by="management", group="known", recipe="finetune")["r2"] == pytest.approx(
        _one(rows, by="crop", group="corn", recipe="finetune")["r2"]
    )


def test_runs_without_groups_and_runs_of_another_table_are_run_again(
    small: Checkpoint, towers: SiteYears, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    design = Design(("zero-shot",), ("leave-one-site-out",), (1,), (0,), Budget(1, every=1))
    work = tmp_path / "runs.jsonl"

    def compared(site_years: SiteYears) -> list[Row]:
        return comparison.compare(small, site_years, design, ("GPP",), {"data": "towers-sample"}, work)

    first = compared(towers)
    lines = [json.loads(line) for line in work.read_text().splitlines()]
    old = [{"digest": r["digest"], "about": r["about"], "sums": {"GPP": [[1.0, 2.0, 3.0, 4.0]]}} for r in lines]
    work.write_text("".join(json.dumps(line) + "\n" for line in old))
    again = compared(towers)
    assert json.dumps(again) == json.dumps(first)
    assert f"{len(old)} runs in runs.jsonl were kept without scores by crop and management" in caplog.text
    assert len(work.read_text().splitlines()) == 2 * len(old)
    untold = compared(dataclasses.replace(towers, told=None))
    assert len(work.read_text().splitlines()) == 3 * len(old)
    assert {row["group"] for row in untold if row["by"] == "crop"} == {"unknown"}


def test_a_second_call_runs_nothing_and_a_torn_line_runs_again(
    rows: list[Row], small: Checkpoint, towers: SiteYears, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real = transfer.adapt

    def counted(*args: object, **more: object) -> transfer.Adapted:
        calls.append("run")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(transfer, "adapt", counted)
    again = comparison.compare(small, towers, DESIGN, TARGETS, {"data": "towers-sample"}, work)
    assert not calls
    assert json.dumps(again) == json.dumps(rows)
    lines = work.read_text().splitlines()
    work.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:40])
    torn = comparison.compare(small, towers, DESIGN, TARGETS, {"data": "towers-sample"}, work)
    assert calls == ["run"]
    assert json.dumps(torn) == json.dumps(rows)
    comparison.compare(small, towers, DESIGN, TARGETS, {"data": "towers-sample"}, work)
    assert calls == ["run"]


def test_other_settings_are_other_runs(small: Checkpoint, towers: SiteYears, work: Path, rows: list[Row]) -> None:
    before = len(work.read_text().splitlines())
    other = Design(("scratch",), ("leave-one-site-out",), (1,), (0,), Budget(2, every=1))
    found = comparison.compare(small, towers, other, TARGETS, {"data": "towers-sample"}, work)
    assert len(work.read_text().splitlines()) == before + 2
    assert {row["seed"] for row in found if row["site"] != "all"} == {0}
    assert {row["by"] for row in found} == {"all", "crop", "management"}


def test_an_unknown_protocol_is_refused(towers: SiteYears) -> None:
    with pytest.raises(SelectionError, match="unknown protocol 'nice'"):
        list(comparison.runs(Design(protocols=("nice",)), TARGETS, towers))


def test_runs_say_everything_that_decides_them(small: Checkpoint, work: Path, rows: list[Row]) -> None:
    about = json.loads(work.read_text().splitlines()[0])["about"]
    assert about["weights"] == small.card.weights_sha256
    assert set(about) > set(Run.__dataclass_fields__) | {"settings"}


def test_other_simulations_to_learn_from_run_anew(small: Checkpoint, towers: SiteYears, tmp_path: Path) -> None:
    design = Design(("pooled",), ("leave-one-site-out",), (1,), (0,), Budget(1, every=1))
    work = tmp_path / "runs.jsonl"

    def lines(source: SiteYears) -> int:
        comparison.compare(small, towers, design, ("GPP",), {"data": "towers-sample"}, work, source=source)
        return work.read_text().count("\n")

    assert lines(towers) == 4  # two sites, pooled and scratch
    assert lines(dataclasses.replace(towers)) == 4
    assert lines(dataclasses.replace(towers, targets=towers.targets + 1)) == 6
    assert lines(dataclasses.replace(towers, drivers=towers.drivers + 1)) == 8


def test_a_target_that_no_training_day_holds_has_no_row(
    small: Checkpoint, towers: SiteYears, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    design = Design(("zero-shot",), ("leave-one-site-out",), (1,), (0, 1, 2), Budget(1, every=1))
    planned = [run for n, run in comparison.runs(design, TARGETS, towers) if n and run.fold.site == "US-Tw3"]
    trained = {run.seed: run.fold.train for run in planned}
    (other,) = next(train for train in trained.values() if train != trained[0])
    targets = towers.targets.copy()
    targets[towers.keys.index(other), :, schema.TARGETS.index("GPP")] = np.nan
    partly = dataclasses.replace(towers, targets=targets)
    lacking = {seed for seed, train in trained.items() if train == (other,)}

    def compared() -> list[Row]:
        return comparison.compare(small, partly, design, TARGETS, {"data": "towers-sample"}, tmp_path / "runs.jsonl")

    found = compared()
    seeds = {
        target: {row["seed"] for row in found if (row["site"], row["target"]) == ("US-Tw3", target)}
        for target in TARGETS
    }
    assert seeds == {"NEE": {0, 1, 2, None}, "GPP": {0, 1, 2} - lacking}
    assert f"GPP is left out of {len(lacking)} runs" in caplog.text
    for recipe in ("scratch", "zero-shot"):
        site, every = (_one(found, site=s, target="GPP", recipe=recipe, seed=None) for s in ("US-AR1", "all"))
        assert every["n_test_days"] == site["n_test_days"], "the other site is not scored by chance"
    assert json.dumps(compared()) == json.dumps(found), "kept runs are read the same way"


def test_a_recipe_that_ran_in_some_folds_is_compared_on_their_test_years() -> None:
    rng = np.random.default_rng(5)
    years = (2001, 2002, 2003, 2004)
    observed = rng.normal(3, 1, (4, 40))
    #: The process model knew the weather of too few years for each seed to test on all of them.
    ran = {("scratch", 0): years, ("scratch", 1): years, ("hybrid", 0): (2001, 2002, 2003), ("hybrid", 1): (2002, 2003)}
    found, simulated = [], {}
    for (name, seed), tested in ran.items():
        simulated[name, seed] = rng.normal(3, 1, (4, 40))
        for k in map(years.index, tested):
            fold = Fold("leave-years-out", "a", (("a", 1999),), (("a", 2000),), (("a", years[k]),))
            part = gain.sums(observed[k : k + 1], simulated[name, seed][k : k + 1])
            sums = {"GPP": [{"by": "all", "group": "all", "sums": part.tolist()}]}
            found.append((1, Run(name, ("GPP",), fold, seed), sums))
    rows = comparison.rows(found, {})
    assert _one(rows, recipe="scratch", seed=None)["n_test_site_years"] == 4
    for seed, kept in ((0, slice(0, 3)), (1, slice(1, 3)), (None, slice(1, 3))):
        row = _one(rows, recipe="hybrid", seed=seed)
        seeds = (0, 1) if seed is None else (seed,)
        ours, theirs = (
            gain.over_seeds([gain.sums(observed[kept], simulated[name, one][kept]) for one in seeds])
            for name in ("hybrid", "scratch")
        )
        assert row["n_test_site_years"] == len(ours)
        assert row["r2"] == pytest.approx(float(gain.r2(ours.sum(0))))
        assert row["gain"] == pytest.approx(gain.gain(ours, theirs).value)
    without = [one for one in found if (one[1].recipe, one[1].seed) != ("hybrid", 1)]
    assert not [row for row in comparison.rows(without, {}) if row["recipe"] == "hybrid" and row["seed"] is None]
