"""The measured site-years that a model has seen: a test on one of them would flatter it."""

from collections.abc import Sequence
from typing import Any

from agroflux.baselines.card import Card
from agroflux.errors import SelectionError
from agroflux.training.site_years import Key, text

#: The recipe that leaves the source as it is: its card names site-years that the model did not learn from.
_UNTRAINED = "zero-shot"
#: Entry of a card's ``data``: the data sets of earlier adaptations, the latest first.
EARLIER = "earlier"


def adaptations(card: Card) -> list[dict[str, Any]]:
    """Of each data set that the model was adapted to: ``id``, ``sha256``, ``site_years`` by use; the latest first.

    Empty for a model that was trained on simulations alone. Cards of older versions know the last adaptation only.
    """
    learnt = "site_years" in card.data and card.training.get("recipe") != _UNTRAINED
    latest = [{key: card.data.get(key) for key in ("id", "sha256", "site_years")}] if learnt else []
    return [*latest, *card.data.get(EARLIER, [])]


def seen(card: Card, data: str, sha256: str) -> list[str]:
    """Site-years of a data set, told by id or by hash, that the model was trained on or its epoch chosen by."""
    same = [one for one in adaptations(card) if one["id"] == data or one["sha256"] == sha256]
    return sorted({key for one in same for use in ("train", "validate") for key in one["site_years"].get(use, [])})


def check_unseen(card: Card, data: str, sha256: str, test: Sequence[Key]) -> None:
    """Raise SelectionError where the model has seen one of the ``test`` site-years of a data set."""
    known = set(seen(card, data, sha256))
    again = [text(key) for key in test if text(key) in known]
    if again:
        raise SelectionError(
            f"model {card.id} was adapted to {', '.join(again)} of {data}, which cannot test it: "
            f"test on other site-years, or adapt its own source{_named(card)}"
        )


def check_new(card: Card, data: str, sha256: str) -> None:
    """Raise SelectionError where the model has seen any site-year of a data set all of which tests it in turn."""
    known = seen(card, data, sha256)
    if known:
        raise SelectionError(
            f"model {card.id} was adapted to {', '.join(known)} of {data}, and a comparison tests on every site-year: "
            f"compare its own source{_named(card)}, or use other data"
        )


def _named(card: Card) -> str:
    """The source of an adapted model, where its card names it."""
    source = card.training.get("source_model", {}).get("id")
    return f" {source}" if source else ""
