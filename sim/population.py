"""Consumers behind one interface: weighted agents on a network, or their expected shares (S1.6)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from sim.markets import cohort, crowd, crowd_start
from sim.markets.choice import ChoiceSetting, lab_share
from sim.markets.crowd_net import CrowdNet, build_net
from sim.markets.crowd_start import CrowdState, start_crowd
from sim.memory import seal
from sim.settings import Settings
from sim.units import Array, IntArray

CROSSING_SHARE = 0.05
"""Share of rewired links that leave the market (a small world spans places)."""
LONE_COLUMNS = 2
"""Columns that a lone world is run as."""
FEWEST_AGENTS = 1
"""Agents that stand for a tier of a small assistant in each class of its market at the least."""


class Population(Protocol):
    """People who choose assistants."""

    def choose(self, setting: ChoiceSetting) -> "Population":
        """Return the population after one step of choices."""
        ...

    def people(self) -> Array:
        """Return people, the unaware among the non-users. Shapes: (option, class, market, world)."""
        ...

    def felt_share(self, setting: ChoiceSetting) -> Array:
        """Return each lab's share as choosers feel it. Shapes: (lab, market, world)."""
        ...


@dataclass(frozen=True)
class Cohorts:
    """Expected shares (variant `cohort`)."""

    state: cohort.CohortState
    population: Array
    """(market, world)"""
    dt: float

    def choose(self, setting: ChoiceSetting) -> "Cohorts":
        """Advance the expected shares by a step."""
        return replace(self, state=cohort.step(self.state, setting, self.dt))

    def people(self) -> Array:
        """Return expected people, unwritable. Shapes: (option, class, market, world)."""
        return self._people

    @cached_property
    def _people(self) -> Array:
        return seal(cohort.people(self.state, self.population))

    def felt_share(self, setting: ChoiceSetting) -> Array:
        """Return the market shares that everybody sees. Shapes: -> (lab, market, world)."""
        return lab_share(self.state.occupancy)


@dataclass(frozen=True)
class Crowd:
    """Weighted agents on a small-world network (variant `agents`).

    A lone world is run as two equal columns; its crowd is kept and moved once, for as long as they are equal.
    """

    net: CrowdNet
    state: CrowdState
    settings: Settings
    tick: int

    @property
    def copies(self) -> int:
        """Return how many columns each world of the state stands for: 1, or 2 for a lone world."""
        return self.settings.world_ids.size // len(self.state.holds)

    def choose(self, setting: ChoiceSetting) -> "Crowd":
        """Let every agent that reconsiders choose, all from the same month-start state."""
        s, (state, setting) = self.settings, self._matched(setting)
        ids = s.world_ids[: len(state.holds)]
        moved = crowd.step(self.net, state, setting, 1.0 / s.steps_per_month, s.seed, ids, self.tick)
        return replace(self, state=moved, tick=self.tick + 1)

    def people(self) -> Array:
        """Return people counted in heads, unwritable. Shapes: (option, class, market, world)."""
        return self._people

    @cached_property
    def _people(self) -> Array:
        people = crowd_start.people(self.state)
        return seal(people if self.copies == 1 else people.repeat(self.copies, axis=-1))

    def felt_share(self, setting: ChoiceSetting) -> Array:
        """Return the shares that agents see among their neighbours, as the mean field would feel them.

        Shapes: -> (lab, market, world).
        """
        state, setting = self._matched(setting)
        felt = crowd.felt_share(self.net, state, setting)
        return np.repeat(felt, self.settings.world_ids.size // len(state.holds), axis=-1)

    def _matched(self, setting: ChoiceSetting) -> tuple[CrowdState, ChoiceSetting]:
        """Return state and setting of the same worlds: of one while all columns are equal, else of all."""
        if self.copies == 1:
            return self.state, setting
        if not equal_columns(vars(setting).values()):
            return crowd_start.repeated(self.state, self.copies), setting
        return self.state, ChoiceSetting(**{name: first_column(one) for name, one in vars(setting).items()})


def equal_columns(tables: Iterable[Array | IntArray]) -> bool:
    """Return whether tables say the same of all worlds, which are their last axis unless they are 0-d."""
    return all(np.ndim(one) == 0 or bool((one[..., :1] == one).all()) for one in tables)


def first_column(table: Array) -> Array:
    """Return a table of the first world alone, contiguous. Shapes: (..., world) -> (..., 1); 0-d is kept."""
    return np.ascontiguousarray(table[..., :1]) if np.ndim(table) else table


def agents_by_class(agents_by_market: IntArray, classes: int) -> IntArray:
    """Split a market's agents evenly over classes, so that the few who pay are as well resolved as the many.

    Shapes: (market,) -> (class, market).
    """
    each, more = np.divmod(agents_by_market, classes)
    return each + (np.arange(classes)[:, None] < more)


def start_population(settings: Settings, aware: Array, unaware: Array) -> Population:
    """Return the population of the start.

    Shapes: aware (option, class, market, world) people, unaware (class, market, world).
    Raises: ValueError for an unknown variant.
    """
    if settings.consumers == "cohort":
        population = aware.sum((0, 1)) + unaware.sum(0)
        everybody = aware.sum(0) + unaware
        return Cohorts(
            cohort.start_cohort(aware / population, everybody / population),
            population,
            1.0 / settings.steps_per_month,
        )
    if settings.consumers == "agents":
        net = build_net(
            settings.seed,
            agents_by_class(settings.agents_by_market, aware.shape[1]),
            settings.network_degree,
            settings.rewired_share,
            CROSSING_SHARE,
        )
        state = start_crowd(net, aware, unaware, FEWEST_AGENTS, settings.seed, settings.world_ids)
        lone = settings.world_ids.size == LONE_COLUMNS
        if lone and equal_columns((settings.world_ids, aware, unaware)):
            state = crowd_start.first_world(state)
        return Crowd(net, state, settings, 0)
    raise ValueError(f"consumers={settings.consumers!r} is no variant; expected 'agents' or 'cohort'")
