"""Two steps a month give what one gives: winners, shares, and errors that halve with the step."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from sim.axes import RESPONSES
from sim.context import Context
from sim.dimensions import HEADLINE
from sim.model import forget
from sim.outcome import OPEN, evaluate
from sim.recorder import declare
from sim.units import Array

DEFINITIONS = ("w1", "w2", "w3", "w4", "w5", "w6", "w8", "w10")
LEAST_AGREEMENT = 0.95
LARGEST_CHANGE = 0.02
"""What the project promises: worlds whose class agrees, shares as they are reported (decision 44)."""
LARGEST_OF_ROBOTS = {"w4.2035": 0.03}
"""The one share of worlds that moves by more: by 0.027 of 256 worlds where China resists."""
LEAST_WITHIN = {"d1": 0.85, "d2": 0.95, "d3": 0.95, "d4": 0.9}
"""In how many single worlds a share stays within the tolerance; a month's lag is 0.05 of D5."""
MOST_ORDER = 0.8
"""Errors of first order halve with the step: 0.5. A rate taken for an amount gives 1 or more."""
SMOOTH = (
    "accelerators_h100e",
    "active_users_million",
    "ai_revenue_usd",
    "capability_lag_months",
    "capability_orders",
    "cash_usd",
    "chip_output_h100e",
    "chip_price_usd_per_h100e",
    "chips_imported_h100e",
    "dark_factory_share",
    "enterprise_market_usd",
    "foundation_share",
    "free_quota_per_day",
    "held_gw",
    "humanoid_shipments",
    "humanoid_unit_cost_usd",
    "humanoids_working",
    "industrial_robots",
    "manufacturing_output_usd",
    "paying_users_million",
    "power_price_usd_per_mwh",
    "power_queue_gw",
    "powered_compute_h100e",
    "powered_gw",
    "rent_usd_per_h100e_month",
    "revenue_usd",
    "robot_labour_workers",
    "runway_months",
    "serving_cost_usd_per_h100e_month",
    "subscription_price_usd_per_month",
)
"""Series without thresholds that single worlds cross at another moment."""

Columns = dict[str, Array]


def plan_of(worlds: int, months: int) -> RunPlan:
    return plan_from_config(
        compose_run(
            [f"worlds={worlds}", f"months={months}", "consumers=cohort", "noise=false", "responses=[passive]"]
        )
    )


@cache
def outcomes(worlds: int, months: int, steps: int, response: str = "passive") -> Columns:
    """Return the outcomes of a run with that many steps a month, and the last month's record."""
    plan, ids = plan_of(worlds, months), np.arange(worlds)
    settings = plan.settings_for(ids, np.full(worlds, RESPONSES.index(response)))
    stepped = replace(settings, steps_per_month=steps)
    model = build_model(plan.params_for(ids), plan.axes, plan.start, stepped, plan.history)
    model.run()
    found = evaluate(model.context, plan.outcome, model.recorder.series, model.recorder.data)
    found["last"] = model.recorder.data[:, -1].astype(np.float64)
    forget(model)
    return found


def horizons(months: int) -> list[str]:
    return [year for year, end in (("2030", 60), ("2035", 120), ("2040", 180)) if end <= months]


def agreement(worlds: int, months: int, response: str = "passive") -> dict[str, float]:
    one, two = (outcomes(worlds, months, steps, response) for steps in (1, 2))
    return {
        f"{definition}.{year}": float(
            (one[f"leader.{definition}.{year}"] == two[f"leader.{definition}.{year}"]).mean()
        )
        for definition in DEFINITIONS
        for year in horizons(months)
    }


def changes(worlds: int, months: int, response: str = "passive") -> dict[str, Array]:
    """Return by how much the half step moves each dimension's share in each world; none where D3 is open."""
    one, two = (outcomes(worlds, months, steps, response) for steps in (1, 2))
    moved = {}
    for year in horizons(months):
        for name in (*HEADLINE, "d1b", "d2b", "d3c", "d6", "d7"):
            moved[f"{name}.{year}"] = np.abs(one[f"share.{name}.{year}"] - two[f"share.{name}.{year}"])
        is_open = (one[f"leader.w4.{year}"] == OPEN) & (two[f"leader.w4.{year}"] == OPEN)
        moved[f"d3.{year}"] = np.where(is_open, 0.0, moved[f"d3.{year}"])
    return moved


def share_moves(worlds: int, months: int, response: str = "passive") -> dict[str, float]:
    """Return by how much the half step moves the share of worlds of each class, the largest by definition."""
    one, two = (outcomes(worlds, months, steps, response) for steps in (1, 2))
    moves = {}
    for definition in DEFINITIONS:
        for year in horizons(months):
            leaders = [run[f"leader.{definition}.{year}"] for run in (one, two)]
            classes = np.unique(np.concatenate(leaders))
            moves[f"{definition}.{year}"] = max(
                abs(float((leaders[0] == name).mean() - (leaders[1] == name).mean())) for name in classes
            )
    return moves


def assert_half_step_changes_little(worlds: int, months: int, response: str = "passive") -> None:
    agree = agreement(worlds, months, response)
    assert agree
    assert min(agree.values()) >= LEAST_AGREEMENT, agree
    moved = changes(worlds, months, response)
    means = {name: float(change.mean()) for name, change in moved.items()}
    assert max(means.values()) <= LARGEST_CHANGE, means
    reported = share_moves(worlds, months, response)
    # Few worlds have coarse shares: one of them may always move.
    most = {name: max(LARGEST_OF_ROBOTS.get(name, LARGEST_CHANGE), 1.0 / worlds) for name in reported}
    assert all(reported[name] <= most[name] for name in reported), reported
    within = {name: float((change <= LARGEST_CHANGE).mean()) for name, change in moved.items()}
    short = {
        name: share for name, share in within.items() if share < LEAST_WITHIN.get(name.partition(".")[0], 0.0)
    }
    assert not short, short


def test_half_a_step_changes_neither_winners_nor_shares() -> None:
    assert_half_step_changes_little(24, 60)


@pytest.mark.full
@pytest.mark.parametrize("response", RESPONSES)
def test_half_a_step_changes_neither_winners_nor_shares_to_the_horizon(response: str) -> None:
    assert_half_step_changes_little(256, 180, response)


def test_errors_halve_with_the_step() -> None:
    """One, two and four steps a month: what differs between them shrinks as the step, not less."""
    worlds, months = 12, 24
    one, two, four = (outcomes(worlds, months, steps)["last"] for steps in (1, 2, 4))
    plan, ids = plan_of(worlds, months), np.arange(worlds)
    params, settings = plan.params_for(ids), plan.settings_for(ids, np.zeros(worlds, np.int64))
    context = Context(plan.axes, params, plan.start, settings, plan.history)
    names = [series.name for series in declare(context)]
    orders = {}
    for quantity in SMOOTH:
        rows = [row for row, name in enumerate(names) if name.partition(".")[0] == quantity]
        assert rows, f"{quantity} is not recorded"
        # A price is missing where nothing is offered.
        first = np.nansum(np.abs(two[rows] - one[rows]))
        second = np.nansum(np.abs(four[rows] - two[rows]))
        assert first > 0.0, f"{quantity} does not move with the step: leave it out"
        orders[quantity] = float(second / first)
    assert max(orders.values()) <= MOST_ORDER, orders
