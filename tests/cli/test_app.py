"""``agroflux app`` up to the server that it starts."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from agroflux import cli, paths


def test_the_app_has_the_data_folder_that_other_commands_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        started.append(how)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGROFLUX_DATA", "./mine")
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["app", "--no-browser"])
        raise SystemExit(0)
    assert not stopped.value.code
    assert started[0]["cwd"] == paths.ROOT and started[0]["env"]["AGROFLUX_DATA"] == str(tmp_path / "mine")
