"""What a page costs: first run, a run with nothing changed, a run with another variable.

Speaks the browser's own websocket protocol to a real server (no browser, so that drawing is not measured):
from asking for a run until the server says that the script has finished, with the bytes sent on the way.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.e2e.app_server import serve

PAGES = ("sites", "compare", "region", "emissions")
REPEATS = 9
LIMIT = 120.0  # seconds to wait for one message
DONE = ForwardMsg.FINISHED_SUCCESSFULLY


def _run(link: ClientConnection, page: str, query: str) -> tuple[float, int]:
    """Ask for one run of ``page``; seconds until it finished and bytes received."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.query_string = query
    start, size = time.perf_counter(), 0
    link.send(ask.SerializeToString())
    while True:
        data = link.recv(LIMIT)
        size += len(data)
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if message.WhichOneof("type") == "script_finished" and message.script_finished == DONE:
            return time.perf_counter() - start, size


def _page(address: str, page: str) -> list[dict[str, Any]]:
    with connect(
        address.replace("http", "ws") + "/_stcore/stream",
        origin=address,  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
    ) as link:
        first, first_size = _run(link, page, "")
        same = [_run(link, page, "") for _ in range(REPEATS)]
        other = [_run(link, page, f"var={v}")[0] for v in ("N2O_FLUX", "ET", "N2O_FLUX", "ET", "N2O_FLUX", "ET")]
    return [
        {
            "what": f"{page}: first run of a new server",
            "value": first,
            "unit": "s",
            "note": f"{first_size / 1e3:.0f} kB",
        },
        {
            "what": f"{page}: rerun, nothing changed",
            "value": statistics.median(seconds for seconds, _ in same),
            "unit": "s",
            "note": f"{statistics.median(size for _, size in same) / 1e3:.0f} kB",
        },
        {"what": f"{page}: rerun, another variable, first time", "value": other[0], "unit": "s"},
        {"what": f"{page}: rerun, another variable, seen before", "value": statistics.median(other[2:]), "unit": "s"},
    ]


def run() -> list[dict[str, Any]]:
    """Rows for each page, all served by one new server."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as (address, _):
        return [row for page in PAGES for row in _page(address, page)]
