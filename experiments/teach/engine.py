"""Answer the questions of many pages by a few processes; whoever asks the same gets the same."""

import asyncio
import multiprocessing
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from experiments.config.errors import RunError
from experiments.teach.answers import MONTHS, WORLDS, Question, answer, answer_all
from experiments.teach.sliders import check
from experiments.teach.tunnel import check_role, trial_of

KEPT_ANSWERS = 512
MOST_WAITING = 64
AT_ONCE = 4
"""Questions in one batch: more are cheaper each, and let each wait longer."""


class Busy(Exception):
    """More questions wait than can be answered in time."""


class Replaced(Exception):
    """Whoever asked has asked something else meanwhile."""


@dataclass
class _Waiting:
    """A question in the queue, and who waits for its answer."""

    question: Question
    future: "asyncio.Future[dict[str, Any]]"
    clients: set[str]


class Engine:
    """Answers questions in the order asked, those of the same kind together; keeps nothing about who asks.

    A client's newer question takes the place of its older one that still waits.
    """

    def __init__(self, worlds: int = WORLDS, months: int = MONTHS, processes: int = 0) -> None:
        """Start `processes` of them, or none: then a thread of this process simulates."""
        self.worlds, self.months = worlds, months
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._queue: OrderedDict[str, _Waiting] = OrderedDict()
        self._running: dict[str, _Waiting] = {}
        self._workers: Executor = (
            ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
            if processes
            else ThreadPoolExecutor(1)
        )
        self._idle = self._processes = max(1, processes)
        self._tasks: set[asyncio.Task[None]] = set()
        self._tested: dict[str, asyncio.Task[dict[str, Any]]] = {}

    def question(self, scenario: str, values: Mapping[str, float], switches: Mapping[str, bool]) -> Question:
        """Return a checked question.

        Raises: ConfigError naming what is wrong.
        """
        check(scenario, values, switches)
        return Question(scenario, dict(values), dict(switches), self.worlds, self.months)

    def warm_up(self) -> None:
        """Let every process import and prepare what it needs."""
        first = self.question("baseline", {}, {})
        waiting = [self._workers.submit(answer, first) for _ in range(self._processes)]
        for one in waiting:
            self._keep(first.key(), one.result())

    async def ask(self, question: Question, client: str = "") -> dict[str, Any]:
        """Return the answer, kept or computed. A client without a name is never replaced.

        Raises: Busy if too many wait; Replaced if the client asks anew before this is begun; RunError if a
        world has no feasible start.
        """
        key = question.key()
        if client:
            self._forget(client, key)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        one = self._queue.get(key) or self._running.get(key)
        if one is None:
            if len(self._queue) >= MOST_WAITING:
                raise Busy
            future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            one = self._queue[key] = _Waiting(question, future, set())
        # Each unnamed asker counts as a client of its own.
        one.clients.add(client or f"\0{len(one.clients)}")
        self._begin()
        # Who gives up must not take the answer from the others who wait for it.
        return await asyncio.shield(one.future)

    async def test(self, role: str) -> dict[str, Any]:
        """Return points and regret of the strategies of a role, computed once.

        Raises: ConfigError if there is no such role; RunError if a world has no feasible start.
        """
        check_role(role)
        task = self._tested.get(role)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.get_running_loop().create_task(self._test(role))
            self._tested[role] = task
        return await asyncio.shield(task)

    async def _test(self, role: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, trial_of, role, self.worlds, self.months)

    def _forget(self, client: str, but: str) -> None:
        """Take a client's older question out of the queue if nobody else waits for it."""
        for key, one in list(self._queue.items()):
            if key != but and client in one.clients:
                one.clients.discard(client)
                if not one.clients:
                    del self._queue[key]
                    one.future.set_exception(Replaced())
                    # Whoever asked may have gone already: then nobody reads it, which is no fault.
                    one.future.exception()

    def _begin(self) -> None:
        """Give idle workers what waits: the oldest question, and others of its kind."""
        while self._idle and self._queue:
            kind = next(iter(self._queue.values())).question.kind()
            keys = [key for key, one in self._queue.items() if one.question.kind() == kind][:AT_ONCE]
            batch = {key: self._queue.pop(key) for key in keys}
            self._running.update(batch)
            self._idle -= 1
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, batch: Mapping[str, _Waiting]) -> None:
        loop = asyncio.get_running_loop()
        try:
            asked = [one.question for one in batch.values()]
            found = await loop.run_in_executor(self._workers, answer_each, asked)
        except Exception as error:  # whatever a worker died of, those who wait must hear it
            found = [error] * len(batch)
        self._idle += 1
        for (key, one), result in zip(batch.items(), found, strict=True):
            del self._running[key]
            if isinstance(result, Exception):
                one.future.set_exception(result)
                one.future.exception()
            else:
                self._keep(key, result)
                one.future.set_result(result)
        self._begin()

    def _keep(self, key: str, found: dict[str, Any]) -> None:
        self._kept[key] = found
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def close(self) -> None:
        """Let the processes end."""
        self._workers.shutdown(wait=True, cancel_futures=True)


def answer_each(questions: list[Question]) -> list[dict[str, Any] | Exception]:
    """Answer questions of one kind; where one of them cannot start, the others are answered all the same."""
    try:
        return list(answer_all(questions))
    except RunError as error:
        if len(questions) == 1:
            return [error]
    return [found for question in questions for found in answer_each([question])]
