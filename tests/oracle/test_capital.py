"""Value, offers, runway and orders against hand calculation and accounting (S3.4, S4)."""

import numpy as np

from sim.markets import capital


def arr(*values):
    return np.array(values, dtype=np.float64)


def test_growth_counts_what_began_this_year_at_the_ceiling():
    now, ago = arr(150.0, 50.0, 900.0, 5.0, 0.0, 0.0), arr(100.0, 100.0, 100.0, 0.0, 0.0, 9.0)
    got = capital.growth_over_year(now, ago, np.array(3.0))
    np.testing.assert_allclose(got, [0.5, -0.5, 3.0, 3.0, 0.0, -1.0], rtol=1e-14)


def test_value_by_hand():
    got = capital.valuation_usd(
        arr(10.0, 10.0, 10.0),
        arr(-0.5, 1.0, 8.0),
        arr_multiple=np.array(20.0),
        growth_premium=np.array(1.5),
        growth_ceiling=np.array(3.0),
    )
    np.testing.assert_allclose(got, [200.0, 500.0, 1100.0], rtol=1e-14)


def test_burn_multiple_by_hand():
    burn, gained = arr(50.0, 50.0, 50.0, -5.0, 0.0, 1e300), arr(25.0, 0.0, -8.0, 10.0, 0.0, 1e-300)
    got = capital.burn_multiple(burn, gained, np.array(20.0))
    np.testing.assert_array_equal(got, [2.0, 20.0, 20.0, 0.0, 0.0, 20.0])


def test_half_of_the_offer_is_gone_where_burn_meets_patience():
    given = {"rate_per_year": np.array(0.24), "patience": arr(2.5), "steepness": np.array(1.0)}
    at_patience = capital.funding_offer_usd(arr(1000.0), arr(2.5), 0.5, **given)
    np.testing.assert_allclose(at_patience, 0.24 * 1000.0 * 0.5 / 12.0 / 2.0, rtol=1e-14)
    frugal = capital.funding_offer_usd(arr(1000.0), arr(0.0), 1.0, **given)
    np.testing.assert_allclose(frugal, 20.0 / (1.0 + np.exp(-2.5)), rtol=1e-14)
    np.testing.assert_array_equal(capital.funding_offer_usd(arr(1000.0), arr(np.inf), 1.0, **given), 0.0)


def test_runway_by_hand():
    cash = arr(100.0, 100.0, 100.0, -50.0, 100.0, 0.0, 1e300, np.inf)
    credit = arr(20.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0)
    outlay = arr(40.0, 10.0, 10.0, 10.0, 10.0, 0.0, 1e-300, 5.0)
    revenue = arr(20.0, 10.0, 15.0, 0.0, 9.0, 0.0, 0.0, 0.0)
    got = capital.runway_months(cash, credit, outlay, revenue, np.array(60.0))
    # 120/20; break-even; profit; overdrawn; 100/1 is beyond the endless; nothing at all; endless cash.
    np.testing.assert_array_equal(got, [6.0, 60.0, 60.0, 0.0, 60.0, 60.0, 60.0, 60.0])


def test_cash_lasts_exactly_the_runway():
    cash, burn = arr(37.0, 211.0), arr(3.0, 7.0)
    months = capital.runway_months(cash, arr(0.0, 0.0), burn, arr(0.0, 0.0), np.array(60.0))
    np.testing.assert_allclose(cash - burn * months, 0.0, atol=1e-13)


def test_orders_fall_at_most_by_the_commitment():
    kept, last = np.array(0.93), arr(100.0, 100.0)
    got = capital.committed_orders(arr(0.0, 150.0), last, kept, 1.0)
    np.testing.assert_allclose(got, [93.0, 150.0], rtol=1e-15)
    twice = capital.order_floor(capital.order_floor(last, kept, 0.5), kept, 0.5)
    np.testing.assert_allclose(twice, capital.order_floor(last, kept, 1.0), rtol=1e-15)


def test_credit_by_hand():
    got = capital.credit_limit_usd(
        arr(100.0, -1.0),
        arr(50.0, 50.0),
        arr(1.2, 0.0),
        arr_share=np.array(0.05),
        loan_to_value=np.array(0.5),
    )
    np.testing.assert_allclose(got, [36.0, 0.0], rtol=1e-14)


def test_sentiment_keeps_its_distribution_at_any_step_length():
    """Mean and variance of the linear recursion, read off by feeding in a unit state and a unit draw."""
    rule = {"persistence_per_month": np.array(0.95), "sd": np.array(0.05)}
    zero, one = arr(0.0), arr(1.0)
    for dt in (0.25, 1.0, 6.0):
        kept = capital.sentiment_step(one, zero, dt, **rule)
        drawn = capital.sentiment_step(zero, one, dt, **rule)
        np.testing.assert_allclose(kept, 0.95**dt, rtol=1e-14)
        np.testing.assert_allclose(kept**2 * 0.05**2 + drawn**2, 0.05**2, rtol=1e-13)  # stationary


def test_distress_counts_months_in_a_row():
    months, credit = arr(0.0, 0.0, 0.0), arr(0.5, 0.0, 2.0)
    for cash in ((-1.0, 0.0, -1.0), (-1.0, 0.0, -3.0), (-1.0, 1.0, -1.0), (-1.0, 0.0, 0.0)):
        months = capital.distressed_months_step(months, arr(*cash), credit, 0.5)
    np.testing.assert_array_equal(months, [2.0, 0.5, 0.0])


def test_only_stand_alone_labs_leave():
    months = np.array([[6.0, 5.5], [6.0, 6.0], [9.0, 9.0]])
    alone = np.array([[True], [False], [True]])
    alive = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    got = capital.leaves_market(months, alone, alive, np.array(6.0))
    np.testing.assert_array_equal(got, [[True, False], [False, False], [False, True]])
