"""The record: what is declared, and that it holds what the step holds."""

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim.axes import BLOCS, CONSTRAINTS, PAID
from sim.constraint import Constraint, binding
from sim.context import Context
from sim.model import RaceModel, forget
from sim.month import Month, advance
from sim.plans import Plans
from sim.recorder import Recorder, declare
from sim.series import KINDS, WHENS
from sim.series_world import SHADOWS
from sim.state import State
from sim.units import MILLION, Array

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,2}")
UNIT_ENDS = {
    "million": "million people",
    "usd": "USD",
    "h100e": "H100e",
    "gw": "GW",
    "months": "months",
    "usd_per_mwh": "USD per MWh",
    "usd_per_h100e": "USD per H100e",
    "usd_per_kg": "USD per kg",
    "usd_per_month": "USD per month",
    "usd_per_h100e_month": "USD per H100e-month",
    "per_day": "queries a day",
    "workers": "workers",
    "orders": "orders of magnitude",
    "twh_per_year": "TWh per year",
    "share": "share",
    "code": "code",
}


def started(*overrides: str) -> RaceModel:
    plan = plan_from_config(
        compose_run(["worlds=3", "consumers=cohort", "responses=[passive]", "months=3", *overrides])
    )
    ids, response = plan.columns(np.arange(plan.worlds))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    forget(model)
    return model


STEP_IN_LAW = ("paid_goods_loss_usd", "free_tier_loss_usd", "capability_lag_months", "share.d5")
"""Read off with the length of the step: amounts against rates, and months counted in steps."""


@dataclasses.dataclass(frozen=True)
class Taken:
    ctx: Context
    before: State
    plans: Plans
    month: Month
    bound: Constraint
    after: State

    def recorded(self, steps: int = 1) -> Recorder:
        """Record the same step as often as a month has steps, the flows of each twice the last one's."""
        settings = dataclasses.replace(self.ctx.settings, steps_per_month=steps)
        ctx = dataclasses.replace(self.ctx, settings=settings)
        recorder = Recorder(ctx)
        for tick in range(steps):
            before = dataclasses.replace(self.before, tick=tick)
            recorder.record(before, self.plans, self.month, self.bound, self.after)
        return recorder


@pytest.fixture(scope="module")
def taken() -> Taken:
    model = started()
    model.step()
    before, plans = model.state, model.plans()
    after, month = advance(model.context, before, plans)
    return Taken(model.context, before, plans, month, binding(model.context, before, plans, month), after)


# ---- what is declared ---------------------------------------------------------------------------------


def test_declarations_are_complete(taken: Taken) -> None:
    series = declare(taken.ctx)
    names = [one.name for one in series]
    assert len(set(names)) == len(names)
    for one in series:
        assert NAME.fullmatch(one.name), one.name
        assert one.kind in KINDS, one
        assert one.when in WHENS, one
        assert one.unit, one
        assert one.equation, one
        assert one.definition.endswith("."), one
        # A flow adds up over a month, unless its name says that it is a rate; nothing else does.
        assert (one.when == "sum") == (one.kind == "flow" and "_per_year" not in one.name), one


def test_names_end_in_their_unit(taken: Taken) -> None:
    ends = sorted(UNIT_ENDS, key=len, reverse=True)
    for one in declare(taken.ctx):
        quantity = one.name.split(".")[0]
        end = next((end for end in ends if quantity.endswith("_" + end)), None)
        if quantity.startswith("shadow_"):
            assert one.unit.startswith("USD per "), one
        elif end is not None:
            assert one.unit == UNIT_ENDS[end], one
        else:
            # Counts are plural nouns, and a share or a code needs no unit in its name.
            assert one.unit in ("robots", "labs", "share", "0 or 1"), one


def test_the_series_of_the_issue_are_there(taken: Taken) -> None:
    names = {one.name for one in declare(taken.ctx)}
    axes = taken.ctx.axes
    places = axes.markets.names
    for lab in axes.labs.names:
        for quantity in (
            "active_users_million",
            "paying_users_million",
            "revenue_usd",
            "cash_usd",
            "subscription_price_usd_per_month",
            "free_quota_per_day",
            "runway_months",
        ):
            assert f"{quantity}.{lab}" in names
        assert {f"active_users_million.{lab}.{place}" for place in places} <= names
    for place in places:
        for quantity in (
            "powered_gw",
            "held_gw",
            "power_queue_gw",
            "power_price_usd_per_mwh",
            "humanoids_working",
        ):
            assert f"{quantity}.{place}" in names
    for origin in (*axes.origins, *axes.clouds.names, *BLOCS):
        assert f"accelerators_h100e.{origin}" in names
    for maker in (*axes.robot_makers.names, "world"):
        assert f"humanoid_shipments.{maker}" in names
    for operator in axes.orbital_operators.names:
        assert f"orbital_gw.{operator}" in names
    for bloc in BLOCS:
        assert {f"robot_labour_workers.{bloc}", f"binding_constraint_code.{bloc}"} <= names
    assert "capability_lag_months" in names


def test_every_constraint_but_none_has_a_shadow_value() -> None:
    assert tuple(SHADOWS) == CONSTRAINTS[1:]


# ---- what is recorded ---------------------------------------------------------------------------------


def close(recorded: Array, expected: Any) -> None:
    """Compare with float32's rounding of one number."""
    np.testing.assert_allclose(recorded, np.asarray(expected), rtol=np.finfo(np.float32).eps)


def test_the_record_holds_what_the_step_holds(taken: Taken) -> None:
    recorder, after, month, axes = taken.recorded(), taken.after, taken.month, taken.ctx.axes
    assert recorder.data.dtype == np.float32
    assert recorder.data.shape == (len(recorder.series), 3, 3)
    overlap = taken.ctx.params.consumers.overlap_factor
    openai, row = axes.labs.names.index("openai"), axes.markets.names.index("row")
    users = after.users * overlap / MILLION
    close(recorder.row("active_users_million.openai")[0], users[openai].sum((0, 1)))
    close(recorder.row("active_users_million.openai.row")[0], users[openai, :, row].sum(0))
    chinese = [i for i, bloc in enumerate(axes.labs.bloc) if bloc == 1]
    close(recorder.row("active_users_million.cn")[0], users[chinese].sum((0, 1, 2)))
    close(recorder.row("bloc_users_million.cn.row")[0], users[chinese][:, :, row].sum((0, 1)))
    close(recorder.row("paying_users_million.openai")[0], users[openai, PAID].sum(0))
    close(recorder.row("revenue_usd.openai")[0], month.books.revenue_usd[openai])
    close(recorder.row("ai_revenue_usd.cn")[0], month.books.revenue_usd[chinese].sum(0))
    close(recorder.row("power_queue_gw.row")[0], month.power.queue_gw[row])
    close(recorder.row("binding_constraint_code.us")[0], taken.bound.code[0])
    close(recorder.row("stringency.cn")[0], after.policy.stringency[1])
    close(recorder.row("cash_usd.openai")[0], after.labs.cash_usd[openai])
    assert (recorder.data[:, 1:] == 0.0).all()


def test_parts_add_up_to_the_whole(taken: Taken) -> None:
    recorder, axes = taken.recorded(), taken.ctx.axes

    def total(quantity: str, entities: Any) -> Array:
        return np.sum([recorder.row(f"{quantity}.{one}")[0].astype(np.float64) for one in entities], axis=0)

    def same(one: Array, other: Array) -> None:
        # Sums of up to 40 numbers, each rounded to float32 once.
        np.testing.assert_allclose(one, other, rtol=40 * np.finfo(np.float32).eps)

    held = total("accelerators_h100e", axes.chip_makers.names)
    same(held, total("accelerators_at_site_h100e", taken.ctx.sites))
    same(held, taken.after.fleet.h100e.sum((0, 1, 2)))
    same(total("active_users_million", axes.labs.names), total("active_users_million", BLOCS))
    same(total("revenue_usd", axes.labs.names), total("ai_revenue_usd", BLOCS))
    same(total("humanoid_shipments", axes.robot_makers.names), total("humanoid_shipments", ["world"]))
    same(total("industrial_robots", axes.markets.names), total("industrial_robots", ["world"]))
    people = total("nonusers_million", axes.markets.names)
    users = total("active_users_million", axes.labs.names) / taken.ctx.params.consumers.overlap_factor
    same(people + users, np.full(3, taken.ctx.start.markets.population_million.sum()))


def test_prices_are_means_over_the_places_where_a_lab_offers(taken: Taken) -> None:
    recorder, axes = taken.recorded(), taken.ctx.axes
    openai, china = axes.labs.names.index("openai"), axes.markets.names.index("cn")
    # China bars the apps of US labs: no price there, and no part in the mean.
    assert np.isnan(recorder.row("subscription_price_usd_per_month.openai.cn")[0]).all()
    users = np.delete(taken.after.users[openai].sum(0), china, axis=0)
    price = np.delete(taken.after.labs.price_usd[openai], china, axis=0)
    expected = (users * price).sum(0) / users.sum(0)
    close(recorder.row("subscription_price_usd_per_month.openai")[0], expected)
    deepseek = axes.labs.names.index("deepseek")
    close(recorder.row("free_quota_per_day.deepseek.cn")[0], taken.after.labs.quota_per_day[deepseek, china])


def test_a_lab_that_left_the_market_has_no_price_and_no_runway(taken: Taken) -> None:
    alive = taken.after.labs.alive.copy()
    alive[0, 1] = 0.0
    labs = dataclasses.replace(taken.after.labs, alive=alive)
    gone = dataclasses.replace(taken, after=dataclasses.replace(taken.after, labs=labs)).recorded()
    name = taken.ctx.axes.labs.names[0]
    before = taken.recorded()
    for quantity in ("subscription_price_usd_per_month", "free_quota_per_day", "runway_months"):
        assert np.isnan(gone.row(f"{quantity}.{name}")[0]).tolist() == [False, True, False]
    lost = {
        one for one, row, old in zip(gone.names, gone.data, before.data, strict=True)
        if (np.isnan(row[0]) & np.isfinite(old[0])).any()
    }  # fmt: skip
    assert all(one.split(".")[1] == name for one in lost)


def test_everything_but_offers_that_are_not_made_is_finite(taken: Taken) -> None:
    recorder, labs = taken.recorded(), taken.ctx.axes.labs
    missing = {one for one, row in zip(recorder.names, recorder.data, strict=True) if np.isnan(row).any()}
    abroad = [f"{lab}.cn" for lab, bloc in zip(labs.names, labs.bloc, strict=True) if bloc == 0]
    offers = ("subscription_price_usd_per_month", "free_quota_per_day")
    assert missing == {f"{quantity}.{lab}" for quantity in offers for lab in abroad}
    assert not np.isinf(recorder.data).any()


def test_half_steps_add_flows_average_means_and_end_with_stocks(taken: Taken) -> None:
    whole, halves = taken.recorded(1), taken.recorded(2)
    rate = {"revenue_usd", "ai_revenue_usd", "manufacturing_output_usd"}
    for row, one in enumerate(whole.series):
        quantity = one.name.split(".")[0]
        # The step that is recorded twice carries amounts; what is read off as a rate is halved by the step.
        factor = 2.0 if one.when == "sum" and quantity not in rate else 1.0
        if one.name in STEP_IN_LAW or quantity in STEP_IN_LAW:
            continue
        np.testing.assert_allclose(
            halves.data[row, 0], factor * whole.data[row, 0], rtol=1e-6, err_msg=one.name, equal_nan=True
        )


def test_a_run_in_half_steps_fills_every_month() -> None:
    model = started("steps_per_month=2", "noise=false")
    model.run()
    whole = started("noise=false")
    whole.run()
    for name in ("revenue_usd.openai", "active_users_million.openai", "manufacturing_output_usd.cn"):
        ratio = model.recorder.row(name) / whole.recorder.row(name)
        # Flows that were counted once a step instead of once a month would be off by a factor of two.
        assert (np.abs(ratio - 1.0) < 0.1).all(), name


def test_too_large_for_float32_is_stored_as_infinite(taken: Taken) -> None:
    policy = dataclasses.replace(taken.after.policy, stringency=np.full((2, 3), 1e300))
    huge = dataclasses.replace(taken, after=dataclasses.replace(taken.after, policy=policy)).recorded()
    assert np.isposinf(huge.row("stringency.us")[0]).all()


def test_an_unknown_series_is_named_with_the_nearest(taken: Taken) -> None:
    with pytest.raises(KeyError, match=r"revenue_usd\.openay.*nearest.*revenue_usd\.openai"):
        taken.recorded().row("revenue_usd.openay")


def test_a_few_series_have_the_bits_that_they_have_among_all() -> None:
    names = ("active_users_million.us", "binding_constraint_code.cn", "capability_lag_months")
    few, all_of_them = started(), started()
    few.show_only(names)
    few.run()
    all_of_them.run()
    assert set(names) <= set(few.recorder.names) < set(all_of_them.recorder.names)
    assert len(few.recorder.data) == len(few.recorder.names) < 10
    for name in few.recorder.names:
        np.testing.assert_array_equal(few.recorder.row(name), all_of_them.recorder.row(name))
    # Nothing that was not checked is said to be conserved.
    assert not list(few.worst.items())
    assert list(all_of_them.worst.items())


def test_a_series_that_is_not_declared_cannot_be_recorded() -> None:
    with pytest.raises(KeyError, match=r"powered_gv\.us.*nearest.*powered_gw\.us"):
        started().show_only(["powered_gv.us"])


# ---- the roster ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gone",
    [
        "openai",
        "deepseek",
        "cloud_us",
        "cloud_row",
        "nvidia",
        "cambricon",
        "tesla",
        "spacex",
        "[huawei,cambricon]",
        "[moonshot,limx,casc]",
    ],
)
def test_a_run_without_a_firm_is_recorded(gone: str) -> None:
    model = started(f"without={gone if gone.startswith('[') else f'[{gone}]'}")
    model.step()
    firms = gone.strip("[]").split(",")
    assert not [name for name in model.recorder.names if set(name.split(".")[1:]) & set(firms)]
    offers = ("subscription_price_usd_per_month", "free_quota_per_day")
    for name, row in zip(model.recorder.names, model.recorder.data[:, 0], strict=True):
        assert np.isfinite(row).all() or name.startswith(offers), name
