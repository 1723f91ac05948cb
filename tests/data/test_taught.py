"""What a model learned from, and whether any of it is synthetic: on the shipped cards, and on made ones."""

from typing import Any

import pytest

from agroflux.data.taught import among, from_synthetic, taught
from agroflux.inference.region import available_models

CHAMBERS, TOWERS = "chambers-synthetic", "towers-sample"


def _card(name: str, data: str, source: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    training = {"recipe": "finetune", "source_model": source} if source else {}
    return {"id": name, "data": {"id": data}, "training": training, "synthetic": False} | more


def _found(card: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    return [one.id for one in taught(card, among(others))]


@pytest.mark.parametrize(
    ("model", "data", "synthetic"),
    [
        ("lstm-cornbelt-century", ["cornbelt-century"], []),
        ("lstm-randomised-hidden30", ["randomised"], ["randomised"]),
        (f"lstm-cornbelt-century-{CHAMBERS}-finetune", [CHAMBERS, "cornbelt-century"], [CHAMBERS]),
        (f"lstm-randomised-hidden30-{TOWERS}-finetune-head", [TOWERS, "randomised"], ["randomised"]),
    ],
)
def test_shipped_models(model: str, data: list[str], synthetic: list[str]) -> None:
    cards = available_models()
    found = taught(next(card for card in cards if card["id"] == model), among(cards))
    assert [one.id for one in found] == data
    assert [one.id for one in found if one.synthetic] == synthetic
    assert all(one.title and one.licence != "not told" and one.citation for one in found)
    assert [one.kind for one in found] == ["observation", "simulation"][-len(found) :]


def test_of_a_source_that_is_not_installed_the_catalog_tells() -> None:
    gone = {"id": "gone", "data": f"cornbelt-century+{CHAMBERS}"}
    card = _card("mine", "my-field", gone)
    assert _found(card) == ["my-field", "cornbelt-century", CHAMBERS]
    assert from_synthetic(card, among([]))
    another = _card("gone", "something-else")
    assert _found(card, another) == _found(card), "another model under the name of the source"
    earlier = _card("mine", "my-field", {"id": "gone", "data": TOWERS})
    earlier["data"]["earlier"] = [{"id": CHAMBERS}, {"id": "unknown here"}]
    assert _found(earlier) == ["my-field", CHAMBERS, "unknown here", TOWERS]
    assert from_synthetic(earlier, among([]))


def test_a_model_that_was_only_tested_on_data_learned_nothing_from_them() -> None:
    source = _card("source", "made")
    card = _card("tested", CHAMBERS, {"id": "source", "data": "made"}, synthetic=True)
    assert from_synthetic(card, among([source]))
    card["training"]["recipe"] = "zero-shot"
    assert _found(card, source) == ["made"] and not from_synthetic(card, among([source]))


def test_cards_that_name_each_other_come_to_an_end() -> None:
    one = _card("one", "a", {"id": "two", "data": "b"})
    two = _card("two", "b", {"id": "one", "data": "a"})
    assert _found(one, one, two) == ["a", "b"]
