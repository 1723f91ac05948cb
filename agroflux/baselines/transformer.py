"""Transformer encoder (Vaswani et al. 2017, arXiv 1706.03762) over days, causal and local, with a linear head."""

import torch
from torch import Tensor, nn

from agroflux.baselines.attention import local
from agroflux.baselines.inputs import grouped, known

#: Site-days that run at once on a processor.
GROUP_DAYS = 4 * 365
#: Days whose attention is computed together.
BLOCK_DAYS = 32


def rotations(days: int, pairs: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine ``(days, pairs)`` of the angles by which day ``t`` turns each pair of features.

    Rotary position (Su et al. 2021, arXiv 2104.09864, eqs. 15 and 34): the wavelengths of Vaswani et al., section
    3.5, but the product of a query and a key then depends on the days between them alone, so that a series longer
    than those of the training, or one that starts on another day, meets nothing new.
    """
    speed = 1000.0 ** (-torch.arange(pairs, device=device) / pairs)
    angle = torch.arange(days, device=device)[:, None] * speed
    return angle.cos(), angle.sin()


def turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """``x`` ``(..., time, features)`` with features k and k + pairs turned by the angle of their day and pair."""
    pairs = cosine.shape[-1]
    a, b = x[..., :pairs], x[..., pairs : 2 * pairs]
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine, x[..., 2 * pairs :]], dim=-1).type_as(x)


class _Layer(nn.Module):
    """Attention, then a feed-forward net (eq. 2), each on normalised input and added to it (pre-norm)."""

    def __init__(self, width: int, heads: int, feed: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, feed), nn.ReLU(), nn.Linear(feed, width))

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """``(batch, time, width)`` in and out."""
        batch, time, width = x.shape
        heads = self.qkv(self.norm_attention(x)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = turned(heads[:2], cosine, sine)
        seen = local(q, k, heads[2], self.window, BLOCK_DAYS)
        x = x + self.mix(seen.transpose(1, 2).reshape(batch, time, width))
        out: Tensor = x + self.feed(self.norm_feed(x))
        return out


class Transformer(nn.Module):
    """Daily drivers to daily targets; day ``t`` sees days up to ``t`` only.

    Each layer lets a day attend to itself and the ``window - 1`` days before it, so that ``layers`` layers reach
    ``receptive_field`` = 1 + layers (window - 1) days back. Time and memory grow in step with the series: six
    years run like one.

    Args:
        n_drivers, n_targets: columns of input and output.
        hidden, layers: width and depth.
        heads: attention heads; divides ``hidden``.
        feed: width of the feed-forward nets.
        window: days that a day attends to in one layer, itself included.
    """

    causal = True
    module_parts = ("embedding", "encoder", "norm", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        hidden: int = 64,
        layers: int = 4,
        heads: int = 4,
        feed: int = 256,
        window: int = 128,
    ) -> None:
        super().__init__()
        if hidden % heads:
            raise ValueError(f"hidden {hidden} must be a multiple of heads {heads}")
        self.pairs = hidden // heads // 2
        self.receptive_field = 1 + layers * (window - 1)
        self.embedding = nn.Linear(n_drivers, hidden)
        self.encoder = nn.ModuleList(_Layer(hidden, heads, feed, window) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, n_targets)

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Last layer's output ``(batch, time, hidden)`` before the head; arguments as in ``forward``."""
        cosine, sine = rotations(x.shape[1], self.pairs, x.device)

        def run(part: Tensor) -> Tensor:
            hidden = self.embedding(part)
            for layer in self.encoder:
                hidden = layer(hidden, cosine, sine)
            out: Tensor = self.norm(hidden)
            return out

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
