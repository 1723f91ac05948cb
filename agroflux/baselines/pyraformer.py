"""Pyraformer (Liu et al. 2022, ICLR, openreview 0EXmFzUn5I): pyramidal attention; each day decoded by a linear head."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux.baselines import pyramid
from agroflux.baselines.network import Body, Network, PreNorm


class _Coarser(nn.Module):
    """Coarser-scale construction (section 3.2, fig. 3): strided convolutions in a narrow space, scale upon scale.

    A convolution whose stride is its length is a linear map of ``fan`` nodes side by side. Nodes that the last one
    lacks count as zero.
    """

    def __init__(self, width: int, narrow: int, fan: int, scales: int) -> None:
        super().__init__()
        self.fan = fan
        self.down, self.up = nn.Linear(width, narrow), nn.Linear(narrow, width)
        self.joins = nn.ModuleList(nn.Linear(fan * narrow, narrow) for _ in range(scales - 1))
        self.norm = nn.LayerNorm(width)

    def forward(self, days: Tensor) -> Tensor:
        """``(batch, days, width)`` to ``(batch, nodes, width)``, scales one after another, days first."""
        finer, found = self.down(days), []
        for join in self.joins:
            whole = functional.pad(finer, (0, 0, 0, -finer.shape[1] % self.fan))
            finer = functional.elu(join(whole.unflatten(1, (-1, self.fan)).flatten(2)))
            found.append(finer)
        coarser: Tensor = self.up(torch.cat(found, dim=1))
        out: Tensor = self.norm(torch.cat([days, coarser], dim=1))
        return out


class _Layer(PreNorm):
    """Pyramidal attention.

    Each kind of relative (neighbour, child by its place, parent) has a learned bias at each scale: it says what
    the paper's positional encoding says, which node is which, and means the same on every day of any series.
    """

    def __init__(self, width: int, heads: int, feed: int, fan: int, scales: int, reach: int, dropout: float) -> None:
        super().__init__(width, heads, feed, dropout)
        self.bias = nn.ParameterList(
            nn.Parameter(torch.zeros(n, 1, 1, heads)) for n in pyramid.kinds(fan, scales, reach)
        )

    def forward(self, x: Tensor, tiles: pyramid.Tiles) -> Tensor:
        """``(batch, nodes, width)`` in and out."""
        mask = tiles.mask(torch.cat(list(self.bias)).flatten(0, 2))
        return self.run(x, lambda qkv: pyramid.attention(qkv, tiles, mask))


class Pyraformer(Network):
    """Daily drivers to daily targets through a pyramid of days, groups of days, groups of groups.

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    Every day is decoded, from its own node and the nodes above it at every scale (the paper gathers those of the
    last day alone, as it forecasts). Not causal: neighbours stand on both sides and a coarse node knows all its
    days. A day's prediction depends on the block of ``fan ** (scales - 1)`` days in which it lies and on the
    ``layers x reach`` blocks before and after (``context_of``): 768 days and more with the recommended settings.
    Time and memory grow in step with the series.

    Args:
        hidden, layers: width and depth.
        heads: attention heads; divides ``hidden``.
        feed: width of the feed-forward nets.
        fan: nodes that one of the next coarser scale stands for (C in the paper).
        scales: number of scales (S in the paper), days included; at least 2.
        reach: neighbours on each side at the same scale; the paper's A is 2 reach + 1.
        narrow: width in which coarser nodes are made.
        dropout: share of values dropped in the layers while training.
    """

    causal = False
    group_days = 8 * 365
    module_parts = ("embedding", "coarser", "encoder", "norm", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        hidden: int = 64,
        layers: int = 3,
        heads: int = 4,
        feed: int = 128,
        fan: int = 4,
        scales: int = 5,
        reach: int = 1,
        narrow: int = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if scales < 2:
            raise ValueError(f"{scales} scale(s) make no pyramid: give at least 2")
        self.fan, self.scales, self.reach = fan, scales, reach
        self.embedding = nn.Linear(n_drivers, hidden)
        self.coarser = _Coarser(hidden, narrow, fan, scales)
        self.encoder = nn.ModuleList(_Layer(hidden, heads, feed, fan, scales, reach, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(scales * hidden, n_targets)

    def context_of(self, day: int, days: int) -> range:
        """Days of a series of ``days`` that the prediction of ``day`` depends on."""
        block, away = self.fan ** (self.scales - 1), self.reach * len(self.encoder)
        first = day // block - away
        return range(max(0, first * block), min(days, (first + 2 * away + 1) * block))

    def body(self, days: int) -> Body:
        """Nodes of each day at all scales ``(batch, days, scales x hidden)``."""
        tiles = pyramid.tiles(days, self.fan, self.scales, self.reach, self.head.weight.device)

        def run(part: Tensor) -> Tensor:
            nodes = self.coarser(self.embedding(part))
            for layer in self.encoder:
                nodes = layer(nodes, tiles)
            return self.norm(nodes).index_select(1, tiles.above).unflatten(1, (days, -1)).flatten(2)

        return run
