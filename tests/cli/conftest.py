"""Commands as a user calls them, in this process."""

from collections.abc import Callable

import pytest

from agroflux import cli

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call ``agroflux`` with the words given, on a wide terminal; returns exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def told(*words: str) -> tuple[int, str, str]:
        code = 0
        try:
            cli.main(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return told
