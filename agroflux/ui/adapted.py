"""What pages must know of models that were adapted to measurements: what they learned from, and their origin."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agroflux import schema
from agroflux.baselines.card import Card
from agroflux.ui import cache


def known(card: Mapping[str, Any], data: str, sites: Sequence[str]) -> list[str]:
    """Site-years of ``sites`` (as ``US-Tw3:2014``) that an adapted model learned from; none for any other model."""
    from agroflux.training import lineage

    return lineage.seen(Card(**card), data, _sha256(data, cache.version(data)), sites)


def flattered(card: Mapping[str, Any], data: str, sites: Sequence[str]) -> list[str]:
    """A sentence where an adapted model learned from site-years of ``sites``, which its scores then hold."""
    learned = known(card, data, sites)
    if not learned:
        return []
    return [f"{card['id']} was adapted to {', '.join(learned)}: scores on days of those years flatter it."]


def of_source(card: Mapping[str, Any], variable: str) -> list[str]:
    """A sentence where the adaptation of a card's model did not change its output for ``variable``: whose it is."""
    from agroflux.emissions.question import unchanged

    if variable not in unchanged(card):
        return []
    source = (card["training"].get("source_model") or {}).get("id", "its source")
    title = schema.get(variable).title
    return [f"{title} of {card['id']} is that of {source}: its adaptation did not change it."]


def origin(card: dict[str, Any]) -> dict[str, Any] | None:
    """The model that ``card`` was adapted from, through every adaptation, itself if none; None if not installed."""
    others = {str(one["id"]): one for one in cache.models()}
    found: dict[str, Any] | None = card
    while found is not None and (source := found["training"].get("source_model")):
        found = others.pop(str(source["id"]), None)  # taken out, so that no card can lead round in a circle
    return found


@st.cache_data(show_spinner=False, max_entries=32)
def _sha256(data: str, version: str) -> str:
    from agroflux.baselines import card as cards

    return cards.sha256(cache.entry(data).path)
