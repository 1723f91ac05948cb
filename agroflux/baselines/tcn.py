"""Temporal convolutional network (Bai, Kolter & Koltun 2018, arXiv 1803.01271), with a linear head."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from agroflux.baselines.network import Body, Network


def _convolved(x: Tensor, conv: nn.Conv1d) -> Tensor:
    """``conv`` over the days of ``x`` ``(batch, channels, 1, time)``, whose channels lie side by side in memory.

    That is how days of drivers come and how the head wants them, so that nothing is transposed, and a processor's
    convolutions are about a fifth faster than on one row a channel.
    """
    return functional.conv2d(x, conv.weight.unsqueeze(2), conv.bias, dilation=(1, conv.dilation[0]))


class _Block(nn.Module):
    """Residual block (section 3.3, fig. 1b): two weight-normalised dilated causal convolutions, each with ReLU.

    ``(batch, channels, 1, time)`` in and out; a 1 x 1 convolution carries the input over where its width differs.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.first = weight_norm(nn.Conv1d(n_in, n_out, kernel, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(n_out, n_out, kernel, dilation=dilation))
        self.skip = nn.Identity() if n_in == n_out else nn.Conv1d(n_in, n_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Zeros stand before the first day, so that no day sees a later one (section 3.1)."""
        inner = functional.relu_(_convolved(functional.pad(x, (self.past, 0)), self.first))
        inner = functional.relu_(_convolved(functional.pad(inner, (self.past, 0)), self.second))
        beside = _convolved(x, self.skip) if isinstance(self.skip, nn.Conv1d) else x
        return functional.relu_(inner + beside)


class TCN(Network):
    """Daily drivers to daily targets by dilated causal convolutions over time (eq. 2 of the paper).

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    Day ``t`` sees the ``receptive_field`` days up to ``t`` and nothing else: 1 + 2 (kernel - 1) sum(dilations)
    days, 485 with the recommended settings (more than a year, for the nitrogen given to last year's corn) and
    125, a season, with the official ones.

    Args:
        hidden: channels of each block.
        kernel: days that one convolution joins.
        dilations: step [days] between them, one for each residual block.
    """

    causal = True
    faster_in_bfloat16 = True
    group_days = 32 * 365
    module_parts = ("blocks", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        hidden: int = 48,
        kernel: int = 3,
        dilations: tuple[int, ...] | list[int] = (1, 3, 9, 27, 81),
    ) -> None:
        super().__init__()
        widths = [n_drivers, *[hidden] * len(dilations)]
        self.receptive_field = 1 + 2 * (kernel - 1) * sum(dilations)
        self.blocks = nn.Sequential(
            *(_Block(n, hidden, kernel, step) for n, step in zip(widths, dilations, strict=False))
        )
        self.head = nn.Linear(hidden, n_targets)

    def body(self, days: int) -> Body:
        """Last block's channels ``(batch, days, hidden)``."""

        def run(part: Tensor) -> Tensor:
            channels: Tensor = self.blocks(part.unsqueeze(1).permute(0, 3, 1, 2))
            return channels.permute(0, 2, 3, 1).squeeze(1)

        return run
