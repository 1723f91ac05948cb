"""LSTM (Hochreiter & Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735), one direction, with a linear head."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux.baselines.network import Body, Network

State = tuple[Tensor, Tensor]
#: From drivers ``(batch, time, drivers)`` and a state (None: at rest) to hidden states and the state at the end.
Layer = Callable[[Tensor, State | None], tuple[Tensor, State]]
#: Columns that bfloat16 tiles take together.
TILE = 16


def chrono(hidden: int, memory_days: float) -> Tensor:
    """Biases ``(hidden,)`` of forget gates (negated: of input gates) with memories from 2 to ``memory_days`` [days].

    As in the chrono initialisation (Tallec & Ollivier 2018, arXiv 1804.11188, eq. 16), time scales spread evenly
    in log(days).
    """
    scale = torch.exp(torch.empty(hidden).uniform_(math.log(2.0), math.log(memory_days)))
    return torch.log(scale - 1.0 + 1e-3)


def fused(weights: Sequence[Tensor], training: bool) -> Layer:
    """Torch's fused LSTM under ``weights``: of each layer those on the input and on the state, and both biases.

    In bfloat16 a processor's tiles multiply whole groups of columns alone, so columns of zeros fill up the drivers:
    the same sums, faster.
    """
    first, *others = weights
    hidden, layers = first.shape[0] // 4, len(weights) // 4
    spare = -first.shape[1] % TILE if first.dtype == torch.bfloat16 else 0
    filled = [functional.pad(first, (0, spare)) if spare else first, *others]

    def run(x: Tensor, state: State | None) -> tuple[Tensor, State]:
        x = functional.pad(x, (0, spare)) if spare else x
        rest = x.new_zeros(layers, len(x), hidden)
        start = (rest, rest) if state is None else state
        found, h, c = torch.lstm(x, start, filled, True, layers, 0.0, training, False, True)
        return found, (h, c)

    return run


class Recurrent(Network):
    """A network with a state, from which it can run on; day ``t`` sees days up to ``t`` only."""

    causal = True
    faster_in_bfloat16 = True
    group_days = 64 * 365

    def layer(self) -> Layer:
        """What runs over the days."""
        raise NotImplementedError

    def body(self, days: int) -> Body:
        """From rest to hidden states ``(batch, days, hidden)``."""
        layer = self.layer()
        return lambda part: layer(part, None)[0]

    def step(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Run on from ``state`` (None: at rest); returns the targets and the state after the last day."""
        hidden, state = self.layer()(x.to(next(self.parameters()).dtype), state)
        return self.decode(hidden.to(x.dtype)), state

    def decode(self, features: Tensor) -> Tensor:
        """As that of every network; hidden states lie day by day in memory, and are read so, not copied first."""
        return super().decode(features.transpose(0, 1)).transpose(0, 1)

    def join(self, groups: list[Tensor]) -> Tensor:
        """As that of every network, of groups that lie day by day in memory: whole days are copied, not single rows."""
        return torch.cat([group.transpose(0, 1) for group in groups], dim=1).transpose(0, 1)


class LSTM(Recurrent):
    """Torch's LSTM, with forget gates (Gers et al. 2000, doi 10.1162/089976600300015015).

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    Each layer, for each day with input x (numbers of Kratzert et al. 2019, doi 10.5194/hess-23-5089-2019)::

        i = sigmoid(W_i x + U_i h + b_i)     (1)        o = sigmoid(W_o x + U_o h + b_o)    (4)
        f = sigmoid(W_f x + U_f h + b_f)     (2)        c = f * c + i * g                   (5)
        g = tanh(W_g x + U_g h + b_g)        (3)        h = o * tanh(c)                     (6)

    Args:
        hidden, layers: width and depth.
        memory_days: longest memory [days] that the forget gates start with. Soil nitrate in a soybean year
            follows from the nitrogen given to last year's corn; with the usual zero biases the gates forget
            within days and no gradient reaches back that far.
    """

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

    def layer(self) -> Layer:
        """Torch's own."""
        return fused([weight for layer in self.lstm.all_weights for weight in layer], self.training)
