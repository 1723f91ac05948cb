"""A long simulation in pieces: each in a file of its own, so that a stopped run goes on where it was.

A finished piece lies in ``NAME.npz``, written beside and then renamed. One that fails leaves ``NAME.failed.txt``, is
reported, does not stop the rest, and is tried again next time.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

import numpy as np

from agroflux.errors import AgroFluxError, SimulationError

Piece = TypeVar("Piece")


def claim(parts: Path, plan: str) -> None:
    """Let the folder belong to ``plan``; SimulationError where it holds parts of another."""
    parts.mkdir(parents=True, exist_ok=True)
    note = parts / "plan.txt"
    if note.exists() and note.read_text() != plan:
        raise SimulationError(f"{parts} holds parts of {note.read_text()}, not of {plan}: choose another --out")
    note.write_text(plan)


def write_part(arrays: Mapping[str, np.ndarray], part: Path) -> None:
    """Write one piece, whole or not at all."""
    beside = part.with_suffix(".tmp")
    with beside.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    beside.replace(part)


def run_parts(
    files: Mapping[Piece, Path],
    run: Callable[[Piece, Path], None],
    workers: int,
    done: Callable[[Piece, str | None], None],
) -> dict[Piece, str]:
    """``run(piece, file)`` for every piece without a file; ``done(piece, error)`` after each. Returns the failures."""
    failed: dict[Piece, str] = {}
    todo = []
    for piece, file in files.items():
        if file.exists():
            done(piece, None)
        else:
            todo.append(piece)
    # Threads: the work is done by the engine's own processes; a tenth of it, reading what they wrote, is Python.
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(_guarded, piece, files[piece], run): piece for piece in todo}
        for future in as_completed(futures):
            error = future.result()
            if error:
                failed[futures[future]] = error
            done(futures[future], error)
    return failed


def _guarded(piece: Piece, file: Path, run: Callable[[Piece, Path], None]) -> str | None:
    """Run one piece; None, or what went wrong."""
    note = file.with_name(f"{file.stem}.failed.txt")
    try:
        run(piece, file)
    except (AgroFluxError, OSError, ValueError, KeyError, IndexError) as error:
        note.write_text(f"{type(error).__name__}: {error}\n")
        return str(error)
    note.unlink(missing_ok=True)
    return None
