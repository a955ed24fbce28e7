"""Settings of a batch of worlds: how long, how fine, how many agents, and which column is which world."""

from dataclasses import dataclass

from sim.units import Array, IntArray


@dataclass(frozen=True)
class Settings:
    """Say which worlds a batch holds and how they run; conf/run.yaml explains each setting."""

    seed: int
    world_ids: IntArray
    """(world,): the id that each column carries; a world has one column a response."""
    response: IntArray
    """(world,): index into `sim.axes.RESPONSES`."""
    start_month: str
    """First month simulated, as 2026-01."""
    months: int
    steps_per_month: int
    consumers: str
    """`agents` or `cohort`."""
    agents_by_market: IntArray
    """(market,): consumer agents of one world; they add up to the setting agents_per_world."""
    network_degree: int
    rewired_share: float
    noise: bool


@dataclass(frozen=True)
class OutcomeRules:
    """Thresholds of the outcomes and of what counts as a fight; conf/outcome explains each rule."""

    lead_share: float
    lead_share_tests: Array
    compute_share_test: float
    horizons: tuple[str, ...]
    """Last month of each window, as 2030-12."""
    window_months: int
    robots_open_below: float
    random_weights: int
    random_weights_lead: float
    fight_escalation: float
    fight_escalation_tests: Array
    fight_loss_share: float
    fight_loss_tests: Array
    fight_effort: float
