"""The app as ``agroflux app`` starts it: on a free port, with a user folder of its own, cut off from the network."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import offline

ROOT = Path(__file__).resolve().parent.parent.parent
START_LIMIT = 90.0  # seconds; a cold start takes about three


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(port: int) -> list[str]:
    main = "from agroflux.cli import main; main()"
    return [sys.executable, "-c", main, "app", "--port", str(port), "--address", "127.0.0.1", "--no-browser"]


def _environment(folder: Path, refused: Path) -> dict[str, str]:
    places = [str(ROOT), str(Path(__file__).parent / "offline_site"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "AGROFLUX_DATA": str(folder),
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "PYTHONUNBUFFERED": "1",
        offline.LOG: str(refused),
    }


def _wait_until_up(process: subprocess.Popen[str], lines: list[str]) -> None:
    """Read what the server says until it names its address, then go on reading in the background."""
    up = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if "http://127.0.0.1" in line:
                up.set()
        up.set()  # it ended

    threading.Thread(target=read, daemon=True).start()
    if not up.wait(START_LIMIT) or process.poll() is not None:
        raise RuntimeError("the app did not start:\n" + "\n".join(lines[-30:]))


@contextmanager
def serve(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the app while the block runs; yields its address and the growing list of lines it printed."""
    refused, port = folder / "refused.txt", free_port()
    lines: list[str] = []
    process = subprocess.Popen(
        _command(port),
        cwd=ROOT,
        env=_environment(folder, refused),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that the server that `agroflux app` starts can be ended with it
    )
    try:
        _wait_until_up(process, lines)
        yield f"http://127.0.0.1:{port}", lines
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    if refused.exists():
        raise AssertionError(f"the server tried to reach {', '.join(sorted(set(refused.read_text().split())))}")
