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


def test_rows_are_chosen_by_what_they_were_scored_on(capsys: pytest.CaptureFixture[str]) -> None:
    for scored_on in ("bundle", "full", "subsample"):
        assert run("--scored-on", scored_on, "--json") == 0
        rows = json.loads(capsys.readouterr().out)
        assert rows == [r for r in leaderboard.read() if r["scored_on"] == scored_on] != []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--check", "--json"), "--check scores the shipped models and shows no rows: leave out --json"),
        (("--check", "--target", "GPP", "--protocol", "clean"), "leave out --protocol, --target"),
        (("--check", "--experiment", "temporal", "--data", "cornbelt-century"), "leave out --experiment, --data"),
        (("--refresh", "--markdown"), "--refresh scores the shipped models and shows no rows: leave out --markdown"),
        (("--refresh", "--check", "--metric", "r2", "--scored-on", "full"), "leave out --scored-on, --metric"),
    ],
)
def test_what_scoring_does_not_heed_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.endswith(f"{says}\n") and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


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
