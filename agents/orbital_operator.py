"""Orbital operators: launch when orbit pays against the ground, its dark chips included (S11)."""

from sim.actors import Actor
from sim.physics.orbit import adoption_share, launched_gw
from sim.plans import OrbitPlan
from sim.views import OrbitView


class OrbitalOperator(Actor):
    """An operator that fills the launch capacity in proportion to how far orbit undercuts the ground."""

    def plan(self, view: OrbitView) -> OrbitPlan:
        """Answer with power to launch this month (S11)."""
        wanted = adoption_share(
            view.orbit_usd_per_kw_year, view.ground_usd_per_kw_year, view.params.orbit.adoption_sensitivity
        )
        return OrbitPlan(launch_gw=launched_gw(view.launch_limit_gw, wanted, view.launch_limit_gw))
