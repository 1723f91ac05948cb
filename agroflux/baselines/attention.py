"""Attention of each day to the days just before it, computed by blocks of days: no matrix over the whole series."""

import torch
from torch import Tensor
from torch.nn import functional


def local(q: Tensor, k: Tensor, v: Tensor, window: int, block: int) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of each day to itself and ``window - 1`` days before.

    A block of ``block`` days asks the ``window - 1 + block`` days that any of them may see, so that time and memory
    grow with the length of the series, not with its square. Days outside the series are never seen.

    Args:
        q, k, v: ``(batch, heads, time, features)``.
        window: days that a day sees, itself included.
        block: days computed together; changes the speed and nothing else.

    Returns:
        ``(batch, heads, time, features)``.
    """
    batch, heads, time, width = q.shape
    past = window - 1
    if time <= window:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    rest = -time % block
    blocks = (time + rest) // block
    queries = functional.pad(q, (0, 0, 0, rest)).reshape(batch * heads, blocks, block, width)
    keys, values = (
        functional.pad(part, (0, 0, past, rest)).reshape(batch * heads, -1, width).unfold(1, past + block, block).mT
        for part in (k, v)
    )
    visible = _visible(blocks, block, past, q.device)
    out = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=visible)
    return out.reshape(batch, heads, blocks * block, width)[:, :, :time]


def _visible(blocks: int, block: int, past: int, device: torch.device) -> Tensor:
    """Which of its keys each query sees ``(1, blocks, block, past + block)``."""
    query = torch.arange(block, device=device)[:, None]
    key = torch.arange(past + block, device=device)
    near = (key >= query) & (key <= query + past)
    day = torch.arange(blocks, device=device)[:, None, None] * block + key - past
    return (near & (day >= 0))[None]
