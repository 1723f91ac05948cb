"""A training that ends in the middle, as a lost connection or a full disk would end it."""

from collections.abc import Callable

import pytest

from agroflux.training import batches


def cut_off(monkeypatch: pytest.MonkeyPatch, train: Callable[[], object]) -> None:
    """Call ``train`` (seed 0) and let it fail when it draws the windows of its third epoch."""
    draw = batches.sample

    def fail(windows: batches.Windows, count: int, seed: tuple[int, ...]) -> batches.Windows:
        if seed == (0, 0, 2):
            raise ConnectionAbortedError
        return draw(windows, count, seed)

    with monkeypatch.context() as patch:
        patch.setattr(batches, "sample", fail)
        with pytest.raises(ConnectionAbortedError):
            train()
