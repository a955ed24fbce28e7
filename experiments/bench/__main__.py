"""Measure the laboratory's speed, print it and write docs/performance.md: `make bench`."""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence

from experiments.bench import page
from experiments.bench.adoption import arrays_only, compare, dock, floors, installed, mesa_profile
from experiments.bench.whole import by_act, cost_of, launch, played_seconds
from experiments.runs.crew import cores

SIZES = (10_000, 100_000, 1_000_000)
ACTS_RUN = ("worlds=256", "responses=[passive]", "months=24")
COHORTS_RUN = ("worlds=64", "responses=[passive]", "consumers=cohort")
GROWTH: Mapping[str, Sequence[Sequence[str]]] = {
    "worlds": [("worlds=64",), ("worlds=256",), ("worlds=384",)],
    "consumers": [
        ("worlds=64", "agents_per_world=1000"),
        ("worlds=64",),
        ("worlds=64", "agents_per_world=8000"),
    ],
    "firms": [("worlds=64", "without=[meta,xai]"), ("worlds=64",)],
    "months": [("worlds=64", "months=24"), ("worlds=64", "months=72")],
}
LAUNCHES: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("run", "worlds=1"),
    ("run", "worlds=1000", "responses=[passive]", "output.figures=false"),
    ("run", "worlds=1", "responses=[passive]", "agents_per_world=1000000", "output.figures=false"),
)
BOTH_WAYS: tuple[tuple[str, ...], ...] = (
    ("run", "worlds=1", "responses=[passive]", "months=1", "consumers=cohort", "output.figures=false"),
    *LAUNCHES[-2:],
)
"""Commands that are started compiled and not: a start alone, many worlds, and much choosing."""
LARGE: tuple[tuple[str, ...], ...] = (
    ("run", "worlds=256", "responses=[passive]", "output.figures=false"),
    ("run", "worlds=4096", "responses=[passive]", "output.figures=false"),
    ("run", "worlds=10000", "responses=[passive]", "output.figures=false"),
)
SHORT = ("responses=[passive]", "months=12")
TAPES = (("worlds=2",), ("worlds=64",), ("worlds=500",), ("worlds=64", "consumers=agents"))
"""Cohorts, unless it says agents: months by NumPy and played from a tape."""
TAPES_RUN = ("responses=[passive]", "months=36", "consumers=cohort")


def tell(what: str) -> None:
    """Say what is being measured."""
    print(what, file=sys.stderr, flush=True)


def main() -> int:
    """Measure, print and write."""
    words = argparse.ArgumentParser(prog="python -m experiments.bench", description=__doc__)
    words.add_argument(
        "--part", choices=("adoption", "whole", "launch"), help="measure and print one part only"
    )
    words.add_argument("--large", action="store_true", help="run 256, 4,096 and 10,000 worlds too")
    given = words.parse_args()
    tables = []
    if given.part in (None, "launch"):
        # First: a process that starts another one lends it its own peak of memory.
        launches = []
        for run in LAUNCHES + (LARGE if given.large else ()):
            tell(f"uncontested {' '.join(run)}")
            launches.append(launch(run))
        both = []
        for run in BOTH_WAYS:
            tell(f"uncontested {' '.join(run)}, compiled and not")
            both.append((launch(run), launch(run, compiled=False)))
        tables += page.launch_tables(launches, both)
    if given.part in (None, "adoption"):
        peers = installed()
        tell(f"Docking {', '.join(peers)}")
        distances = dock(peers)
        timings = compare(SIZES, peers, tell)
        tables += page.adoption_tables(distances, timings, floors(), mesa_profile(10_000, 5))
    if given.part in (None, "whole"):
        tell("The whole model by act")
        acts = by_act(ACTS_RUN)
        whole = cost_of(ACTS_RUN)
        with arrays_only():
            by_arrays = cost_of(ACTS_RUN, played=False)
        tell("Months by NumPy and played from a tape")
        tapes = [(cost_of([*TAPES_RUN, *run], played=False), cost_of([*TAPES_RUN, *run])) for run in TAPES]
        tell("Cohorts")
        cohorts = cost_of(COHORTS_RUN)
        clock = {
            threads: statistics.median(played_seconds(COHORTS_RUN, threads) for _ in range(5))
            for threads in range(1, cores() + 1)
        }
        growth = {}
        for name, runs in GROWTH.items():
            tell(f"Growth with {name}")
            # The first month of a process is dearer than others; the costs before have paid for it.
            growth[name] = [cost_of([*SHORT, *run]) for run in runs]
        tables += page.whole_tables(*acts, whole, by_arrays, tapes, cohorts, clock, growth)
    page.show(tables)
    page.write(tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
