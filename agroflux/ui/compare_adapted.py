"""What the page "Simulated against observed" must say of models that were adapted to measurements."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agroflux.baselines.card import Card
from agroflux.ui import cache


def seen(card: Mapping[str, Any], data: str, sites: Sequence[str]) -> list[str]:
    """A sentence where an adapted model learned from site-years of ``sites``; none for any other model."""
    from agroflux.training import lineage

    known = lineage.seen(Card(**card), data, _sha256(data, cache.version(data)), sites)
    if not known:
        return []
    return [f"{card['id']} was adapted to {', '.join(known)}: scores on days of those years flatter it."]


def origin(card: dict[str, Any]) -> dict[str, Any] | None:
    """The model that ``card`` was adapted from, through every adaptation, itself if none; None if not installed."""
    known = {str(one["id"]): one for one in cache.models()}
    found: dict[str, Any] | None = card
    while found is not None and (source := found["training"].get("source_model")):
        found = known.pop(str(source["id"]), None)  # taken out, so that no card can lead round in a circle
    return found


@st.cache_data(show_spinner=False, max_entries=32)
def _sha256(data: str, version: str) -> str:
    from agroflux.baselines import card as cards

    return cards.sha256(cache.entry(data).path)
