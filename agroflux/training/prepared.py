"""From a request to what an adaptation runs on: windows of the data set, fold, simulations, and what its card says."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from agroflux.baselines import card as cards
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import catalog, joined
from agroflux.errors import ModelError
from agroflux.training import adversarial, folds, lineage, site_years, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.hybrid import Hybrid
from agroflux.training.request import Request, command
from agroflux.training.site_years import SiteYears


@dataclass(frozen=True)
class Prepared:
    """Everything that an adaptation needs. ``simulated`` is None for a recipe that trains on measurements alone."""

    checkpoint: Checkpoint
    windows: SiteYears
    run: transfer.Run
    origin: transfer.Origin
    simulated: SiteYears | None


def prepare(request: Request, checkpoint: Checkpoint) -> Prepared:
    """Open the data of ``request`` and choose its site-years.

    Raises ModelError for an unknown recipe and for the hybrid, which cannot be saved, DataError for data that cannot
    be opened, SelectionError for targets and site-years that it does not hold, and for test site-years that the
    model was adapted to before.
    """
    request.check()
    chosen, targets = transfer.recipe(request.recipe), tuple(request.targets)
    if isinstance(chosen, Hybrid):
        raise ModelError(
            "a hybrid needs the process model beside it and makes no model to keep: use 'agroflux transfer'"
        )
    ds = catalog.open_dataset(request.data)
    windows = site_years.build(ds, checkpoint.drivers, targets)
    parts = (site_years.parse(text) if text else () for text in (request.train, request.validate, request.test))
    fold = folds.chosen(windows.keys, *parts)
    budget = Budget(request.epochs, request.seconds, every=request.every)
    run = transfer.Run(request.recipe, targets, fold, request.seed, budget)
    place = joined.find(request.data)
    sha256 = cards.sha256(*place.paths)
    lineage.check_unseen(checkpoint.card, place.id, sha256, fold.test)
    uses: dict[str, Any] = {
        use: ",".join(map(site_years.text, getattr(fold, use))) for use in ("train", "validate", "test")
    }
    written = command(dataclasses.replace(request, **uses), checkpoint.card.id, place.id)
    origin = transfer.Origin(place.id, sha256, dict(ds.attrs), written)
    simulated = None
    if transfer.needs_source(chosen):
        simulations = joined.open_dataset(request.source or checkpoint.card.data["id"])
        simulated = adversarial.simulated(simulations, checkpoint)
    return Prepared(checkpoint, windows, run, origin, simulated)
