"""Pyraformer: a pyramid of 365 + 91 + 22 + 5 nodes under one dense mask (about 706 thousand weights).

The published attention without its compiled kernel: every node against every other, and all but the relatives
masked away. All days are predicted from the last node of the finest scale.
"""

import math

import torch
from torch import Tensor, nn

DAYS, WIDTH, NARROW, HEADS, KEY, FEED = 365, 50, 128, 4, 25, 200
SIZES = (365, 91, 22, 5)


def _mask() -> Tensor:
    """True where a node may not look: all but neighbours, children and parent."""
    starts = [sum(SIZES[:k]) for k in range(len(SIZES))]
    seen = torch.zeros(sum(SIZES), sum(SIZES), dtype=torch.bool)
    for scale, (start, size) in enumerate(zip(starts, SIZES, strict=True)):
        for k in range(size):
            seen[start + k, start + max(0, k - 1) : start + min(size, k + 2)] = True
            if scale:
                first = starts[scale - 1] + 4 * k
                last = starts[scale] if k == size - 1 else first + 4
                seen[start + k, first:last] = True
                seen[first:last, start + k] = True
    return ~seen


class _Join(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(NARROW, NARROW, 4, stride=4), nn.BatchNorm1d(NARROW)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channels, nodes)`` to a quarter of the nodes."""
        return nn.functional.elu(self.norm(self.conv(x)))


class _Layer(nn.Module):
    """Masked attention over all nodes, then a feed-forward net, each added and normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, HEADS * KEY, bias=False) for _ in range(3))
        self.mix = nn.Linear(HEADS * KEY, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, FEED), nn.GELU(), nn.Linear(FEED, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``(batch, nodes, width)`` in and out."""
        q, k, v = (part(x).unflatten(-1, (HEADS, KEY)).transpose(1, 2) for part in (self.q, self.k, self.v))
        scores = (q / math.sqrt(KEY)) @ k.transpose(2, 3)
        weights = scores.masked_fill(mask, -1e9).softmax(-1)
        x = self.norms[0](x + self.mix((weights @ v).transpose(1, 2).flatten(2)))
        return self.norms[1](x + self.feed(x))


class PublishedPyraformer(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``, of which 127 days of input matter."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(11, WIDTH)
        self.down, self.up, self.norm = nn.Linear(WIDTH, NARROW), nn.Linear(NARROW, WIDTH), nn.LayerNorm(WIDTH)
        self.joins = nn.ModuleList(_Join() for _ in range(3))
        self.layers = nn.ModuleList(_Layer() for _ in range(3))
        self.head = nn.Linear(WIDTH, DAYS * 20)
        self.register_buffer("mask", _mask(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        days = self.embedding(x)
        finer, found = self.down(days).transpose(1, 2), []
        for join in self.joins:
            finer = join(finer)
            found.append(finer)
        coarser = self.up(torch.cat(found, dim=2).transpose(1, 2))
        nodes = self.norm(torch.cat([days, coarser], dim=1))
        for layer in self.layers:
            nodes = layer(nodes, self.mask)
        return self.head(nodes[:, DAYS - 1]).view(-1, DAYS, 20)
