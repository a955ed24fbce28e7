"""The engine answers those of a kind together, and skips what nobody waits for any more."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from experiments.config.errors import RunError
from experiments.teach import engine as engines
from experiments.teach.engine import AT_ONCE, Busy, Engine, Replaced


@pytest.fixture
def engine(monkeypatch):
    """An engine whose worker waits to be let go, and notes what it was given."""
    gate, given = threading.Event(), []

    def each(questions):
        given.append([one.values["power.lead_time_us"] for one in questions])
        gate.wait(30)
        return [
            RunError("none can start") if one.values["power.lead_time_us"] == 66.0 else {"value": one.values}
            for one in questions
        ]

    monkeypatch.setattr(engines, "answer_each", each)
    one = Engine(worlds=2, months=3)
    one.gate, one.given = gate, given
    yield one
    gate.set()
    one.close()


def asked(engine, value, client="", scenario="baseline"):
    question = engine.question(scenario, {"power.lead_time_us": float(value)}, {})
    return asyncio.ensure_future(engine.ask(question, client))


def apart(waiting):
    """Run a coroutine in a thread of its own: a browser of another test may hold this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, waiting).result()


async def begun(engine, count):
    while len(engine.given) < count:
        await asyncio.sleep(0.005)


def test_a_newer_question_takes_the_place_of_one_that_waits(engine):
    async def run():
        running = asked(engine, 20, "a")
        await begun(engine, 1)
        passed = [asked(engine, value, "a") for value in (30, 40)]
        await asyncio.sleep(0)
        other = asked(engine, 30.5, "b")
        newest = asked(engine, 50, "a")
        await asyncio.sleep(0)
        engine.gate.set()
        found = await asyncio.gather(running, *passed, other, newest, return_exceptions=True)
        assert [type(one) for one in found] == [dict, Replaced, Replaced, dict, dict]
        assert engine.given == [[20.0], [30.5, 50.0]]

    apart(run())


def test_what_another_waits_for_stays(engine):
    async def run():
        first = asked(engine, 20)
        await begun(engine, 1)
        mine, theirs = asked(engine, 30, "a"), asked(engine, 30, "b")
        await asyncio.sleep(0)
        newer = asked(engine, 40, "a")
        await asyncio.sleep(0)
        engine.gate.set()
        found = await asyncio.gather(first, mine, theirs, newer)
        assert [one["value"]["power.lead_time_us"] for one in found] == [20.0, 30.0, 30.0, 40.0]

    apart(run())


def test_those_of_a_kind_are_answered_together_and_a_failure_is_its_own(engine):
    async def run():
        tasks = [asked(engine, 20)]
        await begun(engine, 1)
        values = [*range(21, 21 + AT_ONCE - 1), 66, 65]
        tasks += [
            asked(engine, value, scenario="open_race" if value == 22 else "baseline") for value in values
        ]
        await asyncio.sleep(0)
        engine.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert engine.given == [[20.0], [21.0, 23.0, 66.0, 65.0], [22.0]]
        assert [isinstance(one, RunError) for one in found] == [value == 66 for value in (20, *values)]

    apart(run())


def test_too_many_are_refused(engine, monkeypatch):
    monkeypatch.setattr(engines, "MOST_WAITING", 1)

    async def run():
        tasks = [asked(engine, 20)]
        await begun(engine, 1)
        tasks += [asked(engine, value) for value in (30, 40)]
        await asyncio.sleep(0)
        engine.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in found] == [dict, dict, Busy]

    apart(run())
