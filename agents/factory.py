"""Factories of a place: person, conventional machine or humanoid, station by station (S9.3, S9.6)."""

import numpy as np

from sim.actors import Actor
from sim.physics.robots import desired_industrial_units, order_units, technology_shares, wanted_units
from sim.plans import FactoryPlan, FactoryView


class Factories(Actor):
    """The factory cells of one place, each weighing cost per task of every technology on sale."""

    def plan(self, view: FactoryView) -> FactoryPlan:
        """Answer with orders of humanoids by maker and sector, and of industrial robots (S9.3, S9.6)."""
        robots = view.params.robots
        makers, sectors, worlds = view.task_cost_usd.shape
        cost = np.empty((2 + makers, sectors, worlds))
        cost[0] = view.person_cost_usd
        cost[1] = view.machine_cost_usd
        cost[2:] = view.task_cost_usd
        utility = np.zeros((2 + makers, 1, worlds))
        utility[2:] = (robots.home_bias * view.home)[:, None]
        reach = np.ones((2 + makers, 1, worlds))
        reach[1] = robots.machine_reach
        reach[2:] = (view.reach * view.on_sale)[:, None]
        shares = technology_shares(cost, utility, robots.technology_sensitivity, reach)[2:]
        wanted = wanted_units(
            view.positions[None],
            np.ones_like(shares),
            shares,
            shares,
            np.broadcast_to(robots.exclusive_share, shares.shape),
            view.productivity[:, None],
        )
        humanoids = order_units(wanted, view.units_held, robots.adoption_rate, view.step_months)
        desired = desired_industrial_units(
            view.workers,
            robots.machine_suitable_share,
            view.person_cost_usd,
            view.machine_cost_usd,
            robots.machine_sensitivity,
            robots.machines_per_worker,
        )
        industrial = order_units(desired, view.industrial_units, robots.machine_adoption_rate, view.step_months)
        return FactoryPlan(humanoid_orders=humanoids, industrial_orders=industrial)
