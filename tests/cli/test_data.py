"""``agroflux data``: JSON alone on request, one line for a user's error."""

import json

import pytest

from agroflux.cli import main


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["data", *words])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_list_gives_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "list", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    need = {"id", "kind", "synthetic", "licence", "citation", "variables", "n_sites", "start", "end"}
    assert code == 0 and all(need <= set(row) for row in rows.values())
    assert rows["towers-sample"]["kind"] == "observation" and rows["towers-sample"]["synthetic"] is False


def test_show_adds_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "show", "towers-sample", "--json")
    stats = {row["variable"]: row for row in json.loads(out)["statistics"]}
    assert code == 0 and stats["NEE"]["unit"] == "g C m-2 d-1" and stats["NEE"]["min"] < 0 < stats["NEE"]["max"]
    assert stats["TMAX"]["derived"] == "US-AR1" and 0 < stats["PRECN"]["missing"] < 1


def test_tables_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert "towers-sample" in _run(capsys, "list")[1]
    assert "Variables" in _run(capsys, "show", "towers-sample")[1]


def test_unknown_id_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "show", "nope", "--json")
    assert code == 2 and out == "" and len(err.strip().splitlines()) == 1 and "towers-sample" in err
