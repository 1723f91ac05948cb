"""What pages must show beside a model's output: the data that it learned from, which may be synthetic."""

from collections.abc import Iterable
from typing import Any

from agroflux.data import taught
from agroflux.ui import cache


def beside(entries: Iterable[Any], models: Iterable[str]) -> list[Any]:
    """``entries`` of the catalog, and after them the data sets that ``models`` (ids) learned from, each once.

    For :func:`agroflux.ui.show.banner` and :func:`agroflux.ui.show.sources`. Models that are no longer there tell
    nothing.
    """
    found = {str(entry.id): entry for entry in entries}
    find = taught.among(cache.models())
    for card in filter(None, map(find, dict.fromkeys(models))):
        for one in taught.taught(card, find):
            found.setdefault(one.id, one)
    return list(found.values())


def synthetic(model: str) -> bool:
    """Whether any of the data that an installed model learned from is synthetic."""
    find = taught.among(cache.models())
    card = find(model)
    return card is not None and taught.from_synthetic(card, find)
