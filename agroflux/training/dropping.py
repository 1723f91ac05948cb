"""What torch draws while training, that is which values dropout drops: it follows from numbers that say where."""

import numpy as np
import torch


def seed(*key: int) -> None:
    """Seed torch by ``key`` (seed, epoch and whatever else says where): a resumed run drops what it would have."""
    (state,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
    torch.manual_seed(int(state))
