"""The process of one job: ``python -m agroflux.training.job_worker FOLDER`` (see :mod:`agroflux.training.jobs`).

It adapts the model, trains one from scratch on the same site-years with the same budget, and scores both and the
source model on the same test days, so that what the page says of a gain is a paired comparison.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agroflux import paths
from agroflux.errors import AgroFluxError
from agroflux.training import jobs
from agroflux.training.request import Request

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint
    from agroflux.training.adaptation import Progress
    from agroflux.training.prepared import Prepared
    from agroflux.training.transfer import Adapted

log = logging.getLogger(__name__)

#: Runs that every job has beside its own recipe.
REFERENCE, UNTRAINED = "scratch", "zero-shot"


class Cancelled(Exception):  # noqa: N818 - an end that was asked for is no error
    """Somebody asked for an end."""


def work(path: Path) -> None:
    """Do the job in the folder ``path`` and leave its last state there, whatever happens."""
    try:
        with jobs.turn(path) as ours:
            if not ours:
                raise Cancelled
            jobs.set_state(path, "running")
            os.nice(5)  # the app, which waits for clicks, goes first
            jobs.set_state(path, "done", model=_adapt(path))
    except Cancelled:
        jobs.set_state(path, "cancelled")
    except AgroFluxError as error:
        jobs.set_state(path, "failed", str(error))
    except Exception as error:
        log.exception("the job failed")
        jobs.set_state(path, "failed", f"a fault of the program ({type(error).__name__}: {error}); see its log")


def _adapt(path: Path) -> str:
    """Train, score, write result and model; returns the model's id."""
    from agroflux.baselines import checkpoint
    from agroflux.training.prepared import prepare

    request = Request.from_dict(json.loads((path / "request.json").read_text(encoding="utf-8")))
    started = time.monotonic()
    _load_optimiser()
    made = prepare(request, checkpoint.load(request.model))
    adapted = {name: _train(made, name, path) for name in dict.fromkeys((made.run.recipe, REFERENCE, UNTRAINED))}
    _cancelled_here(path)
    found = _compared(made, adapted, path)
    name, weights = _save(made, adapted[made.run.recipe])
    jobs.write(path / "result.json", found | {"weights_sha256": weights, "seconds": time.monotonic() - started})
    return name


def _load_optimiser() -> None:
    """Import what torch leaves to its first optimiser (a second, many on a busy machine): no budget pays for it."""
    import torch

    torch.optim.Adam([torch.zeros(1)])


def _train(made: "Prepared", name: str, path: Path) -> "Adapted":
    from agroflux.training import transfer

    fold, run = made.run.fold, made.run
    train, validate = made.windows.take(fold.train), made.windows.take(fold.validate)
    more: dict[str, Any] = {"report": _reporter(path, name), "cancelled": (path / "cancel").exists}
    more |= {"targets": run.targets, "source": made.simulated}
    chosen = transfer.recipe(name)
    adapted = transfer.adapt(made.checkpoint, chosen, train, validate, budget=run.budget, seed=run.seed, **more)
    _cancelled_here(path)
    return adapted


def _reporter(path: Path, name: str) -> "Callable[[Progress], None]":
    def report(at: "Progress") -> None:
        line = {"run": name, "epoch": at.epoch, "share": at.share, "seconds": at.seconds}
        line |= {"train_loss": at.train_loss, "validation_loss": at.validation_loss}
        with (path / "progress.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    return report


def _cancelled_here(path: Path) -> None:
    if (path / "cancel").exists():
        raise Cancelled


def _compared(made: "Prepared", adapted: "dict[str, Adapted]", path: Path) -> dict[str, Any]:
    """Write ``series.csv`` and give what ``result.json`` holds: every run on the test days, its gain over scratch."""
    from agroflux.data import text_cells
    from agroflux.training import paired
    from agroflux.training.site_years import text

    fold = made.run.fold
    found = paired.compare(made.windows.take(fold.test), made.run.targets, adapted)
    paths.write_whole(path / "series.csv", text_cells.to_csv(found.series, index=False, float_format="%.5g"))
    seconds = {name: one.outcome.seconds for name, one in adapted.items() if one.outcome is not None}
    best = {name: one.outcome.best_epoch for name, one in adapted.items() if one.outcome is not None}
    return {
        "data": made.origin.id,
        "title": str(made.origin.attrs.get("title", made.origin.id)),
        "synthetic": bool(made.origin.attrs.get("synthetic", False)),
        "source_model": made.checkpoint.card.id,
        "fold": {use: [text(key) for key in getattr(fold, use)] for use in ("train", "validate", "test")},
        "rows": found.rows,
        "best_epoch": best,
        "training_seconds": seconds,
        "command": made.origin.command,
    }


def _save(made: "Prepared", adapted: "Adapted") -> tuple[str, str]:
    """Write the adapted checkpoint into the user's models under a name that is free; its name and weights' SHA-256.

    The name alone does not tell the model: a later adaptation by the same command takes it over.
    """
    from agroflux.baselines import card as cards
    from agroflux.baselines import checkpoint
    from agroflux.training import names, transfer

    own = paths.user_models()
    with names.free(transfer.adapted_name(made.checkpoint, made.run, made.origin), own) as name:
        kept: Checkpoint = transfer.finished(made.checkpoint, adapted, made.run, made.windows, made.origin, name)
        # Read while nobody else can write there.
        weights = cards.read(checkpoint.save(kept, own)).weights_sha256
    return name, weights


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    work(Path(sys.argv[1]))
