"""Attention of each day to the days just before it, computed by blocks of days: no matrix over the whole series."""

import functools

import torch
from torch import Tensor
from torch.nn import functional

#: Torch's kernel takes this many keys at a time, and is slow where some are left over.
LANES = 16
#: Series fewer than these are copied into one call for all blocks rather than asked block by block.
FEW = 4


def local(q: Tensor, k: Tensor, v: Tensor, window: int, block: int) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of each day to itself and ``window - 1`` days before.

    The first ``window`` days see all days before them. From there on a block of days asks the days that any of them
    may see, so that time and memory grow with the length of the series, not with its square.

    Args:
        q, k, v: ``(batch, heads, time, features)``.
        window: days that a day sees, itself included.
        block: days computed together, at least; changes the speed and nothing else.

    Returns:
        ``(batch, time, heads, features)``.
    """
    attend = functional.scaled_dot_product_attention
    time, size = q.shape[2], block + -(window + block) % LANES
    found = [attend(q[:, :, :window], k[:, :, :window], v[:, :, :window], is_causal=True)]
    blocks, rest = divmod(max(0, time - window), size)
    if blocks:
        end = time - rest
        found += _whole(q[:, :, window:end], k[:, :, :end], v[:, :, :end], window, size)
    if rest:
        seen = min(time, -(-(window - 1 + rest) // LANES) * LANES)
        hidden = _hidden(rest, seen, window, q.dtype, q.device)
        found.append(attend(q[:, :, -rest:], k[:, :, -seen:], v[:, :, -seen:], attn_mask=hidden))
    return torch.cat([part.transpose(1, 2) for part in found], dim=1)


def _whole(q: Tensor, k: Tensor, v: Tensor, window: int, size: int) -> list[Tensor]:
    """Answers ``(batch, heads, days, features)`` to ``q``, whole blocks of ``size`` days after the first ``window``."""
    batch, heads, _, width = q.shape
    seen = window + size
    hidden = _hidden(size, seen, window, q.dtype, q.device)
    attend = functools.partial(functional.scaled_dot_product_attention, attn_mask=hidden)
    # A gradient of each block would be as long as the series, and a few series are too little work for a call.
    if torch.is_grad_enabled() or batch < FEW:
        keys, values = (part.flatten(0, 1).unfold(1, seen, size).mT for part in (k, v))
        days = q.shape[2]
        blocked = q.reshape(batch * heads, days // size, size, width)
        return [attend(blocked, keys, values).reshape(batch, heads, days, width)]
    blocks = (part.unfold(2, seen, size).mT.unbind(2) for part in (k, v))
    return list(map(attend, q.split(size, dim=2), *blocks))


@functools.lru_cache(64)
@torch.inference_mode(False)  # training uses what a prediction made
def _hidden(asked: int, seen: int, window: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """What is added to scores ``(asked, seen)`` of the last ``asked`` of ``seen`` days.

    Minus infinity for days after the one that asks, and for those too long before it.
    """
    query = torch.arange(seen - asked, seen, device=device)[:, None]
    key = torch.arange(seen, device=device)
    unseen = (key > query) | (key <= query - window)
    return torch.zeros(asked, seen, dtype=dtype, device=device).masked_fill_(unseen, -torch.inf)
