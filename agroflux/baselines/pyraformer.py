"""Pyraformer (Liu et al. 2022, ICLR, openreview 0EXmFzUn5I): pyramidal attention; each day decoded by a linear head."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux.baselines import pyramid
from agroflux.baselines.inputs import grouped, known

#: Site-days that run at once on a processor.
GROUP_DAYS = 8 * 365


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


class _Layer(nn.Module):
    """Pyramidal attention, then a feed-forward net, each on normalised input and added to it (pre-norm).

    Each kind of relative (neighbour, child by its place, parent) has a learned bias at each scale: it says what
    the paper's positional encoding says, which node is which, and means the same on every day of any series.
    """

    def __init__(self, width: int, heads: int, feed: int, fan: int, scales: int, reach: int) -> None:
        super().__init__()
        self.heads, self.fan, self.reach = heads, fan, reach
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, feed), nn.ReLU(), nn.Linear(feed, width))
        kinds = [2 * reach + 1 + fan * (s > 0) + (s + 1 < scales) for s in range(scales)]
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(heads, n)) for n in kinds)

    def forward(self, x: Tensor, counts: list[int], absent: list[Tensor]) -> Tensor:
        """``(batch, nodes, width)`` in and out."""
        q, k, v = self.qkv(self.norm_attention(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)
        bias = [own + gone for own, gone in zip(self.bias, absent, strict=True)]
        x = x + self.mix(pyramid.attention(q, k, v, counts, self.fan, self.reach, bias).flatten(2))
        out: Tensor = x + self.feed(self.norm_feed(x))
        return out


class Pyraformer(nn.Module):
    """Daily drivers to daily targets through a pyramid of days, groups of days, groups of groups.

    Every day is decoded, from its own node and the nodes above it at every scale (the paper gathers those of the
    last day alone, as it forecasts). Not causal: neighbours stand on both sides and a coarse node knows all its
    days. A day's prediction depends on the block of ``fan ** (scales - 1)`` days in which it lies and on the
    ``layers x reach`` blocks before and after (``context_of``): 768 days and more with the recommended settings.
    Time and memory grow in step with the series.

    Args:
        n_drivers, n_targets: columns of input and output.
        hidden, layers: width and depth.
        heads: attention heads; divides ``hidden``.
        feed: width of the feed-forward nets.
        fan: nodes that one of the next coarser scale stands for (C in the paper).
        scales: number of scales (S in the paper), days included; at least 2.
        reach: neighbours on each side at the same scale; the paper's A is 2 reach + 1.
        narrow: width in which coarser nodes are made.
    """

    causal = False
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
    ) -> None:
        super().__init__()
        if hidden % heads:
            raise ValueError(f"hidden {hidden} must be a multiple of heads {heads}")
        if scales < 2:
            raise ValueError(f"{scales} scale(s) make no pyramid: give at least 2")
        self.fan, self.scales, self.reach = fan, scales, reach
        self.embedding = nn.Linear(n_drivers, hidden)
        self.coarser = _Coarser(hidden, narrow, fan, scales)
        self.encoder = nn.ModuleList(_Layer(hidden, heads, feed, fan, scales, reach) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(scales * hidden, n_targets)

    def context_of(self, day: int, days: int) -> range:
        """Days of a series of ``days`` that the prediction of ``day`` depends on."""
        block, away = self.fan ** (self.scales - 1), self.reach * len(self.encoder)
        first = day // block - away
        return range(max(0, first * block), min(days, (first + 2 * away + 1) * block))

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Nodes of each day at all scales ``(batch, time, scales x hidden)``; arguments as in ``forward``."""
        counts = pyramid.sizes(x.shape[1], self.fan, self.scales)
        absent = pyramid.absent(counts, self.fan, self.reach, x.device)

        def run(part: Tensor) -> Tensor:
            nodes = self.coarser(self.embedding(part))
            for layer in self.encoder:
                nodes = layer(nodes, counts, absent)
            by_scale = self.norm(nodes).split(counts, dim=1)
            above = [n.repeat_interleave(self.fan**s, dim=1)[:, : part.shape[1]] for s, n in enumerate(by_scale)]
            return torch.cat(above, dim=-1)

        return grouped(run, known(x, mask), GROUP_DAYS)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Predict every day.

        Args:
            x: standardised drivers ``(batch, time, drivers)``, any batch and length.
            mask: true where a driver is known, same shape; an unknown one counts as its mean.

        Returns:
            Standardised targets ``(batch, time, targets)``.
        """
        targets: Tensor = self.head(self.embed(x, mask))
        return targets
