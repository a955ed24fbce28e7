"""Every conservation law, kept by a real run and broken on purpose, one number at a time."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim.axes import CN, US
from sim.context import Context
from sim.invariants import LAWS, Worst, balance, excess, residuals
from sim.ledger import FLOWS, SECTORS
from sim.model import RaceModel, forget
from sim.month import Month
from sim.state import State
from sim.units import Array

TOLERANCE = 1e-9
HIT = 1
"""The world that is broken; the others must stay as they are."""


def started(*overrides: str) -> RaceModel:
    plan = plan_from_config(
        compose_run(["worlds=3", "agents_per_world=400", "responses=[passive]", "months=24", *overrides])
    )
    ids, response = plan.columns(np.arange(plan.worlds))
    settings = plan.settings_for(ids, response)
    return build_model(plan.params_for(ids), plan.axes, plan.start, settings, plan.history)


@dataclasses.dataclass(frozen=True)
class Case:
    ctx: Context
    before: State
    month: Month
    after: State

    def residuals(self) -> dict[str, Array]:
        return residuals(self.ctx, self.before, self.month, self.after)


@pytest.fixture(scope="module")
def case() -> Case:
    model = started("consumers=cohort", "orbit.start_month_us=0", "orbit.start_month_cn=0")
    for _ in range(6):
        before = model.state
        model.step()
    assert model.last_month is not None
    found = Case(model.context, before, model.last_month, model.state)
    forget(model)
    return found


def changed(root: Any, path: str, change: Callable[[Array], None]) -> Any:
    """Return a copy of nested records in which one array is changed in one world."""
    name, _, rest = path.partition(".")
    value = getattr(root, name)
    if rest:
        return dataclasses.replace(root, **{name: changed(value, rest, change)})
    copy = np.array(value, np.float64)
    change(copy[..., HIT])
    return dataclasses.replace(root, **{name: copy})


def scaled(factor: float) -> Callable[[Array], None]:
    def change(view: Array) -> None:
        view *= factor

    return change


def added(amount: float, at: tuple[int, ...] = ()) -> Callable[[Array], None]:
    def change(view: Array) -> None:
        view[at] += amount

    return change


def first(members: Any) -> int:
    return int(np.flatnonzero(members)[0])


def flow_break(case: Case, flow: str) -> Case:
    """Let somebody pay a little more than is received."""
    row = FLOWS.index(flow)
    paid = case.month.ledger.paid_usd[row, :, HIT]
    amount = 1e-6 * np.abs(paid).sum() + 1.0
    change = added(amount, (row, int(np.abs(paid).argmax())))
    return dataclasses.replace(case, month=changed(case.month, "ledger.paid_usd", change))


CASH_OF = {
    "labs": "labs.cash_usd",
    "clouds": "fleet.cloud_cash_usd",
    "chips": "chips.cash_usd",
    "robots": "robots.cash_usd",
    "orbit": "orbit.cash_usd",
}


def cash_break(case: Case, sector: str) -> Case:
    """Let a sector's account gain what no flow brought."""
    ledger, index = case.month.ledger, SECTORS.index(sector)
    turnover = np.abs(ledger.paid_usd[:, index, HIT]).sum() + np.abs(ledger.received_usd[:, index, HIT]).sum()
    path = CASH_OF.get(sector, f"cash.{sector}")
    at = (0,) if sector in CASH_OF else ()
    return dataclasses.replace(case, after=changed(case.after, path, added(1e-6 * turnover + 1e3, at)))


def in_after(path: str, change: Callable[[Array], None]) -> Callable[[Case], Case]:
    return lambda case: dataclasses.replace(case, after=changed(case.after, path, change))


def in_month(path: str, change: Callable[[Array], None]) -> Callable[[Case], Case]:
    return lambda case: dataclasses.replace(case, month=changed(case.month, path, change))


def beyond_the_line(case: Case) -> Case:
    limit = case.month.books.lab_credit_limit_usd[:, HIT].max()
    return in_after("labs.debt_usd", added(1.001 * limit + 1.0, (0,)))(case)


def export_of_a_captive_maker(case: Case) -> Case:
    makers, owners = case.ctx.axes.chip_makers, case.ctx.axes.owner_bloc
    at = (first(owners == US), first((makers.bloc == CN) & ~makers.merchant))
    return in_month("chips.sold_h100e", added(1.0, at))(case)


def smuggled_beyond_the_leak(case: Case) -> Case:
    makers, owners = case.ctx.axes.chip_makers, case.ctx.axes.owner_bloc
    at = (first(owners == CN), first(makers.merchant))
    return in_month("chips.smuggled_h100e", added(1e7, at))(case)


def all_power_and_more(case: Case) -> Case:
    def change(view: Array) -> None:
        view[:] = case.month.power.available_gw[:, HIT] * 1.001

    return in_month("power.served_gw", change)(case)


def heavier_than_the_rockets(case: Case) -> Case:
    def change(view: Array) -> None:
        view[:] = case.month.orbit.capacity_kg[:, HIT] * 1.001 + 1.0

    return in_month("orbit.launched_kg", change)(case)


BREAKS: dict[str, list[Callable[[Case], Case]]] = {
    **{f"money_{flow}": [lambda case, flow=flow: flow_break(case, flow)] for flow in FLOWS},
    **{f"cash_{sector}": [lambda case, sector=sector: cash_break(case, sector)] for sector in SECTORS},
    "price_times_units": [
        in_after("chips.price_usd", scaled(1.001)),
        in_after("labs.price_usd", scaled(1.001)),
        in_after("fleet.rent_usd", scaled(1.001)),
    ],
    "loans_claims": [
        in_after("labs.debt_usd", added(1e7, (0,))),
        in_month("exits.written_off_usd", added(1e7, (0,))),
    ],
    "cash_floor": [
        in_after("labs.cash_usd", added(-1e13, (0,))),
        in_after("fleet.cloud_cash_usd", added(-1e13, (0,))),
        in_after("chips.cash_usd", added(float("nan"), (0,))),
        beyond_the_line,
    ],
    "chips_made": [
        in_month("chips.made_h100e", scaled(1.001)),
        in_after("chips.inventory_h100e", added(10.0)),
    ],
    "exports_within_licences": [export_of_a_captive_maker],
    "smuggling_within_leakage": [smuggled_beyond_the_leak],
    "fleet_accelerators": [
        in_after("fleet.h100e", scaled(0.999)),
        in_month("chips.new_fleet_h100e", scaled(0.999)),
    ],
    "fleet_power": [in_after("fleet.it_gw", scaled(0.999))],
    "energy_served": [
        all_power_and_more,
        in_month("compute.powered_share", scaled(1.001)),
        in_month("power.available_gw", scaled(0.3)),
    ],
    "compute_uses": [
        in_month("compute.uses.training_h100e", scaled(1.001)),
        in_month("compute.leased_h100e", scaled(1.001)),
    ],
    "compute_powered": [in_month("compute.tenant_h100e", scaled(3.0))],
    "robots_stock": [
        in_after("robots.pilot_units", scaled(1.001)),
        in_after("robots.home_units", added(1.0)),
        in_month("robots.retired_units", added(1.0)),
    ],
    "robots_made": [
        in_month("robots.sold_units", added(1.0)),
        in_after("robots.inventory_units", added(1.0)),
    ],
    "robots_output": [in_month("robots.limit_units", scaled(0.5))],
    "machines_stock": [
        in_after("robots.industrial_units", scaled(1.001)),
        in_month("robots.installed_industrial", added(1.0)),
    ],
    "people": [in_after("users", scaled(1.001)), in_after("crowd.population", scaled(1.001))],
    "shares": [
        in_after("aware_share", added(1.0)),
        in_after("fleet.powered_share", added(-1.001)),
        in_after("robots.dark_share", added(float("nan"))),
    ],
    "shares_sum": [in_after("labs.enterprise_share", scaled(0.999))],
    "launch_mass": [heavier_than_the_rockets],
    "queue": [in_after("power.withdrawn_gw", added(1e-3)), in_after("power.ordered_gw", scaled(1.001))],
}


def test_every_law_has_its_break() -> None:
    assert set(BREAKS) == set(LAWS)


def test_laws_hold_in_the_month_that_is_broken_below(case: Case) -> None:
    found = case.residuals()
    assert set(found) == set(LAWS)
    assert all(residual.shape == (case.ctx.worlds,) for residual in found.values())
    assert {law: residual.max() for law, residual in found.items() if residual.max() > TOLERANCE} == {}


@pytest.mark.parametrize(("law", "number"), [(law, i) for law in LAWS for i in range(len(BREAKS[law]))])
def test_a_broken_law_is_caught_in_its_world(case: Case, law: str, number: int) -> None:
    residual = BREAKS[law][number](case).residuals()[law]
    assert residual[HIT] > TOLERANCE
    assert (np.delete(residual, HIT) <= TOLERANCE).all()


@pytest.mark.parametrize(
    "overrides",
    [
        ("consumers=cohort",),
        ("consumers=agents", "scenario=blockade"),
        ("consumers=cohort", "steps_per_month=2", "noise=false"),
        ("consumers=cohort", "responses=[us_resists]", "policy.trigger_months=0", "policy.decision_lag=0"),
    ],
    ids=("cohorts", "agents in a blockade", "half steps", "resistance"),
)
def test_a_run_keeps_every_law(overrides: tuple[str, ...]) -> None:
    model = started("worlds=2", "months=18", *overrides)
    model.run()
    forget(model)
    assert {law: worst for law, worst in model.worst.items() if not worst <= TOLERANCE} == {}


def test_the_worst_residual_is_kept(case: Case) -> None:
    worst = Worst(case.ctx)
    broken = BREAKS["queue"][0](case)
    worst.check(broken.before, broken.month, broken.after)
    caught = dict(worst.items())["queue"]
    worst.check(case.before, case.month, case.after)
    assert dict(worst.items())["queue"] == caught > TOLERANCE
    assert worst.residuals["queue"][HIT] == caught


def test_residuals_are_relative_and_nothing_breaks_no_law() -> None:
    # |3 - (1 + 1)| over 3 + 1 + 1, and 4 above a limit of 3, over 4.
    three, one = np.array([3.0, 0.0]), np.array([1.0, 0.0])
    assert balance([three], [one, one]).tolist() == [0.2, 0.0]
    assert excess(three + one, three).tolist() == [0.25, 0.0]
    assert np.isnan(balance([np.array([np.nan])], [one[:1]])).all()
