"""A model over many counties: cards for the pickers, one call for the run."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.data import windows
from agroflux.data.catalog import BUNDLED
from agroflux.errors import SelectionError
from agroflux.inference import predict as predictor

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint


def available_models(folder: Path | None = None) -> list[dict[str, Any]]:
    """Cards of the models at hand: those of ``models/``, the adapted ones, then the user's own by id. No torch.

    Of the shipped ones, those that learned from the first bundled simulator lead, seed 0 before other seeds, the most
    skilful first (mean R2 over targets, as in the card): the first is what a page or command takes when none is named.
    With ``folder`` those in it alone. An own model that is called like a shipped one is hidden by it.
    """
    if folder is not None:
        return cards.available(folder)
    shipped = sorted(cards.available(), key=_place) + cards.available(paths.adapted_models())
    held = {card["id"] for card in shipped}
    return shipped + [card for card in cards.available(paths.user_models()) if card["id"] not in held]


def _place(card: dict[str, Any]) -> tuple[int, bool, float]:
    origin = card["data"].get("id")
    return (BUNDLED.index(origin) if origin in BUNDLED else len(BUNDLED), bool(card["seed"]), -_skill(card))


def _skill(card: dict[str, Any]) -> float:
    """Mean R2 over the targets on the model's test years; a card without one comes last."""
    known = [row["r2"] for row in card["scores"] if row["model"] == card["id"] and row["r2"] is not None]
    return sum(known) / len(known) if known else -math.inf


def run_region(
    model: "str | Path | Checkpoint",
    data: "str | Path | xr.Dataset",
    sites: Sequence[str] | None = None,
    years: Iterable[int] | None = None,
    n_rate: float | None = None,
    progress: predictor.Progress | None = None,
) -> xr.Dataset:
    """Predict ``years`` (default: all) at ``sites`` (default: all) and ``n_rate`` [kg N ha-1] (default: all rates).

    Pass a loaded checkpoint and an opened data set to keep them between calls: nothing is cached here. Drivers
    of the years in between and before are read as well, as the state runs through them.

    Returns:
        The data set of :func:`agroflux.inference.predict.predict`.

    Raises:
        SelectionError: unknown sites, years outside the data, a rate that the data set does not hold.
        ModelError: the model is missing, damaged or does not fit the data.
    """
    from agroflux.data.catalog import open_dataset
    from agroflux.data.select import select

    checkpoint = predictor.load(model) if isinstance(model, str | Path) else model
    ds = open_dataset(str(data)) if isinstance(data, str | Path) else data
    if sites is not None and not len(sites):
        raise SelectionError("no county is selected: pick at least one")
    chosen = select(ds, sites=sites, n_rate=n_rate)
    wanted = None if years is None else sorted({int(year) for year in years})
    if wanted is not None:
        windows.span(chosen, wanted)
    kept = [name for name in checkpoint.card.driver_names if name in chosen]
    result = predictor.predict(checkpoint, chosen[kept], years=wanted, progress=progress)
    result.attrs["title"] = f"{checkpoint.card.title}, {result.sizes['site']} site(s)"
    return result
