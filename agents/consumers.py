"""Consumers of all markets: one crowd, or its expected shares, behind one interface (S1)."""

from sim.actors import Actor
from sim.plans import ConsumerPlan
from sim.views import ConsumerView


class Consumers(Actor):
    """People who now and then reconsider which assistant they use, free or paid, or none."""

    def plan(self, view: ConsumerView) -> ConsumerPlan:
        """Answer with the crowd after this month's choices (S1.2, S1.3)."""
        return ConsumerPlan(crowd=view.crowd.choose(view.setting))
