"""How large an array may be, told from its shape before anything in it is read: a few kB can declare any size."""

import math
from collections.abc import Sequence

from agroflux.data.archives import MAX_FILE
from agroflux.errors import DataError

#: Values of an array of one dimension: opening a data set reads those that name a dimension (time, site) as a whole.
MAX_ALONG = 5_000_000


def array_bytes(file: str, name: str, shape: Sequence[int], chunks: Sequence[int] | None, width: int) -> int:
    """Size [bytes] of an array of ``shape``, each value ``width`` [bytes] in memory; ``chunks``: read at once, if any.

    DataError for an array of which opening or one chunk takes more than is read.
    """
    values, piece = math.prod(shape), math.prod(chunks) if chunks else 0
    whole = max(values, piece) if len(shape) == 1 else piece
    if len(shape) == 1 and whole > MAX_ALONG:
        raise DataError(
            f"{file}: {name} has {whole:,} values along one dimension, more than the {MAX_ALONG:,} that are read: "
            "write no more days or sites than there are"
        )
    if whole * width > MAX_FILE:
        raise DataError(
            f"{file}: {name} must be read {whole * width / 1e9:.1f} GB at a time, more than {MAX_FILE / 1e9:g} GB: "
            "write it in smaller chunks"
        )
    return values * width


def within(file: str, total: float, most: float) -> None:
    """DataError where all values of a file together take ``total``, more than ``most`` [bytes]."""
    if total > most:
        raise DataError(
            f"{file} unpacks to {total / 1e9:.1f} GB, more than the {most / 1e9:g} GB that are read: split it"
        )
