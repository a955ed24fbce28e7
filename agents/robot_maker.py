"""Makers of humanoid robots: price, output, lines, and robots kept to build robots (S9)."""

import numpy as np

from sim.actors import Actor
from sim.plans import RobotMakerPlan, RobotMakerView


class RobotMaker(Actor):
    """A maker that prices at cost plus a margin and keeps robots for its own line while buyers wait."""

    def plan(self, view: RobotMakerView) -> RobotMakerPlan:
        """Answer with price, wanted output, wanted line and the share of output kept (S9.1, S9.5)."""
        robots = view.params.robots
        desired = np.maximum(view.backlog_units - view.inventory_units, 0.0)
        short = desired > view.line_per_month * view.step_months
        line = np.where(short, view.line_per_month * robots.line_ambition, view.shipped_units)
        return RobotMakerPlan(
            price_usd=view.unit_cost_usd * (1.0 + robots.markup),
            desired_units=desired,
            line_target_per_month=line,
            keep_share=np.where(short, robots.keep_share, 0.0),
        )
