"""Makers of humanoid robots: price, output, lines, and robots kept to build robots (S9)."""

import numpy as np

from sim.actors import Actor
from sim.plans import RobotMakerPlan
from sim.units import Array, ratio
from sim.views import RobotMakerView


class RobotMaker(Actor):
    """A maker that expects last month's orders again, keeps some stock, and prices at cost plus a margin."""

    def plan(self, view: RobotMakerView) -> RobotMakerPlan:
        """Answer with price, wanted output, wanted line and the share of output kept (S9.1, S9.5)."""
        robots = view.params.robots
        orders = view.shipped_units + view.backlog_units
        desired = self.desired_units(view, orders)
        short = desired > view.line_per_month * view.step_months
        return RobotMakerPlan(
            price_usd=self.price_usd(view, orders),
            desired_units=desired,
            line_target_per_month=robots.line_headroom * orders,
            keep_share=np.where(short, robots.keep_share, 0.0),
        )

    def desired_units(self, view: RobotMakerView, orders_per_month: Array) -> Array:
        """Return output for the orders expected and, within a month, for the stock to be kept (S9.5).

        Shapes: -> (..., world).
        """
        stock = view.params.robots.inventory_cover * orders_per_month
        wanted_per_month = orders_per_month + stock - view.inventory_units
        desired: Array = np.maximum(wanted_per_month * view.step_months, 0.0)
        return desired

    def price_usd(self, view: RobotMakerView, orders_per_month: Array) -> Array:
        """Return cost plus a margin, up to twice the margin where nobody can be served (S9).

        Shapes: -> (..., world).
        """
        unserved = ratio(view.backlog_units, orders_per_month)
        return view.unit_cost_usd * (1.0 + view.params.robots.markup * (1.0 + unserved))
