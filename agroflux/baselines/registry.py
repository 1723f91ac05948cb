"""Every baseline by name. Names are known without torch; a network is built on demand.

Each network has two settings. ``recommended`` is what is trained and shipped; ``official`` is about the size of the
published benchmark (arXiv 2602.01614: hidden 50, 3 layers), for comparison with it. All but the iTransformer have 48
there, a multiple of a processor's vector; Transformer and Pyraformer have feed-forward nets of 96, where the published
Transformer has torch's default of 2048.

All share one interface, which :class:`agroflux.baselines.network.Network` describes.
"""

import copy
import importlib
from typing import TYPE_CHECKING, Any

from agroflux.baselines import settings
from agroflux.errors import ModelError

if TYPE_CHECKING:
    from agroflux.baselines.network import Network

PRESETS = ("recommended", "official")
Presets = dict[str, dict[str, Any]]

_SOIL = ["BD", "SAND", "SILT", "PH", "SOC"]

#: name -> (module, class, settings by preset).
NETWORKS: dict[str, tuple[str, str, Presets]] = {
    "lstm": (
        "agroflux.baselines.lstm",
        "LSTM",
        {
            "recommended": {"hidden": 128, "layers": 1, "memory_days": 730.0},
            "official": {"hidden": 48, "layers": 3, "memory_days": 730.0},
        },
    ),
    "ealstm": (
        "agroflux.baselines.ealstm",
        "EALSTM",
        {  # the published EA-LSTM has one layer
            "recommended": {"hidden": 128, "static": _SOIL, "memory_days": 730.0},
            "official": {"hidden": 48, "static": _SOIL, "memory_days": 730.0},
        },
    ),
    "tcn": (
        "agroflux.baselines.tcn",
        "TCN",
        {
            "recommended": {"hidden": 48, "kernel": 3, "dilations": [1, 3, 9, 27, 81]},
            "official": {"hidden": 48, "kernel": 3, "dilations": [1, 5, 25]},
        },
    ),
    "transformer": (
        "agroflux.baselines.transformer",
        "Transformer",
        {
            "recommended": {"hidden": 64, "layers": 3, "heads": 2, "feed": 128, "window": 128},
            "official": {"hidden": 48, "layers": 3, "heads": 2, "feed": 96, "window": 64},
        },
    ),
    "itransformer": (
        "agroflux.baselines.itransformer",
        "ITransformer",
        {
            "recommended": {
                "window": 32,
                "context": 736,
                "hidden": 64,
                "layers": 3,
                "heads": 4,
                "feed": 128,
                "channels": 8,
                "near": 0,
                "dropout": 0.0,
            },
            "official": {
                "window": 365,
                "context": 0,
                "hidden": 50,
                "layers": 3,
                "heads": 2,
                "feed": 200,
                "channels": 1,
                "near": 0,
                "dropout": 0.0,
            },
        },
    ),
    "pyraformer": (
        "agroflux.baselines.pyraformer",
        "Pyraformer",
        {
            "recommended": {
                "hidden": 64,
                "layers": 3,
                "heads": 4,
                "feed": 128,
                "fan": 4,
                "scales": 5,
                "reach": 1,
                "narrow": 32,
                "dropout": 0.0,
            },
            "official": {
                "hidden": 48,
                "layers": 3,
                "heads": 2,
                "feed": 96,
                "fan": 4,
                "scales": 4,
                "reach": 1,
                "narrow": 24,
                "dropout": 0.0,
            },
        },
    ),
}
#: Simple references, which are fitted rather than trained (see :mod:`agroflux.baselines.references`): name -> module.
REFERENCES: dict[str, str] = {
    "climatology": "agroflux.baselines.climatology",
    "ridge": "agroflux.baselines.ridge",
    "boosting": "agroflux.baselines.boosting",
}


#: Networks whose papers write their name otherwise than Python writes a class.
_WRITTEN = {"ealstm": "EA-LSTM", "itransformer": "iTransformer"}


def title(name: str) -> str:
    """What readers call a network or reference: ``EA-LSTM``, ``Ridge``; an unknown name with a capital letter."""
    known = NETWORKS[name][1] if name in NETWORKS else name.capitalize()
    return _WRITTEN.get(name, known)


def names() -> tuple[str, ...]:
    """Names of the networks that can be trained."""
    return tuple(NETWORKS)


def configuration(name: str, preset: str = "recommended", **changes: Any) -> dict[str, Any]:
    """The ``preset`` of ``name`` with ``changes``; ModelError for an unknown name or preset, or a wrong setting."""
    if name not in NETWORKS:
        raise ModelError(f"unknown model {name!r}: use one of {', '.join(NETWORKS)}")
    presets = NETWORKS[name][2]
    if preset not in presets:
        raise ModelError(f"model {name!r} has no preset {preset!r}: use {' or '.join(presets)}")
    default = copy.deepcopy(presets[preset])
    unknown = sorted(set(changes) - set(default))
    if unknown:
        raise ModelError(f"model {name!r} has no setting {', '.join(unknown)}: use {', '.join(default)}")
    config = {**default, **changes}
    settings.check(name, config)
    return config


def build(
    name: str, n_drivers: int = 11, n_targets: int = 20, *, preset: str = "recommended", **changes: Any
) -> "Network":
    """A new network ``name``; weights are drawn from torch's current random state.

    ``preset`` and ``changes`` as in :func:`configuration`. ModelError also for settings that make no network.
    """
    config = configuration(name, preset, **changes)
    module, cls, _ = NETWORKS[name]
    kind = getattr(importlib.import_module(module), cls)
    try:
        network: Network = kind(n_drivers, n_targets, **config)
    except (ValueError, TypeError, RuntimeError) as error:  # as one that takes more memory than there is
        said = ", ".join(f"{key}={value}" for key, value in config.items())
        raise ModelError(f"model {name!r} cannot be built with {said} ({error}): give other settings") from None
    return network
