"""Names of adapted models: one that is free, so that no model takes the place of another unseen."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.errors import ModelError
from agroflux.training import locks


@contextmanager
def free(plain: str, folder: Path, command: str = "") -> Iterator[str]:
    """A name for a new model in ``folder``, which nobody else takes meanwhile: ``plain``, else with a number behind.

    A model of ``folder`` that the same ``command`` made gives its name to the new one. Models that are known by their
    ids must not hide one another: in such a folder the names of the other ones are taken too.
    """
    known = [place.resolve() for place in (paths.MODELS, paths.adapted_models(), paths.user_models())]
    places = known if folder.resolve() in known else [folder]
    with locks.alone(folder):
        taken = {path.stem for place in places for path in place.glob(f"*{cards.WEIGHTS}")}
        names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
        yield next(name for name in names if name not in taken or (command and _made_by(command, folder, name)))


def _made_by(command: str, folder: Path, name: str) -> bool:
    path = folder / f"{name}{cards.WEIGHTS}"
    try:
        return path.is_file() and cards.read(path).command == command
    except ModelError:
        return False
