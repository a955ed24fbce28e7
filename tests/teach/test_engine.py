"""The engine answers clients in turn, equal questions once, and skips what nobody waits for any more."""

import asyncio
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from experiments.config.errors import RunError
from experiments.teach import engine as engines
from experiments.teach.engine import MOST_AT_ONCE, Busy, Died, Engine, GivenUp, Replaced

LEAD = "power.lead_time_us"


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """An engine whose worker waits to be let go, and notes what it was given."""
    gate, given = threading.Event(), []

    def each(questions, is_given_up):
        given.append([one.values[LEAD] for one in questions])
        while not gate.wait(0.005):
            if is_given_up():
                raise GivenUp
        return [
            RunError("none can start") if one.values[LEAD] == 66.0 else json.dumps(one.values).encode()
            for one in questions
        ]

    monkeypatch.setattr(engines, "answer_each", each)
    one = Engine(worlds=2, months=3, kept=tmp_path)
    one.gate, one.given = gate, given
    yield one
    gate.set()
    one.close()


def asked(engine, value, client="", scenario="baseline", lane=0, turn=0, switches=None):
    question = engine.question(scenario, {LEAD: float(value)}, switches or {})
    return asyncio.ensure_future(engine.ask(question, client, lane, turn))


def apart(waiting):
    """Run a coroutine in a thread of its own: a browser of another test may hold this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, waiting).result()


async def begun(engine, count):
    while len(engine.given) < count:
        await asyncio.sleep(0.005)


async def released(engine, *tasks):
    """Let the worker go and return what each task came to: a number, or what kind of fault."""
    await asyncio.sleep(0)
    engine.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [type(one) if isinstance(one, Exception) else json.loads(one)[LEAD] for one in found]


def test_a_newer_question_takes_the_place_of_one_that_waits(engine):
    async def run():
        running = asked(engine, 20, "a")
        await begun(engine, 1)
        passed = [asked(engine, value, "b") for value in (30, 40)]
        await asyncio.sleep(0)
        newest = asked(engine, 50, "b")
        assert await released(engine, running, *passed, newest) == [20.0, Replaced, Replaced, 50.0]
        assert engine.given == [[20.0], [50.0]]
        assert engine.counts["replaced"] == 2

    apart(run())


def test_what_runs_for_nobody_any_more_is_given_up(engine):
    async def run():
        passed = asked(engine, 20, "a")
        await begun(engine, 1)
        newer = asked(engine, 30, "a")
        with pytest.raises(Replaced):
            await passed
        # The worker is not let go: it begins the newer question because it gave up the older one.
        await begun(engine, 2)
        assert await released(engine, newer) == [30.0]
        assert engine.counts["given up"] == 1
        assert await released(engine, asked(engine, 20, "b")) == [20.0]
        assert engine.given == [[20.0], [30.0], [20.0]]

    apart(run())


def test_what_runs_goes_on_for_another_in_its_batch_and_is_kept(engine):
    async def run():
        first = asked(engine, 20, "a")
        await begun(engine, 1)
        passed, theirs = asked(engine, 30, "b"), asked(engine, 40, "c")
        newest = asked(engine, 50, "a")
        with pytest.raises(Replaced):
            await first
        await begun(engine, 2)
        assert sorted(engine.given[1]) == [30.0, 40.0, 50.0]
        # Both leave; one asks the same again, which is being simulated already.
        newer, same = asked(engine, 60, "b"), asked(engine, 50, "a")
        with pytest.raises(Replaced):
            await passed
        assert await released(engine, newest, theirs, same, newer) == [Replaced, 40.0, 50.0, 60.0]
        assert await released(engine, asked(engine, 30, "d")) == [30.0]
        assert engine.given[2:] == [[60.0]]
        assert engine.counts["given up"] == 1

    apart(run())


def test_a_client_that_goes_back_to_what_is_kept_gives_up_what_runs(engine):
    async def run():
        assert await released(engine, asked(engine, 20, "a")) == [20.0]
        engine.gate.clear()
        passed = asked(engine, 30, "a")
        await begun(engine, 2)
        assert json.loads(await asked(engine, 20, "a"))[LEAD] == 20.0
        with pytest.raises(Replaced):
            await passed
        assert engine.counts["given up"] == 1

    apart(run())


def test_a_question_that_comes_late_does_not_replace_a_newer_one(engine):
    async def run():
        newer = asked(engine, 30, "a", turn=5)
        await begun(engine, 1)
        late = asked(engine, 20, "a", turn=4)
        assert await released(engine, newer, late) == [30.0, Replaced]
        assert engine.given == [[30.0]]

    apart(run())


def test_equal_questions_are_simulated_once_and_given_to_all(engine):
    async def run():
        first = asked(engine, 20)
        await begun(engine, 1)
        same = [asked(engine, value, client) for value in (30, 20) for client in ("a", "b", "c")]
        found = await released(engine, first, *same[:3])
        assert found == [20.0, Replaced, Replaced, Replaced]
        assert await released(engine, *same[3:], asked(engine, 20, "d")) == [20.0] * 4
        assert engine.given == [[20.0]]

    apart(run())


def test_what_another_waits_for_stays(engine):
    async def run():
        first = asked(engine, 20)
        await begun(engine, 1)
        mine, theirs = asked(engine, 30, "a"), asked(engine, 30, "b")
        await asyncio.sleep(0)
        newer = asked(engine, 40, "a")
        assert await released(engine, first, mine, theirs, newer) == [20.0, Replaced, 30.0, 40.0]
        assert sorted(engine.given[1]) == [30.0, 40.0]

    apart(run())


def test_who_has_waited_least_comes_first_and_clients_take_turns(engine, monkeypatch):
    monkeypatch.setattr(engines, "MOST_AT_ONCE", 1)

    async def run():
        tasks = [asked(engine, 20)]
        await begun(engine, 1)
        tasks += [asked(engine, 30 + lane, "a", lane=lane) for lane in range(3)]
        tasks += [asked(engine, 40, "b"), asked(engine, 50, "c")]
        await asyncio.sleep(0)
        # Who asks something newer has waited as long as before.
        tasks += [asked(engine, 39, "a", lane=0), asked(engine, 49, "b")]
        await released(engine, *tasks)
        assert [one for (one,) in engine.given] == [20.0, 50.0, 49.0, 39.0, 31.0, 32.0]

    apart(run())


def test_nobody_is_passed_over_for_ever(engine, monkeypatch):
    monkeypatch.setattr(engines, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(engines, "MOST_PASSED", 2)

    async def run():
        tasks = [asked(engine, 20)]
        await begun(engine, 1)
        tasks += [asked(engine, 30 + place, f"client {place}") for place in range(6)]
        await released(engine, *tasks)
        # Two pass the others over; from then on whoever has waited longest is due.
        assert [one for (one,) in engine.given] == [20.0, 35.0, 34.0, 30.0, 31.0, 32.0, 33.0]

    apart(run())


def test_those_of_a_kind_are_answered_together_and_a_failure_is_its_own(engine):
    async def run():
        tasks = [asked(engine, 20)]
        await begun(engine, 1)
        values = [*range(21, 21 + MOST_AT_ONCE - 1), 66, 65]
        # Another scenario has other parameters only; without luck, a batch runs another way.
        tasks += [
            asked(
                engine,
                value,
                scenario="open_race" if value == 23 else "baseline",
                switches={"noise": value != 22},
            )
            for value in values
        ]
        found = await released(engine, *tasks)
        own = [float(value) for value in reversed(values) if value != 22]
        assert engine.given == [[20.0], own, [22.0]]
        assert [one is RunError for one in found] == [value == 66 for value in (20, *values)]

    apart(run())


def test_refuses_by_clients_and_not_by_questions(engine, monkeypatch):
    monkeypatch.setattr(engines, "MOST_CLIENTS", 2)

    async def run():
        tasks = [asked(engine, 20, "a")]
        await begun(engine, 1)
        tasks += [asked(engine, 30 + lane, "b", lane=lane) for lane in range(5)]
        tasks += [asked(engine, 40, "c"), asked(engine, 41, "a", lane=1)]
        found = await released(engine, *tasks)
        assert found == [20.0, 30.0, 31.0, 32.0, 33.0, 34.0, Busy, 41.0]

    apart(run())


def test_time_counts_from_the_start_of_the_simulation(engine):
    async def run():
        engine._seconds = 0.01
        first = asked(engine, 20, "a")
        await begun(engine, 1)
        waiting = asked(engine, 30, "b")
        with pytest.raises(TimeoutError):
            await first
        engine._seconds = 300.0
        # Longer in the queue than a simulation may take, and answered all the same.
        assert await released(engine, waiting, asked(engine, 20, "c")) == [30.0, 20.0]
        assert engine.given == [[20.0], [30.0]]

    apart(run())


def test_holds_no_more_answers_than_it_may(engine, monkeypatch):
    monkeypatch.setattr(engines, "KEPT_ANSWERS", 2)

    async def run():
        for value in (20, 30, 20, 40, 20, 30):
            await released(engine, asked(engine, value))
        # 30 was asked for longest ago when 40 came.
        assert engine.given == [[20.0], [30.0], [40.0], [30.0]]

    apart(run())


@pytest.mark.full
def test_hires_again_when_a_process_has_died(tmp_path):
    engine = Engine(worlds=2, months=3, processes=2, kept=tmp_path)

    async def run():
        dead = engine._workers.submit(os._exit, 1)
        with pytest.raises(BrokenProcessPool):
            await asyncio.wrap_future(dead)
        with pytest.raises(Died):
            await asked(engine, 20)
        assert "fans" in json.loads(await asked(engine, 50))

    apart(run())
    engine.close()
