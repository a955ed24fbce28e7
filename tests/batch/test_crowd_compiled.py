"""The compiled law of choice has the bits of the law, and stands aside where it is not that law."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim import hands, streams
from sim.markets import crowd, crowd_compiled, crowd_law
from sim.markets.choice import FREE, NON_USE, PAID, ChoiceSetting
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import CrowdState, start_crowd

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("cc") and Path(sysconfig.get_path("include"), "Python.h").exists()
compiled = pytest.mark.skipif(
    not crowd_compiled.AVAILABLE, reason="no C compiler: the law is not compiled here"
)


def crowd_of(
    labs: int, classes: int, markets: int, agents: int, degree: int, worlds: int, seed: int
) -> tuple[CrowdNet, CrowdState, ChoiceSetting]:
    """Return a crowd in worlds that differ in everything, some options of which are barred."""
    draw = np.random.default_rng(seed)
    free = draw.normal(0.0, 2.0, (labs, markets, worlds))
    paid = free[:, None] - draw.uniform(0.0, 6.0, (1, classes, markets, worlds))
    free[draw.random(free.shape) < 0.1] = -np.inf
    paid[draw.random(paid.shape) < 0.1] = -np.inf
    before = draw.uniform(0.3, 0.95, (markets, worlds))
    setting = ChoiceSetting(
        free_utility=free,
        paid_utility=paid,
        nonuse_utility=draw.normal(-0.5, 1.0, (markets, worlds)),
        habit_sigma=draw.uniform(0.0, 4.0, worlds),
        nest_lambda=draw.uniform(0.2, 1.0, worlds),
        network_beta=np.where(draw.random(worlds) < 0.2, 0.0, draw.uniform(0.05, 1.2, worlds)),
        network_epsilon=np.where(draw.random(worlds) < 0.2, 0.0, draw.uniform(0.001, 0.1, worlds)),
        reconsider=draw.choice([0.05, 0.3, 1.0], worlds),
        aware_before=before,
        aware_after=before + draw.uniform(0.0, 1.0, (markets, worlds)) * (1.0 - before),
    )
    net = build_net(seed, np.full((classes, markets), agents // (classes * markets)), degree, 0.2, 0.1)
    people = (
        draw.dirichlet(np.full(2 + 2 * labs, 0.7), (classes, markets, worlds)).transpose(3, 0, 1, 2) * 1e8
    )
    people[:, :, 0] *= 30.0  # voices of unlike weight
    start = start_crowd(net, people[:-1], people[-1], 0, seed, np.arange(worlds))
    return net, start, setting


@compiled
@pytest.mark.parametrize(
    "size",
    [
        (10, 3, 4, 1200, 8, 24),
        (1, 1, 1, 40, 2, 3),
        (3, 2, 1, 5000, 4, 5),
        (15, 1, 3, 999, 10, 2),
        (40, 2, 2, 2400, 6, 3),
        (10, 1, 1, 70_001, 8, 1),
        (4, 1, 1, 260_000, 4, 1),
    ],
    ids=lambda size: "labs {} classes {} markets {} agents {} links {} worlds {}".format(*size),
)
def test_compiled_or_not_is_the_same_to_the_bit(size: tuple[int, ...]) -> None:
    net, state, setting = crowd_of(*size, seed=sum(size))
    ids = np.arange(size[-1]) * 7
    moved = 0
    for tick in range(6):
        table = crowd.month_table(setting, state.heads, 1.0)
        keys = streams.world_keys(3, ids, "assistant", tick)
        holds, grown = crowd_law.chosen(net, state, table, keys)
        for many in (1, 3):
            with hands.sharing(many):
                of_kernel, grown_in_kernel = crowd_compiled.chosen(net, state, table, keys)
            np.testing.assert_array_equal(of_kernel, holds)
            np.testing.assert_array_equal(grown_in_kernel, grown)
            assert grown_in_kernel.flags.c_contiguous
        moved += int((holds != state.holds).sum())
        state = replace(state, holds=holds, heads=state.heads + grown)
        # What drew people in fades, so that later months differ from the first.
        setting = replace(setting, free_utility=0.8 * setting.free_utility)
    assert moved > 20
    assert {NON_USE} < set(np.unique(state.holds).tolist())
    assert state.heads[:-1][FREE].any()
    assert state.heads[:-1][PAID].any()


@compiled
def test_tables_that_do_not_fit_are_refused_by_name() -> None:
    net, state, setting = crowd_of(2, 1, 1, 60, 4, 2, seed=1)
    table = crowd.month_table(setting, state.heads, 1.0)
    keys = streams.world_keys(3, np.arange(2), "assistant", 0)
    with pytest.raises(ValueError, match="plain: "):
        crowd_compiled.chosen(net, state, replace(table, plain=table.plain[:, :1].copy()), keys)
    with pytest.raises(ValueError, match="habit: "):
        crowd_compiled.chosen(net, state, replace(table, habit=table.habit.astype(np.float64)), keys)


@compiled
def test_hands_share_a_large_crowd_and_say_what_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    net, state, setting = crowd_of(2, 1, 1, 40_000, 4, 1, seed=1)
    table = crowd.month_table(setting, state.heads, 1.0)
    keys = streams.world_keys(3, np.arange(1), "assistant", 0)
    turns: list[tuple[int, int]] = []

    class Kernel:
        def month(self, *_: object, from_turn: int, to_turn: int, **__: object) -> None:
            turns.append((from_turn, to_turn))
            if from_turn:
                raise ValueError("the second")

    monkeypatch.setattr(crowd_compiled, "_KERNEL", Kernel())
    with hands.sharing(8), pytest.raises(ValueError, match="the second"):
        crowd_compiled.chosen(net, state, table, keys)
    assert sorted(turns) == [(0, 20_000), (20_000, 40_000)]
    assert hands.many() == 1


@pytest.mark.skipif(not COMPILER, reason="no C compiler")
def test_where_there_is_a_compiler_the_law_is_compiled() -> None:
    assert crowd_compiled.AVAILABLE, (
        "crowd_law.py or singles.py has changed, or nothing was compiled: bring crowd_kernel.c in line with "
        f"them, write LAW {crowd_compiled.law_digest()} there, and set up anew (make run)"
    )


def test_without_a_kernel_the_arrays_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    net, state, setting = crowd_of(3, 1, 2, 200, 4, 3, seed=2)
    usual = crowd.step(net, state, setting, 1.0, 5, np.arange(3), 0)
    monkeypatch.setattr(crowd_compiled, "AVAILABLE", False)
    monkeypatch.setattr(crowd_compiled, "_KERNEL", None)
    other = crowd.step(net, state, setting, 1.0, 5, np.arange(3), 0)
    np.testing.assert_array_equal(other.holds, usual.holds)
    np.testing.assert_array_equal(other.heads, usual.heads)
    with pytest.raises(RuntimeError, match="not compiled"):
        crowd_compiled.chosen(
            net, state, crowd.month_table(setting, state.heads, 1.0), np.zeros(3, np.uint64)
        )


def available(folder: Path, **environment: str) -> str:
    """Return what a fresh Python in a folder says of the kernel."""
    code = "from sim.markets import crowd_compiled; print(crowd_compiled.AVAILABLE)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@compiled
def test_the_kernel_stands_aside_on_request_and_once_the_law_has_changed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    kernel = importlib.util.find_spec("sim.markets.crowd_kernel")
    assert kernel is not None
    assert kernel.origin is not None
    shutil.copy(kernel.origin, tmp_path / "sim" / "markets")
    assert available(tmp_path) == "True"
    assert available(tmp_path, UNCONTESTED_COMPILED="0") == "False"
    law = tmp_path / "sim" / "markets" / "crowd_law.py"
    law.write_text(
        law.read_text().replace("np.float32(1.0), out=everybody", "np.float32(2.0), out=everybody")
    )
    assert available(tmp_path) == "False"
