"""Where things lie: what ships with the project, and what belongs to the user."""

import os
from pathlib import Path

from platformdirs import user_data_path

from agroflux.errors import DataError

#: The checkout (or the unpacked source) that holds ``assets/`` and ``models/``.
ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
MODELS = ROOT / "models"


def user_data() -> Path:
    """Folder for what a user makes or imports: ``AGROFLUX_DATA`` or the platform's own place."""
    chosen = os.environ.get("AGROFLUX_DATA")
    return Path(chosen).expanduser() if chosen else user_data_path("agroflux", appauthor=False)


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
