"""The acts of orbit: mass, losses and repairs, what launches cost and teach, and what charges recover."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.acts import orbit
from tests.identities.robots_months import (
    EXACT,
    WORLDS,
    assert_same,
    context,
    drawn_run,
    last,
    run,
    seal,
    start,
)


def test_satellites_are_launched_lost_and_repaired_within_the_mass() -> None:
    launched = 0.0
    for step in drawn_run()[1]:
        out = step.orbit
        before = step.before.orbit.vintage_gw.sum(0)
        after = before - out.failed_gw - out.retired_gw + out.restored_gw + out.launched_gw
        assert_same(out.table.vintage_gw.sum(0), after, before + out.launched_gw)
        assert (out.launched_kg + out.repair_kg <= out.capacity_kg * (1.0 + EXACT)).all()
        assert (out.restored_gw <= out.failed_gw * (1.0 + EXACT)).all()
        launched += float(out.launched_gw.sum())
    assert launched > 1.0


def test_satellite_that_cannot_cool_is_never_launched() -> None:
    ctx = context("orbit.absorbed_flux=3000", "orbit.start_month_us=0")
    final = last(run(ctx, 3))
    assert np.isinf(final.orbit.costs.mass_kg_per_kw).all()
    assert (final.orbit.table.vintage_gw == 0.0).all()
    assert np.isfinite(final.orbit.table.cash_usd).all()


def test_orbit_costs_what_the_ground_does_at_the_break_even_launch_cost() -> None:
    ctx = context("uncertainty=none", "orbit.satellite_hardware=1", "orbit.launch_cost_floor=0")
    cost = orbit.costs(ctx, start(ctx))
    launch = float(cost.break_even_usd_per_kg[0, 0])
    assert launch > 0.0
    even = context(
        "uncertainty=none",
        "orbit.satellite_hardware=1",
        "orbit.launch_cost_floor=0",
        f"orbit.launch_cost_start={launch!r}",
    )
    found = orbit.costs(even, start(even))
    assert np.allclose(
        found.orbit_delivered_usd_per_kw_year[0], found.ground_delivered_usd_per_kw_year[0], rtol=1e-9
    )


def test_repairs_come_first_and_launches_take_the_mass_that_is_left() -> None:
    ctx = context("uncertainty=none", "orbit.start_month_us=0", "orbit.start_month_cn=0")
    state = start(ctx)
    state.orbit = seal(replace(state.orbit, vintage_gw=state.orbit.vintage_gw + 2.0))
    eager = SimpleNamespace(launch_gw=np.full((len(ctx.axes.orbital_operators.names), WORLDS), 1e6))
    out = orbit.act(ctx, state, SimpleNamespace(orbital_operators=eager), np.zeros((2, WORLDS)))
    assert (out.repair_kg > 0.0).all()
    assert np.allclose(out.launched_kg + out.repair_kg, out.capacity_kg, rtol=EXACT)
    assert np.allclose(out.restored_gw, out.failed_gw * ctx.params.orbit.repair_share, rtol=EXACT)


def test_launches_teach_by_the_mass_on_top_of_what_all_had_launched() -> None:
    ctx = context("uncertainty=none", "orbit.launch_cost_floor=0", "orbit.launch_learning_rate=0.2")
    state = start(ctx)
    before = orbit.costs(ctx, state).launch_usd_per_kg
    assert np.allclose(before[0], ctx.params.orbit.launch_cost_start, rtol=EXACT)
    assert np.allclose(before[1] / before[0], ctx.params.orbit.cn_launch_cost_ratio, rtol=EXACT)
    more = state.orbit.launched_kg + ctx.start.orbital_operators.launched_tonnes.sum() * 1e3
    state.orbit = seal(replace(state.orbit, launched_kg=more))
    assert np.allclose(orbit.costs(ctx, state).launch_usd_per_kg / before, 0.8, rtol=EXACT)


@pytest.mark.parametrize("growth", [0.0, 0.3])
def test_other_launches_make_computing_in_orbit_cheaper(growth: float) -> None:
    ctx = context("uncertainty=none", "orbit.orbital_cap=0", f"orbit.other_launch_growth={growth}")
    steps = list(run(ctx, 24))
    launched = steps[-1].orbit.table.launched_kg - steps[0].before.orbit.launched_kg
    per_year = 0.25 * ctx.start.orbital_operators.launched_tonnes[:, None] * 1e3
    years = 2.0 if growth == 0.0 else ((1.0 + growth) ** 2 - 1.0) / np.log1p(growth)
    assert np.allclose(launched, per_year * years, rtol=EXACT)
    costs = [step.orbit.costs.launch_usd_per_kg for step in steps]
    assert (costs[-1] < costs[0]).all()


def test_free_satellites_cost_what_their_chips_do() -> None:
    ctx = context("uncertainty=none", "orbit.launch_cost_start=0", "orbit.satellite_hardware=0")
    state = start(ctx)
    chips, rules = ctx.params.chips, ctx.params.orbit
    use = ctx.params.capital.interest_rate + chips.user_cost_depreciation + rules.chip_failure_orbit
    wanted = use * orbit.ground_terms(ctx, state).chip_usd_per_kw[ctx.axes.orbital_operators.bloc]
    assert np.allclose(orbit.costs(ctx, state).orbit_nominal_usd_per_kw_year, wanted, rtol=EXACT)


def test_dark_chips_make_the_ground_dearer() -> None:
    ctx = context("uncertainty=none")
    state = start(ctx)
    lit = orbit.costs(ctx, state).ground_delivered_usd_per_kw_year
    state.fleet = replace(state.fleet, powered_share=0.5 * state.fleet.powered_share)
    assert (orbit.costs(ctx, state).ground_delivered_usd_per_kw_year > lit).all()


def test_charges_recover_the_cost_of_a_vintage() -> None:
    # Without failures and interest, charges over a life add up to what launch and satellite cost.
    ctx = context(
        "uncertainty=none", "orbit.orbital_attrition=0", "capital.interest_rate=0", "orbit.start_month_us=0"
    )
    cost = orbit.costs(ctx, start(ctx))
    life = ctx.params.orbit.satellite_life
    assert np.allclose(cost.charge_usd_per_kw_year * life, cost.capex_usd_per_kw, rtol=EXACT)
