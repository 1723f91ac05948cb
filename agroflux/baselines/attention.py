"""Attention of each day to the days just before it, computed by blocks of days: no matrix over the whole series."""

import torch
from torch import Tensor
from torch.nn import functional


def local(q: Tensor, k: Tensor, v: Tensor, window: int, block: int) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of each day to itself and ``window - 1`` days before.

    The first ``window`` days see all days before them. From there on a block of ``block`` days asks the ``window - 1 +
    block`` days that any of them may see, so that time and memory grow with the length of the series, not with its
    square; what no whole block holds is a shorter one.

    Args:
        q, k, v: ``(batch, heads, time, features)``.
        window: days that a day sees, itself included.
        block: days computed together; changes the speed and nothing else.

    Returns:
        ``(batch, heads, time, features)``.
    """
    batch, heads, time, width = q.shape
    attend = functional.scaled_dot_product_attention
    found = [attend(q[:, :, :window], k[:, :, :window], v[:, :, :window], is_causal=True)]
    past = window - 1
    blocks, rest = divmod(max(0, time - window), block)
    if blocks:
        end = window + blocks * block
        queries = q[:, :, window:end].reshape(batch * heads, blocks, block, width)
        keys, values = (p[:, :, 1:end].flatten(0, 1).unfold(1, past + block, block).mT for p in (k, v))
        answers = attend(queries, keys, values, attn_mask=_hidden(block, past, q))
        found.append(answers.reshape(batch, heads, -1, width))
    if rest:
        seen = past + rest
        found.append(attend(q[:, :, -rest:], k[:, :, -seen:], v[:, :, -seen:], attn_mask=_hidden(rest, past, q)))
    return torch.cat(found, dim=2)


def _hidden(block: int, past: int, like: Tensor) -> Tensor:
    """What is added to scores ``(block, past + block)``: minus infinity for days after a query or too long before it.

    The first key is the day ``past`` days before the first query.
    """
    query = torch.arange(block, device=like.device)[:, None]
    key = torch.arange(past + block, device=like.device)
    unseen = (key < query) | (key > query + past)
    return torch.zeros(unseen.shape, dtype=like.dtype, device=like.device).masked_fill_(unseen, -torch.inf)
