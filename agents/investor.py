"""Capital of a bloc: venture offers, parents' transfers and credit lines (S4)."""

import numpy as np

from sim.actors import Actor
from sim.elementary import exp
from sim.markets.capital import (
    burn_multiple,
    credit_limit_usd,
    funding_offer_usd,
    growth_over_year,
    valuation_usd,
)
from sim.plans import InvestorPlan
from sim.units import MONTHS_PER_YEAR, NOTHING, ONE
from sim.views import InvestorView


class Investor(Actor):
    """A bloc's investors: they price growth and lose patience with burn; parents fund their own labs."""

    def plan(self, view: InvestorView) -> InvestorPlan:
        """Answer with equity on offer to each lab and its credit line (S4)."""
        capital = view.params.capital
        arr = view.revenue_usd * MONTHS_PER_YEAR
        arr_before = view.revenue_year_ago_usd * MONTHS_PER_YEAR
        growth = growth_over_year(arr, arr_before, capital.growth_ceiling)
        value = valuation_usd(
            arr,
            growth,
            arr_multiple=capital.arr_multiple_m,
            growth_premium=capital.growth_premium_psi,
            growth_ceiling=capital.growth_ceiling,
        ) * exp(view.sentiment)
        burn = np.maximum(view.spending_usd - view.revenue_usd, 0.0) * MONTHS_PER_YEAR
        wasted = burn_multiple(burn, arr - arr_before, capital.burn_multiple_ceiling)
        offer = funding_offer_usd(
            value,
            wasted,
            view.step_months,
            rate_per_year=capital.funding_rate,
            patience=capital.burn_multiple_base * capital.investor_patience[view.bloc],
            steepness=capital.burn_multiple_scale,
        )
        ends = capital.funding_shock_start + capital.funding_shock_length
        now = view.months_since_start
        struck = (now >= capital.funding_shock_start) & (now < ends)
        offer = offer * np.where(struck, np.maximum(1.0 + capital.funding_shock, 0.0), 1.0)
        credit = credit_limit_usd(
            value,
            NOTHING,
            ONE,
            arr_share=capital.credit_share_of_value,
            loan_to_value=NOTHING,
        )
        return InvestorPlan(offer_usd=offer, credit_limit_usd=credit)
