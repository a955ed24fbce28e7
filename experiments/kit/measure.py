"""What the kit says in numbers: leads by scenario, shock and driver, the wind tunnel, answers to puzzles."""

from collections.abc import Mapping
from typing import Any

from experiments.config.build import RunPlan
from experiments.kit.cards import load_cards, records_of
from experiments.kit.puzzles import YEAR, counts, smallest_change, solve
from experiments.kit.strategies import Change, load_roles, load_strategies
from experiments.kit.tunnel import SCENARIOS, Setting, plans_of, run_settings, wind_tunnel
from experiments.runs.manifest import sources_hash, version

BASE = "baseline"
FLIP_WORLDS = 16
"""Most worlds of the search for the smallest change, which takes many columns for each."""


def measure(worlds: int, workers: int, command: str, months: int = 180) -> dict[str, Any]:
    """Run everything that the kit needs and return it in plain data.

    Raises: RunError if a world cannot start or a worker dies.
    """
    cards = load_cards()
    plans = plans_of([BASE, *SCENARIOS, *cards["shocks"]], worlds, months)
    base = plans[BASE]
    settings = [Setting(name) for name in plans]
    ends = driver_ends(cards["drivers"], base)
    settings += [Setting(BASE, changes) for pair in ends.values() for changes in pair]
    found = run_settings(plans, settings, (), workers, "Scenarios, shocks and drivers")
    of_drivers = iter(found[len(plans) :])
    four = {name: plans[name] for name in SCENARIOS}
    roles = load_roles()
    scored = wind_tunnel(roles, load_strategies(roles, base), four, workers)
    return {
        "version": version(),
        "sources_hash": sources_hash(),
        "command": command,
        "seed": base.seed,
        "worlds": worlds,
        "lead": {
            name: {str(year): counts(one, year) for year in one.leaders}
            for name, one in zip(plans, found, strict=False)
        },
        "drivers": {name: [counts(next(of_drivers)), counts(next(of_drivers))] for name in ends},
        "windtunnel": {
            one.role.name: {
                strategy: {
                    "scores": one.scores[at].tolist(),
                    "worst_regret": float(one.worst_regret[at]),
                }
                for at, strategy in enumerate(one.strategies)
            }
            for one in scored
        },
        "puzzles": {
            **solve({BASE: base, **four}, workers),
            "smallest_change": smallest_change(
                [card["keys"][0] for card in cards["drivers"].values()], min(worlds, FLIP_WORLDS), workers
            ),
        },
    }


def driver_ends(
    drivers: Mapping[str, Any], plan: RunPlan
) -> dict[str, tuple[tuple[Change, ...], tuple[Change, ...]]]:
    """Return the changes that set a driver's parameters to the low, and to the high end of its axis."""
    found = {}
    for name, card in drivers.items():
        low, high = [], []
        for key, record in records_of(card, plan):
            ends = [float(end) for end in (record.low, record.high) if end is not None]
            if key in card["against"]:
                ends.reverse()
            low.append(Change(key, "set", ends[0]))
            high.append(Change(key, "set", ends[1]))
        found[name] = (tuple(low), tuple(high))
    return found


def lead_of(numbers: Mapping[str, Any], scenario: str, bloc: str, year: int = YEAR) -> int:
    """Return in how many worlds of a scenario a bloc leads; `neither` for what is left."""
    lead = numbers["lead"][scenario][str(year)]
    if bloc == "neither":
        return int(numbers["worlds"] - lead["us"] - lead["cn"])
    return int(lead[bloc])
