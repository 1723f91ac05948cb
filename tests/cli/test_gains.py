"""``agroflux gains`` as a user calls it: counts of the shipped comparisons or of a file, mistakes in one line."""

import json
from pathlib import Path

import pytest

from agroflux import paths
from agroflux.cli import main
from agroflux.evaluation import cases, gain_rows


def run(*args: str) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["gains", *args])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def test_the_shipped_comparisons_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("--data", "towers-sample", "--shots", "2", "--recipe", "finetune,pooled", "--by", "protocol,recipe")
    assert run(*chosen, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["protocol"], row["recipe"]) for row in found] == [
        (protocol, recipe)
        for protocol in ("leave-one-site-out", "leave-years-out")
        for recipe in ("finetune", "pooled")
    ]
    few = cases.choose(cases.of(gain_rows.read()), data=("towers-sample",), n_site_years=(2,), recipe=("finetune",))
    assert found[0]["cases"] + found[2]["cases"] == len(few)
    assert run(*chosen, "--file", str(paths.MODELS / gain_rows.NAME)) == 0
    assert "below_mean" in capsys.readouterr().out


def test_adaptations_that_are_the_source_as_it_was_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = {"model": "m", "source": "s", "data": "d", "protocol": "p", "site": "all", "n_site_years": 2, "seeds": [0]}
    case |= {"target": "GPP", "gain": 0.2, "gain_low": 0.1, "gain_high": 0.3, "n_test_days": 90}
    made = {"scratch": 0.3, "zero-shot": 0.5, "finetune": 0.5, "finetune-head": 0.6}
    rows = [case | {"recipe": recipe, "r2": r2} for recipe, r2 in made.items()]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    assert run("--file", str(path), "--by", "recipe", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["recipe"], row["gains"], row["unchanged"]) for row in found] == [
        ("finetune", 1, 1),
        ("finetune-head", 1, 0),
    ]
    assert list(found[0])[:5] == ["recipe", "cases", "gains", "loses", "open"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--recipe", "magic"), "no case with recipe 'magic': there is adversarial, finetune"),
        (("--shots", "two"), "'two' is no list of whole numbers"),
        (("--by", "site"), "counted by site: use data, protocol"),
        (("--file", "nowhere.json"), "nowhere.json is no file"),
    ],
)
def test_mistakes_are_one_line(args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1


def test_a_file_without_rows_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.json"
    path.write_text("[1, 2]")
    assert run("--file", str(path)) == 2
    assert str(path) in capsys.readouterr().err.replace("\n", "")
