"""Every law of services, capital and compute: the same bits in any batch, finite at the extremes (S2-S6)."""

import numpy as np
import pytest

from sim.markets import capital, enterprise, services
from sim.physics import capability, compute

FIRMS, PLACES, MONTHS, BATCH = 5, 4, 12, 9


def every_law(x):
    """Call every law once on one set of amounts; each answer has the world last.

    Shapes: amounts are (..., world); `share` in [0, 1], `number` of either sign.
    """
    a, b, c = x["a"], x["b"], x["c"]  # (firm, world), >= 0
    share, number = x["share"], x["number"]
    place_a, place_b = x["place_a"], x["place_b"]  # (place, firm, world), >= 0
    history, two = x["history"], x["two"]  # (month, world), (2, world)
    positive = 1.0 + share[0]  # (world,)
    slopes = services.nested_logit_price_slopes(
        share * 0.5, share[::-1] * 0.5, positive, share[0] * 0.8 + 0.1
    )
    uses = compute.allocate(a, b, c, a[::-1], 0.5 * share[0])
    leaves = share < 0.4
    masked = np.where(share < 0.5, number, -np.inf)
    return {
        "serving_cost": services.serving_cost_usd_per_h100e_month(
            a, share, share, number * 0.01, b, c, positive, share, a, 0.1 + share
        ),
        "cost_per_load": services.cost_usd_per_unit_load(a, positive),
        "efficiency": services.efficiency_step(number, positive * 3.0, share, positive, 1.0),
        "compute_per_load": services.compute_per_unit_load(a, number, share, number),
        "demand": services.demand_per_user_step(a, number, positive, share, 1.0),
        "free_load": services.free_load(a, b),
        "served": services.served_fraction(a, b),
        "free_budget": services.free_budget_usd(
            a,
            b,
            c,
            budget_share=share,
            funding_weight=share,
            runway_pivot_months=number,
            runway_scale_months=positive,
        ),
        "value": services.marginal_value_of_service_usd(a, share, positive, positive),
        "full_cost": services.full_service_cost_usd(a, share, positive, positive),
        "split": services.split_budget_over_markets(a, place_a, place_b),
        "quota": services.quota_step(
            a,
            b,
            a,
            b,
            c,
            1.0,
            adjustment_per_month=share,
            ceiling_multiple=positive,
            floor_multiple=share[1] * 0.1,
        ),
        "paid_slope": slopes.paid_per_usd,
        "free_slope": slopes.free_per_usd,
        "classes": services.best_reply_price(
            a[0], number[0], a, share * 0.5, share[::-1] * 0.5, positive * share, share[0] * 0.8 + 0.1
        ),
        "target": services.target_price(
            a,
            b,
            c,
            omega=share,
            runway_pivot_months=number,
            runway_scale_months=positive,
            floor_multiple=positive,
        ),
        "price": services.price_step(a, b, share, 1.0),
        "growth": capital.growth_over_year(a, b, positive),
        "valuation": capital.valuation_usd(
            a, number, arr_multiple=positive, growth_premium=share, growth_ceiling=positive
        ),
        "burn": capital.burn_multiple(number, a, positive * 10.0),
        "offer": capital.funding_offer_usd(
            a, b, 1.0, rate_per_year=share, patience=positive, steepness=positive
        ),
        "runway": capital.runway_months(number, a, b, c, positive * 60.0),
        "orders": capital.committed_orders(a, b, share, 1.0),
        "credit": capital.credit_limit_usd(a, b, share, arr_share=share, loan_to_value=share),
        "sentiment": capital.sentiment_step(number, number[::-1], 1.0, persistence_per_month=share, sd=share),
        "distress": capital.distressed_months_step(a, number, share, 1.0),
        "leaves": capital.leaves_market(a, leaves, share, positive),
        "market_size": enterprise.market_size_usd_per_year(share, a, b, share, number),
        "utility": enterprise.supplier_utility(number, number, share, share, positive),
        "suppliers": enterprise.supplier_shares(
            share / FIRMS, number, share[::-1] > 0.3, positive, share[0], 1.0
        ),
        "residuals": enterprise.invert_residuals(share / FIRMS, number, positive),
        "self_hosting": enterprise.self_hosting_share(
            number, number[::-1], share, intercept=share, capability_beta=positive, price_beta=share
        ),
        "foundation": enterprise.foundation_step(
            two, a[0], masked[:2], capability_beta=positive, life_months=positive, dt=1.0
        ),
        "luck": capability.luck_step(number, number[::-1], 1.0, persistence_per_month=share, sd=share),
        "algorithms": capability.algorithmic_step(
            number,
            a,
            share[0],
            capability.best_of(number, share < 0.5),
            capability.best_of(number, share <= 1.0),
            share * 0.01,
            1.0,
            growth_factor_per_year=positive * 2.0,
            compute_exponent=share[1],
            fade_years=positive * 10.0,
            open_spill_per_month=share[2],
            all_spill_ratio=share[3],
        ),
        "stock": capability.training_stock_step(a, b, number, positive * 18.0, 1.0),
        "distilled": capability.distil_stock(a, b, share < 0.8, share, 1.0),
        "capability": capability.capability(a, positive),
        "deployable": capability.deployable_capability(number, masked, share),
        "past": capability.back_cast(number, share, 6, 0.5),
        "lag": capability.lag_months(history, number[0], 1.0),
        "signed_lag": capability.signed_lag_months(np.stack([history, history - share[0]], 1), 1.0),
        "breakthrough": capability.breakthrough_orders(share, share[::-1], positive, 1.0),
        "powered": compute.powered_h100e(a, number),
        "enterprise_use": uses.enterprise_h100e,
        "paid_use": uses.paid_h100e,
        "free_use": uses.free_h100e,
        "training_use": uses.training_h100e,
        "served_share": compute.served_share(a, b),
        "leases": compute.share_leases(place_a[:, 0], place_a.swapaxes(0, 1), place_b.swapaxes(0, 1)),
    }


def inputs(seed, worlds):
    """Return random arguments for `every_law`, a tenth of the amounts nothing at all."""
    rng = np.random.default_rng(seed)

    def amount(*shape):
        return rng.lognormal(2.0, 3.0, (*shape, worlds)) * (rng.random((*shape, worlds)) > 0.1)

    return {
        "a": amount(FIRMS),
        "b": amount(FIRMS),
        "c": amount(FIRMS),
        "share": rng.random((FIRMS, worlds)),
        "number": rng.normal(0.0, 3.0, (FIRMS, worlds)),
        "place_a": amount(PLACES, FIRMS),
        "place_b": amount(PLACES, FIRMS),
        "history": np.cumsum(rng.normal(0.05, 0.1, (MONTHS, worlds)), axis=0),
        "two": amount(2),
    }


@pytest.mark.parametrize("worlds", [[3, 4], [8, 2, 5], list(range(BATCH))[::-1], [6, 6, 6, 6, 6, 6, 6]])
def test_a_world_has_the_same_bits_in_any_batch(worlds):
    whole = inputs(1, BATCH)
    # Contiguous, as a batch of its own would be.
    part = {name: np.ascontiguousarray(values[..., worlds]) for name, values in whole.items()}
    expected, got = every_law(whole), every_law(part)
    for law, values in expected.items():
        assert values.shape[-1] == BATCH, law
        np.testing.assert_array_equal(got[law], values[..., worlds], err_msg=law)


EXTREMES = {
    "nothing": dict.fromkeys(("a", "b", "c", "place_a", "place_b", "two", "share", "number", "history"), 0.0),
    "nothing held, everything wanted": {"a": 0.0, "b": 1e30, "c": 1e30, "place_a": 0.0, "place_b": 1e30},
    "everything held, nothing wanted": {"a": 1e30, "b": 0.0, "c": 0.0, "place_a": 1e30, "place_b": 0.0},
    "all of it": {
        "a": 1e30,
        "b": 1e30,
        "c": 1e30,
        "place_a": 1e30,
        "place_b": 1e30,
        "two": 1e30,
        "share": 1.0,
    },
    "next to nothing": {"a": 1e-300, "b": 1e-300, "c": 1e-300, "place_a": 1e-300, "place_b": 1e-300},
    "tiny against huge": {"a": 1e-300, "b": 1e30, "c": 1e-300, "place_a": 1e-300, "place_b": 1e30},
    "far below": {"number": -50.0, "history": 50.0},
    "far above": {"number": 50.0, "history": -50.0},
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_answers_stay_finite_at_the_extremes(extreme):
    x = inputs(2, BATCH)
    for name, value in EXTREMES[extreme].items():
        x[name] = np.full_like(x[name], value)
    for law, values in every_law(x).items():
        assert np.isfinite(values).all(), law
