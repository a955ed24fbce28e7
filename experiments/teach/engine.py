"""Answer the questions of many pages by a few processes; whoever asks the same gets the same.

What a client asks later takes the place of what it asked before, and counts as waiting since then: who
changes a slider often waits no longer and no shorter than others. Who has waited least comes first, since
those who have waited long are about to ask something else; but nobody is passed over more than a few times.
Questions that wait are simulated together; a simulation that nobody waits for any more is given up.
"""

import asyncio
import json
import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from experiments.config.errors import RunError
from experiments.runs.team import Team, told
from experiments.teach.answers import MONTHS, WORLDS, Question, answer_all
from experiments.teach.composed import BASE
from experiments.teach.kept import KEPT, keep_of, kept_answer, kept_trials
from experiments.teach.sliders import check, words
from experiments.teach.tunnel import Trial, check_role

KEPT_ANSWERS = 512
"""Answers held in memory, of some 80 KB each."""
MOST_CLIENTS = 64
MOST_AT_ONCE = 8
"""Questions in one batch: more are hardly cheaper each, and let each wait longer."""
LEAST_AT_ONCE = 2
FIXED = 2.3
"""What a batch costs whatever its size, in questions: k of them take as long as FIXED + k alike."""
MOST_PASSED = 5
"""Whom so many batches have passed over comes first in the next."""
BATCH_SECONDS = 6.0
"""A batch is kept so small that it takes no longer here, or those in it have asked something else by then."""
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


class GivenUp(Exception):
    """Nobody waits any more for what is being simulated."""


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
    batch: "_Batch | None" = None
    """With what else it is being simulated."""


@dataclass(eq=False)
class _Batch:
    """What one worker simulates together."""

    jobs: dict[str, _Job]
    place: int
    """Where its worker is told to give up."""


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
        """How many questions were simulated, read, shared, replaced, refused or given up."""
        self._folder = keep_of(worlds, months, kept)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._jobs: dict[str, _Job] = {}
        self._circle: OrderedDict[str, list[str]] = OrderedDict()
        """Client -> keys of its jobs that wait, oldest first; who waits longest comes first."""
        self._passed: Counter[str] = Counter()
        """Client -> how many batches have passed it over."""
        self._wishes: dict[tuple[str, int], tuple[str, _Wish]] = {}
        """Client and lane -> key of the job and the wait for it."""
        self._unnamed = count()
        self._processes = processes
        self._size = max(1, processes)
        self._idle = list(range(self._size))
        """Places of workers that have nothing to do."""
        self._given_up = [0] * self._size
        """What a thread is told at its place; processes are told by their team."""
        self._unit_seconds = 0.0
        """Seconds that a question more took in the last batches; 0 before the first."""
        self._broken = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers: Team | ThreadPoolExecutor = self._hired()

    def _hired(self) -> Team | ThreadPoolExecutor:
        if not self._processes:
            return ThreadPoolExecutor(1)
        # Read when a process starts: two processes of two threads each would be in each other's way.
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        return Team(self._processes, self._size)

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
        first = self.question(BASE, {}, {})
        waiting = [self._given([first], place) for place in range(self._size)]
        for preset in words()["presets"]:
            self.question(preset, {}, {}).kind()
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
        left = self._jobs.get(self._wishes.get((client, lane), ("",))[0])
        place = self._withdraw(client, lane)
        found = self._read(key, asked)
        others = {name for name, _ in self._wishes} - {client}
        refused = found is None and len(others) >= MOST_CLIENTS
        if found is not None or refused:
            self.counts["refused" if refused else "read"] += 1
            self._drop_idle(client)
            self._give_up(left)
            if found is None:
                raise Busy
            return found
        wish = _Wish(client, lane, turn, asyncio.get_running_loop().create_future())
        self._wishes[client, lane] = key, wish
        self.counts["shared"] += key in self._jobs
        job = self._jobs.setdefault(key, _Job(asked))
        job.wishes.append(wish)
        self._give_up(left)
        if job.batch is None:
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
            if not job.wishes and job.batch is None:
                del self._jobs[key]
            waiting = self._circle.get(client, [])
            if key in waiting and not any(one.client == client for one in job.wishes):
                place = waiting.index(key)
                waiting.remove(key)
        return place

    def _give_up(self, job: _Job | None) -> None:
        """End what is simulated with a job that was left, unless somebody waits for a part of it."""
        if job is None or job.batch is None or any(one.wishes for one in job.batch.jobs.values()):
            return
        for key, one in job.batch.jobs.items():
            self.counts["given up"] += 1
            self._forget(key, one)
        self._tell_worker(job.batch.place, 1)

    def _tell_worker(self, place: int, word: int) -> None:
        if isinstance(self._workers, Team):
            self._workers.tell(place, word)
        else:
            self._given_up[place] = word

    def _forget(self, key: str, job: _Job) -> None:
        if self._jobs.get(key) is job:
            del self._jobs[key]

    def _drop_idle(self, client: str) -> None:
        if not self._circle.get(client, [""]):
            del self._circle[client]
            del self._passed[client]

    def _begin(self) -> None:
        """Give idle workers what waits."""
        while self._idle and self._circle and not self._broken:
            batch = _Batch(self._next_batch(), self._idle.pop())
            for job in batch.jobs.values():
                job.batch = batch
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_batch(self) -> dict[str, _Job]:
        """Take a question of each client in turn, of the kind of the first; who had one goes to the end."""
        waiting = {key for keys in self._circle.values() for key in keys}
        # What waits is shared out among the workers: a second one is not to stand idle beside a large batch.
        most = min(largest_batch(self._unit_seconds), -(-len(waiting) // self._size))
        clients = self._in_turn()
        kind = self._jobs[self._circle[clients[0]][0]].asked.kind()
        batch: dict[str, _Job] = {}
        taken = True
        while taken and len(batch) < most:
            taken = False
            for client in clients:
                keys = self._circle.get(client, [])
                key = next((one for one in keys if self._jobs[one].asked.kind() == kind), None)
                if key is None or len(batch) == most:
                    continue
                batch[key] = self._jobs[key]
                taken = True
                self._circle.move_to_end(client)
                self._passed[client] = -1
                for other in list(self._circle):
                    if key in self._circle[other]:
                        self._circle[other].remove(key)
                        self._drop_idle(other)
        self._passed.update(self._circle.keys())
        return batch

    def _in_turn(self) -> list[str]:
        """Return who waits: those passed over too often, longest first, then the others, shortest first."""
        due = [client for client in self._circle if self._passed[client] >= MOST_PASSED]
        return [*due, *(client for client in reversed(self._circle) if client not in due)]

    async def _work(self, batch: _Batch) -> None:
        loop = asyncio.get_running_loop()
        asked = [job.asked for job in batch.jobs.values()]
        longest = self._seconds * (TRIAL_TIMES if isinstance(asked[0], Trial) else 1.0)
        late = loop.call_later(longest, _tell_late, list(batch.jobs.values()))
        found: list[bytes | Exception]
        began = loop.time()
        try:
            answers: asyncio.Future[list[bytes | Exception]]
            answers = asyncio.wrap_future(self._given(asked, batch.place))
            found = await answers
        except (BrokenProcessPool, RunError):
            # One that dies takes the others along: when the last has been heard of, new ones are hired.
            self._broken = True
            found = [Died()] * len(batch.jobs)
        except Exception as error:  # whatever it is, those who wait must hear it
            found = [error] * len(batch.jobs)
        else:
            self._learn((loop.time() - began) / (FIXED + len(asked)), asked)
        late.cancel()
        self._idle.append(batch.place)
        if self._broken and len(self._idle) == self._size:
            self.close()
            self._workers, self._broken = self._hired(), False
        for (key, job), result in zip(batch.jobs.items(), found, strict=True):
            self._forget(key, job)
            if isinstance(result, bytes):
                self.counts["simulated"] += 1
                self._keep(key, result)
            _tell(job, result)
        self._begin()

    def _learn(self, unit_seconds: float, asked: Sequence[Asked]) -> None:
        """Note how fast questions are simulated, half by the last batch; a trial tells nothing of them."""
        if isinstance(asked[0], Question):
            before = self._unit_seconds or unit_seconds
            self._unit_seconds = (before + unit_seconds) / 2.0

    def _given(self, asked: list[Asked], place: int) -> "Future[list[bytes | Exception]]":
        self._tell_worker(place, 0)
        if isinstance(self._workers, Team):
            return self._workers.submit(in_worker, asked, place)
        return self._workers.submit(answer_each, asked, lambda: self._given_up[place] > 0)

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


def largest_batch(unit_seconds: float) -> int:
    """Return how many questions a batch takes at most where one more takes so long.

    >>> [largest_batch(seconds) for seconds in (0.0, 0.4, 0.65, 1.1, 9.0)]
    [8, 8, 6, 3, 2]
    """
    if unit_seconds <= 0.0:
        return MOST_AT_ONCE
    return min(MOST_AT_ONCE, max(LEAST_AT_ONCE, int(BATCH_SECONDS / unit_seconds - FIXED)))


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


def _tell_late(jobs: Sequence[_Job]) -> None:
    """Tell all who wait that it takes too long; what is being simulated is kept when it is done."""
    for job in jobs:
        _tell(job, TimeoutError())


def in_worker(asked: list[Asked], place: int) -> list[bytes | Exception]:
    """Answer in a process of its own, which gives way to others and gives up when told so at its place."""
    if hasattr(os, "nice"):
        os.nice(max(0, NICE - os.nice(0)))
    return answer_each(asked, lambda: told(place) > 0)


def never() -> bool:
    """Go on to the end."""
    return False


def answer_each(asked: list[Asked], is_given_up: Callable[[], bool] = never) -> list[bytes | Exception]:
    """Answer what is of one kind; where one cannot start, the others are answered all the same.

    Raises: GivenUp in the month after nobody waits any more.
    """
    questions = [one for one in asked if isinstance(one, Question)]

    def on_month(month: int) -> None:
        if is_given_up():
            raise GivenUp

    try:
        if isinstance(asked[0], Trial):
            return [json.dumps(asked[0].run()).encode()]
        return [json.dumps(one, allow_nan=False).encode() for one in answer_all(questions, on_month)]
    except RunError as error:
        if len(asked) == 1:
            return [error]
    return [found for question in questions for found in answer_each([question], is_given_up)]
