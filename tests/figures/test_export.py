"""Figures as files: one drawing at a time, and every fault of it in one error."""

import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import plotly.graph_objects as go
import pytest

from agroflux.errors import AgroFluxError
from agroflux.figures import export


class _Server:
    """Stands for kaleido's one server of a process; counts the users that it has at once."""

    def __init__(self, *, breaks_at_stop: bool = False) -> None:
        self.users, self.most, self.breaks_at_stop = 0, 0, breaks_at_stop

    def start_sync_server(self, **_: Any) -> None:
        self.users += 1
        self.most = max(self.most, self.users)

    def calc_fig_sync(self, fig: dict[str, Any], opts: dict[str, Any]) -> bytes:
        time.sleep(0.05)
        return str(fig["layout"]["title"]["text"]).encode()

    def stop_sync_server(self, **_: Any) -> None:
        self.users -= 1
        if self.breaks_at_stop:
            raise RuntimeError("the browser is gone")

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> "_Server":
        names = ("start_sync_server", "calc_fig_sync", "stop_sync_server")
        monkeypatch.setitem(sys.modules, "kaleido", SimpleNamespace(**{n: getattr(self, n) for n in names}))
        monkeypatch.setattr(export, "can_draw", lambda: True)
        return self


def _figure(title: str) -> go.Figure:
    return go.Figure(layout={"title": {"text": title}})


def test_two_downloads_at_once_are_drawn_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server().stand_in(monkeypatch)
    made: dict[str, bytes] = {}
    users = [
        threading.Thread(target=lambda name=name: made.update({name: export.image(_figure(name), "svg")}))
        for name in ("one", "other")
    ]
    for user in users:
        user.start()
    for user in users:
        user.join(10)
    assert server.most == 1 and made == {"one": b"one", "other": b"other"}


def test_a_server_that_cannot_be_stopped_is_told_as_a_figure_that_cannot_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = _Server(breaks_at_stop=True).stand_in(monkeypatch)
    for _ in range(2):  # the lock is free again
        with pytest.raises(AgroFluxError, match="download HTML"):
            export.image(_figure("one"), "svg")
    assert server.users == 0
