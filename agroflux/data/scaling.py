"""Z-scores, for the inside of training and inference only: what leaves those is in physical units.

Moments are additive (count, sum, sum of squares), so that a data set larger than memory, or one read
in blocks, gives the same scaler as one read at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agroflux.errors import DataError

#: Drivers that are zero but for a few days a year. Their z-score depends on how rare they are; instead they are not
#: shifted, and scaled so that the root mean square of their non-zero days is EVENT_SIZE: large enough for one day to
#: open a gate that keeps it for a year (with 1 instead of 30, soil nitrate was learnt several times more slowly).
EVENTS = frozenset({"FERTZR_N", "PLANTING"})
EVENT_SIZE = 30.0


@dataclass(frozen=True)
class Scaler:
    """Mean and scale of each variable, in the order of ``names``; ``(x - mean) / std``."""

    names: tuple[str, ...]
    mean: NDArray[np.float32]  # (variables,), in each variable's own unit
    std: NDArray[np.float32]  # (variables,), positive

    def __post_init__(self) -> None:
        shape = (len(self.names),)
        if self.mean.shape != shape or self.std.shape != shape:
            raise DataError(f"a scaler of {shape} variables has {self.mean.shape} means, {self.std.shape} scales")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.std).all() and (self.std > 0).all()):
            raise DataError("scaler holds a mean or scale that is not finite and positive")

    def scale(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Physical values ``(..., variables)`` to z-scores; NaN stays NaN."""
        return (values - self.mean) / self.std

    def unscale(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Z-scores ``(..., variables)`` back to physical units."""
        return values * self.std + self.mean


@dataclass
class Moments:
    """Running count, sum and sum of squares a variable; ``update`` block by block, then ``scaler``.

    Sums run on values less the first block's mean, so that a small spread on a large mean is not lost.
    """

    names: Sequence[str]
    count: NDArray[np.float64] = field(init=False)
    total: NDArray[np.float64] = field(init=False)
    squares: NDArray[np.float64] = field(init=False)
    shift: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        for part in ("count", "total", "squares"):
            setattr(self, part, np.zeros(len(self.names)))
        self.shift = np.full(len(self.names), np.nan)

    def update(self, index: int, values: NDArray[np.floating]) -> None:
        """Add all finite ``values`` (any shape) of variable ``index``."""
        flat = np.asarray(values).ravel()
        finite = flat[np.isfinite(flat)]
        if self.names[index] in EVENTS:
            finite = finite[finite != 0]
            self.shift[index] = 0.0
        if not len(finite):
            return
        if np.isnan(self.shift[index]):
            self.shift[index] = finite.mean(dtype=np.float64)
        moved = finite.astype(np.float64) - self.shift[index]
        self.count[index] += len(moved)
        self.total[index] += moved.sum()
        self.squares[index] += np.dot(moved, moved)

    def scaler(self) -> Scaler:
        """The scaler of all values so far; DataError names a variable that had none."""
        events = np.array([name in EVENTS for name in self.names])
        empty = [name for name, n in zip(self.names, self.count, strict=True) if n == 0 and name not in EVENTS]
        if empty:
            raise DataError(f"no finite value of {', '.join(empty)} in the training years: check the data set")
        count = np.maximum(self.count, 1)
        mean = np.where(events, 0.0, self.total / count)
        spread = np.sqrt(np.maximum(self.squares / count - mean**2, 0.0))
        std = np.where(spread > 1e-8, spread, 1.0) / np.where(events, EVENT_SIZE, 1.0)
        shift = np.nan_to_num(self.shift)
        return Scaler(tuple(self.names), (shift + mean).astype(np.float32), std.astype(np.float32))
