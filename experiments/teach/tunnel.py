"""The wind tunnel of the page: a role's strategies in the four scenarios of the class, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from experiments.config.errors import ConfigError, nearest
from experiments.kit.strategies import (
    HOLD,
    HOLD_TITLE,
    HOLD_WHY,
    LANGUAGES,
    Role,
    Strategy,
    load_roles,
    load_strategies,
)
from experiments.kit.tunnel import SCENARIOS, plans_of, wind_tunnel
from experiments.kit.windtunnel import scenario_titles


@cache
def players() -> tuple[dict[str, Role], dict[str, Strategy]]:
    """Return all roles and strategies."""
    roles = load_roles()
    return roles, load_strategies(roles, plans_of(SCENARIOS[:1], 2)[SCENARIOS[0]])


def check_role(role: str) -> None:
    """Check the name of a role.

    Raises: ConfigError naming the nearest one.
    """
    roles, _ = players()
    if role not in roles:
        raise ConfigError("role", role, f"expected one of {', '.join(roles)}", nearest(role, roles))


def describe_roles() -> dict[str, Any]:
    """Return what a class sees before a number: roles with their goals, strategies with their reasons."""
    roles, strategies = players()
    hold = {"key": HOLD, "title": HOLD_TITLE, "why": HOLD_WHY}
    titles = {language: scenario_titles(language) for language in LANGUAGES}
    return {
        "scenarios": [{language: titles[language][name] for language in LANGUAGES} for name in SCENARIOS],
        "roles": [
            {
                "key": role.name,
                "title": dict(role.title),
                "goals": [{"text": dict(goal.text), "weight": goal.weight} for goal in role.goals],
                "strategies": [
                    hold,
                    *(
                        {"key": one.name, "title": dict(one.title), "why": dict(one.why)}
                        for one in strategies.values()
                        if one.role == role.name
                    ),
                ],
            }
            for role in roles.values()
        ],
    }


def trial(roles: Sequence[str], worlds: int, months: int, workers: int) -> dict[str, Any]:
    """Return points and regret of every strategy of some roles, by role and strategy.

    Raises: RunError if a world cannot start.
    """
    known, strategies = players()
    asked = {name: known[name] for name in roles}
    scored = wind_tunnel(asked, strategies, plans_of(SCENARIOS, worlds, months), workers)
    return {
        one.role.name: {
            strategy: {
                "scores": one.scores[at].tolist(),
                "regret": one.regret[at].tolist(),
                "worst": float(one.worst_regret[at]),
            }
            for at, strategy in enumerate(one.strategies)
        }
        for one in scored
    }


@dataclass(frozen=True)
class Trial:
    """The test of one role's strategies, as a live page asks for it."""

    role: str
    worlds: int
    months: int

    def key(self) -> str:
        """Return what tells this test from others."""
        return f"{self.role} {self.worlds}x{self.months}"

    def kind(self) -> tuple[Any, ...]:
        """Return what it shares with tests that can be run in the same batch: nothing."""
        return (self.role, self.worlds, self.months)

    def run(self) -> dict[str, Any]:
        """Return points and regret by strategy.

        Raises: RunError if a world cannot start.
        """
        found: dict[str, Any] = trial([self.role], self.worlds, self.months, 1)[self.role]
        return found
