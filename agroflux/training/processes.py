"""Runs in processes of their own, a few at a time: one that fails, however it does, leaves the others alone."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from agroflux.errors import AgroFluxError

Asked = TypeVar("Asked")
Found = TypeVar("Found")
_KILLED = "its process ended without a word: it was killed, or memory ran out"


def each(
    task: Callable[[Asked], Found],
    asked: Sequence[Asked],
    workers: int,
    ended: Callable[[Asked, Callable[[], Found]], None],
) -> None:
    """Call ``task`` on each of ``asked``, ``workers`` at a time, and ``ended`` with what it found as each ends.

    Args:
        task: is sent to another process, so a function of a module, or a partial of one.
        ended: is called with one of ``asked`` and a function that gives what was found, or raises what was raised.

    Whatever is raised here, such as KeyboardInterrupt, ends the processes at work, and none is started any more; so
    does the end of this process, however it comes.
    """
    waiting, pools = list(asked), dict[Future[Found], tuple[Asked, ProcessPoolExecutor]]()
    try:
        while waiting or pools:
            while waiting and len(pools) < workers:
                # A pool a run: what one leaves in memory does not reach the next, nor does its sudden end.
                pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_end_with_caller)
                one = waiting.pop(0)
                pools[pool.submit(task, one)] = (one, pool)
            for job in wait(pools, return_when=FIRST_COMPLETED).done:
                one, pool = pools.pop(job)
                pool.shutdown()
                ended(one, job.result)
    finally:
        for _, pool in pools.values():
            for process in list(pool._processes.values()):
                process.kill()  # asked to end, a training would first finish its batch and tidy up
            pool.shutdown()


def _end_with_caller() -> None:
    """End this process with its caller: one that is killed can end none, and they would train on, seen by nobody."""
    caller = multiprocessing.parent_process()
    assert caller is not None

    def watch() -> None:
        caller.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def told(error: Exception) -> str:
    """Why a run failed, in words: a user's error as it is, anything else with its kind."""
    if isinstance(error, BrokenProcessPool):
        return _KILLED
    return str(error) if isinstance(error, AgroFluxError) else f"{type(error).__name__}: {error}"
