"""LSTM (Hochreiter & Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735), one direction, with a linear head."""

import math

import torch
from torch import Tensor, nn

from agroflux.baselines.inputs import grouped, known

State = tuple[Tensor, Tensor]

#: Site-days that run at once on a processor.
GROUP_DAYS = 64 * 365


def chrono(hidden: int, memory_days: float) -> Tensor:
    """Biases ``(hidden,)`` of forget gates (negated: of input gates) with memories from 2 to ``memory_days`` [days].

    As in the chrono initialisation (Tallec & Ollivier 2018, arXiv 1804.11188, eq. 16), time scales spread evenly
    in log(days).
    """
    scale = torch.exp(torch.empty(hidden).uniform_(math.log(2.0), math.log(memory_days)))
    return torch.log(scale - 1.0 + 1e-3)


class LSTM(nn.Module):
    """Daily drivers to daily targets; day ``t`` sees days up to ``t`` only.

    Args:
        n_drivers, n_targets: columns of input and output.
        hidden, layers: width and depth.
        memory_days: longest memory [days] that the forget gates start with. Soil nitrate in a soybean year
            follows from the nitrogen given to last year's corn; with the usual zero biases the gates forget
            within days and no gradient reaches back that far.
    """

    causal = True
    module_parts = ("lstm", "head")

    def __init__(
        self, n_drivers: int, n_targets: int, hidden: int = 128, layers: int = 1, memory_days: float = 730.0
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_drivers, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, n_targets)
        self._remember(memory_days)

    @torch.no_grad()
    def _remember(self, memory_days: float) -> None:
        hidden = self.lstm.hidden_size
        for layer in range(self.lstm.num_layers):
            bias = chrono(hidden, memory_days)
            for name in ("bias_ih", "bias_hh"):
                parameter = getattr(self.lstm, f"{name}_l{layer}")
                parameter[: 2 * hidden] = 0.0  # rows are the input, forget, cell and output gates, in this order
            both = getattr(self.lstm, f"bias_ih_l{layer}")
            both[:hidden] = -bias
            both[hidden : 2 * hidden] = bias

    def embed(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Hidden states ``(batch, time, hidden)`` before the head; arguments as in ``forward``."""
        return grouped(lambda part: self.lstm(part)[0], known(x, mask), GROUP_DAYS)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run from rest.

        Args:
            x: standardised drivers ``(batch, time, drivers)``, any batch and length.
            mask: true where a driver is known, same shape; an unknown one counts as its mean.

        Returns:
            Standardised targets ``(batch, time, targets)``.
        """
        targets: Tensor = self.head(self.embed(x, mask))
        return targets

    def step(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Run on from ``state`` (None: at rest); returns the targets and the state after the last day."""
        hidden, state = self.lstm(x, state)
        return self.head(hidden), state
