"""The answer in numbers: both ways, under every definition of leading, horizon and budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.claims.arms import BASE, Arms
from experiments.claims.measures import DEFINITIONS
from experiments.config.parameters import ALL
from experiments.runs.summary import SENSES
from sim.axes import BLOCS, LEVERS
from sim.outcome import LEADERS, without_a_fight
from sim.units import Array

BUDGETS: Final = (ALL, *LEVERS)
"""Where a bloc that resists spends: over all levers, or on one."""
YEARS: Final = (2030, 2035, 2040)
HEADLINE: Final = DEFINITIONS[0]

Senses = Mapping[int, Mapping[str, Mapping[str, float]]]
"""Year -> bloc -> sense of a lead without a fight -> share of worlds."""


@dataclass(frozen=True)
class Answer:
    """Shares of worlds, in the same worlds throughout."""

    worlds: int
    leads: Mapping[str, Mapping[int, Mapping[str, float]]]
    """Definition -> year -> us, mixed or cn; mixed holds the open ones. Nobody reacts."""
    senses: Mapping[str, Mapping[str, Senses]]
    """Budget -> definition -> year, and so on."""

    def over_definitions(self, year: int, leader: str) -> tuple[float, float]:
        """Return the lowest and highest share over the definitions."""
        shares = [by_year[year][leader] for by_year in self.leads.values()]
        return min(shares), max(shares)

    def over_budgets(self, year: int, bloc: str, sense: str) -> tuple[float, float]:
        """Return the lowest and highest share over the budgets, by the headline definition."""
        shares = [by[HEADLINE][year][bloc][sense] for by in self.senses.values()]
        return min(shares), max(shares)


def arm_of(budget: str, bloc: str) -> str:
    """Return the arm in which a bloc resists with a budget."""
    return f"responses=[{bloc}_resists] budget={budget}"


def arms_needed() -> tuple[str, ...]:
    """Return every arm that the answer reads beside the base."""
    return tuple(arm_of(budget, bloc) for budget in BUDGETS for bloc in BLOCS)


def answer_of(arms: Arms) -> Answer:
    """Return the answer of arms that hold the base and all of `arms_needed`."""
    passive = arms.kept[BASE].outcomes
    leads = {
        definition: {year: leaders(arms.leader(BASE, definition, year)) for year in YEARS}
        for definition in DEFINITIONS
    }
    senses: dict[str, dict[str, Senses]] = {}
    for budget in BUDGETS:
        us, cn = (arms.kept[arm_of(budget, bloc)].outcomes for bloc in BLOCS)
        senses[budget] = {}
        for definition in DEFINITIONS:
            found = without_a_fight(arms.plan.outcome, passive, us, cn, definition)
            senses[budget][definition] = {
                year: {
                    bloc: {sense: share(found[f"{sense}.{bloc}.{year}"]) for sense in SENSES}
                    for bloc in BLOCS
                }
                for year in YEARS
            }
    return Answer(arms.worlds, leads, senses)


def leaders(codes: Array) -> dict[str, float]:
    """Return the share of worlds that each bloc leads, and of those in which none does. Shapes: (world,)."""
    known = np.where(np.isfinite(codes), 0.0, np.nan)
    shares = {name: share((codes == at) + known) for at, name in enumerate(LEADERS)}
    return {"us": shares["us"], "mixed": shares["mixed"] + shares["open"], "cn": shares["cn"]}


def share(holds: Array) -> float:
    """Return the share of worlds in which something holds, among those with a start. Shapes: (world,)."""
    known = holds[np.isfinite(holds)]
    return float((known > 0.0).mean()) if known.size else float("nan")
