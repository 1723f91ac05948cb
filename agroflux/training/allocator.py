"""Keep freed memory in the process: training frees and takes the same large blocks at every step."""

import ctypes
import sys

# glibc's malloc.h: M_TRIM_THRESHOLD, M_MMAP_MAX
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed_memory() -> bool:
    """Tell glibc not to hand large blocks back to the system; false (and no effect) where there is no glibc.

    Asking the system for fresh zeroed pages again and again took about a third of the time of LSTM training.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))
