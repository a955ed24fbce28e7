"""Consumers as expected shares: the crowd's choices without its luck (S1.6, variant `cohort`)."""

from dataclasses import dataclass

import numpy as np

from sim.markets.choice import ChoiceSetting, expected_choices, lab_share, reconsidering
from sim.units import Array


@dataclass(frozen=True)
class CohortState:
    """Hold what shares of each market's people have chosen.

    `occupancy` counts the aware only, so it sums over options and classes to the aware share.
    """

    occupancy: Array
    """(option, class, market, world): share of the market's people"""
    class_share: Array
    """(class, market, world): share of the market's people, aware or not; sums to 1"""
    chosen: Array
    """(option, class, market, world): share of the market's people who chose it in the last month"""


def start_cohort(occupancy: Array, class_share: Array) -> CohortState:
    """Return the state at the start, in which nobody has newly chosen.

    Shapes: occupancy (option, class, market, world), class_share broadcasts to (class, market, world).
    """
    shares = np.ascontiguousarray(np.broadcast_to(class_share, occupancy.shape[1:]))
    return CohortState(occupancy, shares, np.zeros_like(occupancy))


def step(state: CohortState, setting: ChoiceSetting, dt: float) -> CohortState:
    """Advance the expected shares by `dt` months: some reconsider, the newly aware choose (S1.1-S1.3)."""
    leaving = reconsidering(setting, dt)
    newcomers = state.class_share * (setting.aware_after - setting.aware_before)
    chosen = expected_choices(setting, state.occupancy * leaving, newcomers, lab_share(state.occupancy))
    return CohortState(state.occupancy * (1.0 - leaving) + chosen, state.class_share, chosen)


def people(state: CohortState, population: Array) -> Array:
    """Return people by option, the unaware among the non-users; they sum to the population.

    Shapes: population (market, world) or (market, 1) -> (option, class, market, world).
    """
    shares = state.occupancy.copy()
    shares[0] = state.class_share - state.occupancy[1:].sum(0)
    return shares * population
