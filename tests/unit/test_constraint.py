"""The binding-constraint ledger, on a step in which rent equals cost, until one number is changed."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim.acts.compute import cloud_user_cost_usd
from sim.axes import CN, US, sum_by_bloc
from sim.constraint import NEGLIGIBLE_SHARE, Constraint, binding, mean_by_bloc
from sim.context import Context
from sim.model import forget
from sim.month import Month, advance
from sim.physics.robot_output import OUTPUT_LIMITS
from sim.plans import Plans
from sim.state import State
from sim.units import MILLION, Array

POWER, CHIPS, CAPITAL, DEMAND, PARTS = range(1, 6)
MARGIN = 100.0
"""USD of rent above cost in an H100e-month, where a test makes compute scarce."""
EXACT = 1e-10
"""Sums and products of a few dozen numbers; a margin is a difference of numbers ten times as large."""


@dataclasses.dataclass(frozen=True)
class Quiet:
    """A step in which nothing binds: all is powered, filled, let and made, and rent is what compute costs."""

    ctx: Context
    state: State
    plans: Plans
    month: Month

    @property
    def rent(self) -> Array:
        """Rent by cloud."""
        return self.month.compute.rent_usd

    def dearer(self, bloc: int) -> Array:
        """Return rents with a margin above cost in a bloc's clouds."""
        return self.rent + MARGIN * (self.ctx.axes.clouds.bloc == bloc)[:, None]

    def let(self, bloc: int) -> Array:
        """Return what is let in a bloc's clouds."""
        used = self.month.compute
        let: Array = sum_by_bloc(used.leased_h100e.sum(0) + used.tenant_h100e, self.ctx.axes.clouds.bloc)[
            bloc
        ]
        return let

    def bound(self, **outcomes: dict[str, Any]) -> Constraint:
        """Measure the step with some numbers of its outcomes written over."""
        changes = {
            name: dataclasses.replace(getattr(self.month, name), **new) for name, new in outcomes.items()
        }
        return binding(self.ctx, self.state, self.plans, dataclasses.replace(self.month, **changes))


@pytest.fixture(scope="module")
def quiet() -> Quiet:
    plan = plan_from_config(compose_run(["worlds=3", "consumers=cohort", "responses=[passive]", "months=2"]))
    ids, response = plan.columns(np.arange(plan.worlds))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    forget(model)
    state, plans = model.state, model.plans()
    _, month = advance(model.context, state, plans)
    used, made = month.compute, month.chips
    let = used.leased_h100e.sum(0) + used.tenant_h100e
    bids = plans.chip_bid_usd
    limits = month.robots.limit_units.copy()
    limits[OUTPUT_LIMITS.index("parts")] = 2.0 * limits.max(0)
    changes: dict[str, Any] = {
        "compute": dataclasses.replace(
            used,
            powered_share=np.ones_like(used.powered_share),
            rent_usd=cloud_user_cost_usd(model.context, state),
            cloud_powered_h100e=let,
            occupancy=np.ones_like(used.occupancy),
            **{
                f"{use}_served_share": np.ones_like(used.capacity_h100e)
                for use in ("enterprise", "paid", "free")
            },
        ),
        "chips": dataclasses.replace(made, paid_usd=bids, held_back_h100e=0.0 * made.held_back_h100e),
        "robots": dataclasses.replace(month.robots, limit_units=limits),
    }
    return Quiet(model.context, state, plans, dataclasses.replace(month, **changes))


def only(bound: Constraint, row: int, bloc: int) -> Array:
    """Return what a limit costs a bloc, after checking that no other costs anybody anything."""
    rest = bound.lost_usd.copy()
    rest[row, bloc] = 0.0
    assert (rest == 0.0).all()
    assert (bound.code[1 - bloc] == 0.0).all()
    assert (bound.code[bloc] == row).all()
    assert (bound.shadow_usd[row, bloc] > 0.0).all()
    return bound.lost_usd[row, bloc]


def test_nothing_binds_where_nothing_is_short(quiet: Quiet) -> None:
    bound = quiet.bound()
    assert (bound.code == 0.0).all()
    assert (bound.lost_usd == 0.0).all()
    assert (bound.shadow_usd == 0.0).all()


def test_scarcity_that_nothing_else_explains_is_want_of_money(quiet: Quiet) -> None:
    bound = quiet.bound(compute={"rent_usd": quiet.dearer(US)})
    np.testing.assert_allclose(only(bound, CAPITAL, US), MARGIN * quiet.let(US), rtol=EXACT)
    price = mean_by_bloc(
        quiet.plans.chip_makers.price_usd,
        quiet.month.chips.made_h100e,
        quiet.ctx.axes.chip_makers.bloc,
    )[US]
    np.testing.assert_allclose(bound.shadow_usd[CAPITAL, US], MARGIN / price * MILLION, rtol=EXACT)


def test_scarcity_with_dark_accelerators_is_want_of_power(quiet: Quiet) -> None:
    china = quiet.ctx.axes.owner_bloc == CN
    share = quiet.month.compute.powered_share.copy()
    share[china] = 0.75
    rent = quiet.dearer(CN)
    bound = quiet.bound(compute={"powered_share": share, "rent_usd": rent})
    np.testing.assert_allclose(only(bound, POWER, CN), MARGIN * quiet.let(CN), rtol=EXACT)
    # A GW-month more lights as many accelerators as the dark ones have per GW at the meter.
    held = quiet.month.chips.fleet_h100e[china].sum((0, 1, 2))
    it_gw = quiet.month.chips.fleet_gw[china].sum(1)
    pue = np.concatenate([quiet.ctx.by_world(quiet.ctx.params.power.pue), np.ones((1, 3))])
    need = (it_gw * pue).sum((0, 1))
    mean = mean_by_bloc(rent, quiet.month.compute.cloud_powered_h100e, quiet.ctx.axes.clouds.bloc)[CN]
    np.testing.assert_allclose(bound.shadow_usd[POWER, CN], held / need * mean, rtol=EXACT)


def test_machines_not_bought_for_want_of_power_count_as_dark(quiet: Quiet) -> None:
    held_back = quiet.month.chips.held_back_h100e.copy()
    held_back[quiet.ctx.axes.owners.index("cloud_us")] = 1e5
    bound = quiet.bound(chips={"held_back_h100e": held_back}, compute={"rent_usd": quiet.dearer(US)})
    np.testing.assert_allclose(only(bound, POWER, US), MARGIN * quiet.let(US), rtol=EXACT)


def unfilled(quiet: Quiet, h100e: float) -> dict[str, Array]:
    """Leave the US cloud without some of the accelerators that it bid for."""
    axes = quiet.ctx.axes
    paid = quiet.month.chips.paid_usd.copy()
    owner, maker = axes.owners.index("cloud_us"), axes.chip_makers.names.index("nvidia")
    paid[owner, maker] -= h100e * quiet.plans.chip_makers.price_usd[maker]
    return {"paid_usd": paid}


def test_scarcity_with_bids_not_filled_is_want_of_chips(quiet: Quiet) -> None:
    bound = quiet.bound(chips=unfilled(quiet, 1e3), compute={"rent_usd": quiet.dearer(US)})
    np.testing.assert_allclose(only(bound, CHIPS, US), MARGIN * quiet.let(US), rtol=EXACT)


def test_scarcity_is_shared_out_by_what_kept_accelerators_away(quiet: Quiet) -> None:
    axes, used = quiet.ctx.axes, quiet.month.compute
    held_back = quiet.month.chips.held_back_h100e.copy()
    held_back[axes.owners.index("cloud_us")] = 3e3
    cloud = axes.clouds.names.index("cloud_us")
    occupancy = used.occupancy.copy()
    occupancy[cloud] = 1.0 + 1e4 / used.cloud_powered_h100e[cloud]
    bound = quiet.bound(
        chips={"held_back_h100e": held_back, **unfilled(quiet, 2e3)},
        compute={"occupancy": occupancy, "rent_usd": quiet.dearer(US)},
    )
    # Of 10,000 asked for beyond all there is, 3,000 want power, 2,000 were not delivered, 5,000 not bought.
    parts = bound.lost_usd[:, US] / (MARGIN * quiet.let(US))
    # The occupancy carries 10,000 of several million: nine digits are left.
    np.testing.assert_allclose(parts[[POWER, CHIPS, CAPITAL]].T, [[0.3, 0.2, 0.5]] * 3, rtol=1e-7)
    assert (bound.code[US] == CAPITAL).all()
    assert (bound.lost_usd[:, CN] == 0.0).all()


def test_users_not_served_ask_for_compute(quiet: Quiet) -> None:
    lab = quiet.ctx.axes.labs.names.index("deepseek")
    used = quiet.month.compute
    served = used.free_served_share.copy()
    served[lab] = 0.5
    wanting = used.uses.free_h100e[lab]
    held_back = quiet.month.chips.held_back_h100e.copy()
    held_back[lab] = wanting / 4.0
    bound = quiet.bound(
        chips={"held_back_h100e": held_back},
        compute={"free_served_share": served, "rent_usd": quiet.dearer(CN)},
    )
    # Half of what was asked for was served, so as much again is missing: a quarter of that for want of power.
    parts = bound.lost_usd[:, CN] / (MARGIN * quiet.let(CN))
    np.testing.assert_allclose(parts[[POWER, CAPITAL]].T, [[0.25, 0.75]] * 3, rtol=EXACT)


def test_idle_compute_costs_the_rent_it_would_earn(quiet: Quiet) -> None:
    cloud = quiet.ctx.axes.clouds.names.index("cloud_cn")
    powered = quiet.month.compute.cloud_powered_h100e.copy()
    powered[cloud] += 5e5
    bound = quiet.bound(compute={"cloud_powered_h100e": powered})
    np.testing.assert_allclose(only(bound, DEMAND, CN), 5e5 * quiet.rent[cloud], rtol=1e-9)


def test_rent_below_cost_is_want_of_demand(quiet: Quiet) -> None:
    chinese = (quiet.ctx.axes.clouds.bloc == CN)[:, None]
    bound = quiet.bound(compute={"rent_usd": quiet.rent - 10.0 * chinese})
    np.testing.assert_allclose(only(bound, DEMAND, CN), 10.0 * quiet.let(CN), rtol=1e-9)


def test_parts_cost_the_margin_on_robots_not_built(quiet: Quiet) -> None:
    maker = quiet.ctx.axes.robot_makers.names.index("agibot")
    limits = quiet.month.robots.limit_units.copy()
    parts = OUTPUT_LIMITS.index("parts")
    others = np.delete(limits, parts, axis=0).min(0)
    limits[parts, maker] = others[maker] - 10.0
    margin = quiet.plans.robot_makers.price_usd[maker] - quiet.state.robots.unit_cost_usd[maker]
    lots = {"robots": {"limit_units": limits}, "books": {"revenue_usd": 0.0 * quiet.month.books.revenue_usd}}
    bound = quiet.bound(**lots)
    np.testing.assert_allclose(only(bound, PARTS, CN), 10.0 * margin, rtol=1e-9)
    np.testing.assert_allclose(bound.shadow_usd[PARTS, CN], margin, rtol=1e-9)


def test_small_losses_bind_nobody(quiet: Quiet) -> None:
    cloud = quiet.ctx.axes.clouds.names.index("cloud_us")
    used, books = quiet.month.compute, quiet.month.books
    revenue = sum_by_bloc(books.revenue_usd, quiet.ctx.axes.labs.bloc)[US]
    for share, code in ((0.9 * NEGLIGIBLE_SHARE, 0.0), (1.1 * NEGLIGIBLE_SHARE, float(DEMAND))):
        powered = used.cloud_powered_h100e.copy()
        powered[cloud] += share * revenue / quiet.rent[cloud]
        bound = quiet.bound(compute={"cloud_powered_h100e": powered})
        assert (bound.code[US] == code).all()
        assert (bound.lost_usd[DEMAND, US] > 0.0).all()


def test_the_largest_loss_binds(quiet: Quiet) -> None:
    cloud = quiet.ctx.axes.clouds.names.index("cloud_us")
    rent = quiet.dearer(US)
    for factor, code in ((0.9, CAPITAL), (1.1, DEMAND)):
        powered = quiet.month.compute.cloud_powered_h100e.copy()
        powered[cloud] += factor * MARGIN * quiet.let(US) / rent[cloud]
        bound = quiet.bound(compute={"rent_usd": rent, "cloud_powered_h100e": powered})
        assert (bound.code[US] == code).all()


def test_a_mean_without_members_is_everybodys() -> None:
    values, weight = np.array([[1.0], [4.0]]), np.array([[2.0], [1.0]])
    both_us = mean_by_bloc(values, weight, np.array([US, US]))
    assert both_us.tolist() == [[2.0], [2.0]]
    assert mean_by_bloc(values, weight, np.array([US, CN])).tolist() == [[1.0], [4.0]]
    nobody = mean_by_bloc(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0, np.int64))
    assert nobody.tolist() == [[0.0], [0.0]]
