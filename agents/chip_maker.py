"""Makers of accelerators: price and new wafers by backlog, wafers started by stock (S7)."""

import numpy as np

from sim.actors import Actor
from sim.physics.chips import price_step
from sim.plans import ChipMakerPlan
from sim.views import ChipMakerView


class ChipMaker(Actor):
    """A maker that prices by backlog inside its bounds and books wafers while customers wait.

    One that makes for its owners charges them its cost and a fixed markup.
    """

    def plan(self, view: ChipMakerView) -> ChipMakerPlan:
        """Answer with a price and the wanted growth of wafer starts (S7.1, S7.3)."""
        chips = view.params.chips
        market_price = price_step(
            view.price_usd,
            view.backlog_months,
            view.unit_cost_usd,
            chips.price_floor_multiple,
            chips.price_cap_multiple,
            chips.backlog_tolerance,
            chips.price_adjustment_rate,
            view.step_months,
        )
        waiting = (view.backlog_months / chips.backlog_tolerance).clip(0.0, 1.0)
        glut = (view.inventory_months - chips.inventory_target) / chips.inventory_span
        return ChipMakerPlan(
            price_usd=np.where(view.in_house, view.transfer_price_usd, market_price),
            wafer_use_share=(1.0 - glut).clip(chips.least_wafer_use, 1.0),
            wafer_growth_share=waiting,
        )
