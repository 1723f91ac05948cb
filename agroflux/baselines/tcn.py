"""Temporal convolutional network (Bai, Kolter & Koltun 2018, arXiv 1803.01271), with a linear head."""

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from agroflux.baselines.inputs import grouped, known

#: Site-days that run at once on a processor.
GROUP_DAYS = 8 * 365


class _Block(nn.Module):
    """Residual block (section 3.3, fig. 1b): two weight-normalised dilated causal convolutions, each with ReLU.

    ``(batch, channels, time)`` in and out; a 1 x 1 convolution carries the input over where its width differs.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.first = weight_norm(nn.Conv1d(n_in, n_out, kernel, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(n_out, n_out, kernel, dilation=dilation))
        self.skip = nn.Identity() if n_in == n_out else nn.Conv1d(n_in, n_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Zeros stand before the first day, so that no day sees a later one (section 3.1)."""
        inner = functional.relu(self.first(functional.pad(x, (self.past, 0))))
        inner = functional.relu(self.second(functional.pad(inner, (self.past, 0))))
        return functional.relu(inner + self.skip(x))


class TCN(nn.Module):
    """Daily drivers to daily targets by dilated causal convolutions over time (eq. 2 of the paper).

    Day ``t`` sees the ``receptive_field`` days up to ``t`` and nothing else: 1 + 2 (kernel - 1) sum(dilations)
    days, 485 with the recommended settings (more than a year, for the nitrogen given to last year's corn) and
    125, a season, with the official ones.

    Args:
        n_drivers, n_targets: columns of input and output.
        hidden: channels of each block.
        kernel: days that one convolution joins.
        dilations: step [days] between them, one for each residual block.
    """

    causal = True
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

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Last block's channels ``(batch, time, hidden)`` before the head; arguments as in ``forward``."""
        return grouped(lambda part: self.blocks(part.transpose(1, 2)).transpose(1, 2), known(x, mask), GROUP_DAYS)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Predict every day.

        Args:
            x: standardised drivers ``(batch, time, drivers)``, any batch and length; days before the first one
                count as their mean.
            mask: true where a driver is known, same shape; an unknown one counts as its mean.

        Returns:
            Standardised targets ``(batch, time, targets)``.
        """
        targets: Tensor = self.head(self.embed(x, mask))
        return targets
