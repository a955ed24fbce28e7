"""Answer the questions of many pages by a few processes; whoever asks the same gets the same.

Clients take turns in a circle. What one asks later takes the place of what it asked before, at the same place
in the circle: who changes a slider often waits no longer and no shorter than others.
"""

import asyncio
import json
import os
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from experiments.config.errors import RunError
from experiments.runs.team import Team
from experiments.teach.answers import MONTHS, WORLDS, Question, answer_all
from experiments.teach.kept import KEPT, keep_of, kept_answer, kept_trials
from experiments.teach.sliders import check
from experiments.teach.tunnel import Trial, check_role

KEPT_ANSWERS = 512
"""Answers held in memory, of some 80 KB each."""
MOST_CLIENTS = 64
MOST_AT_ONCE = 8
"""Questions in one batch: more are hardly cheaper each, and let each wait longer."""
LONGEST_SECONDS = 30.0
TRIAL_TIMES = 10.0
"""A trial runs some twenty settings, and may take so many times as long as a question."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
NICE = 19
"""Workers give way to the server, and to a browser on the same computer."""

Asked = Question | Trial


class Busy(Exception):
    """More clients wait than can be answered in time."""


class Replaced(Exception):
    """Whoever asked has asked something else meanwhile."""


class Died(Exception):
    """A process died while it simulated, perhaps killed for want of memory."""


@dataclass(eq=False)
class _Wish:
    """One client's wait for an answer."""

    client: str
    lane: int
    turn: int
    future: "asyncio.Future[bytes]"


@dataclass(eq=False)
class _Job:
    """Something to compute, and who waits for it."""

    asked: Asked
    wishes: list[_Wish] = field(default_factory=list)
    running: bool = False


class Engine:
    """Answers questions, those of the same kind together; keeps nothing about who asks.

    A client may ask in several lanes at once. Its newer question in a lane takes the place of the older one.
    """

    def __init__(
        self,
        worlds: int = WORLDS,
        months: int = MONTHS,
        processes: int = 0,
        seconds: float = LONGEST_SECONDS,
        kept: Path = KEPT,
    ) -> None:
        """Start `processes` of them, or none: then a thread of this process simulates.

        `seconds` is how long a question may be simulated; waiting for its turn does not count. `kept` is
        where baked answers are looked for.
        """
        self.worlds, self.months, self._seconds = worlds, months, seconds
        self.counts: Counter[str] = Counter()
        """How many questions were simulated, read, shared, replaced or refused."""
        self._folder = keep_of(worlds, months, kept)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._jobs: dict[str, _Job] = {}
        self._circle: OrderedDict[str, list[str]] = OrderedDict()
        """Client -> keys of its jobs that wait, oldest first."""
        self._wishes: dict[tuple[str, int], tuple[str, _Wish]] = {}
        """Client and lane -> key of the job and the wait for it."""
        self._unnamed = count()
        self._processes = processes
        self._idle = max(1, processes)
        self._broken = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers: Team | ThreadPoolExecutor = self._hired()

    def _hired(self) -> Team | ThreadPoolExecutor:
        if not self._processes:
            return ThreadPoolExecutor(1)
        # Read when a process starts: two processes of two threads each would be in each other's way.
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        return Team(self._processes, 1)

    def question(self, scenario: str, values: Mapping[str, float], switches: Mapping[str, bool]) -> Question:
        """Return a checked question.

        Raises: ConfigError naming what is wrong.
        """
        check(scenario, values, switches)
        return Question(scenario, dict(values), dict(switches), self.worlds, self.months)

    def trial(self, role: str) -> Trial:
        """Return the test of a role's strategies.

        Raises: ConfigError if there is no such role.
        """
        check_role(role)
        return Trial(role, self.worlds, self.months)

    def warm_up(self) -> None:
        """Let every process import and prepare what it needs."""
        first = self.question("baseline", {}, {})
        waiting = [self._given([first]) for _ in range(self._idle)]
        for one in waiting:
            found = one.result()[0]
            if isinstance(found, bytes):
                self._keep(first.key(), found)

    async def ask(self, asked: Asked, client: str = "", lane: int = 0, turn: int = 0) -> bytes:
        """Return the answer as JSON, kept or computed. A client without a name is never replaced.

        `turn` numbers the questions of a client: one that comes late, after a newer one, is replaced at once.

        Raises: Busy if too many clients wait; Replaced if the client asks anew in the same lane; TimeoutError
        if it takes too long once begun; Died if its process dies; RunError if a world has no feasible start.
        """
        client = client or f"\0{next(self._unnamed)}"
        _, before = self._wishes.get((client, lane), ("", None))
        if before is not None and turn < before.turn:
            self.counts["replaced"] += 1
            raise Replaced
        key = asked.key()
        place = self._withdraw(client, lane)
        found = self._read(key, asked)
        if found is not None:
            self.counts["read"] += 1
            self._drop_idle(client)
            return found
        others = {name for name, _ in self._wishes} - {client}
        if len(others) >= MOST_CLIENTS:
            self.counts["refused"] += 1
            self._drop_idle(client)
            raise Busy
        wish = _Wish(client, lane, turn, asyncio.get_running_loop().create_future())
        self._wishes[client, lane] = key, wish
        self.counts["shared"] += key in self._jobs
        job = self._jobs.setdefault(key, _Job(asked))
        job.wishes.append(wish)
        if not job.running:
            waiting = self._circle.setdefault(client, [])
            if key not in waiting:
                waiting.insert(len(waiting) if place is None else place, key)
        self._drop_idle(client)
        self._begin()
        try:
            return await wish.future
        finally:
            if self._wishes.get((client, lane)) == (key, wish):
                self._withdraw(client, lane)
                self._drop_idle(client)

    def _withdraw(self, client: str, lane: int) -> int | None:
        """End a client's wait in a lane; return its place among what the client waits for."""
        key, wish = self._wishes.pop((client, lane), ("", None))
        if wish is None:
            return None
        if not wish.future.done():
            self.counts["replaced"] += 1
            wish.future.set_exception(Replaced())
            # Whoever asked may have gone already: then nobody reads it, which is no fault.
            wish.future.exception()
        place = None
        job = self._jobs.get(key)
        if job is not None and wish in job.wishes:
            job.wishes.remove(wish)
            if not job.wishes and not job.running:
                del self._jobs[key]
            waiting = self._circle.get(client, [])
            if key in waiting and not any(one.client == client for one in job.wishes):
                place = waiting.index(key)
                waiting.remove(key)
        return place

    def _drop_idle(self, client: str) -> None:
        if not self._circle.get(client, [""]):
            del self._circle[client]

    def _begin(self) -> None:
        """Give idle workers what waits: the first client's oldest question, and others of its kind."""
        while self._idle and self._circle and not self._broken:
            batch = self._next_batch()
            self._idle -= 1
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_batch(self) -> dict[str, _Job]:
        """Take a question of each client in turn, of the kind of the first; who had one goes to the end."""
        waiting = {key for keys in self._circle.values() for key in keys}
        # What waits is shared out among the workers: a second one is not to stand idle beside a large batch.
        most = min(MOST_AT_ONCE, -(-len(waiting) // max(1, self._processes)))
        kind = self._jobs[next(iter(self._circle.values()))[0]].asked.kind()
        batch: dict[str, _Job] = {}
        taken = True
        while taken and len(batch) < most:
            taken = False
            for client in list(self._circle):
                keys = self._circle.get(client, [])
                key = next((one for one in keys if self._jobs[one].asked.kind() == kind), None)
                if key is None or len(batch) == most:
                    continue
                batch[key] = self._jobs[key]
                taken = batch[key].running = True
                self._circle.move_to_end(client)
                for other in list(self._circle):
                    if key in self._circle[other]:
                        self._circle[other].remove(key)
                        self._drop_idle(other)
        return batch

    async def _work(self, batch: Mapping[str, _Job]) -> None:
        loop = asyncio.get_running_loop()
        asked = [job.asked for job in batch.values()]
        longest = self._seconds * (TRIAL_TIMES if isinstance(asked[0], Trial) else 1.0)
        late = loop.call_later(longest, _give_up, list(batch.values()))
        found: Sequence[bytes | Exception]
        try:
            found = await asyncio.wrap_future(self._given(asked))
        except (BrokenProcessPool, RunError):
            # One that dies takes the others along: when the last has been heard of, new ones are hired.
            self._broken = True
            found = [Died()] * len(batch)
        except Exception as error:  # whatever it is, those who wait must hear it
            found = [error] * len(batch)
        late.cancel()
        self._idle += 1
        if self._broken and self._idle == max(1, self._processes):
            self.close()
            self._workers, self._broken = self._hired(), False
        for (key, job), result in zip(batch.items(), found, strict=True):
            del self._jobs[key]
            if isinstance(result, bytes):
                self.counts["simulated"] += 1
                self._keep(key, result)
            _tell(job, result)
        self._begin()

    def _given(self, asked: list[Asked]) -> "Future[list[bytes | Exception]]":
        if isinstance(self._workers, Team):
            return self._workers.submit(in_worker, asked)
        return self._workers.submit(answer_each, asked)

    def _read(self, key: str, asked: Asked) -> bytes | None:
        """Return what was simulated before, now or when a page was baked."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if isinstance(asked, Trial):
            kept = kept_trials(self._folder).get(asked.role)
            found = None if kept is None else json.dumps(kept).encode()
        else:
            found = kept_answer(key, self._folder)
        if found is not None:
            self._keep(key, found)
        return found

    def _keep(self, key: str, found: bytes) -> None:
        self._kept[key] = found
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def close(self) -> None:
        """Let the processes end where they are."""
        if isinstance(self._workers, Team):
            self._workers.__exit__(Died, None, None)
        else:
            self._workers.shutdown(wait=True, cancel_futures=True)


def _tell(job: _Job, result: bytes | Exception) -> None:
    """Give a result to all who still wait for it."""
    for wish in job.wishes:
        if wish.future.done():
            continue
        if isinstance(result, bytes):
            wish.future.set_result(result)
        else:
            wish.future.set_exception(result)
            # Whoever asked may have gone already: then nobody reads it, which is no fault.
            wish.future.exception()


def _give_up(jobs: Sequence[_Job]) -> None:
    """Tell all who wait that it takes too long; what is being simulated is kept when it is done."""
    for job in jobs:
        _tell(job, TimeoutError())


def in_worker(asked: list[Asked]) -> list[bytes | Exception]:
    """Answer in a process of its own, which gives way to others."""
    if hasattr(os, "nice"):
        os.nice(max(0, NICE - os.nice(0)))
    return answer_each(asked)


def answer_each(asked: list[Asked]) -> list[bytes | Exception]:
    """Answer what is of one kind; where one cannot start, the others are answered all the same."""
    questions = [one for one in asked if isinstance(one, Question)]
    try:
        if isinstance(asked[0], Trial):
            return [json.dumps(asked[0].run()).encode()]
        return [json.dumps(one, allow_nan=False).encode() for one in answer_all(questions)]
    except RunError as error:
        if len(asked) == 1:
            return [error]
    return [found for question in questions for found in answer_each([question])]
