"""EA-LSTM: a loop over the days (9,370 weights). Columns 0-9 of day 0 set the gate; column 10 alone is dynamic."""

import torch
from torch import Tensor, nn


class PublishedEALSTM(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``; the weather of days 2 to 365 has no effect."""

    def __init__(self) -> None:
        super().__init__()
        self.input_gate = nn.Linear(10, 50)
        self.from_input = nn.Parameter(torch.randn(1, 150) * 0.1)
        self.from_state = nn.Parameter(torch.randn(50, 150) * 0.1)
        self.bias = nn.Parameter(torch.zeros(150))
        self.head = nn.Linear(50, 20)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        gate = torch.sigmoid(self.input_gate(x[:, 0, :10]))
        state = cell = x.new_zeros(len(x), 50)
        states = []
        for day in range(x.shape[1]):
            gates = torch.addmm(self.bias, state, self.from_state) + x[:, day, 10:] @ self.from_input
            forget, out, new = gates.chunk(3, dim=1)
            cell = torch.sigmoid(forget) * cell + gate * torch.tanh(new)
            state = torch.sigmoid(out) * torch.tanh(cell)
            states.append(state)
        return self.head(torch.stack(states, dim=1))
