"""A long simulation in pieces: each in a file of its own, so that a stopped run goes on where it was.

A finished piece lies in ``NAME.npz``, written beside and then renamed; a file that was cut short is made again. A piece
that fails leaves ``NAME.failed.txt``, is reported, does not stop the rest, and is tried again next time. ``plan.txt``
says what the folder is of, ``made-with.txt`` by what its pieces were made (:mod:`agroflux.simulation.fingerprint`).
"""

import io
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from agroflux.errors import AgroFluxError, SimulationError
from agroflux.paths import write_whole
from agroflux.simulation.workspace import CancelledError

Piece = TypeVar("Piece")
_ABANDONED_S = 3600.0


def claim(parts: Path, plan: str, made_with: str) -> None:
    """Let the folder belong to ``plan`` and ``made_with``; SimulationError where it holds parts of or made with others.

    A folder that was begun without such a note is taken as it is, and gets none: what its parts were made with is not
    known.
    """
    parts.mkdir(parents=True, exist_ok=True)
    note, made = parts / "plan.txt", parts / "made-with.txt"
    begun = note.exists() or any(parts.glob("*.npz"))
    if note.exists() and note.read_text() != plan:
        raise SimulationError(f"{parts} holds parts of {note.read_text()}, not of {plan}: choose another --out")
    if made.exists() and made.read_text() != made_with:
        raise SimulationError(
            f"{parts} holds parts made with {made.read_text()}, not with {made_with}: choose another --out, or delete "
            f"the folder; if you know that both simulate the same, delete {made.name} in it alone"
        )
    if not begun:
        write_whole(made, made_with)
    if not note.exists():
        write_whole(note, plan)
    old = time.time() - _ABANDONED_S
    for left in parts.glob("*.part"):
        with suppress(OSError):  # another command may put it in its place or remove it at the same time
            if left.stat().st_mtime < old:
                left.unlink()


def write_part(arrays: Mapping[str, np.ndarray], part: Path, *, compressed: bool = False) -> None:
    """Write one piece, whole or not at all; two commands may write the same one at once."""
    held = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(held, **arrays)  # type: ignore[arg-type]
    write_whole(part, held.getvalue())


def run_parts(
    files: Mapping[Piece, Path],
    run: Callable[[Piece, Path, threading.Event], None],
    workers: int,
    done: Callable[[Piece, str | None], None],
) -> dict[Piece, str]:
    """``run(piece, file, stop)`` for every piece without a sound file; ``done(piece, error)`` after each.

    Returns the failures. An interruption (Ctrl-C) sets ``stop``, at which a run must end soon, and starts no other.
    """
    failed: dict[Piece, str] = {}
    todo = []
    for piece, file in files.items():
        if zipfile.is_zipfile(file):  # the list of its arrays stands at the end of a file
            done(piece, None)
        else:
            todo.append(piece)
    # Threads: the work is done by the engine's own processes; a tenth of it, reading what they wrote, is Python.
    stop = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        try:
            futures = {pool.submit(_guarded, piece, files[piece], run, stop): piece for piece in todo}
            for future in as_completed(futures):
                error = future.result()
                if error:
                    failed[futures[future]] = error
                done(futures[future], error)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def _guarded(
    piece: Piece, file: Path, run: Callable[[Piece, Path, threading.Event], None], stop: threading.Event
) -> str | None:
    """Run one piece; None, or what went wrong."""
    note = file.with_name(f"{file.stem}.failed.txt")
    try:
        run(piece, file, stop)
    except CancelledError:
        raise
    except (AgroFluxError, OSError, ValueError, KeyError, IndexError) as error:
        note.write_text(f"{type(error).__name__}: {error}\n")
        return str(error)
    note.unlink(missing_ok=True)
    return None
