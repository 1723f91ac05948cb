"""Legend names of the page "Simulated against observed": what else than the first data a model learned from."""

from typing import Any

import pytest

from agroflux.ui import cache, compare_sources


def _card(name: str, data: str, seed: int = 0) -> dict[str, Any]:
    targets = [["GPP", "g C m-2 d-1"]]
    return {"id": name, "model": "lstm", "data": {"id": data}, "seed": seed, "targets": targets, "training": {}}


def test_a_model_is_named_by_what_it_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [
        _card("first", "cornbelt-century"),
        _card("second", "cornbelt-century", seed=1),
        _card("other", "cornbelt-ceres"),
        _card("both", "cornbelt-century+cornbelt-ceres"),
        _card("adapted", "towers-sample"),
    ]
    monkeypatch.setattr(cache, "models", lambda: cards)
    found = compare_sources.sources(compare_sources.COUNTIES, "GPP")
    assert [name for key, name in found.items() if compare_sources.is_model(key)] == [
        "LSTM (predicted)",
        "LSTM (predicted, seed 1)",
        "LSTM (predicted, DSSAT CERES)",
        "LSTM (predicted, DSSAT CENTURY and DSSAT CERES)",
        "LSTM (predicted, towers-sample)",
    ]
