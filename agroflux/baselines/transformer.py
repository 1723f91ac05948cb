"""Transformer encoder (Vaswani et al. 2017, arXiv 1706.03762) over days, causal and local, with a linear head."""

import torch
from torch import Tensor, nn

from agroflux.baselines.attention import local
from agroflux.baselines.network import Body, Network, PreNorm

#: Days whose attention is computed together.
BLOCK_DAYS = 24


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


def turned(x: Tensor, turns: Tensor) -> Tensor:
    """``x`` ``(..., time, features)`` with features k and k + pairs turned by the day and pair of ``turns``.

    A pair stands side by side in what comes back, real part first: products of queries and keys do not ask for the
    order, and one product of complex numbers is faster than four of real ones and two sums.
    """
    pairs = turns.shape[-1]
    real, imaginary = (part.float().contiguous() for part in (x[..., :pairs], x[..., pairs : 2 * pairs]))
    found = torch.view_as_real(torch.complex(real, imaginary) * turns).flatten(-2).type_as(x)
    return torch.cat([found, x[..., 2 * pairs :]], dim=-1) if x.shape[-1] % 2 else found


class _Layer(PreNorm):
    """Each day attends to itself and the ``window - 1`` days before it."""

    def __init__(self, width: int, heads: int, feed: int, window: int) -> None:
        super().__init__(width, heads, feed)
        self.window = window

    def forward(self, x: Tensor, turns: Tensor) -> Tensor:
        """``(batch, time, width)`` in and out."""

        def attend(qkv: Tensor) -> Tensor:
            heads = qkv.permute(2, 0, 3, 1, 4)
            q, k = turned(heads[:2], turns)
            return local(q, k, heads[2], self.window, BLOCK_DAYS).transpose(1, 2).flatten(2)

        return self.run(x, attend)


class Transformer(Network):
    """Daily drivers to daily targets; day ``t`` sees days up to ``t`` only.

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
    group_days = 8 * 365
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
        turns = rotations(days, self.pairs, self.head.weight.device)

        def run(part: Tensor) -> Tensor:
            hidden = self.embedding(part)
            for layer in self.encoder:
                hidden = layer(hidden, turns)
            out: Tensor = self.norm(hidden)
            return out

        return run
