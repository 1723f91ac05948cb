"""The download of the archive, against a server on this machine that speaks the hub's protocol."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from agroflux.data.remote import REPOSITORY, fetch_agroflux
from agroflux.errors import DataError
from tests.data import agroflux_archive as made

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Files of a folder as a data set of the hub: its information, its tree, and each file by commit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.sent: list[str] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        files = {p.relative_to(self.server.folder).as_posix(): p for p in self.server.folder.rglob("*.npy")}
        if self.server.broken:
            self._send(500, b"{}", {}, body=body)
        elif path.startswith(f"/api/datasets/{REPOSITORY}/revision/"):
            told = {"id": REPOSITORY, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
            known = path.endswith(("/main", COMMIT))
            self._send(200 if known else 404, json.dumps(told).encode(), _error(known), body=body)
        elif path.startswith(f"/api/datasets/{REPOSITORY}/tree/{COMMIT}"):
            tree = [{"type": "file", "path": n, "size": p.stat().st_size, "oid": _oid(p)} for n, p in files.items()]
            self._send(200, json.dumps(tree).encode(), {}, body=body)
        elif (name := path.removeprefix(f"/datasets/{REPOSITORY}/resolve/{COMMIT}/")) in files:
            if body:
                self.server.sent.append(name)
            content = files[name].read_bytes()
            self._send(200, content, {"ETag": f'"{_oid(files[name])}"', "X-Repo-Commit": COMMIT}, body=body)
        else:
            self._send(404, b"{}", _error(False), body=body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], *, body: bool) -> None:
        self.send_response(status)
        for name, value in (
            {"Content-Type": "application/json", "Content-Length": str(len(content))} | headers
        ).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _error(known: bool) -> dict[str, str]:
    return {} if known else {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "no such revision"}


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made.simulation(tmp_path / "hub", "mw", 1, 1)
    made.observations(tmp_path / "hub")
    server = Hub(tmp_path / "hub")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_parts_asked_for_arrive_whole_and_once(hub: Hub, tmp_path: Path) -> None:
    out = fetch_agroflux(tmp_path / "got", ("ecosys",), endpoint=hub.url)
    got = {p.name for p in out.rglob("*.npy")}
    assert got == {"X_mw_scaled.npy", "Y_mw_scaled_Combined.npy", "X_scaler.npy", "Y_scaler_Combined.npy"}
    name = "data_files/t0_mw/X_mw_scaled.npy"
    assert (out / name).read_bytes() == (tmp_path / "hub" / name).read_bytes()
    before = len(hub.sent)
    fetch_agroflux(tmp_path / "got", ("ecosys",), endpoint=hub.url)
    assert len(hub.sent) == before, "what is there is not fetched again"
    fetch_agroflux(tmp_path / "got", ("towers", "chambers"), endpoint=hub.url)
    assert len(list(out.rglob("*ECfluxnet*.npy"))) == 22 and len(hub.sent) == before + 34


def test_what_goes_wrong_is_one_sentence(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no part nonsense"):
        fetch_agroflux(tmp_path / "a", ("nonsense",), endpoint=hub.url)
    with pytest.raises(DataError, match="holds no file of daycent"):
        fetch_agroflux(tmp_path / "b", ("daycent",), endpoint=hub.url)
    with pytest.raises(DataError, match="qic69/AgroFlux"):
        fetch_agroflux(tmp_path / "c", ("ecosys",), endpoint=hub.url, revision="nowhere")
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch_agroflux(tmp_path / "d", ("ecosys",), endpoint="http://127.0.0.1:9")
