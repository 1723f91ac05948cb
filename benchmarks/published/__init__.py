"""The baselines in the form in which the benchmark (arXiv 2602.01614) published them, in our own words, for timing.

Plain eager PyTorch; sizes as published (hidden 50, 3 layers, 365 days x 11 drivers -> 20 targets) and the known
defects left in, as they are part of what a published rate is a rate of. Never imported by the package: their
predictions are of no use.
"""

from published.ealstm import PublishedEALSTM
from published.itransformer import PublishedITransformer
from published.lstm import PublishedLSTM
from published.pyraformer import PublishedPyraformer
from published.tcn import PublishedTCN
from published.transformer import PublishedTransformer

FORMS = {
    "lstm": PublishedLSTM,
    "ealstm": PublishedEALSTM,
    "tcn": PublishedTCN,
    "transformer": PublishedTransformer,
    "itransformer": PublishedITransformer,
    "pyraformer": PublishedPyraformer,
}
