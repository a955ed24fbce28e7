"""Grid operators: how much AI load each place connects a month (S8)."""

from sim.actors import Actor
from sim.physics.power import completion_cap_gw
from sim.plans import GridPlan
from sim.quantity import compounded
from sim.units import ratio
from sim.views import GridView


class GridOperator(Actor):
    """An operator that gives AI a share of new firm capacity and lets it draw on what is spare."""

    def plan(self, view: GridView) -> GridPlan:
        """Answer with the largest connection this month (S8)."""
        power = view.params.power
        # Where AI gets no share of new capacity, a subsidy buys it none either.
        gift = ratio(view.subsidised_gw_per_year, power.ai_share_of_firm_additions)
        growth = compounded(1.0 + power.firm_additions_growth, view.months_since_start)
        cap = completion_cap_gw(
            power.ai_share_of_firm_additions,
            view.firm_additions_gw_per_year * growth * view.permitting_speed * view.feedback + gift,
            view.retirements_gw_per_year,
            power.spare_draw,
            view.spare_gw * view.permitting_speed,
            view.step_months,
        )
        return GridPlan(cap_gw=cap.cap_gw, firm_gw=cap.firm_gw, spare_limit_gw=cap.spare_limit_gw)
