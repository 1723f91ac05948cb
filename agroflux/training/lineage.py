"""The measured site-years that a model has seen: a test on one of them would flatter it."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from agroflux.baselines.card import Card
from agroflux.errors import SelectionError
from agroflux.training.site_years import Key, text

#: The recipe that leaves the source as it is: its card names site-years that the model did not learn from.
_UNTRAINED = "zero-shot"
#: Entry of a card's ``data``: the data sets of earlier adaptations, the latest first.
EARLIER = "earlier"
#: Ids that the flux networks give: each names one tower, whatever a data set with it is called.
_TOWER = re.compile(r"[A-Z]{2}-[A-Za-z0-9]{3}")


def adaptations(card: Card) -> list[dict[str, Any]]:
    """Of each data set that the model was adapted to: ``id``, ``sha256``, ``site_years`` by use; the latest first.

    Empty for a model that was trained on simulations alone. Cards of older versions know the last adaptation only.
    """
    learnt = "site_years" in card.data and card.training.get("recipe") != _UNTRAINED
    latest = [{key: card.data.get(key) for key in ("id", "sha256", "site_years")}] if learnt else []
    return [*latest, *card.data.get(EARLIER, [])]


def seen(card: Card, data: str, sha256: str, sites: Collection[str]) -> list[str]:
    """Site-years of ``sites`` of a data set that the model was trained on or its epoch chosen by.

    The data set is told by id or by hash; a tower with an id of the flux networks is the same in every data set.
    Other names of sites (``CH-1``, ``plot 3``) say nothing outside their own data set.
    """
    found = set()
    for one in adaptations(card):
        same = data == one["id"] or sha256 == one["sha256"]
        keys = {key for use in ("train", "validate") for key in one["site_years"].get(use, [])}
        found |= {key for key in keys if (site := key.rpartition(":")[0]) in sites and (same or _TOWER.fullmatch(site))}
    return sorted(found)


def check_unseen(card: Card, data: str, sha256: str, test: Sequence[Key]) -> None:
    """Raise SelectionError where the model has seen one of the ``test`` site-years of a data set."""
    known = set(seen(card, data, sha256, {site for site, _ in test}))
    again = [text(key) for key in test if text(key) in known]
    if again:
        raise SelectionError(
            f"model {card.id} was adapted to {', '.join(again)}, which cannot test it: "
            f"test on other site-years, or adapt its own source{_named(card)}"
        )


def check_new(card: Card, data: str, sha256: str, sites: Collection[str]) -> None:
    """Raise SelectionError where the model has seen any site-year of a data set all of which tests it in turn."""
    known = seen(card, data, sha256, sites)
    if known:
        raise SelectionError(
            f"model {card.id} was adapted to {', '.join(known)}, and a comparison tests on every site-year: "
            f"compare its own source{_named(card)}, or use other data"
        )


def _named(card: Card) -> str:
    """The source of an adapted model, where its card names it."""
    source = card.training.get("source_model", {}).get("id")
    return f" {source}" if source else ""
