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
