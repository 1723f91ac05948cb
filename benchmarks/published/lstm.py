"""LSTM: torch's own, three layers of 50, and a linear head (54,420 weights)."""

from torch import Tensor, nn


class PublishedLSTM(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(11, 50, 3, batch_first=True)
        self.head = nn.Linear(50, 20)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        return self.head(self.lstm(x)[0])
