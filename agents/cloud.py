"""Compute providers: rent, and bids for accelerators from what rent is expected to earn (S5)."""

import numpy as np

from agents.beliefs import (
    chip_share,
    expected_return_factor,
    kept_commitment,
    powered_part,
    seller_shares,
    sites_with_room,
)
from sim.actors import Actor
from sim.elementary import exp, log, tanh
from sim.plans import CloudPlan
from sim.units import MONTHS_PER_YEAR, ratio
from sim.views import CloudView


class Cloud(Actor):
    """A provider that invests its group's budget and its earnings where rent covers the cost of a chip."""

    def plan(self, view: CloudView) -> CloudPlan:
        """Answer with bids for accelerators, their sites, power to order and the rent (S5)."""
        capital = view.params.capital
        earned = ratio(view.rent_usd * np.minimum(view.occupancy, 1.0), view.user_cost_usd)
        own = view.group_budget_usd / MONTHS_PER_YEAR + capital.cloud_reinvestment_share * view.rent_net_usd
        budget_usd = own + view.lender_usd
        wanted = budget_usd * expected_return_factor(earned, capital.expectation_steepness)
        spend = kept_commitment(wanted, view.committed_usd, capital.order_commitment, view.step_months)
        spend = np.minimum(spend, np.maximum(view.cash_usd, 0.0) / view.step_months + budget_usd)
        placeable = spend * powered_part(view.site_share, view.room_share)
        makers = seller_shares(
            view.chip_price_ratio, view.chip_appeal, view.params.labs.chip_price_sensitivity
        )
        chips = chip_share(view.chip_price_ratio, view.chip_power_ratio, capital.chip_share_of_capex)
        scarce = tanh(log(np.maximum(view.occupancy, 1e-9)))
        rent = view.rent_usd * exp(capital.rent_adjustment_rate * view.step_months * scarce)
        return CloudPlan(
            chip_bid_usd=makers * placeable * chips * view.step_months,
            site_share=sites_with_room(view.site_share, view.room_share),
            power_growth=view.need_growth.clip(0.0, view.params.power.order_growth_cap),
            spending_usd=spend,
            rent_usd=np.maximum(rent, capital.rent_floor_share * view.user_cost_usd),
        )
