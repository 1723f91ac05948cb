"""A tiny training for a process that is killed: ``python -m tests.training.killed_run FOLDER DEVICES``."""

import sys
from pathlib import Path

from agroflux.data.splits import Split
from agroflux.training import recipes, supervised
from tests.synthetic_contract import tiny

SPLIT = Split((2000, 2001, 2002, 2003), (2004,), (2005,), (2000, 2001, 2002, 2003))
SOURCE = supervised.Source("tiny-full", "0" * 64, "agroflux train --data tiny-full")
RECIPE = recipes.recipe("lstm", config={"hidden": 8}, max_epochs=8, loss_years=1, batch=3, patience=30)


def train(folder: Path, devices: int) -> Path:
    """Train in ``folder``; the same call goes on where a killed one stopped."""
    out, work = folder / "models", folder / "work"
    return supervised.train(tiny(3, 3, 6), SPLIT, RECIPE, SOURCE, out=out, work=work, devices=devices)


if __name__ == "__main__":
    train(Path(sys.argv[1]), int(sys.argv[2]))
