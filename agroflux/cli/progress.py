"""A progress bar on stderr for callbacks ``(done, total)``, so that stdout stays clean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(text: str, *, show: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give a callback that moves the bar, or None where nothing is to be shown."""
    if not show:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(text, total=None)

    def update(done: int, total: int) -> None:
        progress.start()  # at the first call, so that a mistake found before it prints its one line alone
        progress.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        if progress.live.is_started:
            progress.stop()
