"""Every baseline by name. Names are known without torch; a network is built on demand."""

import importlib
from typing import TYPE_CHECKING, Any

from agroflux.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

#: name -> (module, class, default configuration). The network maps (batch, time, drivers) to (batch, time, targets).
NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lstm": ("agroflux.baselines.lstm", "LSTM", {"hidden": 128, "layers": 1, "memory_days": 730.0}),
}
#: Simple references, which are fitted rather than trained.
REFERENCES = ("climatology",)


def names() -> tuple[str, ...]:
    """Names of the networks that can be trained."""
    return tuple(NETWORKS)


def configuration(name: str, **changes: Any) -> dict[str, Any]:
    """The default configuration of ``name`` with ``changes``; ModelError for an unknown name or setting."""
    if name not in NETWORKS:
        raise ModelError(f"unknown model {name!r}: use one of {', '.join(NETWORKS)}")
    default = NETWORKS[name][2]
    unknown = sorted(set(changes) - set(default))
    if unknown:
        raise ModelError(f"model {name!r} has no setting {', '.join(unknown)}: use {', '.join(default)}")
    return {**default, **changes}


def build(name: str, n_drivers: int = 11, n_targets: int = 20, **changes: Any) -> "nn.Module":
    """A new network ``name``; weights are drawn from torch's current random state."""
    config = configuration(name, **changes)
    module, cls, _ = NETWORKS[name]
    network: nn.Module = getattr(importlib.import_module(module), cls)(n_drivers, n_targets, **config)
    return network
