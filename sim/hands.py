"""Threads that share the work of a process which has several cores to itself; no result depends on them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

_POOL: Final = ThreadPoolExecutor(thread_name_prefix="hand")
_many = 1


def many() -> int:
    """Return how many threads share the work now: one, but within `sharing`."""
    return _many


@contextmanager
def sharing(hands: int) -> Iterator[None]:
    """Let so many threads share what this process simulates meanwhile."""
    global _many
    before, _many = _many, hands
    try:
        yield
    finally:
        _many = before


def share(work: Callable[[int], None], hands: int) -> None:
    """Let each of some hands do its share, all at once and the first in this thread.

    Raises: what a share raises, once all have ended.
    """
    others = [_POOL.submit(work, hand) for hand in range(1, hands)]
    try:
        work(0)
    finally:
        failed = [one.exception() for one in others]
    for error in failed:
        if error is not None:
            raise error
