"""Pyramidal attention (Liu et al. 2022, Pyraformer): each node asks its neighbours, children and parent only.

Nodes of scale 0 are days; a node of scale s + 1 stands for ``fan`` nodes of scale s (fewer at the series' end). They
stand scale after scale, finest first. They are answered tile by tile: a tile is a node with all that is below it for a
few scales, and within a tile attention is dense, under a mask. That is many more products than there are relatives,
but a processor is done with small matrices sooner than with relatives that it picks one by one. Time and memory still
grow in step with the number of nodes.
"""

from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from agroflux.baselines.attention import LANES

#: Nodes of a tile's finest scale at most (but ``fan`` at least): faster than with 4 or 64.
TILE_WIDTH = 16


def sizes(days: int, fan: int, scales: int) -> list[int]:
    """Nodes of each scale over a series of ``days``, finest first."""
    found = [days]
    while len(found) < scales:
        found.append(-(-found[-1] // fan))
    return found


def kinds(fan: int, scales: int, reach: int) -> list[int]:
    """How many kinds of relatives a node of each scale has (the sets A, C and P of the paper's eq. 2).

    They are ``2 reach + 1`` neighbours in order of time (itself among them), ``fan`` children unless at the finest
    scale, and the parent unless at the coarsest.
    """
    return [2 * reach + 1 + fan * (s > 0) + (s + 1 < scales) for s in range(scales)]


class Tiles(NamedTuple):
    """Where the nodes of a series stand in tiles, each of which has as many slots for nodes that ask and for keys.

    Attributes:
        rows: ``((asking + 2 keys) x tiles)``, the tiles' queries, keys and values among those of all nodes, of which
            each has its three side by side.
        place: ``(nodes)``, each node's answer among the ``asking x tiles`` ones.
        kinds: ``(levels, asking, keys)``, which kind of relative, of those of all scales, a key is to who asks.
        level: ``(tiles)``, the level of each tile: those of one level lie in the same scales.
        holes: ``(tiles, 1, asking, keys)``, minus infinity where there is no relative, else 0.
        above: ``(days x scales)``, the nodes of each day: its own and those above it.
    """

    rows: Tensor
    place: Tensor
    kinds: Tensor
    level: Tensor
    holes: Tensor
    above: Tensor

    def mask(self, bias: Tensor) -> Tensor:
        """What is added to scores, ``(tiles x heads, asking, keys)``: minus infinity where there is no relative.

        ``bias`` is ``(kinds, heads)``, those of all scales one after another (see :func:`kinds`).
        """
        known = functional.embedding(self.kinds, bias).permute(0, 3, 1, 2).contiguous()
        return known.index_select(0, self.level).add_(self.holes).flatten(0, 1)


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # what an inference makes here may serve a training next
def tiles(days: int, fan: int, scales: int, reach: int, device: torch.device) -> Tiles:
    """The tiles of a series of ``days``.

    Tiles of the first level stand on the days, those of a further one on the top nodes of the level below, which
    are answered there.
    """
    height = max(1, sum(fan**h <= TILE_WIDTH for h in range(1, TILE_WIDTH)))
    sized = sizes(days, fan, scales + height)
    count = torch.tensor(sized[:scales] + [0] * (height + 2))  # scales above the coarsest have no nodes
    start = count.cumsum(0) - count
    n_kinds = kinds(fan, scales, reach)
    first = torch.tensor([*accumulate(n_kinds, initial=0)] + [0] * height)

    # Of each slot: how far above the tile's finest scale, and the number there in the series' first tile.
    widths = [min(fan ** (height - i), sized[i]) for i in range(height + 1)]
    asking = [(i, k) for i, n in enumerate(widths) for k in range(n)]
    near = [(i, k) for i, n in enumerate(widths) for k in range(-reach, n + reach)] + [(height + 1, 0)]
    near += [(height + 2, 0)] * (-len(near) % LANES)  # nobody's relative
    (i, k), (j, m) = torch.tensor(asking).T, torch.tensor(near).T
    up, along = j - i[:, None], m - k[:, None]
    neighbour = (up == 0) & (along.abs() <= reach)
    child = (up == -1) & (m // fan == k[:, None])
    parent = (up == 1) & ((k // fan)[:, None] == m)
    related = neighbour | child | parent
    kind = torch.where(neighbour, along + reach, 2 * reach + 1 + m % fan)  # of neighbours and children

    rows, answered, which, holes = [], [], [], []
    level: list[Tensor] = []
    width = torch.tensor([*widths, 0, 0])
    for base in range(0, scales - 1, height):
        tile = torch.arange(sized[base + height])[:, None]
        asked, key = tile * width[i] + k, torch.where(j > height, tile // fan, tile * width[j] + m)
        asks = (asked < count[base + i]) & ((i > 0) | (base == 0))
        there = (key >= 0) & (key < count[base + j])
        asked, key = (start[base + i] + asked) * asks, (start[base + j] + key) * there
        rows.append(torch.cat([3 * asked, 3 * key + 1, 3 * key + 2], dim=1))
        answered.append(torch.where(asks, asked, -1))
        number = torch.where(parent, first[base + i + 1, None] - 1, first[base + i, None] + kind)
        which.append(number.clamp(0, sum(n_kinds) - 1))  # any will do where there is no relative
        level.append(torch.full((len(tile),), len(level)))
        # A slot without a node asks all keys: a row of nothing but holes would have no softmax.
        hole = ~(related & there[:, None]) & asks[..., None]
        holes.append(torch.zeros(hole.shape).masked_fill(hole, -torch.inf))
    node = torch.cat(answered).T
    place = torch.empty(sum(sized[:scales]), dtype=torch.long)
    place[node[node >= 0]] = torch.arange(node.numel()).view_as(node)[node >= 0]
    above = start[:scales] + torch.arange(days)[:, None] // fan ** torch.arange(scales)
    found = Tiles(
        rows=torch.cat(rows).T.flatten(),
        place=place,
        kinds=torch.stack(which),
        level=torch.cat(level),
        holes=torch.cat(holes)[:, None],
        above=above.flatten(),
    )
    return Tiles(*(table.to(device) for table in found))


def attention(qkv: Tensor, tiles: Tiles, mask: Tensor) -> Tensor:
    """Scaled dot-product attention of every node to its relatives (eqs. 1 and 3).

    Args:
        qkv: queries, keys and values ``(batch, nodes, 3, heads, features)``.
        mask: added to the scores (see :meth:`Tiles.mask`).

    Returns:
        ``(batch, nodes, heads x features)``.
    """
    batch, nodes, _, heads, features = qkv.shape
    asking, keys = mask.shape[1:]
    rows = qkv.reshape(batch, 3 * nodes, heads * features).index_select(1, tiles.rows)
    # Sizes are all given: torch can tell none of an empty batch.
    q, k, v = (
        rows.view(batch, asking + 2 * keys, len(mask), features).transpose(1, 2).split([asking, keys, keys], dim=2)
    )
    found = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask[None])
    answers = found.transpose(1, 2).reshape(batch, asking * len(tiles.level), heads * features)
    return answers.index_select(1, tiles.place)
