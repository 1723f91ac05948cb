"""iTransformer (Liu et al. 2024, arXiv 2310.06625): drivers, not days, are the tokens; with a linear head."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux.baselines.network import Body, Network

#: Days of the far past that a token holds as one mean.
FAR_DAYS = 32
#: Windows computed together.
GROUP = 1024


class _Embedding(nn.Module):
    """One token a driver: its window of days through one linear map (section 3.1), plus which driver it is.

    The first ``far`` days enter as means of ``FAR_DAYS``: a map of two years of single days learns the few weather
    years of a training by heart. The paper's variates are of one kind and carry no mark; these are temperatures,
    rain, soil and management, and what one means to another depends on which it is.
    """

    def __init__(self, n_drivers: int, days: int, far: int, width: int) -> None:
        super().__init__()
        self.far = far
        self.series = nn.Linear(days - far + far // FAR_DAYS, width)
        self.driver = nn.Parameter(torch.randn(n_drivers, width) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., drivers, days)`` to ``(..., drivers, width)``."""
        if self.far:
            means = x[..., : self.far].unflatten(-1, (-1, FAR_DAYS)).mean(-1)
            x = torch.cat([means, x[..., self.far :]], dim=-1)
        tokens: Tensor = self.series(x)
        return tokens.add_(self.driver)


class _Layer(nn.TransformerEncoderLayer):
    """A layer of the encoder, which predicts without torch's fast path: that is made for more tokens than drivers."""

    def forward(self, tokens: Tensor) -> Tensor:  # type: ignore[override] # no masks
        """``(windows, drivers, width)`` in and out; as torch's own layer, to rounding."""
        if self.training:
            return super().forward(tokens)
        weights = self.self_attn
        qkv = functional.linear(self.norm1(tokens), weights.in_proj_weight, weights.in_proj_bias)
        q, k, v = qkv.unflatten(-1, (3, weights.num_heads, -1)).permute(2, 0, 3, 1, 4)
        told = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        tokens = tokens + weights.out_proj(told)
        out: Tensor = tokens + self.linear2(self.linear1(self.norm2(tokens)).relu_())
        return out


class ITransformer(Network):
    """Daily drivers to daily targets, window by window (eq. 1 of the paper, here for regression).

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    The paper embeds a look-back of fixed length. A series of any length is therefore cut into windows of
    ``window`` days; the tokens of a window hold its days and the ``context`` days before it. Windows follow one
    another from the first day on; where the last one would be incomplete it is moved back to end with the series,
    and the days that it shares with the one before stay with that. Days before the series, and days after one
    that is shorter than a window, count as unknown, that is as the mean of their driver: nothing else fills a
    window up.

    Not causal: a day sees all days of its own window, later ones too (``context_of``). Windows are computed in
    groups, so that six years take no more memory than one.

    Args:
        window: days decoded together.
        context: days before a window that its tokens also hold.
        near: days of the context that they hold one by one, and what ``FAR_DAYS`` leave over; those before as means.
        hidden, layers: width of a token and depth of the encoder.
        heads: attention heads; divides ``hidden``.
        feed: width of the feed-forward nets.
        dropout: share of values dropped in the encoder while training.
        channels: series that each token is decoded to; the head mixes those of all drivers, day by day, and ends
            in no ReLU: standardised targets are negative half of the time.
    """

    causal = False
    module_parts = ("embedding", "encoder", "decoder", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        window: int = 32,
        context: int = 736,
        hidden: int = 64,
        layers: int = 3,
        heads: int = 4,
        feed: int = 128,
        channels: int = 8,
        near: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        far = max(0, context - near) // FAR_DAYS * FAR_DAYS
        self.window, self.context, self.channels = window, context, channels
        self.group_days = GROUP * window
        self.embedding = _Embedding(n_drivers, context + window, far, hidden)
        layer = [_Layer(hidden, heads, feed, dropout=dropout, batch_first=True, norm_first=True) for _ in range(layers)]
        self.encoder = nn.Sequential(*layer, nn.LayerNorm(hidden))
        self.decoder = nn.Linear(hidden, window * channels)
        self.head = nn.Linear(n_drivers * channels, n_targets)

    def context_of(self, day: int, days: int) -> range:
        """Days of a series of ``days`` that the prediction of ``day`` depends on."""
        start = day // self.window * self.window
        if start + self.window > days:
            start = max(0, days - self.window)
        return range(max(0, start - self.context), min(days, start + self.window))

    def body(self, days: int) -> Body:
        """Decoded series of all drivers ``(batch, days, drivers x channels)``."""
        return self._windows

    def _windows(self, x: Tensor) -> Tensor:
        batch, days, drivers = x.shape
        width = self.context + self.window
        series = x.transpose(1, 2)
        if self.context or days < self.window:
            series = functional.pad(series, (self.context, max(0, self.window - days)))
        cut = series.unfold(2, width, self.window)  # (batch, drivers, windows, width)
        moved = -days % self.window if days > self.window else 0
        if moved:
            cut = torch.cat([cut, series[:, :, None, -width:]], dim=2)
        tokens = self.encoder(self.embedding(cut.transpose(1, 2)).flatten(0, 1))
        count = cut.shape[2]  # given below: torch can tell no size of an empty batch
        decoded = self.decoder(tokens).view(batch, count, drivers, self.window, self.channels)
        by_day = decoded.permute(0, 1, 3, 2, 4).reshape(batch, count * self.window, drivers * self.channels)
        if not moved:
            return by_day[:, :days]
        return torch.cat([by_day[:, : -self.window], by_day[:, moved - self.window :]], dim=1)
