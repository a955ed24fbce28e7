"""Worker processes that report how far they are and end with their parent.

Started afresh (spawn): a forked worker would inherit the locks of its parent's threads. Only the standard
library is imported here, since every worker reads this file before it knows its task.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

from experiments.config.errors import RunError

Result = TypeVar("Result")

_POLL_SECONDS = 0.1
_DIED = (
    "a worker process died, perhaps killed for want of memory; nothing was written. "
    "Try fewer at a time (workers=1) or smaller ones (worlds, agents_per_world)"
)
_progress: MutableSequence[int] = [0]


class Team:
    """Some worker processes, as a context: they end when it is left, and when the parent dies.

    What they need first can be imported while they wait for a task: `ready` does it, in each of them.
    """

    def __init__(self, size: int, places: int, ready: Callable[[], None] | None = None) -> None:
        self.size, self.places = size, places
        context = get_context("spawn")
        # Nobody writes to the leash. It closes when the parent lets go of it or dies.
        self._leash, self._held = context.Pipe(duplex=False)
        self._progress = context.RawArray("q", places)
        self._pool = ProcessPoolExecutor(
            size, mp_context=context, initializer=join, initargs=(self._leash, self._progress, ready)
        )

    def __enter__(self) -> Self:
        """Return the team; its processes start with the first task."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the workers go where they are: idle, or busy with what nobody waits for any more."""
        self.let_go()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self) -> None:
        """Start all workers, which else begin with their first task."""
        for _ in range(self.size):
            self.submit(int)

    def let_go(self) -> None:
        """Let the workers end without waiting for it."""
        self._held.close()
        self._leash.close()

    @property
    def progress(self) -> int:
        """Sum of what the workers have noted."""
        return sum(self._progress)

    def tell(self, place: int, word: int) -> None:
        """Leave a word at a place for the worker that reads it there."""
        self._progress[place] = word

    def submit(self, task: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Give a task to the next idle worker.

        Raises: RunError if a worker has died.
        """
        try:
            with _without_main():
                return self._pool.submit(task, *arguments)
        except BrokenProcessPool:
            raise RunError(_DIED) from None

    def wait_for(self, futures: Sequence["Future[Result]"], meanwhile: Callable[[int], None]) -> list[Result]:
        """Return the results of tasks in their order; `meanwhile` is told the progress as it moves.

        Raises: RunError if a worker has died; what a task raised, as soon as one does.
        """
        pending = set(futures)
        try:
            while pending:
                done, pending = wait(pending, _POLL_SECONDS, FIRST_COMPLETED)
                meanwhile(self.progress)
                for future in done:
                    future.result()
            return [future.result() for future in futures]
        except BrokenProcessPool:
            raise RunError(_DIED) from None


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module while processes start: they would run it again, a script's every line included.

    They also start deaf to Ctrl-C, which the parent alone hears.
    """
    main = sys.modules["__main__"]
    hidden = {name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)}
    main.__spec__ = None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        for name, value in hidden.items():
            setattr(main, name, value)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def join(leash: Connection, progress: MutableSequence[int], ready: Callable[[], None] | None = None) -> None:
    """Set a new worker up: the parent alone hears Ctrl-C, and the worker watches the parent."""
    global _progress
    _progress = progress
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(leash,), daemon=True).start()
    if ready is not None:
        with suppress(Exception):  # a task that needs it will say what is wrong
            ready()


def note(place: int, done: int) -> None:
    """Note how far a task is, for the parent to read."""
    _progress[place] = done


def told(place: int) -> int:
    """Return what the parent left at a place, or this worker noted there."""
    return _progress[place]


def _watch(leash: Connection) -> None:
    # Nothing is ever sent: this returns when the other end has gone.
    leash.poll(None)
    os._exit(1)
