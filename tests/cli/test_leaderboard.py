"""``agroflux leaderboard`` as a user calls it."""

import json
from pathlib import Path

import pytest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.cli import main
from agroflux.data.catalog import BUNDLED
from agroflux.evaluation import leaderboard
from tests.evaluation.test_leaderboard import row
from tests.evaluation.test_rescore import shipped  # noqa: F401
from tests.inference.conftest import model, model_path, simulation  # noqa: F401


def run(*args: str) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["leaderboard", *args])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_rows_tables_and_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    leaderboard.write([row("a-corn", 0.1), row("b-corn", 0.7), row("a-corn", 0.5, target="ET")], tmp_path)
    assert run("--target", "GPP", "--json") == 0
    assert [r["model"] for r in json.loads(capsys.readouterr().out)] == ["a-corn", "b-corn"]
    assert run("--markdown", "--metric", "rmse") == 0
    assert "| b | **0.3** |" in capsys.readouterr().out
    assert run("--experiment", "temporal") == 0
    assert "corn" in capsys.readouterr().out
    for wrong in (("--target", "N2O"), ("--metric", "skill", "--json")):
        assert run(*wrong) == 2
        error = capsys.readouterr().err
        assert wrong[1] in error
        assert error.count("\n") == 1
    assert run("--only", "a-*") == 2, "it would otherwise be ignored"
    assert "--refresh" in capsys.readouterr().err


def test_the_check_exits_with_1_when_a_figure_does_not_follow(
    shipped: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(paths, "MODELS", shipped)
    assert run("--check") == 0
    out = capsys.readouterr().out
    assert "0 figure(s)" in out
    assert "compared with the shipped models' cards. Not checked are" in out
    rows = leaderboard.read(shipped)
    for r in rows:
        r["n"] += r["scored_on"] == "bundle" and r["target"] == "GPP" and r["model"] == "lstm-tiny"
    leaderboard.write(rows, shipped)
    assert run("--check") == 1
    assert "lstm-tiny on tiny, GPP: n is" in capsys.readouterr().out


def test_the_shipped_leaderboard_holds_every_shipped_checkpoint() -> None:
    rows = leaderboard.read()
    origin = {str(card["id"]): card["data"]["id"] for card in cards.available()}
    assert set(origin) <= {r["model"] for r in rows}
    on_bundle = {name for name, data in origin.items() if data in BUNDLED}
    assert on_bundle == {r["model"] for r in rows if r["scored_on"] == "bundle"} & set(origin)
    assert len(on_bundle) > 12
    assert {r["target"] for r in rows if r["model"] == "climatology"} >= {"GPP", "N2O_FLUX", "Yield"}
