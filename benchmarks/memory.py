"""Peak memory of a process, asked for by the code that a benchmark runs in a process of its own."""

import resource
import sys
from pathlib import Path


def peak() -> float:
    """Largest resident memory of this process so far [GB].

    On Linux ``getrusage`` remembers the parent's memory from before this program was started, so it is not asked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
