"""What data a model learned from, through every adaptation, and whether any of it is synthetic.

The one place that answers: pages, files and predictions ask here. Of a card the plain entries are read, so that nothing
of models is imported.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agroflux.data import catalog
from agroflux.errors import DataError

#: The card of an installed model by its id; None for any other id.
Find = Callable[[str], Mapping[str, Any] | None]
#: The recipe that leaves a model as it is: it learned nothing from the data that its card names.
_UNTRAINED = "zero-shot"


@dataclass(frozen=True, slots=True)
class Taught:
    """A data set that a model learned from; what it tells has the names of :class:`agroflux.data.catalog.Entry`."""

    id: str
    title: str
    kind: str
    synthetic: bool
    licence: str = "not told"
    citation: str = ""


def taught(card: Mapping[str, Any], find: Find) -> tuple[Taught, ...]:
    """The data sets that the model of ``card`` learned from, of the last adaptation first, of the first training last.

    Each is as the card of the model tells that learned from it (``find``), and where that is not installed, as the
    catalog does: cards name the data of their source alone, not whether those are synthetic.
    """
    found: dict[str, Taught] = {}
    one: Mapping[str, Any] | None = card
    met: set[str] = set()
    while one is not None:
        source = one["training"].get("source_model") or {}
        if one["training"].get("recipe") != _UNTRAINED:
            told = _of_card(one, "observation" if source else "simulation")
            found.setdefault(told.id, told)
        before = find(str(source["id"])) if source and str(source["id"]) not in met else None
        met.add(str(source.get("id")))
        if before is None or str(before["data"].get("id")) != str(source.get("data", before["data"].get("id"))):
            for told in _not_installed(one, source):
                found.setdefault(told.id, told)
            before = None
        one = before
    return tuple(found.values())


def from_synthetic(card: Mapping[str, Any], find: Find) -> bool:
    """Whether any of the data that the model of ``card`` learned from is synthetic."""
    return any(one.synthetic for one in taught(card, find))


def among(cards: Iterable[Mapping[str, Any]]) -> Find:
    """Finds a card among ``cards``."""
    return {str(card["id"]): card for card in cards}.get


def _of_card(card: Mapping[str, Any], kind: str) -> Taught:
    data = card["data"]
    name = str(data.get("id", ""))
    more = {key: str(data[key]) for key in ("licence", "citation") if data.get(key)}
    return Taught(name, str(data.get("title") or name), kind, bool(card.get("synthetic", False)), **more)


def _not_installed(card: Mapping[str, Any], source: Mapping[str, Any]) -> list[Taught]:
    """Data sets that ``card`` says its ``source`` learned from, as the catalog tells."""
    found = [_of_catalog(str(one["id"]), "observation") for one in card["data"].get("earlier", [])]
    names = str(source.get("data") or "").split("+")  # a joined set names several
    return [*found, *(_of_catalog(name, "simulation") for name in names if name)]


def _of_catalog(name: str, kind: str) -> Taught:
    try:
        entry = catalog.get(name)
    except DataError:  # on another machine, or removed: only the name is known
        return Taught(name, name, kind, synthetic=False)
    return Taught(name, entry.title, entry.kind, entry.synthetic, entry.licence, entry.citation)
