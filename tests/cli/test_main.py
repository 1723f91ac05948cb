"""The command line as a user meets it: help, errors in one line, JSON alone when asked for."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer

from agroflux import cli, paths
from agroflux.cli.output import print_json, print_rows
from agroflux.errors import DataError

ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call ``main`` with arguments; ``body`` becomes the command ``try``. Returns exit code, stdout, stderr."""

    def call(*arguments: str, body: Callable[..., None] | None = None) -> tuple[int, str, str]:
        if body is not None:
            module = types.ModuleType("tried")
            module.__dict__["command"] = body
            monkeypatch.setitem(sys.modules, "tried", module)
            monkeypatch.setitem(cli.COMMANDS, "try", ("tried", "Try something."))
        code = 0
        try:
            cli.main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_help_lists_every_command(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(f"  {name} " in out and text in out for name, (_, text) in cli.COMMANDS.items())


def test_version(run: Run) -> None:
    assert run("--version") == (0, "0.1.0\n", "")


def test_a_users_error_is_one_line_and_exit_2(run: Run) -> None:
    def body() -> None:
        raise DataError("corn.zarr is not a Zarr store: give the folder that agroflux simulate wrote")

    code, out, err = run("try", body=body)
    assert (code, out) == (2, "")
    assert err == "agroflux: corn.zarr is not a Zarr store: give the folder that agroflux simulate wrote\n"


def test_an_error_of_several_lines_is_still_one(run: Run) -> None:
    def body() -> None:
        raise DataError("first\nsecond\n  third")

    code, _, err = run("try", body=body)
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def test_a_fault_of_the_program_shows_no_traceback(run: Run) -> None:
    def body() -> None:
        raise ZeroDivisionError("division by zero")

    code, _, err = run("try", body=body)
    assert code == 1
    assert "Traceback" not in err and "division by zero" in err
    assert len(err.strip().splitlines()) == 1


def test_what_the_file_system_refuses_is_no_fault(run: Run, tmp_path: Path) -> None:
    code, out, err = run("try", body=lambda: (tmp_path / ("n" * 300)).touch())
    assert (code, out) == (2, "")
    assert "n" * 300 in err and "File name too long: check rights" in err and "fault" not in err
    assert len(err.strip().splitlines()) == 1
    code, _, err = run("try", body=lambda: (tmp_path / "gone").read_text() and None)
    assert code == 1 and "fault" in err


@pytest.mark.parametrize(("arguments", "word"), [(["nonsense"], "nonsense"), (["try", "--nonsense"], "--nonsense")])
def test_a_misspelt_word_is_named(run: Run, arguments: list[str], word: str) -> None:
    code, out, err = run(*arguments, body=lambda: None)
    assert (code, out) == (2, "")
    assert word in err and "Traceback" not in err


def test_a_value_of_the_wrong_type_is_named(run: Run) -> None:
    def body(workers: Annotated[int, typer.Option()] = 1) -> None:
        raise AssertionError("must not run")

    code, _, err = run("try", "--workers", "many", body=body)
    assert code == 2
    assert "--workers" in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["foo"], "No such command 'foo' (see agroflux --help)"),
        (["--foo"], "No such option: --foo (see agroflux --help)"),
        (["data", "foo"], "No such command 'foo' (see agroflux data --help)"),
        (["data", "show"], "Missing argument 'ID' (see agroflux data show --help)"),
        (["finetune"], "Missing option '--data' (see agroflux finetune --help)"),
        (["app", "--port", "70000"], "Invalid value for '--port'"),
    ],
)
def test_words_that_are_no_command_are_told_in_one_line(run: Run, arguments: list[str], says: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("agroflux: ") and err.count("\n") == 1
    assert says in err and err.endswith(" --help)\n")


def test_without_words_there_is_help_in_full(run: Run) -> None:
    for arguments in ((), ("data",)):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("Usage: agroflux") and "Commands:" in err and "agroflux: " not in err


def test_an_answer_that_does_not_come_stops(run: Run) -> None:
    def body() -> None:
        raise EOFError

    code, out, err = run("try", body=body)
    assert (code, out) == (1, "")
    assert err.endswith("agroflux: stopped\n")


@pytest.mark.parametrize("name", ["train", "search", "study", "transfer"])
def test_what_is_made_goes_to_the_checkout_by_default(
    run: Run, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the command is called: the check of that place fails here, so that no command does its work."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(paths, "MODELS", tmp_path / "file" / "models")
    monkeypatch.chdir(tmp_path)
    code, _, err = run(name, *(() if name == "transfer" else ("--data", str(tmp_path))))
    assert code == 2 and f"{tmp_path / 'file'} is no folder that can be written to" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_ctrl_c_is_no_fault(run: Run) -> None:
    def body() -> None:
        raise KeyboardInterrupt

    code, _, err = run("try", body=body)
    assert code == 130 and "agroflux: stopped" in err
    assert "Traceback" not in err and len(err.strip().splitlines()) <= 1


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    module = importlib.import_module(cli.COMMANDS[name][0])
    assert hasattr(module, "command") or hasattr(module, "app")
    code, out, _ = run(name, "--help")
    assert code == 0
    assert f"agroflux {name}" in out


def test_json_has_no_nan_and_keeps_names(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"r2": float("nan"), "sites": ("17019",), "name": "Doña Ana"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"r2": None, "sites": ["17019"], "name": "Doña Ana"}
    assert "Doña Ana" in text


def test_rows_are_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"model": "lstm", "r2": 0.98765, "empty": None}]
    print_rows(rows, as_json=False)
    table = capsys.readouterr().out
    assert "lstm" in table and "0.9877" in table
    print_rows(rows, as_json=True)
    assert json.loads(capsys.readouterr().out) == rows
    print_rows([], as_json=False)
    assert capsys.readouterr().out.strip() == "Nothing to show."


def _agroflux(*arguments: str, place: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the command of the package that lies in ``place``, with further variables of its environment."""
    code = "import sys; from agroflux.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    known = {**os.environ, **variables}
    return subprocess.run(command, cwd=place, env=known, capture_output=True, text=True, timeout=120, check=False)


def test_a_package_without_its_checkout_says_so(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "agroflux", tmp_path / "agroflux", ignore=shutil.ignore_patterns("__pycache__"))
    done = _agroflux("data", "list", place=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    said = f"{tmp_path / 'assets'} is missing: run this from a checkout of the project (pip install -e .)"
    assert done.stderr == f"agroflux: {said}\n"
    for words in (("--version",), ("data", "list", "--help")):
        done = _agroflux(*words, place=tmp_path)
        assert done.returncode == 0 and done.stdout, done.stderr


def test_a_terminal_of_few_signs_is_told_the_others_by_number() -> None:
    for coding, sign in (("ascii", "R\\xb2"), ("latin-1", "\\u2082")):
        code = (
            "from agroflux import cli; from agroflux.cli.output import print_rows, print_json;"
            "cli.cli = lambda **_: (print_rows([{'name': 'R\\xb2 N\\u2082O'}], as_json=False),"
            "print_json({'name': 'R\\xb2 \\U0001f33d'}))[1]; cli.main(['data'])"
        )
        known = {**os.environ, "PYTHONIOENCODING": coding}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=known, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        shown = done.stdout.decode(coding)
        assert sign in shown
        assert json.loads(shown[shown.index("{\n") :]) == {"name": "R\xb2 \U0001f33d"}


def test_data_list_json_is_json_alone() -> None:
    done = _agroflux("data", "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    need = {"id", "kind", "synthetic", "licence", "citation", "variables", "n_sites", "start", "end"}
    assert all(need <= set(row) for row in rows)
    by_id = {row["id"]: row for row in rows}
    assert {"cornbelt-century", "cornbelt-ceres", "towers-sample", "chambers-synthetic"} <= set(by_id)
    assert by_id["cornbelt-century"]["kind"] == "simulation" and by_id["cornbelt-century"]["n_sites"] == 99
    assert by_id["towers-sample"]["kind"] == "observation" and by_id["towers-sample"]["synthetic"] is False
    assert by_id["chambers-synthetic"]["synthetic"] is True


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["data", "show", "no-such-data"], "no-such-data"),
        (["evaluate", "--model", "no-such-model"], "no-such-model"),
        (["predict", "--model", "no-such-model", "--out", "x.nc"], "no-such-model"),
    ],
)
def test_a_wrong_name_is_one_line_and_exit_2(arguments: list[str], word: str) -> None:
    done = _agroflux(*arguments)
    assert done.returncode == 2
    assert word in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_table_is_cut_nowhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"data": "[red]corn[/red]", "note": "w" * 70, "rank": k} for k in (1, 2)]
    monkeypatch.setenv("COLUMNS", "60")
    print_rows(rows, as_json=False, title="[bold]t")
    piped = capsys.readouterr().out
    assert "w" * 70 in piped and piped.count("[red]corn[/red]") == 2 and "[bold]t" in piped
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes what is printed to for a terminal
    print_rows(rows, as_json=False)
    narrow = capsys.readouterr().out
    assert "In every row: data [red]corn[/red], note " in narrow
    assert "rank" in narrow
    assert "\\" not in piped
