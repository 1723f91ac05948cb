"""Rows of a leaderboard and scores of counties made on the spot: numbers without meaning, for tests of pages."""

import json
from pathlib import Path
from typing import Any

from agroflux import schema

METRICS = ("r2", "rmse", "mae", "nse", "kge", "bias")


def row(architecture: str, target: str, value: float, **changes: Any) -> dict[str, Any]:
    """One row in which every metric is ``value`` with an interval of 0.02 to either side."""
    scores = dict.fromkeys(METRICS, value)
    scores |= {f"{name}_low": value - 0.02 for name in METRICS} | {f"{name}_high": value + 0.02 for name in METRICS}
    made = {
        "model": f"{architecture}-untrained", "architecture": architecture, "preset": "recommended",
        "data": "cornbelt-century", "protocol": "clean", "experiment": "temporal", "fold": None, "target": target,
        "n": 1000, **scores, "seed": 0, "command": f"agroflux evaluate --model {architecture} --target {target}",
        "duration_s": 12.5, "data_sha256": "0" * 64, "site_years_per_second": 100.0 * len(architecture),
        "parameters": 1000 * len(architecture), "scored_on": "bundle",
    }  # fmt: skip
    return made | changes


def rows() -> list[dict[str, Any]]:
    """Two networks, one of which loses to climatology, and the reference, on every target of two simulators."""
    values = {"lstm": 0.9, "tcn": 0.4, "climatology": 0.6}
    extra = {"climatology": {"preset": None, "model": "climatology", "parameters": None}}
    return [
        row(name, target, value, data=data, **extra.get(name, {}))
        for data in ("cornbelt-century", "cornbelt-ceres")
        for target in schema.TARGETS
        for name, value in values.items()
    ]


def save(folder: Path, made: list[dict[str, Any]]) -> Path:
    """Write ``leaderboard.json`` into a folder of models."""
    path = folder / "leaderboard.json"
    path.write_text(json.dumps(made))
    return path
