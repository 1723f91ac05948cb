"""Transformer: torch's encoder without ``batch_first``, so that series attend to one another (653,514 weights)."""

from torch import Tensor, nn


class PublishedTransformer(nn.Module):
    """``(batch, 365, 11)`` to ``(batch, 365, 20)``; no positions, feed-forward nets of torch's default width 2048."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(11, 50)
        self.encoder = nn.Sequential(*(nn.TransformerEncoderLayer(50, 2, dropout=0.1) for _ in range(3)))
        self.head = nn.Linear(50, 20)

    def forward(self, x: Tensor) -> Tensor:
        """Predict every day."""
        return self.head(self.encoder(self.embedding(x)))
