"""Checks of single markets: a pegged price is seen, and what a user costs follows the written formula."""

import numpy as np
import pytest

from experiments.trust.checks import (
    PAYING,
    PRICE,
    QUERY_COST,
    QUOTA,
    USERS,
    demand_2030,
    openai_cost,
    openai_paying,
    power_price,
)
from experiments.trust.forecasts import compare, needed_series, read_forecasts


@pytest.mark.parametrize(("months", "holds"), [(23, True), (24, False)])
def test_a_price_near_its_limit_for_two_years_is_pegged(months: int, holds: bool) -> None:
    price = np.full((60, 2), 80.0)
    price[10 : 10 + months, 1] = 80.0 + 0.95 * 400.0
    found = power_price({PRICE: price}, np.full(2, 400.0))
    assert found.holds is holds
    assert f"longest spell {months} months" in found.measured


def test_a_user_costs_what_free_and_paying_ones_send() -> None:
    """A quota of ln 2 demands halves exponential demand: 4 queries free; 10 % pay for 20 at 2.5 times."""
    row = np.ones((1, 1))
    table = {QUERY_COST: 0.1 * row, QUOTA: 8.0 * np.log(2.0) * row, USERS: 10.0 * row, PAYING: 1.0 * row}
    found = openai_cost(table, np.array([8.0]), np.array([20.0]), np.array([2.5]))
    assert found.measured == f"median {0.1 * (0.9 * 4.0 + 0.1 * 50.0):.2f}"
    assert found.holds


@pytest.mark.parametrize(("paying", "holds"), [(1.0, False), (6.0, True), (9.0, False)])
def test_the_paying_share_has_two_bounds(paying: float, holds: bool) -> None:
    table = {USERS: np.full((36, 3), 100.0), PAYING: np.full((36, 3), paying)}
    assert openai_paying(table).holds is holds


@pytest.mark.parametrize(("gw", "holds"), [(1.0, False), (40.0, True), (400.0, False)])
def test_us_demand_has_to_lie_among_the_forecasts(gw: float, holds: bool) -> None:
    forecasts = read_forecasts()
    table = {name: np.full((60, 2), gw) for name in needed_series(forecasts)}
    assert demand_2030(compare(forecasts, table, "2026-01")).holds is holds
