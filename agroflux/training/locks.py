"""Folders that one process at a time works in; the system frees the lock of a process that dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agroflux.errors import ModelError


@contextmanager
def alone(folder: Path, taken: str = "") -> Iterator[None]:
    """Hold ``folder``, which is made where it is absent; wait for it, or raise ModelError(``taken``) if that is given.

    The folder itself is locked, so that no file is left in it. A file system that knows no locks gives none.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{folder} cannot be used ({error.strerror}): name a folder that can be written to") from None
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | (fcntl.LOCK_NB if taken else 0))
        except BlockingIOError:
            raise ModelError(taken) from None
        except OSError:
            pass
        yield
    finally:
        os.close(place)
