"""What a person sees while a sweep runs: runs done, rate, time left, failures, and the answer so far."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

SECONDS_PER_LINE = 60.0


class Shown(Protocol):
    """Shows how far a sweep is."""

    def show(self, done: float, failed: int, answer: str) -> None:
        """Show that so many of the runs to do are done."""

    def say(self, text: str) -> None:
        """Show a line that stays."""


@contextmanager
def progress(
    total: int, name: str, stream: IO[str] | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Shown]:
    """Show a bar on a terminal, else a line a minute, on standard error."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield Lines(total, name, stream, clock)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        console=Console(file=stream),
        transient=True,
    ) as bar:
        yield Bar(bar, total, name, clock)


class Told:
    """Says how far a sweep is, in words."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self._total, self._clock, self._began = total, clock, clock()

    def words(self, done: float, failed: int, answer: str) -> str:
        """Return runs done, rate, time left, failures and the answer."""
        passed = self._clock() - self._began
        parts = [f"{int(done):,}/{self._total:,} runs"]
        if done > 0 and passed > 0:
            rate = done / passed
            parts += [f"{rate:.1f}/s", f"{duration((self._total - done) / rate)} left"]
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join([*parts, answer] if answer else parts)


class Bar:
    """Moves a bar."""

    def __init__(self, bar: Any, total: int, name: str, clock: Callable[[], float]) -> None:
        self._bar, self._told = bar, Told(total, clock)
        self._task = bar.add_task(name, total=total, told="")

    def show(self, done: float, failed: int, answer: str) -> None:
        """Move it."""
        self._bar.update(self._task, completed=done, told=self._told.words(done, failed, answer))

    def say(self, text: str) -> None:
        """Print a line above it."""
        self._bar.console.print(text, markup=False, highlight=False)


class Lines:
    """Writes a line a minute, so that a log stays short."""

    def __init__(self, total: int, name: str, stream: IO[str], clock: Callable[[], float]) -> None:
        self._name, self._stream, self._clock = name, stream, clock
        self._told, self._next = Told(total, clock), clock() + SECONDS_PER_LINE

    def show(self, done: float, failed: int, answer: str) -> None:
        """Write a line if a minute has passed since the last."""
        if self._clock() >= self._next:
            self._next = self._clock() + SECONDS_PER_LINE
            self.say(f"{self._name}: {self._told.words(done, failed, answer)}")

    def say(self, text: str) -> None:
        """Write a line now."""
        print(text, file=self._stream, flush=True)


def duration(seconds: float) -> str:
    """Write a duration as a person would say it.

    >>> duration(42), duration(600), duration(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 100.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 6000.0 else f"{seconds / 3600.0:.1f} h"
