"""Cards of models are read once, and again as soon as a file of theirs comes, changes or goes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agroflux import paths
from agroflux.inference import region
from agroflux.ui import cache
from tests.pages import untrained


def test_models_are_read_once_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    real = region.available_models

    def counted() -> list[dict[str, Any]]:
        reads.append(1)
        return real()

    monkeypatch.setattr(region, "available_models", counted)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "own"))
    assert cache.models() == []
    weights = untrained.save(tmp_path)
    assert [card["id"] for card in cache.models()] == [untrained.ID]
    held = len(reads)
    cache.models()[0]["title"] = "spoilt by a page"
    assert cache.models()[0]["title"] == "LSTM, not trained" and len(reads) == held
    card = weights.with_suffix(".json")
    before = card.stat()
    told = json.loads(card.read_text(encoding="utf-8")) | {"title": "LSTM, now trained"}
    card.write_text(json.dumps(told), encoding="utf-8")
    os.utime(card, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert cache.models()[0]["title"] == "LSTM, now trained"
    untrained.save(tmp_path / "own" / "models", "mine")
    assert [card["id"] for card in cache.models()] == [untrained.ID, "mine"]
    weights.unlink()
    assert [card["id"] for card in cache.models()] == ["mine"]
