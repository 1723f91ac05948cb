"""Pyramidal attention (Liu et al. 2022, Pyraformer): each node asks its few relatives, and no other node is touched.

Nodes of scale 0 are days; a node of scale s + 1 stands for ``fan`` nodes of scale s (fewer at the series' end).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def sizes(days: int, fan: int, scales: int) -> list[int]:
    """Nodes of each scale over a series of ``days``, finest first."""
    found = [days]
    while len(found) < scales:
        found.append(-(-found[-1] // fan))
    return found


def relatives(nodes: Sequence[Tensor], scale: int, fan: int, reach: int) -> list[Tensor]:
    """For every node of ``scale``: its neighbours, children and parent (the sets A, C and P of the paper's eq. 2).

    Args:
        nodes: one tensor ``(batch, nodes, ...)`` a scale, finest first.
        reach: neighbours on each side; the node itself is among them.

    Returns:
        ``2 reach + 1`` neighbours in order of time, ``fan`` children unless at the finest scale, and the parent
        unless at the coarsest: each like ``nodes[scale]``, zero where there is no such relative.
    """
    own = nodes[scale]
    n, flat = own.shape[1], (0, 0) * (own.ndim - 2)
    wide = functional.pad(own, (*flat, reach, reach))
    found = [wide[:, k : k + n] for k in range(2 * reach + 1)]
    if scale > 0:
        finer = nodes[scale - 1]
        found += functional.pad(finer, (*flat, 0, fan * n - finer.shape[1])).unflatten(1, (n, fan)).unbind(2)
    if scale + 1 < len(nodes):
        found.append(nodes[scale + 1].repeat_interleave(fan, dim=1)[:, :n])
    return found


def absent(counts: Sequence[int], fan: int, reach: int, device: torch.device) -> list[Tensor]:
    """Of each scale ``(1, nodes, 1, relatives)``: 0 for a relative that exists, minus infinity for one that does not.

    To be added to attention scores. ``counts`` are the nodes of each scale (see :func:`sizes`).
    """
    ones = [torch.ones(1, n, 1, device=device) for n in counts]
    return [torch.stack(relatives(ones, s, fan, reach), dim=-1).log() for s in range(len(counts))]


def attention(
    q: Tensor, k: Tensor, v: Tensor, counts: Sequence[int], fan: int, reach: int, bias: Sequence[Tensor]
) -> Tensor:
    """Scaled dot-product attention of every node to its relatives (eqs. 1 and 3); linear in the number of nodes.

    Args:
        q, k, v: ``(batch, nodes, heads, features)``, scales one after another, finest first.
        counts: nodes of each scale.
        bias: of each scale, added to the scores; broadcasts to ``(batch, nodes, heads, relatives)``.

    Returns:
        Like ``q``.
    """
    scaled = (q * q.shape[-1] ** -0.5).split(list(counts), dim=1)
    keys, values = k.split(list(counts), dim=1), v.split(list(counts), dim=1)
    out = []
    for scale, asking in enumerate(scaled):
        scores = [(asking * key).sum(-1) for key in relatives(keys, scale, fan, reach)]
        weights = (torch.stack(scores, dim=-1) + bias[scale]).softmax(-1)[..., None].unbind(-2)
        answers = relatives(values, scale, fan, reach)
        total = weights[0] * answers[0]
        for weight, answer in zip(weights[1:], answers[1:], strict=True):
            total = torch.addcmul(total, weight, answer)
        out.append(total)
    return torch.cat(out, dim=1)
