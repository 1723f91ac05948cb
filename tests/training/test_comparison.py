"""A whole small comparison on real towers: paired rows, and a second call that goes on instead of starting over."""

import json
from pathlib import Path

import pytest

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import SelectionError
from agroflux.evaluation import metrics
from agroflux.training import comparison, transfer
from agroflux.training.adaptation import Budget, predict
from agroflux.training.comparison import Design
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
    assert len(rows) == 2 * 2 * 3 * (2 * 2 + 2 + 1)  # shots, targets, recipes; sites x seeds, sites, all
    for target in TARGETS:
        for site in ("US-Tw3", "US-AR1", "all"):
            here = [row for row in rows if (row["site"], row["target"]) == (site, target)]
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


def test_an_unknown_protocol_is_refused(towers: SiteYears) -> None:
    with pytest.raises(SelectionError, match="unknown protocol 'nice'"):
        list(comparison.runs(Design(protocols=("nice",)), TARGETS, towers))


def test_runs_say_everything_that_decides_them(small: Checkpoint, work: Path, rows: list[Row]) -> None:
    about = json.loads(work.read_text().splitlines()[0])["about"]
    assert about["weights"] == small.card.weights_sha256
    assert set(about) > set(Run.__dataclass_fields__) | {"settings"}
