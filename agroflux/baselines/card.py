"""A checkpoint's card: what the model is, what it was trained on and how well it does. Reads no weights."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agroflux import paths
from agroflux.baselines import card_rules
from agroflux.errors import ModelError

FORMAT = 1
WEIGHTS, CARD = ".safetensors", ".json"
#: Ids that a message lists at most.
_LISTED = 40


@dataclass(frozen=True)
class Card:
    """The JSON beside a checkpoint. Drivers and targets are ``[name, unit]`` pairs in column order.

    ``split`` and ``sites`` hold the years and, in a spatial experiment, the site ids of each use. ``scores_by_group``
    are those of an adapted model by crop and by known or unknown management (:mod:`agroflux.data.field_days`).
    """

    id: str
    title: str
    model: str
    config: dict[str, Any]
    drivers: list[list[str]]
    targets: list[list[str]]
    warmup_days: int
    protocol: str
    experiment: str
    split: dict[str, list[int]]
    data: dict[str, Any]
    training: dict[str, Any]
    code_version: str
    command: str
    seed: int
    synthetic: bool
    scores: list[dict[str, Any]] = field(default_factory=list)
    scores_by_group: list[dict[str, Any]] = field(default_factory=list)
    below_climatology: list[str] = field(default_factory=list)
    preset: str = "recommended"
    fold: int | None = None
    sites: dict[str, list[str]] = field(default_factory=dict)
    weights_sha256: str = ""
    format: int = FORMAT

    @property
    def driver_names(self) -> tuple[str, ...]:
        """Drivers in column order."""
        return tuple(name for name, _ in self.drivers)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Targets in column order."""
        return tuple(name for name, _ in self.targets)

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary, as written to JSON."""
        return dataclasses.asdict(self)


def weights_path(model: str | Path, folder: Path | None = None) -> Path:
    """The weights file of a path to weights or card, or of a model id in ``folder``.

    Without ``folder``, an id is looked up in ``models/``, then in ``models/adapted/``, then among the user's own.
    Raises ModelError that says where it looked and which models there are, and DataError for an id that leaves the
    folder.
    """
    places = [folder] if folder else [paths.MODELS, paths.adapted_models(), paths.user_models()]
    given = Path(model)
    by_path = given.suffix in (WEIGHTS, CARD)
    tried = [given.with_suffix(WEIGHTS)] if by_path else [paths.inside(one, f"{model}{WEIGHTS}") for one in places]
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        where = f"at {tried[0]}" if by_path else f"in {' or '.join(map(str, places))}"
        raise ModelError(
            f"no model {str(model)!r} {where}: known are {_known(places)}; or make one with 'agroflux train'"
        )
    return found


def _known(places: list[Path]) -> str:
    """Ids of the models in ``places``, of many the first ones."""
    ids = list(dict.fromkeys(card["id"] for place in places for card in available(place)))
    more = [f"{len(ids) - _LISTED} more"] if len(ids) > _LISTED else []
    return ", ".join(ids[:_LISTED] + more) or "none"


def read(path: Path) -> Card:
    """Read the card of a weights file or card file.

    Raises ModelError that names file, entry and the way out where it is missing, damaged, of another format, or holds
    what no model of this version writes: whoever reads a card may rely on the types of what is in it.
    """
    path = path.with_suffix(CARD)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"card {path} is missing: copy the model's .json beside its .safetensors") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"card {path} cannot be read ({error}): copy the model again") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ModelError(f"card {path} is not of format {FORMAT}: train the model again with this version")
    known = {f.name for f in dataclasses.fields(Card)}
    try:
        card = Card(**{key: value for key, value in raw.items() if key in known})
    except TypeError as error:
        raise ModelError(f"card {path} lacks an entry ({error}): copy the model again") from None
    if found := card_rules.problem(card, path.stem):
        raise ModelError(f"card {path}: {found}: copy the model again under its own name, or remove both its files")
    return card


def write(card: Card, path: Path) -> None:
    """Write the card beside the weights file ``path``, whole or not at all."""
    text = json.dumps(card.as_dict(), indent=1, ensure_ascii=False) + "\n"
    paths.write_whole(path.with_suffix(CARD), text.encode("utf-8"))


def available(folder: Path | None = None) -> list[dict[str, Any]]:
    """Cards of all complete models in ``folder`` (default ``models/``), by id; damaged ones are left out."""
    found = []
    for path in sorted((folder or paths.MODELS).glob(f"*{WEIGHTS}")):
        try:
            found.append(read(path).as_dict())
        except ModelError:
            continue
    return found


def sha256(*paths: Path) -> str:
    """SHA-256 of a file, or of a folder's file names and contents in sorted order; of several, that of their hashes."""
    if len(paths) != 1:
        return hashlib.sha256("".join(map(sha256, paths)).encode()).hexdigest()
    digest, path = hashlib.sha256(), paths[0]
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        if path.is_dir():
            digest.update(file.relative_to(path).as_posix().encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
