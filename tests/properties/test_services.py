"""What the laws of services, capital and compute must keep: bounds and order (S2-S6)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.markets import capital, enterprise, services
from sim.physics import capability, compute
from sim.quantity import water_fill

FIRMS, MONTHS, WORLDS = 5, 12, 3
# Five firms: at most a dozen roundings of 2^-53 on terms that do not cancel.
RELATIVE = 1e-14


def amounts(*shape):
    """Zeros and sizes from a cent to far beyond any world, each cell on its own."""
    size = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(1e3, 1e30))
    return hnp.arrays(np.float64, shape, elements=size, fill=st.nothing())


def numbers(low, high, *shape):
    return hnp.arrays(np.float64, shape, elements=st.floats(low, high), fill=st.nothing())


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
