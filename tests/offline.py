"""Cut a process off from everything but this machine, so that a hidden download shows."""

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Where refused connections are noted, when this environment variable names a file.
LOG = "AGROFLUX_TEST_REFUSED"


def is_local(address: Any) -> bool:
    """True for a unix socket, localhost and loopback addresses."""
    if not isinstance(address, tuple):
        return True
    try:
        return ipaddress.ip_address(str(address[0])).is_loopback
    except ValueError:
        return bool(address[0] == "localhost")


def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
    """``real`` (a socket's connect) for local addresses; PermissionError, and a line in the log, for others."""

    def connect(self: socket.socket, address: Any) -> Any:
        if not is_local(address):
            if os.environ.get(LOG):
                with Path(os.environ[LOG]).open("a") as log:
                    log.write(f"{address[0]}\n")
            raise PermissionError(f"something tried to reach {address[0]}: the app must work offline")
        return real(self, address)

    return connect


def cut() -> None:
    """Cut this process off for good."""
    socket.socket.connect = guarded(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded(socket.socket.connect_ex)  # type: ignore[method-assign]
