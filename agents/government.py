"""Governments: the announced schedule, the reaction to falling behind, and retaliation (S12)."""

import numpy as np

from sim.actors import Actor
from sim.axes import LEVERS, US
from sim.plans import GovernmentPlan
from sim.quantity import approach
from sim.units import TINY, Array
from sim.views import GovernmentView


class Government(Actor):
    """A government that keeps its schedule and, where it resists, spends a budget once it falls behind."""

    def plan(self, view: GovernmentView) -> GovernmentPlan:
        """Answer with controls, tariffs, subsidies and retaliation (S12)."""
        below, since = self.trigger(view)
        subsidy, active = self.subsidies(view, since)
        scheduled = self.schedule(view)
        policy = view.params.policy
        sanction_share = policy.lever_weights[LEVERS.index("sanctions")]
        step_up = (
            active * sanction_share * policy.reaction_budget * policy.sanction_rise * view.step_months / 12.0
        )
        answered = policy.retaliation_strength * view.rival_rise
        speed = 1.0 / np.maximum(policy.retaliation_lag, TINY)
        rise = approach(view.rise, np.maximum(answered, view.rise), speed, view.step_months)
        stringency = (scheduled + rise + step_up).clip(0.0, 1.0)
        kept_rise = np.minimum(rise + step_up, np.maximum(1.0 - scheduled, 0.0))
        return GovernmentPlan(
            below_months=below,
            reaction_month=since,
            stringency=stringency,
            tariff=policy.tariff_on_rival_robots + 0.0 * stringency,
            rise=kept_rise,
            subsidy_usd=subsidy,
            scheduled=scheduled,
        )

    def schedule(self, view: GovernmentView) -> Array:
        """Return the stringency of the date or, without one, of the announced ramp from the start's (S12).

        Shapes: -> (world,).
        """
        policy = view.params.policy
        change = policy.scheduled_change_us if view.bloc == US else policy.scheduled_change_cn
        done = (view.months_since_start - policy.schedule_start) / np.maximum(policy.schedule_ramp, 1.0)
        announced = np.clip(view.start_stringency + change * np.clip(done, 0.0, 1.0), 0.0, 1.0)
        return np.where(np.isnan(view.dated_stringency), announced, view.dated_stringency)

    def trigger(self, view: GovernmentView) -> tuple[Array, Array]:
        """Return months below the margin and months since the reaction began, -1 before (S12).

        Shapes: (world,) each.
        """
        policy = view.params.policy
        behind = (view.composite_share < 0.5 - policy.reaction_margin_m) | (view.rival_leads > 0.0)
        below = np.where(behind, view.below_months + view.step_months, 0.0)
        decided = (below >= policy.trigger_months + policy.decision_lag) & (view.resists > 0.0)
        running = view.reaction_month >= 0.0
        since = np.where(running, view.reaction_month + view.step_months, np.where(decided, 0.0, -1.0))
        return below, since

    def subsidies(self, view: GovernmentView, since: Array) -> tuple[Array, Array]:
        """Return subsidies a month by lever from the reaction budget, and whether it runs (S12).

        Shapes: -> (lever, world), (world,).
        """
        policy = view.params.policy
        active = ((since >= 0.0) & (since < policy.reaction_length)).astype(np.float64)
        budget = policy.reaction_budget / 100.0 * view.gdp_usd_per_year / 12.0
        return policy.lever_weights * budget * active * view.step_months, active
