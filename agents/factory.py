"""Factories of a place: person, conventional machine or humanoid, station by station (S9.3, S9.6)."""

import numpy as np

from sim.actors import Actor
from sim.physics.robot_choice import desired_industrial_units, order_units, technology_shares, wanted_units
from sim.physics.robot_output import retired_units
from sim.plans import FactoryPlan
from sim.quantity import adjusted_share
from sim.units import MONTHS_PER_YEAR, ONE, Array, ratio
from sim.views import FactoryView

USD_PER_THOUSAND = 1e3
SHARED, EXCLUSIVE = 0, 1
"""Kinds of station: several machines can share the work, or it takes one robot only."""


class Factories(Actor):
    """The factory cells of one place, each weighing cost per task of every technology on sale."""

    def plan(self, view: FactoryView) -> FactoryPlan:
        """Answer with orders of humanoids by maker and sector, and of conventional robots (S9.3, S9.6)."""
        return FactoryPlan(
            humanoid_orders=self.humanoid_orders(view), industrial_orders=self.industrial_orders(view)
        )

    def humanoid_orders(self, view: FactoryView) -> Array:
        """Return orders that close a part of the gap to the robots wanted (S9.3).

        Robots of another make that are still at work fill positions too: nobody scraps them to switch, so
        all orders together stay within the gap of all makes together.
        Shapes: -> (maker, sector, ..., world).
        """
        robots = view.params.robots
        chosen = self.choice(view)
        wanted = wanted_units(
            view.positions[None],
            ONE,
            chosen[:, SHARED],
            chosen[:, EXCLUSIVE],
            robots.exclusive_share,
            view.productivity[:, None],
        )
        missing = wanted - view.units_held
        gaps = order_units(missing, robots.adoption_rate, view.step_months)
        work = view.productivity[:, None]
        open_work = np.maximum((missing * work).sum(0), 0.0)
        asked_work = (np.maximum(missing, 0.0) * work).sum(0)
        return gaps * ratio(open_work, asked_work)

    def choice(self, view: FactoryView) -> Array:
        """Return the share of positions that each make takes, at stations of each kind (S9.3).

        A station that takes one robot only is tied up longer by a slower robot, at its own yearly cost.
        Shapes: -> (maker, kind of station, sector or 1, ..., world), as the cost of a task.
        """
        robots = view.params.robots
        makers, sectors, *places = view.task_cost_usd.shape
        tied_up = ratio(ONE, view.productivity)
        station_usd_per_year = robots.station_cost * USD_PER_THOUSAND
        cost = np.empty((2 + makers, 2, sectors, *places))
        cost[0] = view.person_cost_usd
        cost[1] = view.machine_cost_usd
        cost[2:] = view.task_cost_usd[:, None]
        cost[:2, EXCLUSIVE] += station_usd_per_year
        cost[2:, EXCLUSIVE] += station_usd_per_year * tied_up[:, None]
        utility = np.zeros((2 + makers, 1, 1, *places))
        utility[2:] = (robots.home_bias * view.home)[:, None, None]
        reach = np.ones((2 + makers, 1, 1, *places))
        reach[1] = robots.machine_reach
        reach[2:] = (view.reach * view.on_sale)[:, None, None]
        return technology_shares(cost, utility, robots.technology_sensitivity, reach)[2:]

    def industrial_orders(self, view: FactoryView) -> Array:
        """Return conventional robots that replace what retires and close a part of the gap (S9.6).

        Shapes: -> (..., world).
        """
        robots = view.params.robots
        wanted = desired_industrial_units(
            view.workers,
            view.person_cost_usd,
            view.machine_cost_usd,
            robots.machine_sensitivity,
            ratio(ONE, robots.industrial_workers_replaced),
        )
        life = robots.industrial_life_years * MONTHS_PER_YEAR
        replaced = retired_units(view.industrial_units, life, view.step_months)
        gap = (wanted - view.industrial_units) * adjusted_share(
            robots.machine_adoption_rate, view.step_months
        )
        orders: Array = np.maximum(replaced + gap, 0.0)
        return orders
