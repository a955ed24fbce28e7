"""Executors: who computes the units of a sweep. One interface; `local` is processes of this machine.

The others stand in `experiments.sweeping.cluster`.

A worker holds one unit at a time. One that dies, or takes too long, is replaced; its unit is halved until the
run that is to blame stands alone, which is then reported as lost. Workers end with their parent.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, MutableSequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Final, Protocol

from experiments.config.errors import RunError
from experiments.sweeping.plan import Unit
from experiments.sweeping.work import Commit, Task, run_unit

POLL_SECONDS: Final = 0.1
TRIES: Final = 2
"""A run that stands alone is lost after so many workers: one may be killed for another reason."""


class Job(Protocol):
    """What an executor is given: how a unit becomes a task, and who hears what came of it."""

    def task(self, unit: Unit) -> Task:
        """Return what a worker is sent."""

    def committed(self, unit: Unit, commit: Commit) -> None:
        """Take note of a unit that is done."""

    def recover(self, unit: Unit) -> bool:
        """Say whether a unit whose worker died had been committed, and take note of it then."""

    def lost(self, unit: Unit, reason: str) -> None:
        """Record a run that cannot be computed."""

    def meanwhile(self, runs_in_hand: float) -> None:
        """Hear how many runs' worth of work the workers have done in units not finished yet."""

    def stopping(self) -> bool:
        """Say whether no more units are to be begun."""


class Executor(Protocol):
    """Computes units."""

    @property
    def workers(self) -> int:
        """Number of workers, to split a sweep by."""

    def run(self, units: Iterable[Unit], job: Job) -> None:
        """Compute units in about their order, until all are done or the job is stopping."""


@dataclass(frozen=True)
class Attempt:
    """A unit, and how many workers it has cost."""

    unit: Unit
    deaths: int = 0


def halves(attempt: Attempt) -> list[Attempt]:
    """Return what to try after a unit has cost a worker.

    A run that stands alone is tried again, and counts its deaths.
    """
    runs = attempt.unit.runs
    if runs.size == 1:
        return [replace(attempt, deaths=attempt.deaths + 1)]
    middle = runs.size // 2
    return [Attempt(replace(attempt.unit, runs=part)) for part in (runs[:middle], runs[middle:])]


def took_too_long(limit_seconds: float) -> str:
    """Say why a run that stands alone is lost."""
    return f"it took longer than {limit_seconds:g} s (executor.time_limit_seconds)"


class LocalExecutor:
    """Processes of this machine, each with a pipe of its own, so that it is known who held what."""

    def __init__(
        self,
        workers: int,
        time_limit_seconds: float,
        work: Callable[[Task, Callable[[int], None]], Commit] = run_unit,
    ) -> None:
        self.workers = workers
        self._limit = time_limit_seconds
        self._work = work

    def run(self, units: Iterable[Unit], job: Job) -> None:
        """Compute units by processes that live as long as this call.

        Raises: RunError if the store cannot be written, or workers cannot be started.
        """
        waiting: deque[Attempt] = deque()
        coming = iter(units)
        context = get_context("spawn")
        leash, held = context.Pipe(duplex=False)
        months = context.RawArray("q", self.workers)
        hands = [Hand(place, context, leash, months, self._work) for place in range(self.workers)]
        try:
            while True:
                for hand in hands:
                    if hand.attempt is None and not job.stopping():
                        attempt = waiting.popleft() if waiting else None
                        if attempt is None and (unit := next(coming, None)) is not None:
                            attempt = Attempt(unit)
                        if attempt is not None:
                            hand.give(attempt, job.task(attempt.unit))
                busy = [hand for hand in hands if hand.attempt is not None]
                if not busy:
                    return
                self._hear(busy, waiting, job)
                job.meanwhile(sum(hand.share_done() for hand in busy))
        finally:
            for hand in hands:
                hand.end()
            held.close()
            leash.close()

    def _hear(self, busy: "list[Hand]", waiting: deque[Attempt], job: Job) -> None:
        ends = [end for hand in busy for end in hand.ends()]
        wait(ends, POLL_SECONDS)
        for hand in busy:
            attempt = hand.attempt
            assert attempt is not None
            answer = hand.answer()
            if isinstance(answer, Commit):
                job.committed(attempt.unit, answer)
            elif answer is not None:
                raise RunError(answer)
            elif (reason := hand.gone(self._limit)) is not None:
                hand.end()
                tried = halves(attempt)
                if job.recover(attempt.unit):
                    continue
                if tried[0].deaths >= TRIES:
                    job.lost(attempt.unit, reason)
                else:
                    # At the front: what is left of a unit stays about where it stood.
                    waiting.extendleft(reversed(tried))


class Hand:
    """A worker process as its parent sees it; started with its first unit, and again after it has died."""

    def __init__(
        self,
        place: int,
        context: SpawnContext,
        leash: Connection,
        months: MutableSequence[int],
        work: Callable[[Task, Callable[[int], None]], Commit],
    ) -> None:
        self._place, self._context, self._leash, self._months = place, context, leash, months
        self._work = work
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._since = 0.0
        self._total = 1
        self.attempt: Attempt | None = None

    def give(self, attempt: Attempt, task: Task) -> None:
        """Send a unit; a worker that cannot be sent to has died, which is found when it is heard."""
        if self._process is None:
            self._pipe, other = self._context.Pipe()
            arguments = (other, self._leash, self._work, self._months, self._place)
            self._process = self._context.Process(target=serve, args=arguments, daemon=True)
            # A worker that is starting does not hear Ctrl-C either.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                self._process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            other.close()
        assert self._pipe is not None
        self.attempt, self._since, self._total = attempt, time.monotonic(), task.plan.months
        self._months[self._place] = 0
        with suppress(OSError):
            self._pipe.send(task)

    def ends(self) -> list[Connection | int]:
        """Return what becomes ready when the worker answers or dies."""
        assert self._pipe is not None
        assert self._process is not None
        return [self._pipe, self._process.sentinel]

    def answer(self) -> Commit | str | None:
        """Return what the worker says, if it has said something."""
        assert self._pipe is not None
        try:
            if not self._pipe.poll():
                return None
            said: Commit | str = self._pipe.recv()
        except (EOFError, OSError):
            return None
        self.attempt = None
        return said

    def gone(self, limit_seconds: float) -> str | None:
        """Say why the unit in hand will not be done by this worker, if it will not."""
        assert self._process is not None
        if not self._process.is_alive():
            self._process.join()
            code = self._process.exitcode or 0
            how = f"by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"with status {code}"
            return f"its worker ended {how}"
        if time.monotonic() - self._since > limit_seconds:
            return took_too_long(limit_seconds)
        return None

    def share_done(self) -> float:
        """Return how many runs' worth of work is done of the unit in hand."""
        if self.attempt is None:
            return 0.0
        return min(1.0, self._months[self._place] / self._total) * self.attempt.unit.runs.size

    def end(self) -> None:
        """Stop the worker where it is."""
        self.attempt = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def serve(
    pipe: Connection,
    leash: Connection,
    work: Callable[[Task, Callable[[int], None]], Commit],
    months: MutableSequence[int],
    place: int,
) -> None:
    """Be a worker: do one task after another until the parent lets go."""
    # The parent alone hears Ctrl-C: it finishes the units in hand, and these are here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(leash,), daemon=True).start()

    def on_month(month: int) -> None:
        months[place] = month + 1

    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Commit | str = work(task, on_month)
        except (RunError, OSError) as error:
            answer = str(error)
        pipe.send(answer)


def _end_with_parent(leash: Connection) -> None:
    # Nothing is ever sent: this returns when the other end has gone.
    leash.poll(None)
    os._exit(1)
