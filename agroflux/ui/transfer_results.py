"""What is known of an adapted model: from the job that made it or from its card, and its files as one."""

import contextlib
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.data import field_days, text_cells
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation.gains import SAME
from agroflux.ui import cache, transfer
from agroflux.ui.transfer import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.training.jobs import Job

_SITE_YEARS = {"train": "Trained on", "validate": "Epoch chosen by", "test": "Tested on"}


@dataclass(frozen=True)
class Result:
    """What is known of one adapted model: rows and days as :class:`agroflux.training.paired.Compared`.

    Rows of an older job know no groups of days. ``weights``: SHA-256 of its weights as they are installed, empty where
    they are not or where others have taken its name.
    """

    model: str
    source: str
    recipe: str
    data: str
    rows: "list[dict[str, Any]]"
    series: "pd.DataFrame"
    fold: dict[str, list[str]]
    facts: list[tuple[str, object]]
    command: str
    synthetic: bool
    weights: str

    def of(self, by: str) -> "list[dict[str, Any]]":
        """Rows of all days, by crop or by management."""
        return [row for row in (field_days.EVERY | row for row in self.rows) if row["by"] == by]

    @property
    def measured(self) -> str:
        """What legends call the values that the models are held against."""
        return "Synthetic measurement" if self.synthetic else "Measured"

    @property
    def tested(self) -> list[str]:
        """Sites of its test days, each once."""
        return list(dict.fromkeys(key.rpartition(":")[0] for key in self.fold["test"]))

    @property
    def stem(self) -> str:
        """Start of the names of its downloads."""
        return f"{self.model}-synthetic" if self.synthetic else self.model


def job_of(card: dict[str, Any]) -> "Job | None":
    """The latest job that made the model of ``card``; a damaged result tells nothing, the card still does."""
    from agroflux.training import jobs

    for job in jobs.listed():
        with contextlib.suppress(ModelError):
            if job.state == "done" and job.model == card["id"] and _made(jobs.result(job.id), card):
                return job
    return None


def _made(said: dict[str, Any], card: dict[str, Any]) -> bool:
    """Whether the job with the result ``said`` made the model of ``card``, and not one that had its name before.

    Jobs of older versions noted no weights: theirs is the model if each R2 of its recipe is the card's.
    """
    if "weights_sha256" in said:
        return bool(said["weights_sha256"] == card["weights_sha256"])
    scores = {row["target"]: row["r2"] for row in card["scores"] if row["model"] == card["id"]}
    rows = [field_days.EVERY | row for row in said["rows"]]
    own = [row for row in rows if row["by"] == field_days.ALL and row["recipe"] == card["training"].get("recipe")]
    return bool(own) and all(_alike(row["r2"], scores.get(row["target"])) for row in own)


def _alike(one: float | None, other: float | None) -> bool:
    """Whether two scores of the same days are of one model; what has no score tells nothing."""
    return one is None or other is None or not abs(one - other) > SAME


def of_job(job: "Job") -> Result:
    """What a job that is done found; the weights are those that are installed, if they are its own."""
    from agroflux.training import jobs

    said = jobs.result(job.id)
    recipe = job.request.recipe
    seconds = said["training_seconds"]
    facts: list[tuple[str, object]] = [("Adapted model", job.model), ("Source model", said["source_model"])]
    facts += [(title, transfer.site_years(said["fold"][use])) for use, title in _SITE_YEARS.items()]
    last = {str(line["run"]): int(line["epoch"]) for line in jobs.progress(job.id)}
    best = [f"{NAMES[name]}: {_epoch(one, last.get(name))}" for name, one in said["best_epoch"].items()]
    facts += [("Best epoch", "; ".join(best))]
    facts += [("Training took", ", ".join(f"{NAMES[n]}: {s:.1f} s" for n, s in seconds.items()))]
    path = jobs.series_path(job.id)
    series = _series(str(path), path.stat().st_mtime_ns)
    card = next((card for card in cache.models() if card["id"] == job.model), None)
    weights = str(card["weights_sha256"]) if card is not None and _made(said, card) else ""
    return Result(
        job.model, said["source_model"], recipe, str(said["data"]), said["rows"], series, said["fold"], facts,
        said["command"], said["synthetic"], weights,
    )  # fmt: skip


def _epoch(best: int, last: int | None) -> str:
    """The epoch that was kept, and what it tells of the budget; ``last``: the one that the training ended with."""
    if not best:
        return "none was better than the start"
    return f"{best} (the last one: more epochs may help)" if best == last else str(best)


@st.cache_data(show_spinner=False, max_entries=16)
def _series(path: str, written: int) -> "pd.DataFrame":
    import pandas as pd

    # Sites may be called 02, NA or -A: only what is empty is no value, and no site is a number.
    told = {"site": str, "target": str}
    frame = pd.read_csv(path, parse_dates=["time"], dtype=told, keep_default_na=False, na_values=[""])
    return frame.assign(site=frame["site"].map(text_cells.as_told))


def of_card(card: dict[str, Any]) -> Result:
    """What the card of a model tells, and how the model does on its test days: SelectionError without their data."""
    training, data = card["training"], str(card["data"]["id"])
    if data not in {entry.id for entry in cache.entries("observation")}:
        raise SelectionError(
            f"the measurements of {card['id']} ({data}) are not installed: import them on the Data page"
        )
    source = training["source_model"]["id"]
    # A model of that name that was trained anew since is not the one that was adapted.
    weights = training["source_model"].get("weights_sha256")
    same = any(other["id"] == source and other["weights_sha256"] == weights for other in cache.models())
    here = source if same else ""
    rows, series = _run(str(card["id"]), str(card["weights_sha256"]), here, data, cache.version(data))
    fold = card["data"]["site_years"]
    facts: list[tuple[str, object]] = [("Source model", source)]
    facts += [(title, transfer.site_years(fold[use])) for use, title in _SITE_YEARS.items()]
    best = training.get("best_epoch")
    facts += [("Best epoch", "not trained" if best is None else _epoch(best, training.get("epochs")))]
    return Result(
        str(card["id"]),
        source,
        str(training["recipe"]),
        data,
        rows,
        series,
        fold,
        facts,
        card["command"],
        card["synthetic"],
        str(card["weights_sha256"]),
    )


@st.cache_data(show_spinner="Running the model on its test days", max_entries=16)
def _run(model: str, weights: str, source: str, data: str, version: str) -> "tuple[list[dict[str, Any]], pd.DataFrame]":
    from agroflux.inference.predict import load
    from agroflux.training import paired

    found = paired.of_checkpoint(load(model), load(source) if source else None, cache.dataset(data))
    return found.rows, found.series


def packed(model: str, sha256: str = "") -> bytes:
    """Weights and card of an installed model as a ZIP; ``sha256``: of the weights that are meant, if told.

    ModelError where a file is missing, or where other weights have taken the name of the model.
    """
    from agroflux.baselines.card import weights_path

    weights = weights_path(model)
    parts = {path.name: _bytes(path) for path in (weights, weights.with_suffix(".json"))}
    if sha256 and hashlib.sha256(parts[weights.name]).hexdigest() != sha256:
        raise ModelError(f"another model has taken the name {model}: reload the page to see which")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read ({error}): adapt the model again") from None
