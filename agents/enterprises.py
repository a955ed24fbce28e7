"""Enterprises of a place: how much AI they buy, from whom, and what they host themselves (S2)."""

from sim.actors import Actor
from sim.markets.enterprise import (
    market_size_usd_per_year,
    supplier_shares,
    supplier_utility,
)
from sim.plans import EnterprisePlan
from sim.units import BILLION
from sim.views import EnterpriseView


class Enterprises(Actor):
    """Firms that buy more as models improve and re-tender a part of their contracts each month."""

    def plan(self, view: EnterpriseView) -> EnterprisePlan:
        """Answer with a token budget, supplier shares and the self-hosted share (S2)."""
        rules = view.params.enterprises
        budget = market_size_usd_per_year(
            view.market_share,
            rules.enterprise_ceiling_r_max * BILLION,
            view.start_usd_per_year,
            rules.enterprise_response_nu,
            view.capability_gain_orders,
        )
        utility = supplier_utility(
            rules.quality_weight * view.quality_orders,
            view.ln_price,
            view.trust,
            view.residual,
            rules.price_weight,
        )
        shares = supplier_shares(
            view.shares, utility, view.available, rules.switching_cost, rules.switching_rate, view.step_months
        )
        return EnterprisePlan(budget_usd_per_year=budget, shares=shares, self_hosting_share=view.hosted_share)
