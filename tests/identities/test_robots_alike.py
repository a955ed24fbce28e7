"""The acts of robots, orbit and feedback: alike in equal blocs, in any batch and with half the step."""

from dataclasses import fields, replace

import numpy as np

from sim.axes import CN, US
from sim.context import Context
from tests.identities.robots_months import (
    ORDERS_A_YEAR,
    WORLDS,
    arrays,
    context,
    humanoids,
    last,
    month,
    run,
    start,
)

EQUAL_BLOCS = (
    "uncertainty=none",
    "robots.optimus_unit_cost=30",
    "robots.agibot_unit_cost=30",
    "robots.optimus_cost_floor=8",
    "robots.agibot_cost_floor=8",
    "robots.domestic_chain_us=0.5",
    "robots.domestic_chain_cn=0.5",
    "robots.industrial_price={us:50,allies:50,cn:50}",
    "robots.pilot_demand_share={us:0.4,allies:0,cn:0.4,row:0.2}",
    "chips.export_stringency=0.3",
    "chips.export_stringency_cn=0.3",
    "feedback.supply_chain_depth={us:0.8,cn:0.8}",
    "capability.lag_start_cn=0",
)


def equal_blocs() -> Context:
    """Build two blocs with a maker and a market each, alike in every number; allies are empty."""
    ctx = context(*EQUAL_BLOCS)
    makers, markets, machines = ctx.axes.robot_makers, ctx.axes.markets, ctx.axes.industrial_makers
    pair = [makers.names.index("figure"), makers.names.index("agibot")]
    us, allies, cn = (markets.names.index(name) for name in ("us", "allies", "cn"))
    chosen = {field.name: np.asarray(getattr(makers, field.name))[pair] for field in fields(makers)}
    chosen["names"] = tuple(chosen["names"])
    start_of_makers = {
        field.name: np.asarray(getattr(ctx.start.robot_makers, field.name))[pair][[1, 1]]
        for field in fields(ctx.start.robot_makers)
    }
    table = {}
    for field in fields(ctx.start.markets):
        values = np.array(getattr(ctx.start.markets, field.name), np.float64)
        values[cn] = values[us]
        values[allies] = 0.0
        table[field.name] = values
    shares = np.zeros_like(table["industrial_supplier_share"])
    home_machines = {bloc: int(np.flatnonzero(machines.bloc == bloc)[0]) for bloc in (US, CN)}
    shares[us, home_machines[US]] = shares[cn, home_machines[CN]] = 0.8
    shares[us, home_machines[CN]] = shares[cn, home_machines[US]] = 0.2
    shares[markets.names.index("row"), list(home_machines.values())] = 0.5
    table["industrial_supplier_share"] = shares
    return replace(
        ctx,
        axes=replace(ctx.axes, robot_makers=replace(makers, **chosen)),
        start=replace(
            ctx.start,
            markets=replace(ctx.start.markets, **table),
            robot_makers=replace(ctx.start.robot_makers, **start_of_makers),
        ),
    )


def test_equal_blocs_stay_equal() -> None:
    ctx = equal_blocs()
    state = start(ctx)
    power = np.broadcast_to(state.power.price_usd_per_mwh[:1], state.power.price_usd_per_mwh.shape)
    state.power = replace(state.power, price_usd_per_mwh=power)
    us, cn = ctx.axes.markets.names.index("us"), ctx.axes.markets.names.index("cn")
    for index in range(36):
        step = month(ctx, state, np.full((2, WORLDS), ORDERS_A_YEAR * index / 12.0))
        state = step.after
    out = step.robots
    for values in (out.made_units, out.revenue_usd, out.table.price_usd, step.feedback.multiplier):
        assert np.allclose(values[0], values[1], rtol=1e-9)
    assert np.allclose(out.labour_workers[0, us], out.labour_workers[1, cn], rtol=1e-9)
    assert np.allclose(out.labour_workers[0, cn], out.labour_workers[1, us], rtol=1e-9)
    assert (out.labour_workers[0, us] > out.labour_workers[1, us]).all()
    assert np.allclose(
        step.feedback.output_usd_per_year[us], step.feedback.output_usd_per_year[cn], rtol=1e-9
    )


def test_world_has_the_same_bits_in_any_batch() -> None:
    whole, pair = last(run(context(), 18)), last(run(context(ids=(5, 2)), 18))
    for (name, left), (_, right) in zip(arrays(whole.robots), arrays(pair.robots), strict=True):
        assert np.array_equal(left[..., [5, 2]], right), name
    for (name, left), (_, right) in zip(arrays(whole.orbit.table), arrays(pair.orbit.table), strict=True):
        assert np.array_equal(left[..., [5, 2]], right), name


def test_half_steps_tell_the_same_story() -> None:
    # Plans see the last step's orders, a month or half a month old. At 4 % growth a month that is 2 % in
    # orders, and as much again in lines, which follow orders.
    whole = last(run(context("uncertainty=none"), 24)).robots.table
    half = last(run(context("uncertainty=none", "steps_per_month=2"), 24)).robots.table
    for name in ("shipped_units", "experience_units", "pilot_units", "line_per_month", "industrial_units"):
        left, right = getattr(whole, name), getattr(half, name)
        assert np.allclose(left, right, rtol=0.05, atol=1e-9), name
    assert np.allclose(humanoids(whole), humanoids(half), rtol=0.02)
