"""What stays fixed while a batch of worlds runs: axes, parameters, start values, settings, dated inputs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sim.axes import Axes
from sim.history import History
from sim.params import Params
from sim.settings import Settings
from sim.start import Start
from sim.units import KILOWATT_HOURS_PER_MEGAWATT_HOUR, TINY, Array


@dataclass(frozen=True)
class Context:
    """One batch of worlds, apart from its state."""

    axes: Axes
    params: Params
    start: Start
    settings: Settings
    history: History

    @cached_property
    def worlds(self) -> int:
        """Number of columns: worlds times responses."""
        return int(self.settings.world_ids.size)

    @cached_property
    def dt(self) -> float:
        """Months a step."""
        return 1.0 / self.settings.steps_per_month

    @property
    def sites(self) -> tuple[str, ...]:
        """Places that host accelerators: the markets, then orbit."""
        return (*self.axes.markets.names, "orbit")

    def spread(self, values: Array) -> Array:
        """Repeat start values along the world axis. Shapes: (...,) -> (..., world), writable."""
        return np.repeat(np.asarray(values, np.float64)[..., None], self.worlds, axis=-1)

    def full(self, *shape: int) -> Array:
        """Return zeros of a shape with the world axis behind it."""
        return np.zeros((*shape, self.worlds))

    def by_world(self, values: Array) -> Array:
        """Return a parameter with an explicit world axis. Shapes: (..., 1 or world) or 0-d."""
        values = np.asarray(values, np.float64)
        if values.ndim == 0:
            return np.full(self.worlds, values)
        if values.shape[-1] == self.worlds:
            return values
        return np.broadcast_to(values, (*values.shape[:-1], self.worlds))

    def by_bloc(self, us: Array, cn: Array) -> Array:
        """Return a parameter of each bloc with an explicit world axis. Shapes: -> (bloc, world)."""
        both: Array = np.array([self.by_world(us), self.by_world(cn)])
        return both

    @cached_property
    def known(self) -> dict[Any, Any]:
        """Answers of laws that only the context decides (sim.memory)."""
        return {}

    @cached_property
    def by_market(self) -> "MarketParams":
        """Parameters that conf names by place, as (market, world)."""
        return market_params(self)


@dataclass(frozen=True)
class MarketParams:
    """Power parameters by place. Shapes: (market, world)."""

    lead_time_months: Array
    survival_share: Array
    price_usd_per_mwh: Array


def market_params(context: Context) -> MarketParams:
    """Collect the parameters `<name>_<market>` into tables, in the order of the markets."""
    power = context.params.power

    def table(name: str) -> Array:
        rows = [context.by_world(getattr(power, f"{name}_{m}")) for m in context.axes.markets.names]
        return np.stack(rows)

    return MarketParams(
        # A place that builds at once still has a time to divide by.
        lead_time_months=np.maximum(table("lead_time"), TINY),
        survival_share=table("queue_survival_pi"),
        price_usd_per_mwh=table("power_price") * KILOWATT_HOURS_PER_MEGAWATT_HOUR,
    )
