"""Four puzzles and their answers, looked for by running a grid of settings and never typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.build import RunPlan
from experiments.config.errors import ConfigError
from experiments.config.readers import exactly, number
from experiments.kit.strategies import Change, both_languages, load_yaml
from experiments.kit.tunnel import Found, Setting, run_settings
from experiments.sweeping.factors import record_of
from sim.outcome import LEADERS

FILE = Path(__file__).parent / "puzzles.yaml"
PUZZLES = ("break_even", "third_market", "smallest_change", "free_tier")
USERS = ("bloc_users_million.cn.row", "bloc_users_million.us.row")
FREE = "labs.free_budget_share"
"""What the last puzzle moves from the low to the high end of its range."""
BETWEEN = (0.4, 0.6)
HARDLY = 0.02
"""Share of users, and of worlds with another leader, that hardly matters."""
Z_95 = 1.959963984540054
YEAR = 2040
_LISTED = 3


@dataclass(frozen=True)
class Puzzle:
    """A task, the scenarios it is set in, and the grid of settings in which its answer is looked for."""

    name: str
    title: Mapping[str, str]
    task: Mapping[str, str]
    scenarios: tuple[str, ...]
    fixed: Mapping[str, float]
    grid: Mapping[str, tuple[float, ...]]

    @property
    def tried(self) -> list[dict[str, float]]:
        """Return every setting of the grid, what is fixed included."""
        values = product(*self.grid.values())
        return [{**self.fixed, **dict(zip(self.grid, one, strict=True))} for one in values]


@cache
def load_puzzles() -> Mapping[str, Puzzle]:
    """Return the puzzles, checked but for the limits of their parameters."""
    given = exactly("puzzles", load_yaml(FILE), PUZZLES)
    found = {}
    for name in PUZZLES:
        key = f"puzzles.{name}"
        one = exactly(key, given[name], ("title", "task", "scenarios", "fixed", "grid"))
        found[name] = Puzzle(
            name,
            both_languages(f"{key}.title", one["title"]),
            both_languages(f"{key}.task", one["task"]),
            tuple(one["scenarios"]),
            dict(one["fixed"]),
            {address: tuple(values) for address, values in one["grid"].items()},
        )
    return found


def check_puzzles(puzzles: Mapping[str, Puzzle], plan: RunPlan) -> None:
    """Check every number of the puzzles against its parameter.

    Raises: ConfigError on the first that is unknown or out of its limits.
    """
    for puzzle in puzzles.values():
        for setting in puzzle.tried:
            for address, value in setting.items():
                key = f"puzzles.{puzzle.name}.{address}"
                record = record_of(address, plan, key)
                number(key, value, record.minimum, record.maximum)


def setting_of(scenario: str, values: Mapping[str, float]) -> Setting:
    """Return values by parameter as a setting."""
    return Setting(scenario, tuple(Change(address, "set", float(value)) for address, value in values.items()))


def solve(plans: Mapping[str, RunPlan], workers: int = 1) -> dict[str, Any]:
    """Run the grids of all puzzles but the smallest change, and return their answers in plain data.

    Raises: RunError if a world cannot start.
    """
    puzzles = load_puzzles()
    check_puzzles(puzzles, next(iter(plans.values())))
    low, high = ends_of_free(plans)
    asked: list[tuple[str, int, Setting]] = []
    for name, puzzle in puzzles.items():
        if name == "smallest_change":
            continue
        for place, values in enumerate(puzzle.tried):
            for scenario in puzzle.scenarios:
                more = ({FREE: low}, {FREE: high}) if name == "free_tier" else ({},)
                asked += [(name, place, setting_of(scenario, {**values, **one})) for one in more]
    own = {scenario: plans[scenario] for scenario in dict.fromkeys(one.scenario for _, _, one in asked)}
    found = run_settings(own, [one for _, _, one in asked], USERS, workers, "Puzzles")
    by_puzzle: dict[str, list[list[Found]]] = {name: [[] for _ in puzzles[name].tried] for name in puzzles}
    for (name, place, _), result in zip(asked, found, strict=True):
        by_puzzle[name][place].append(result)
    return {
        "break_even": break_even(puzzles["break_even"], by_puzzle["break_even"]),
        "third_market": third_market(puzzles["third_market"], by_puzzle["third_market"]),
        "free_tier": {**free_tier(puzzles["free_tier"], by_puzzle["free_tier"]), "low": low, "high": high},
    }


def ends_of_free(plans: Mapping[str, RunPlan]) -> tuple[float, float]:
    """Return the ends of the range of what labs spend on free use.

    Raises: ConfigError if it has none.
    """
    record = next(iter(plans.values())).catalogue[FREE]
    if record.low is None or record.high is None:
        raise ConfigError("puzzles.free_tier", FREE, "expected a parameter with a range")
    return record.low, record.high


def counts(found: Found, year: int = YEAR) -> dict[str, int]:
    """Return in how many worlds each bloc leads."""
    return {bloc: int((found.leaders[year] == LEADERS.index(bloc)).sum()) for bloc in ("us", "cn")}


def share_of_users(found: Found) -> float:
    """Return the median over worlds of the Chinese share of assistant users in third countries."""
    cn, us = (found.means[name] for name in USERS)
    return float(np.median(np.divide(cn, cn + us, out=np.full(cn.shape, 0.5), where=cn + us > 0.0)))


def break_even(puzzle: Puzzle, found: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """Return the setting with the smallest difference, and whether chance alone explains it.

    Worlds in which neither leads are no part of the difference: n worlds with us + cn leads differ by chance
    by about the root of us + cn - (us - cn)^2 / n.
    """
    tried = [counts(one[0]) for one in found]
    best = min(range(len(tried)), key=lambda place: abs(tried[place]["us"] - tried[place]["cn"]))
    worlds = found[best][0].leaders[YEAR].size
    us, cn = tried[best]["us"], tried[best]["cn"]
    chance = Z_95 * float(np.sqrt(max(0.0, us + cn - (us - cn) ** 2 / worlds)))
    return {
        "solved": us + cn > 0 and abs(us - cn) <= chance,
        "values": puzzle.tried[best],
        "us": us,
        "cn": cn,
        "tried": len(tried),
    }


def third_market(puzzle: Puzzle, found: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """Return the setting whose farthest scenario lies nearest to one half, and whether all are between."""
    shares = [[share_of_users(one) for one in by_scenario] for by_scenario in found]
    best = min(range(len(shares)), key=lambda place: max(abs(share - 0.5) for share in shares[place]))
    return {
        "solved": all(BETWEEN[0] <= share <= BETWEEN[1] for share in shares[best]),
        "values": puzzle.tried[best],
        "shares": dict(zip(puzzle.scenarios, shares[best], strict=True)),
        "tried": len(shares),
    }


def free_tier(puzzle: Puzzle, found: Sequence[Sequence[Found]]) -> dict[str, Any]:
    """Return the setting in which little or much free use moves users least, and how many leaders change."""
    moved = [abs(share_of_users(high) - share_of_users(low)) for low, high in found]
    best = min(range(len(moved)), key=lambda place: moved[place])
    low, high = found[best]
    changed = int((low.leaders[YEAR] != high.leaders[YEAR]).sum())
    return {
        "solved": moved[best] <= HARDLY and changed <= HARDLY * low.leaders[YEAR].size,
        "values": puzzle.tried[best],
        "moved": moved[best],
        "most": max(moved),
        "changed": changed,
        "tried": len(moved),
    }


def smallest_change(drivers: Sequence[str], worlds: int, workers: int = 1) -> dict[str, Any]:
    """Return the drivers whose change on the way to an end of their range changes leaders soonest.

    Raises: RunError if a world cannot start.
    """
    from experiments.analysis.flip import Question, named_levers, search
    from experiments.analysis.flipping import plan_to, summary

    question = Question("w1", str(YEAR), "passive")
    plan = plan_to(question, [f"worlds={worlds}"], None, "uncontested kit")
    answer = search(plan, question, named_levers(drivers, (), plan), steps=3, workers=workers, combine=False)
    rows = [row for row in summary(answer) if row["flipped"]]
    return {
        "solved": any(row["half_share_of_way"] is not None for row in rows),
        "worlds": worlds,
        "ways": [
            {key: row[key] for key in ("way", "flipped", "first", "half", "half_share_of_way")}
            for row in rows[:_LISTED]
        ],
    }
