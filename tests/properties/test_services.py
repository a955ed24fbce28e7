"""What the laws of services, capital and compute must keep: bounds, order, bits, finiteness (S2-S6)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.markets import capital, enterprise, services
from sim.physics import capability, compute
from sim.quantity import water_fill

FIRMS, PLACES, MONTHS, WORLDS, BATCH = 5, 4, 12, 3, 9
# Five firms: at most a dozen roundings of 2^-53 on terms that do not cancel.
RELATIVE = 1e-14


def amounts(*shape):
    """Zeros and sizes from a cent to far beyond any world, each cell on its own."""
    size = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(1e3, 1e30))
    return hnp.arrays(np.float64, shape, elements=size, fill=st.nothing())


def numbers(low, high, *shape):
    return hnp.arrays(np.float64, shape, elements=st.floats(low, high), fill=st.nothing())


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
        "signed_lag": capability.signed_lag_months(history, history - share[0], 1.0),
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


def test_an_endless_runway_and_an_endless_quota_have_their_limits():
    endless, usual = np.array([np.inf, np.inf]), np.array([20.0, 20.0])
    budget = services.free_budget_usd(
        usual,
        usual,
        endless,
        budget_share=np.array(0.1),
        funding_weight=np.array(0.5),
        runway_pivot_months=np.array(9.0),
        runway_scale_months=np.array(3.0),
    )
    np.testing.assert_allclose(budget, 3.0, rtol=RELATIVE)
    price = services.target_price(
        usual,
        endless,
        usual * 0.0,
        omega=np.array(0.2),
        runway_pivot_months=np.array(12.0),
        runway_scale_months=np.array(8.0),
        floor_multiple=np.array(1.3),
    )
    np.testing.assert_allclose(price, 16.0, rtol=RELATIVE)
    np.testing.assert_array_equal(services.free_load(usual, endless), usual)


# ---------------------------------------------------------------- services


@given(demand=amounts(WORLDS), quota=amounts(WORLDS), more=amounts(WORLDS))
def test_free_load_is_within_demand_and_quota_and_grows_with_both(demand, quota, more):
    load = services.free_load(demand, quota)
    assert (load >= 0.0).all()
    assert (load <= np.minimum(demand, quota) * (1.0 + RELATIVE)).all()
    assert (services.free_load(demand + more, quota) >= load * (1.0 - RELATIVE)).all()
    assert (services.free_load(demand, quota + more) >= load * (1.0 - RELATIVE)).all()


@given(total=amounts(WORLDS), weight=amounts(FIRMS, WORLDS), cap=amounts(FIRMS, WORLDS), more=amounts(WORLDS))
def test_water_filling_spends_what_the_caps_allow(total, weight, cap, more):
    filled = water_fill(total, weight, cap)
    assert (filled >= 0.0).all()
    assert (filled <= cap).all()
    assert (filled[weight == 0.0] == 0.0).all()
    most = np.where(weight > 0.0, cap, 0.0).sum(0)
    np.testing.assert_allclose(filled.sum(0), np.minimum(total, most), rtol=RELATIVE)
    # A use whose part is below the rounding of what the others get may lose it: nothing beside the total.
    slack = RELATIVE * (filled + total + more)
    assert (water_fill(total + more, weight, cap) >= filled - slack).all()


@given(
    quota=amounts(WORLDS),
    demand=amounts(WORLDS),
    funds=amounts(WORLDS),
    cost=amounts(WORLDS),
    more=amounts(WORLDS),
)
def test_the_quota_stays_in_its_band_and_follows_the_money(quota, demand, funds, cost, more):
    rule = {
        "adjustment_per_month": np.array(0.3),
        "ceiling_multiple": np.array(4.0),
        "floor_multiple": np.array(0.01),
    }
    none = np.zeros(WORLDS)
    got = services.quota_step(quota, demand, funds, none, cost, 1.0, **rule)
    assert (got >= 0.01 * demand).all()
    assert (got <= 4.0 * demand).all()
    assert (
        services.quota_step(quota, demand, funds, more, cost, 1.0, **rule) >= got * (1.0 - RELATIVE)
    ).all()
    assert (
        services.quota_step(quota, demand, funds, none, cost + more, 1.0, **rule) <= got * (1.0 + RELATIVE)
    ).all()
    # From within the band it moves at most by the adjustment rate.
    inside = np.clip(quota, 0.01 * demand, 4.0 * demand)
    moved = services.quota_step(inside, demand, funds, none, cost, 1.0, **rule)
    assert (np.abs(moved - inside) <= inside * np.expm1(0.3) * (1.0 + RELATIVE)).all()


@given(
    paid=numbers(0.0, 0.5, 3, WORLDS),
    free=numbers(0.0, 0.5, 3, WORLDS),
    beta=numbers(0.05, 0.5, 3, WORLDS),
    margin=numbers(-3.0, 0.0, WORLDS),
    more=numbers(0.0, 3.0, WORLDS),
    nest_lambda=numbers(0.1, 1.0, WORLDS),
)
def test_the_best_reply_rises_with_the_free_margin_and_one_to_one_with_cost(
    paid, free, beta, margin, more, nest_lambda
):
    weight, cost = np.full((3, WORLDS), 1.0 / 3.0), np.full(WORLDS, 4.0)

    def reply(cost_usd, margin_usd):
        return services.best_reply_price(cost_usd, margin_usd, weight, paid, free, beta, nest_lambda)

    price = reply(cost, margin)
    assert np.isfinite(price).all()
    # Advertising on the free tier makes it worth keeping: the paid tier gets dearer.
    assert (reply(cost, margin + more) >= price - 1e-12 * np.abs(price)).all()
    np.testing.assert_allclose(reply(cost + more, margin) - price, more, atol=1e-11 * np.abs(price).max())
    slopes = services.nested_logit_price_slopes(paid, free, beta, nest_lambda)
    assert (slopes.paid_per_usd <= 0.0).all()
    assert (slopes.free_per_usd >= 0.0).all()


@given(price=amounts(WORLDS), target=amounts(WORLDS))
def test_the_price_never_passes_its_target(price, target):
    got = services.price_step(price, target, np.array(0.05), 1.0)
    slack = RELATIVE * np.maximum(price, target)
    assert (got >= np.minimum(price, target) - slack).all()
    assert (got <= np.maximum(price, target) + slack).all()


# ---------------------------------------------------------------- capital


@given(
    cash=amounts(WORLDS),
    credit=amounts(WORLDS),
    outlay=amounts(WORLDS),
    revenue=amounts(WORLDS),
    more=amounts(WORLDS),
)
def test_runway_is_bounded_and_money_never_shortens_it(cash, credit, outlay, revenue, more):
    endless = np.array(60.0)
    months = capital.runway_months(cash, credit, outlay, revenue, endless)
    assert (months >= 0.0).all()
    assert (months <= 60.0).all()
    richer = capital.runway_months(cash + more, credit, outlay, revenue, endless)
    earning = capital.runway_months(cash, credit, outlay, revenue + more, endless)
    costly = capital.runway_months(cash, credit, outlay + more, revenue, endless)
    assert (richer >= months * (1.0 - RELATIVE)).all()
    assert (earning >= months * (1.0 - RELATIVE)).all()
    assert (costly <= months * (1.0 + RELATIVE)).all()


@given(burn=numbers(-1e6, 1e6, WORLDS), gained=numbers(-1e6, 1e6, WORLDS), value=amounts(WORLDS))
def test_offers_are_bounded_and_fall_with_the_burn(burn, gained, value):
    wasted = capital.burn_multiple(burn, gained, np.array(20.0))
    assert (wasted >= 0.0).all()
    assert (wasted <= 20.0).all()
    given_rule = {"rate_per_year": np.array(0.25), "patience": np.array(2.5), "steepness": np.array(1.0)}
    offer = capital.funding_offer_usd(value, wasted, 1.0, **given_rule)
    assert (offer >= 0.0).all()
    assert (offer <= value * 0.25 / 12.0).all()
    assert (capital.funding_offer_usd(value, wasted + 1.0, 1.0, **given_rule) <= offer).all()


# ---------------------------------------------------------------- enterprises


@given(
    last=amounts(FIRMS, WORLDS),
    utility=numbers(-50.0, 50.0, FIRMS, WORLDS),
    is_open=hnp.arrays(np.bool_, (FIRMS, WORLDS)),
    switching=numbers(0.0, 20.0, WORLDS),
)
def test_supplier_shares_sum_to_one_and_gain_with_utility(last, utility, is_open, switching):
    total = last.sum(0)
    shares = np.where(total > 0.0, last / np.where(total > 0.0, total, 1.0), 0.0)
    got = enterprise.supplier_shares(shares, utility, is_open, switching, np.array(0.1), 1.0)
    assert (got >= 0.0).all()
    np.testing.assert_allclose(got.sum(0), is_open.any(0).astype(np.float64), atol=4.0 * RELATIVE)
    assert (got[~is_open] == 0.0).all()
    better = utility.copy()
    better[0] += 1.0
    raised = enterprise.supplier_shares(shares, better, is_open, switching, np.array(0.1), 1.0)
    assert (raised[0] >= got[0] - RELATIVE).all()
    assert (raised[1:] <= got[1:] + RELATIVE).all()


@given(gain=numbers(-20.0, 20.0, WORLDS), more=numbers(0.0, 20.0, WORLDS), start=numbers(0.0, 5e3, WORLDS))
def test_the_market_grows_with_capability_up_to_its_ceiling(gain, more, start):
    top, nu, share = np.array(4e3), np.array(0.32), np.array(0.5)
    size = enterprise.market_size_usd_per_year(share, top, start, nu, gain)
    assert (size >= 0.0).all()
    assert (size <= 0.5 * 4e3).all()
    larger = enterprise.market_size_usd_per_year(share, top, start, nu, gain + more)
    assert (larger >= size * (1.0 - RELATIVE)).all()


# ---------------------------------------------------------------- capability and compute


@given(
    steps=numbers(-0.2, 0.5, MONTHS, WORLDS),
    behind=numbers(-3.0, 9.0, WORLDS),
    more=numbers(0.0, 2.0, WORLDS),
)
def test_lag_is_within_the_history_and_shrinks_as_the_follower_gains(steps, behind, more):
    best = np.maximum.accumulate(np.cumsum(steps, axis=0))
    follower = best[-1] - behind
    lag = capability.lag_months(best, follower, 1.0)
    assert (lag >= 0.0).all()
    assert (lag <= MONTHS - 1).all()
    assert (capability.lag_months(best, follower + more, 1.0) <= lag).all()


@given(own=amounts(WORLDS), best=amounts(WORLDS), rate=numbers(0.0, 50.0, WORLDS))
def test_distilling_stays_between_the_own_model_and_the_best(own, best, rate):
    got = capability.distil_stock(own, best, np.array(True), rate, 1.0)
    assert (got >= own).all()
    # Logarithms below 70 carry 70·2^-52 into the exponential.
    assert (got <= np.maximum(own, best) * (1.0 + 2e-14)).all()
    np.testing.assert_array_equal(capability.distil_stock(own, best, np.array(False), rate, 1.0), own)


uses_arguments = given(
    capacity=amounts(FIRMS, WORLDS),
    demands=amounts(3, FIRMS, WORLDS),
    kept=numbers(0.0, 0.9, WORLDS),
)


@uses_arguments
def test_uses_sum_to_the_capacity_and_serve_no_more_than_is_wanted(capacity, demands, kept):
    uses = compute.allocate(capacity, *demands, kept)
    served = np.stack([uses.enterprise_h100e, uses.paid_h100e, uses.free_h100e])
    assert (served >= 0.0).all()
    assert (served <= demands).all()
    assert (uses.training_h100e >= 0.0).all()
    # Three subtractions and three additions of positive numbers below the capacity.
    np.testing.assert_allclose(served.sum(0) + uses.training_h100e, capacity, rtol=6.0 * 2.0**-53)


@uses_arguments
def test_training_keeps_its_part_and_free_users_wait_for_those_who_pay(capacity, demands, kept):
    uses = compute.allocate(capacity, *demands, kept)
    assert (uses.training_h100e >= kept * capacity * (1.0 - RELATIVE) - RELATIVE * capacity).all()
    unpaid = uses.enterprise_h100e + uses.paid_h100e < (demands[0] + demands[1]) * (1.0 - RELATIVE)
    assert (uses.free_h100e[unpaid] <= RELATIVE * capacity[unpaid]).all()


@given(capacity=amounts(2, WORLDS), bid=amounts(FIRMS, 2, WORLDS), wanted=amounts(FIRMS, 2, WORLDS))
def test_leases_stay_within_the_cloud_and_follow_the_money(capacity, bid, wanted):
    leases = compute.share_leases(capacity, bid, wanted)
    assert (leases >= 0.0).all()
    assert (leases <= wanted).all()
    assert (leases.sum(0) <= capacity * (1.0 + RELATIVE)).all()
    assert (leases[bid == 0.0] == 0.0).all()
    raised = bid.copy()
    raised[0] *= 2.0
    slack = RELATIVE * (leases[0] + capacity)
    assert (compute.share_leases(capacity, raised, wanted)[0] >= leases[0] - slack).all()
