"""A training job as it is once it has ended."""

import time

from agroflux.training import jobs

LIMIT = 240.0  # seconds; on an idle machine a job starts in two


def ended(job: str) -> jobs.Job:
    """The job with the id ``job`` as soon as nothing of it runs any more; the test fails where it takes too long."""
    deadline = time.monotonic() + LIMIT
    while (now := jobs.get(job)).alive:
        assert time.monotonic() < deadline, now
        time.sleep(0.1)
    return now
