"""iTransformer: a driver's year is a token of width 50; the head ends in a ReLU (129,205 weights)."""

from torch import Tensor, nn


class PublishedITransformer(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``, never below the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(365, 50)
        layers = [nn.TransformerEncoderLayer(50, 2, 200, dropout=0.1, batch_first=True) for _ in range(3)]
        self.encoder = nn.Sequential(*layers, nn.LayerNorm(50))
        self.projection = nn.Linear(50, 365)
        self.head = nn.Linear(11, 20)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        tokens = self.encoder(self.embedding(x.transpose(1, 2)))
        return self.head(self.projection(tokens).transpose(1, 2)).relu()
