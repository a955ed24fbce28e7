"""Time the crowd: PYTHONPATH=. python tests/benchmarks/bench_crowd.py [worlds] [agents] [labs] [months]."""

import sys
import time

import numpy as np

from sim.markets import crowd
from sim.markets.choice import FREE, PAID, ChoiceSetting
from sim.units import Array, IntArray


def inputs(worlds: int, agents: int, labs: int) -> tuple[crowd.CrowdNet, Array, Array, ChoiceSetting]:
    """Return a net, people and a month's conditions of four markets and three classes."""
    markets = 4
    class_share = np.array([0.6, 0.3, 0.1])
    counts: IntArray = np.array([[agents // markets] * markets])
    net = crowd.build_net(
        1, crowd.apportion(counts[0], class_share[:, None] * np.ones((1, markets))), 8, 0.1, 0.02
    )
    users = 2.0 ** -np.arange(labs)[:, None, None] * np.ones((1, markets, worlds))
    users *= 0.35 / users.sum(0)
    occupancy = np.empty((1 + 2 * labs, 3, markets, worlds))
    occupancy[FREE] = 0.95 * users[:, None] * class_share[:, None, None]
    occupancy[PAID] = 0.05 * users[:, None] * class_share[:, None, None]
    occupancy[0] = 0.45 * class_share[:, None, None]
    unaware = 0.2 * class_share[:, None, None] * np.ones((1, markets, worlds))
    population = np.array([3.3e8, 8e8, 1.4e9, 5.5e9])[:, None]
    free = np.linspace(0.5, -1.0, labs)[:, None, None] * np.ones((1, markets, worlds))
    price = 20.0 * np.array([0.3, 0.1, 0.03])[None, :, None, None]
    setting = ChoiceSetting(
        free_utility=free,
        paid_utility=free[:, None] - price,
        nonuse_utility=np.full((markets, worlds), -0.6),
        habit_sigma=np.full(worlds, 1.5),
        nest_lambda=np.full(worlds, 0.6),
        network_beta=np.full(worlds, 0.45),
        network_epsilon=np.full(worlds, 0.02),
        reconsider=np.full(worlds, 0.1),
        aware_before=np.full((markets, worlds), 0.8),
        aware_after=np.full((markets, worlds), 0.805),
    )
    return net, occupancy * population, unaware * population, setting


def main(worlds: int, agents: int, labs: int, months: int) -> None:
    """Run and print the time of a month and of the whole."""
    net, aware, unaware, setting = inputs(worlds, agents, labs)
    ids = np.arange(worlds)
    began = time.perf_counter()
    state = crowd.start_crowd(net, aware, unaware, 2, 1, ids)
    print(f"start {time.perf_counter() - began:.3f} s")
    took = []
    for month in range(months):
        began = time.perf_counter()
        state = crowd.step(net, state, setting, 1.0, 1, ids, month)
        took.append(time.perf_counter() - began)
    print(
        f"month: median {1e3 * np.median(took):.1f} ms, best {1e3 * min(took):.1f} ms; all {sum(took):.2f} s"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [256, 2000, 10, 24][len(given) :]))
