"""Time the adoption submodel here and in other frameworks, in one process, after docking them to it.

Times are processor seconds of one thread, so that other work on the machine hardly counts; seconds on the
clock stand beside them, since the laboratory's crowd may use every core.
"""

import cProfile
import os
import pstats
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

import numpy as np

from experiments.bench.problem import DEGREE, LABS, docked, ours, problem
from experiments.runs.crew import cores
from sim import hands
from sim.elementary.singles import EXP2_TERMS, LOG2_TERMS
from sim.markets import crowd_compiled

# AMBER's columns would otherwise be handled by a thread a core, while everybody else has one.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

OURS, ARRAYS = "Uncontested", "the same law by NumPy's arrays"
EVERY_CORE = f"{OURS}, {cores()} threads"
PEERS = {
    "Mesa": ("mesa", "experiments.bench.with_mesa"),
    "AgentPy": ("agentpy", "experiments.bench.with_agentpy"),
    "AMBER": ("ambr", "experiments.bench.with_amber"),
}
MOST_SECONDS = 180.0
"""A peer is not given a size that would take longer, by its time at the size before."""
DOCK = (2000, 12, 24)
"""Consumers, months and worlds of the docking."""
USUAL = 0.1
"""Share that reconsiders in a usual month."""
STEPS = 2_000_000
"""Agent-steps that the laboratory is timed over, about."""
MOST_MONTHS = 40
LONG_SECONDS = 10.0
PROFILED = 6
_NANO = 1e9


@dataclass(frozen=True)
class Timing:
    """What one framework took at one size, in nanoseconds a consumer and month; NaN if it was left out."""

    who: str
    consumers: int
    reconsider: float
    nanoseconds: float
    """of the processor"""
    clock_nanoseconds: float
    setup_seconds: float


def installed() -> dict[str, ModuleType]:
    """Return the peers that are there, by name, and Mesa always."""
    found = {}
    for name, (package, module) in PEERS.items():
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        found[name] = import_module(module)
    return found


def dock(peers: dict[str, ModuleType]) -> dict[str, float]:
    """Return each peer's largest distance from the laboratory's shares, in standard errors.

    Everybody chooses in every month, and a share does; the larger distance counts.
    """
    farthest = dict.fromkeys(peers, 0.0)
    for reconsider in (1.0, USUAL):
        consumers, months, worlds = DOCK
        task = problem(consumers, months, reconsider, worlds)
        for name, peer in peers.items():
            found = peer.run(peer.build(task, 3), months)
            farthest[name] = max(farthest[name], float(docked(task, 2, found).max()))
    return farthest


def seconds_of(run: Callable[[], object]) -> tuple[float, float]:
    """Return processor seconds of a run, and seconds on the clock."""
    began, clock = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - began, time.perf_counter() - clock


def months_for(consumers: int, steps: int, least: int) -> int:
    """Return how many months are timed, fewer for more consumers."""
    return int(np.clip(steps // consumers, least, MOST_MONTHS))


@contextmanager
def arrays_only() -> Iterator[None]:
    """Let NumPy compute the law of choice, as where nothing is compiled."""
    available = crowd_compiled.AVAILABLE
    crowd_compiled.AVAILABLE = False
    try:
        yield
    finally:
        crowd_compiled.AVAILABLE = available


def time_ours(consumers: int, reconsider: float) -> list[Timing]:
    """Time the laboratory's crowd: compiled, by all threads too, and by NumPy; the best of three each."""
    task = problem(consumers, months_for(consumers, STEPS, 3), reconsider)
    ways = ((OURS, nullcontext()), (EVERY_CORE, hands.sharing(cores())), (ARRAYS, arrays_only()))
    found = []
    for who, way in ways:
        with way:
            took = [seconds_of(lambda: ours(task, 2)) for _ in range(3)]
        processor, clock = (
            min(times) * _NANO / (consumers * task.months) for times in zip(*took, strict=True)
        )
        found.append(Timing(who, consumers, reconsider, processor, clock, 0.0))
    return found


def time_peer(name: str, peer: ModuleType, consumers: int) -> list[Timing]:
    """Time a peer's months when all choose, and when a share does.

    Each has a model of its own, unless setting one up takes so long that one has to serve for both.
    """
    task = problem(consumers, months_for(consumers, STEPS // 10, 1), 1.0)
    model: Any = None
    setup, found = 0.0, []
    for reconsider in (1.0, USUAL):
        if setup < LONG_SECONDS:
            began = time.process_time()
            model = peer.build(task, 2)
            setup = time.process_time() - began
        model.rule = replace(task.rule, reconsider=reconsider)
        took = seconds_of(partial(peer.run, model, task.months))
        processor, clock = (seconds * _NANO / (consumers * task.months) for seconds in took)
        found.append(Timing(name, consumers, reconsider, processor, clock, setup))
    return found


def compare(sizes: Sequence[int], peers: dict[str, ModuleType], tell: Callable[[str], None]) -> list[Timing]:
    """Time everybody at every size, all choosing and a share, leaving out what would take minutes."""
    found: list[Timing] = []
    seconds = dict.fromkeys(peers, 0.0)
    before = sizes[0]
    for consumers in sizes:
        for reconsider in (1.0, USUAL):
            tell(f"{OURS}, {consumers:,} consumers, {reconsider:.0%} choose")
            found += time_ours(consumers, reconsider)
        for name, peer in peers.items():
            grown = seconds[name] * consumers / before
            if grown > MOST_SECONDS:
                found += [Timing(name, consumers, rho, np.nan, np.nan, np.nan) for rho in (1.0, USUAL)]
                continue
            began = time.process_time()
            tell(f"{name}, {consumers:,} consumers")
            found += time_peer(name, peer, consumers)
            seconds[name] = time.process_time() - began
        before = consumers
    return found


def mesa_profile(consumers: int, months: int) -> list[tuple[str, float]]:
    """Return where Mesa's time goes: functions and their own share of the run, the largest first."""
    from experiments.bench import with_mesa

    task = problem(consumers, months, 1.0)
    model = with_mesa.build(task, 2)
    profile = cProfile.Profile()
    profile.runcall(with_mesa.run, model, months)
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]  # typeshed leaves it out
    total = sum(row[2] for _, row in rows)
    own = sorted(((row[2] / total, name) for (_, _, name), row in rows), reverse=True)
    return [(name, share) for share, name in own[:PROFILED]]


def floors() -> dict[str, float]:
    """Return the least nanoseconds a choice needs on this machine, by its bytes and by its arithmetic.

    Bytes: the number of each person one sees (4 a link) and what they hold (1 a link), one's own option read
    and written. Arithmetic: a product and a sum for every term of a logarithm and an exponential, for non-use
    and each lab, in float32, as fast as the processor multiplies matrices.
    """
    size = 1 << 26
    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    square = np.full((512, 512), 0.5, np.float32)
    out = np.empty_like(square)

    def best(work: Callable[[], object], times: int) -> float:
        took = []
        for _ in range(5):
            began = time.process_time()
            for _ in range(times):
                work()
            took.append((time.process_time() - began) / times)
        return min(took)

    byte = best(lambda: np.copyto(target, source), 2) / (2 * size)
    product_and_sum = best(lambda: np.matmul(square, square, out=out), 20) / len(square) ** 3
    moved = 5 * DEGREE + 2
    terms = len(LOG2_TERMS) + len(EXP2_TERMS)
    return {
        "bytes": _NANO * byte * moved,
        "arithmetic": _NANO * (1 + LABS) * terms * product_and_sum,
    }
