"""Checkpoints: weights and scalers in safetensors (nothing in them can run code), a JSON card beside."""

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from agroflux import paths, schema
from agroflux.baselines import card as cards
from agroflux.baselines import registry
from agroflux.baselines.card import Card
from agroflux.data.scaling import Scaler
from agroflux.errors import AgroFluxError, ModelError

_SCALERS = ("drivers.mean", "drivers.std", "targets.mean", "targets.std")
#: Times the numbers of a checkpoint that its network may take while it is built: parts of it are made twice.
_SPARE = 2
#: What networks make their weights with.
_MAKERS = frozenset((torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn))


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to run, with the scalers it was trained with and its card."""

    card: Card
    network: nn.Module
    drivers: Scaler
    targets: Scaler


def save(checkpoint: Checkpoint, folder: Path) -> Path:
    """Write ``<id>.safetensors`` and ``<id>.json`` into ``folder``, each whole or not at all; returns the former."""
    folder.mkdir(parents=True, exist_ok=True)
    path = paths.inside(folder, f"{checkpoint.card.id}{cards.WEIGHTS}")
    tensors = {f"network.{k}": v.detach().cpu().contiguous() for k, v in checkpoint.network.state_dict().items()}
    arrays = (checkpoint.drivers.mean, checkpoint.drivers.std, checkpoint.targets.mean, checkpoint.targets.std)
    tensors |= {name: torch.from_numpy(array.copy()) for name, array in zip(_SCALERS, arrays, strict=True)}
    content = serialize(tensors)
    paths.write_whole(path, content)  # save_file would write a file that its owner alone can read
    # Of these weights, not of the file: another process may have put its own there by now.
    cards.write(dataclasses.replace(checkpoint.card, weights_sha256=hashlib.sha256(content).hexdigest()), path)
    return path


def load(model: str | Path, folder: Path | None = None) -> Checkpoint:
    """Load a model by id (from ``folder``, else wherever models are kept) or by path.

    Raises ModelError when files are missing, truncated, pickled, of the wrong shape or type of number, when a number in
    them is not finite, or when the card's variables or units are not those of this version's schema. What a card asks
    for takes no memory before its weights are known to be of that size.
    """
    path = cards.weights_path(model, folder)
    card = cards.read(path)
    _check_variables(card, path)
    tensors = _tensors(path)
    if card.weights_sha256 != cards.sha256(path):
        raise ModelError(f"{path} does not belong to its card (other checksum): copy both files of the model again")
    missing = [name for name in _SCALERS if name not in tensors]
    if missing:
        raise ModelError(f"{path} lacks {', '.join(missing)}: it is no AgroFlux checkpoint; use one that train made")
    x, y = (_scaler(tensors, kind, names, path) for kind, names in _columns(card))
    return Checkpoint(card, _network(card, tensors, path), x, y)


def _columns(card: Card) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("drivers", card.driver_names), ("targets", card.target_names)


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"{path} is not a whole safetensors file ({error}): copy the model again; pickled weights are never loaded"
        ) from None


def _scaler(tensors: dict[str, Tensor], kind: str, names: tuple[str, ...], path: Path) -> Scaler:
    parts = {name: tensors[name] for name in (f"{kind}.mean", f"{kind}.std")}
    try:
        for name, part in parts.items():
            _check_type(name, part, torch.float32)  # before NumPy, which does not know all types of torch
        return Scaler(names, *(part.numpy() for part in parts.values()))
    except AgroFluxError as error:
        raise ModelError(f"{path}: {error}; copy the model again") from None


def _network(card: Card, tensors: dict[str, Tensor], path: Path) -> nn.Module:
    state = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
    try:
        with _AtMost(_SPARE * sum(weight.numel() for weight in state.values())):
            network = registry.build(card.model, len(card.drivers), len(card.targets), **card.config)
        _check_types(network, state)
        network.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError, ValueError, ModelError) as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise ModelError(
            f"{path}: weights do not fit the card's {card.model} ({first}): copy the model again"
        ) from None
    _check_finite(network, path)
    return network.eval().requires_grad_(False)


class _AtMost(TorchFunctionMode):
    """Weights of networks that are made meanwhile hold so many numbers in all, or ModelError before they take memory.

    Of ``torch.empty``, by which layers make most, memory is taken once it is filled. Torch's own way to know shapes
    without memory, to build all on the device ``meta``, loads seconds of Python for some initial values.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.left = numbers

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What torch calls in place of ``func``."""
        if func in _MAKERS:
            # All take a size as ``empty`` does; random numbers on ``meta`` load a second of Python too.
            size = {"size": kwargs["size"]} if kwargs and "size" in kwargs else {}
            self.left -= torch.empty(*args, **size, device="meta").numel()
            if self.left < 0:
                raise ModelError("which is a far larger network")
        return func(*args, **(kwargs or {}))


def _check_types(network: nn.Module, state: dict[str, Tensor]) -> None:
    """Raise ModelError where weights would have to be turned into another type of number."""
    for name, weight in network.state_dict().items():
        if name in state:
            _check_type(name, state[name], weight.dtype)


def _check_type(name: str, found: Tensor, wanted: torch.dtype) -> None:
    if found.dtype != wanted:
        raise ModelError(f"{name} is of {found.dtype} instead of {wanted}")


def _check_finite(network: nn.Module, path: Path) -> None:
    """Raise ModelError where a weight is no number: it would make predictions without a value, and no error."""
    for name, weight in network.state_dict().items():
        if not torch.isfinite(weight).all():
            raise ModelError(
                f"{path}: {name} holds a number that is not finite: copy the model again, or train it anew"
            )


def _check_variables(card: Card, path: Path) -> None:
    for kind, pairs, order in (("driver", card.drivers, schema.DRIVERS), ("target", card.targets, schema.TARGETS)):
        want = [[name, schema.get(name).unit] for name in order]
        if [list(pair) for pair in pairs] == want:
            continue
        wrong = next((f"{a} instead of {b}" for a, b in zip(pairs, want, strict=False) if list(a) != b), "their number")
        raise ModelError(
            f"card of {path}: the {kind}s are not in the schema's order and units ({wrong}): "
            "use a model that this version trained"
        )
