"""AI labs: prices, free quotas, equity, and bids for leases and accelerators (S3, S4, S5)."""

import numpy as np

from agents.beliefs import chip_share, kept_commitment, powered_part, seller_shares, sites_with_room
from sim.actors import Actor
from sim.elementary import exp
from sim.markets.services import (
    free_budget_usd,
    full_service_cost_usd,
    marginal_value_of_service_usd,
    price_step,
    quota_step,
    split_budget_over_markets,
    target_price,
)
from sim.plans import LabPlan
from sim.quantity import approach
from sim.units import MONTHS_PER_YEAR, ONE, Array, logistic
from sim.views import LabView


class AiLab(Actor):
    """A lab that prices by best reply, gives a free quota it can pay for, and spends what it can raise."""

    def plan(self, view: LabView) -> LabPlan:
        """Answer with prices, quotas, equity taken and bids (S3.2-S3.4, S4)."""
        equity_usd = self.equity(view)
        compute_usd = self.compute_budget(view, equity_usd)
        own_share = view.own_chip_share
        capex_usd = compute_usd * own_share * powered_part(view.site_share, view.room_share)
        makers = seller_shares(
            view.chip_price_ratio, view.chip_appeal, view.params.labs.chip_price_sensitivity
        )
        clouds = seller_shares(
            view.rent_usd, view.cloud_open * view.cloud_free_h100e, view.params.labs.rent_sensitivity
        )
        chips = chip_share(
            view.chip_price_ratio, view.chip_power_ratio, view.params.capital.chip_share_of_capex
        )
        return LabPlan(
            price_usd=self.price(view) * view.alive,
            quota_per_day=self.quota(view, equity_usd) * view.alive,
            equity_usd=equity_usd,
            lease_bid_usd=clouds * (compute_usd - capex_usd),
            chip_bid_usd=makers * capex_usd * chips * view.step_months,
            site_share=sites_with_room(view.site_share, view.room_share),
            power_growth=view.need_growth.clip(0.0, view.params.power.order_growth_cap),
            spending_usd=compute_usd,
        )

    def price(self, view: LabView) -> Array:
        """Move the subscription price towards the best reply, dearer when the runway is short (S3.3).

        Shapes: -> (market, ..., world).
        """
        labs = view.params.labs
        target = target_price(
            view.best_reply_usd,
            view.runway_months,
            view.paid_cost_usd,
            omega=labs.runway_price_response_omega,
            runway_pivot_months=labs.price_runway_pivot,
            runway_scale_months=labs.price_runway_scale,
            floor_multiple=labs.price_floor_multiple,
        )
        return price_step(view.price_usd, target, labs.price_adjustment_rate, view.step_months)

    def quota(self, view: LabView, equity_usd: Array) -> Array:
        """Move the free quota to where the budget and advertising pay for it (S3.2).

        Shapes: equity_usd (..., world) -> (market, ..., world).
        """
        labs = view.params.labs
        budget_usd = free_budget_usd(
            view.revenue_usd,
            equity_usd / view.step_months,
            view.runway_months,
            budget_share=labs.free_budget_share,
            funding_weight=labs.free_budget_funding_weight,
            runway_pivot_months=labs.free_budget_runway_pivot,
            runway_scale_months=labs.free_budget_runway_scale,
        )
        budget_usd = budget_usd * view.free_boost + view.free_subsidy_usd
        demand, unit_cost = view.queries_wanted, view.query_cost_usd
        ceiling = labs.quota_ceiling_multiple
        value = marginal_value_of_service_usd(
            view.free_users,
            ONE,
            view.params.consumers.quota_beta_phi,
            view.paying_revenue_usd + view.ad_revenue_usd + labs.user_value_floor,
        )
        cap = full_service_cost_usd(view.free_users, demand, ceiling, unit_cost)
        split = split_budget_over_markets(budget_usd, value, cap)
        served = view.free_users * demand * (1.0 - exp(-view.quota_per_day / np.maximum(demand, 1e-9)))
        return quota_step(
            view.quota_per_day,
            demand,
            split,
            view.ad_revenue_usd * view.free_users,
            served * unit_cost,
            view.step_months,
            adjustment_per_month=labs.quota_adjustment_rate,
            ceiling_multiple=ceiling,
            floor_multiple=labs.quota_floor_multiple,
        )

    def equity(self, view: LabView) -> Array:
        """Take the offer in full when cash covers few months of spending, less the more it covers (S4).

        Shapes: -> (..., world).
        """
        labs = view.params.labs
        hunger = logistic((labs.runway_target - view.cash_months) / labs.runway_target_scale)
        return view.offer_usd * np.where(view.parent_owned, 1.0, hunger) * view.alive

    def compute_budget(self, view: LabView, equity_usd: Array) -> Array:
        """Return monthly compute spending: margin and cash over target runway, or the parent's money (S4).

        Shapes: equity_usd (..., world) -> (..., world).
        """
        labs = view.params.labs
        running_usd = view.revenue_usd * labs.other_cost_share + view.fixed_cost_usd + view.power_bill_usd
        margin_usd = view.revenue_usd - running_usd
        own_usd = margin_usd + (view.cash_usd + equity_usd) / labs.runway_target
        parents_usd = view.group_budget_usd / MONTHS_PER_YEAR - view.dearer_power_usd
        wanted = np.where(view.parent_owned, parents_usd, own_usd)
        wanted = np.maximum(wanted, 0.0)
        steered = approach(view.committed_usd, wanted, labs.spending_adjustment_rate, view.step_months)
        kept = kept_commitment(
            steered, view.committed_usd, view.params.capital.order_commitment, view.step_months
        )
        # Contracts bind only as far as there is money to honour them; a parent's is there.
        means = margin_usd + (view.cash_usd + view.credit_usd + equity_usd) / view.step_months
        honoured = np.minimum(kept, np.maximum(means, 0.0))
        return view.alive * np.where(view.parent_owned, kept, honoured)
