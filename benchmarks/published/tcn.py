"""TCN: all days as channels of a sequence of length 1, so that it convolves padding (about 44 million weights)."""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

KERNEL, WIDTH, DAYS, DRIVERS, TARGETS = 5, 837, 365, 11, 20


class _Block(nn.Module):
    """Two padded convolutions whose surplus end is cut off, and the input beside them."""

    def __init__(self, n_in: int, dilation: int) -> None:
        super().__init__()
        self.surplus = (KERNEL - 1) * dilation
        self.first = weight_norm(nn.Conv1d(n_in, WIDTH, KERNEL, padding=self.surplus, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=self.surplus, dilation=dilation))
        self.skip = nn.Conv1d(n_in, WIDTH, 1) if n_in != WIDTH else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, channels, 1)`` in and out."""
        inner = self.first(x)[:, :, : -self.surplus].contiguous().relu()
        inner = self.second(inner)[:, :, : -self.surplus].contiguous().relu()
        return (inner + self.skip(x)).relu()


class PublishedTCN(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``; four fifths of its weights never meet anything but padding."""

    def __init__(self) -> None:
        super().__init__()
        widths = (DAYS * DRIVERS, WIDTH, WIDTH)
        self.blocks = nn.Sequential(*(_Block(n, 2**k) for k, n in enumerate(widths)))
        self.head = nn.Linear(WIDTH, DAYS * TARGETS)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        return self.head(self.blocks(x.flatten(1)[:, :, None])[:, :, 0]).view(-1, DAYS, TARGETS)
