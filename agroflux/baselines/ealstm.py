"""Entity-aware LSTM (Kratzert et al. 2019, doi 10.5194/hess-23-5089-2019, eqs. 7-12), with a linear head."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from agroflux import schema
from agroflux.baselines.lstm import Layer, Recurrent, chrono, fused


class EALSTM(Recurrent):
    """An LSTM whose input gate is set by what does not change at a site.

    ``(batch, time, n_drivers)`` in, ``(batch, time, n_targets)`` out.

    With static drivers s and the others x, for each day (numbers of the paper's equations)::

        i = sigmoid(W_i s + b_i)             (7)        c = f * c + i * g      (11)
        f = sigmoid(W_f x + U_f h + b_f)     (8)        h = o * tanh(c)        (12)
        g = tanh(W_g x + U_g h + b_g)        (9)
        o = sigmoid(W_o x + U_o h + b_o)    (10)

    Those are the equations of an LSTM whose input gate has no recurrent weights and no weights on x, and whose
    other gates have none on s. So torch's fused LSTM computes them, with those blocks of its weights zero, instead
    of a loop over days. The gate is read anew each day from that day's s, which is the same every day.

    Args:
        n_drivers: input columns, the first of ``schema.DRIVERS``.
        hidden: width.
        static: names of the drivers that do not change at a site (None: the schema's drivers with one value a
            site, which are the soil's); all others are dynamic.
        memory_days: longest memory [days] that the forget gates start with (see :class:`..lstm.LSTM`).

    Raises:
        ValueError: ``static`` names no driver, an unknown one, or leaves no dynamic one.
    """

    columns: Tensor
    module_parts = ("input_gate", "cell", "head")

    def __init__(
        self,
        n_drivers: int,
        n_targets: int,
        hidden: int = 128,
        static: Sequence[str] | None = None,
        memory_days: float = 730.0,
    ) -> None:
        super().__init__()
        names = schema.DRIVERS[:n_drivers]
        chosen = [n for n in names if schema.get(n).per == "site"] if static is None else list(static)
        unknown = [name for name in chosen if name not in names]
        if unknown or not 0 < len(set(chosen)) < n_drivers:
            raise ValueError(f"static drivers {chosen} must be some, not all, of {', '.join(names)}")
        self.hidden = hidden
        self.static = [k for k, name in enumerate(names) if name in chosen]
        self.dynamic = [k for k in range(n_drivers) if k not in self.static]
        columns = torch.tensor([*self.dynamic, *self.static]).argsort()  # from that order to the drivers' own
        self.register_buffer("columns", columns, persistent=False)
        self.input_gate = nn.Linear(len(self.static), hidden)
        self.cell = nn.Linear(len(self.dynamic) + hidden, 3 * hidden)  # forget, cell and output gates on [x, h]
        self.head = nn.Linear(hidden, n_targets)
        self._kept: tuple[list[tuple[int, int]], list[Tensor]] | None = None
        bias = chrono(hidden, memory_days)
        with torch.no_grad():
            self.input_gate.bias.copy_(-bias)
            self.cell.bias[:hidden] = bias

    def _weights(self) -> list[Tensor]:
        """Weights of torch's LSTM: on the input, on the hidden state, and both biases (gates i, f, g, o)."""
        hidden, split = self.hidden, len(self.dynamic)
        gate = functional.pad(self.input_gate.weight, (split, 0))
        others = functional.pad(self.cell.weight[:, :split], (0, len(self.static)))
        on_input = torch.cat([gate, others]).index_select(1, self.columns)
        on_hidden = functional.pad(self.cell.weight[:, split:], (0, 0, hidden, 0))
        bias = torch.cat([self.input_gate.bias, self.cell.bias])
        return [on_input, on_hidden, bias, torch.zeros_like(bias)]

    def layer(self) -> Layer:
        """Torch's LSTM, under the weights of this one.

        Putting them together takes time that counts at batch 1. Where nothing learns they are kept until one of
        this network's own has changed or moved.
        """
        own = (self.input_gate.weight, self.input_gate.bias, self.cell.weight, self.cell.bias)
        if torch.is_grad_enabled() or any(p.is_inference() for p in own):  # the latter do not count their changes
            return fused(self._weights(), self.training)
        state = [(p.data_ptr(), p._version) for p in own]
        if self._kept is None or self._kept[0] != state:
            self._kept = state, self._weights()
        return fused(self._kept[1], self.training)
