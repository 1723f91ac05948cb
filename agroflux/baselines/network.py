"""What every network shares: the way from drivers through features to targets, a few series at a time."""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

#: From ``(batch, days, drivers)`` to ``(batch, days, features)``, each series for itself.
Body = Callable[[Tensor], Tensor]


class Network(nn.Module):
    """Standardised daily drivers to standardised daily targets: a body that is each network's own, a linear head.

    All are built from ``n_drivers`` and ``n_targets``, the columns of input and output, and settings of their own.

    Attributes:
        causal: whether a day depends on no later day.
        module_parts: names of its parts from input to output, which together hold every weight; ``head`` is the last.
        faster_in_bfloat16: whether :func:`agroflux.baselines.precision.in_bfloat16` pays.
        group_days: site-days (at least one series) that run at once on a processor: activations then stay in its
            cache, and memory does not grow with the batch. Elsewhere the whole batch runs at once.
    """

    causal: ClassVar[bool]
    module_parts: ClassVar[tuple[str, ...]]
    faster_in_bfloat16: ClassVar[bool] = False
    group_days: int
    head: nn.Linear

    def body(self, days: int) -> Body:
        """The way from drivers to features for series of ``days``; what all groups of a batch share is made here."""
        raise NotImplementedError

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Features ``(batch, time, features)`` of which the head makes the targets; arguments as in ``forward``."""
        return self._by_group(self._features(x.shape[1]), x, mask)

    def decode(self, features: Tensor) -> Tensor:
        """Targets ``(batch, time, targets)`` of features ``(batch, time, features)``."""
        targets: Tensor = self.head(features)
        return targets

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Predict every day.

        Args:
            x: standardised drivers ``(batch, time, drivers)``, any batch and length; the days before the first one
                are unknown.
            mask: true where a driver is known, same shape; an unknown one counts as 0: its mean, of events none.

        Returns:
            Standardised targets ``(batch, time, targets)``.
        """
        features = self._features(x.shape[1])
        # The head belongs to the group: features of a whole batch would leave the cache and come back.
        return self._by_group(lambda part: self.decode(features(part)), x, mask)

    def _features(self, days: int) -> Body:
        """The body, in the type of number of its weights, between inputs and features of the input's type."""
        body, dtype = self.body(days), next(self.parameters()).dtype
        return lambda part: body(part.to(dtype)).to(part.dtype)

    def _by_group(self, run: Body, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x if mask is None else torch.where(mask, x, torch.zeros_like(x))
        size = max(1, self.group_days // max(1, x.shape[1]))
        if len(x) <= size or x.device.type != "cpu":
            return run(x)
        return self.join([run(part) for part in x.split(size)])

    def join(self, groups: list[Tensor]) -> Tensor:
        """One batch of its groups ``(series, time, values)``."""
        return torch.cat(groups)


class PreNorm(nn.Module):
    """Attention, then a feed-forward net, each on normalised input and added to it (Vaswani et al. 2017, eq. 2).

    Args:
        width: features of a day or node.
        heads: attention heads; divides ``width``.
        feed: width of the feed-forward net.
        dropout: share of values dropped, while training, of what is added.

    Raises:
        ValueError: ``heads`` does not divide ``width``.
    """

    def __init__(self, width: int, heads: int, feed: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"hidden {width} must be a multiple of heads {heads}")
        self.heads = heads
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, feed), nn.ReLU(inplace=True), nn.Linear(feed, width))
        self.drop = nn.Dropout(dropout)

    def run(self, x: Tensor, attend: Callable[[Tensor], Tensor]) -> Tensor:
        """``(batch, nodes, width)`` in and out.

        ``attend`` maps queries, keys and values ``(batch, nodes, 3, heads, features)`` to ``(batch, nodes, width)``.
        """
        asked = self.qkv(self.norm_attention(x)).unflatten(-1, (3, self.heads, -1))
        return self.fed(self.drop(self.mix(attend(asked))).add_(x))

    def fed(self, x: Tensor) -> Tensor:
        """The feed-forward half, ``(batch, nodes, width)`` in and out."""
        out: Tensor = self.drop(self.feed(self.norm_feed(x))).add_(x)  # where the sum's last part still is in the cache
        return out
