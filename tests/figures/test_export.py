"""Figures as files: one drawing at a time, none for ever, and every fault of it in one error."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest

from agroflux.errors import AgroFluxError
from agroflux.figures import export


class _Browsers:
    """Stands for kaleido and its browsers; counts those that are open at once."""

    def __init__(self, *, breaks_at_stop: bool = False) -> None:
        self.open, self.most, self.breaks_at_stop = 0, 0, breaks_at_stop

    def __call__(self, **_: Any) -> "_Browsers":
        return self

    async def __aenter__(self) -> None:
        self.open += 1
        self.most = max(self.most, self.open)

    async def calc_fig(self, fig: dict[str, Any], opts: dict[str, Any]) -> bytes:
        await asyncio.sleep(0.05)
        return str(fig["layout"]["title"]["text"]).encode()

    async def __aexit__(self, *_: object) -> None:
        self.open -= 1
        if self.breaks_at_stop:
            raise RuntimeError("the browser is gone")

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> "_Browsers":
        monkeypatch.setitem(sys.modules, "kaleido", SimpleNamespace(Kaleido=self))
        return self


@pytest.fixture(autouse=True)
def can_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "can_draw", lambda: True)


def _figure(title: str) -> go.Figure:
    return go.Figure(layout={"title": {"text": title}})


def test_two_downloads_at_once_are_drawn_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    browsers = _Browsers().stand_in(monkeypatch)
    made: dict[str, bytes] = {}
    users = [
        threading.Thread(target=lambda name=name: made.update({name: export.image(_figure(name), "svg")}))
        for name in ("one", "other")
    ]
    for user in users:
        user.start()
    for user in users:
        user.join(10)
    assert browsers.most == 1 and made == {"one": b"one", "other": b"other"}


def test_a_browser_that_cannot_be_stopped_is_told_as_a_figure_that_cannot_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browsers = _Browsers(breaks_at_stop=True).stand_in(monkeypatch)
    for _ in range(2):  # the lock is free again
        with pytest.raises(AgroFluxError, match="download HTML"):
            export.image(_figure("one"), "svg")
    assert browsers.open == 0


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """In place of the browser a program that starts and never answers; gives the file in which its id stands."""
    program, told = tmp_path / "chromium", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > '{told}'\nexec sleep 300\n")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    yield told
    if told.exists() and _runs(int(told.read_text())):
        os.kill(int(told.read_text()), 9)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_browser_that_never_answers_is_ended_and_holds_up_nobody(
    silent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LIMIT", 5.0)
    told: list[str] = []

    def wait() -> None:
        with pytest.raises(AgroFluxError) as caught:
            export.image(_figure("one"), "png")
        told.append(str(caught.value))

    user = threading.Thread(target=wait, daemon=True)
    user.start()
    user.join(60)
    assert told == ["the figure could not be drawn as PNG (the browser did not answer within 5 s): download HTML"]
    deadline = time.monotonic() + 20
    while _runs(int(silent.read_text())):
        assert time.monotonic() < deadline, "the browser was left running"
        time.sleep(0.1)
    _Browsers().stand_in(monkeypatch)
    assert export.image(_figure("next"), "svg") == b"next"
