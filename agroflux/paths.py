"""Where things lie, what ships with the project and what belongs to the user, and how a file there is written."""

import os
import secrets
from pathlib import Path

from platformdirs import user_data_path

from agroflux.errors import DataError

#: The checkout (or the unpacked source) that holds ``assets/`` and ``models/``.
ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
MODELS = ROOT / "models"


def user_data() -> Path:
    """Folder for what a user makes or imports: ``AGROFLUX_DATA`` or the platform's own place; an absolute path.

    A relative one is meant from the working directory: a process that is started in another one has to be told this
    path as its ``AGROFLUX_DATA``.
    """
    chosen = os.environ.get("AGROFLUX_DATA")
    place = Path(chosen).expanduser() if chosen else user_data_path("agroflux", appauthor=False)
    return place.absolute()


def adapted_models() -> Path:
    """Folder of the shipped models that were adapted to a bundled data set of measurements."""
    return MODELS / "adapted"


def user_models() -> Path:
    """Folder of the models that a user adapted: they are offered beside those of ``models/``."""
    return user_data() / "models"


def inside(folder: Path, name: str) -> Path:
    """Resolve ``name`` below ``folder``; refuse a path that leaves it (DataError)."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DataError(f"{name!r} points outside {folder}: give a name inside that folder")
    return path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file beside ``path`` and rename it, so that ``path`` never is half a file; text as UTF-8.

    Each writing has a name of its own beside, so that two at once do not take each other's; nothing is left of one
    that fails. Who may read the file is as for any other that the user makes.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
