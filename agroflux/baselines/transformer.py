"""Transformer encoder (Vaswani et al. 2017, arXiv 1706.03762) over days, causal and local, with a linear head."""

import functools
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux.baselines.attention import local
from agroflux.baselines.network import Body, Network, PreNorm

#: Days whose attention is computed together.
BLOCK_DAYS = 32


class _Shared(NamedTuple):
    """Of a layer: weights of queries, keys and values; turns and what is added to turned pairs; bias of the mix."""

    qkv: Tensor
    turns: Tensor
    shift: Tensor
    mixed: Tensor


def rotations(days: int, pairs: int, device: torch.device) -> Tensor:
    """Complex numbers ``(days, pairs)`` of length 1, by which day ``t`` turns each pair of features.

    Rotary position (Su et al. 2021, arXiv 2104.09864, eqs. 15 and 34), as the wavelengths of Vaswani et al., section
    3.5, but with the base 1000 where both papers have 10000. The product of a query and a key then depends on the
    days between them alone, so that a series longer than those of the training, or one that starts on another day,
    meets nothing new.
    """
    speed = 1000.0 ** (-torch.arange(pairs, device=device) / pairs)
    angle = torch.arange(days, device=device)[:, None] * speed
    return torch.complex(angle.cos(), angle.sin())


def turned(x: Tensor, turns: Tensor, shift: Tensor) -> Tensor:
    """``x`` ``(batch, time, ..., features)`` with features 2k and 2k + 1 turned by ``turns``, plus ``shift``.

    The real part of a pair stands first. ``turns`` and ``shift`` broadcast to ``(batch, time, ..., pairs)``. Where
    nothing learns ``x`` itself is turned.
    """
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    found = torch.addcmul(shift, pairs, turns, out=None if torch.is_grad_enabled() else pairs)
    return torch.view_as_real(found).flatten(-2).type_as(x)


@functools.lru_cache(8)
@torch.inference_mode(False)  # training uses what a prediction made
def _beside(width: int, heads: int, device: torch.device) -> Tensor:
    """Rows ``(3 x width,)`` of queries and keys in an order that has the pairs of each head side by side; values."""
    apart = torch.arange(2 * width, device=device).view(2, heads, 2, -1)
    return torch.cat([apart.transpose(2, 3).flatten(), torch.arange(2 * width, 3 * width, device=device)])


class _Layer(PreNorm):
    """Each day attends to itself and the ``window - 1`` days before it."""

    def __init__(self, width: int, heads: int, feed: int, window: int) -> None:
        super().__init__(width, heads, feed)
        if width // heads % 2:
            raise ValueError(f"hidden {width} over {heads} heads leaves {width // heads} features, which make no pairs")
        self.window = window

    def shared(self, turns: Tensor) -> _Shared:
        """What is the same for all series: see ``_Shared``.

        Features k and k + pairs of a head turn together. They come to stand side by side, as products of queries and
        keys do not ask for the order. The bias of queries and keys is turned once for all series; that of values
        passes through attention as it is, as its weights add up to 1.
        """
        width = len(self.mix.bias)
        weight, bias = (part[_beside(width, self.heads, turns.device)] for part in (self.qkv.weight, self.qkv.bias))
        shift = torch.view_as_complex(bias[: 2 * width].float().view(2, self.heads, -1, 2)) * turns
        return _Shared(weight, turns, shift, torch.addmv(self.mix.bias, self.mix.weight, bias[2 * width :]))

    def forward(self, x: Tensor, shared: _Shared) -> Tensor:
        """``(batch, time, width)`` in and out."""
        asked = functional.linear(self.norm_attention(x), shared.qkv).unflatten(-1, (3, self.heads, -1))
        q, k = turned(asked[:, :, :2], shared.turns, shared.shift).permute(2, 0, 3, 1, 4)
        found = local(q, k, asked[:, :, 2].transpose(1, 2), self.window, BLOCK_DAYS).flatten(2)
        return self.fed(functional.linear(found, self.mix.weight, shared.mixed).add_(x))


class Transformer(Network):
    """Daily drivers to daily targets; day ``t`` sees days up to ``t`` only (eq. 1 of the paper, masked).

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    Each layer lets a day attend to itself and the ``window - 1`` days before it, so that ``layers`` layers reach
    ``receptive_field`` = 1 + layers (window - 1) days back. Time and memory grow in step with the series: six
    years run like one.

    Args:
        hidden, layers: width and depth.
        heads: attention heads; divides ``hidden``.
        feed: width of the feed-forward nets.
        window: days that a day attends to in one layer, itself included.
    """

    causal = True
    group_days = 12 * 365
    module_parts = ("embedding", "encoder", "norm", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        hidden: int = 64,
        layers: int = 3,
        heads: int = 2,
        feed: int = 128,
        window: int = 128,
    ) -> None:
        super().__init__()
        self.pairs = hidden // heads // 2
        self.receptive_field = 1 + layers * (window - 1)
        self.embedding = nn.Linear(n_drivers, hidden)
        self.encoder = nn.ModuleList(_Layer(hidden, heads, feed, window) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, n_targets)

    def body(self, days: int) -> Body:
        """Last layer's output ``(batch, days, hidden)``."""
        turns = rotations(days, self.pairs, self.head.weight.device)[:, None, None]
        layers = [(layer, layer.shared(turns)) for layer in cast("list[_Layer]", list(self.encoder))]

        def run(part: Tensor) -> Tensor:
            hidden = self.embedding(part)
            for layer, shared in layers:
                hidden = layer(hidden, shared)
            out: Tensor = self.norm(hidden)
            return out

        return run
