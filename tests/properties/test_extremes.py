"""At the ends of what may be written the model keeps its laws, stays finite and goes to the limit.

Warnings are errors in all tests, so that no number may overflow or be divided by nothing on the way either.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from sim.axes import CN, RESPONSES, US
from sim.model import RaceModel, forget
from sim.params import Params
from sim.start import Start
from sim.units import Array

TOLERANCE = 1e-9
"""The project's promise for every conservation law."""
SHARES_OF_ONE = {
    "policy.lever_weights",
    "consumers.class_population_share",
    "robots.employment_by_sector_share",
}
"""Members that add up to one cannot be at a bound each."""


@cache
def plan_of(consumers: str = "cohort", without: str = "[]") -> RunPlan:
    return plan_from_config(
        compose_run(
            [
                "worlds=64",
                "months=180",
                f"consumers={consumers}",
                "agents_per_world=400",
                f"without={without}",
            ]
        )
    )


def not_finite(node: Any, name: str = "") -> list[str]:
    """Return the names of the arrays below a record with a number that is none."""
    if is_dataclass(node):
        return [
            found for field in fields(node) for found in not_finite(getattr(node, field.name), field.name)
        ]
    is_number = isinstance(node, np.ndarray) and node.dtype.kind == "f"
    return [name] if is_number and not np.isfinite(node).all() else []


def lived(plan: RunPlan, params: Params, start: Start, worlds: int, months: int) -> RaceModel:
    """Return the model after some months, with every number finite and every law kept in each of them.

    World k runs under response k modulo 3.
    """
    ids = np.arange(worlds)
    settings = plan.settings_for(ids, ids % len(RESPONSES))
    model = build_model(params, plan.axes, start, settings, plan.history)
    for month in range(months):
        model.step()
        assert not not_finite(model.state), f"month {month}: {not_finite(model.state)}"
    worst = dict(model.worst.items())
    assert max(worst.values()) <= TOLERANCE, worst
    forget(model)
    return model


# ---- named extremes -----------------------------------------------------------------------------------


def with_values(params: Params, values: Mapping[str, float]) -> Params:
    for key, value in values.items():
        section, name = key.split(".")
        record = getattr(params, section)
        filled = np.full_like(np.asarray(getattr(record, name), np.float64), value)
        params = replace(params, **{section: replace(record, **{name: filled})})
    return params


def times(start: Start, table: str, factor: float, *names: str) -> Start:
    record = getattr(start, table)
    return replace(
        start, **{table: replace(record, **{name: getattr(record, name) * factor for name in names})}
    )


def without_energy(start: Start) -> Start:
    built = ("tranche_capacity_gw", "firm_additions_gw_per_year", "spare_gw", "btm_gw", "powered_share")
    return times(start, "markets", 0.0, *built, "btm_ordered_gw")


def without_chips(start: Start) -> Start:
    start = times(start, "labs", 0.0, "fleet_h100e", "lease_h100e")
    start = times(start, "clouds", 0.0, "fleet_h100e")
    return times(start, "chip_makers", 0.0, "shipments_h100e_per_month")


def without_money(start: Start) -> Start:
    start = times(start, "labs", 0.0, "cash_usd", "revenue_usd_per_month")
    return times(times(start, "clouds", 0.0, "cash_usd"), "chip_makers", 0.0, "cash_usd")


def almost_without_people(start: Start) -> Start:
    start = times(start, "markets", 1e-6, "population_million")
    return times(start, "labs", 1e-6, "users_million")


def without_factories(start: Start) -> Start:
    names = ("workers_million", "value_added_usd_per_year", "wage_usd_per_year")
    start = times(start, "markets", 0.0, *(f"manufacturing_{name}" for name in names))
    return times(start, "markets", 0.0, "industrial_robots", "industrial_installations_per_year")


def without_robots(start: Start) -> Start:
    return times(start, "robot_makers", 0.0, "shipments_last_year", "shipments_year_before", "cash_usd")


STARTS: Mapping[str, Callable[[Start], Start]] = {
    "no energy": without_energy,
    "no chips": without_chips,
    "no money": without_money,
    "hardly any people": almost_without_people,
    "no users": lambda start: times(start, "labs", 0.0, "users_million"),
    "no factories": without_factories,
    "no robots": without_robots,
    "no output": lambda start: times(start, "markets", 0.0, "gdp_usd_per_year"),
    "endless runway": lambda start: times(start, "labs", 1e4, "cash_usd"),
}
VALUES: Mapping[str, Mapping[str, float]] = {
    "free launch": {
        "orbit.launch_cost_start": 0.0,
        "orbit.launch_cost_floor": 0.0,
        "orbit.start_month_us": 0.0,
        "orbit.start_month_cn": 0.0,
    },
    "full controls without leakage": {
        "chips.export_stringency": 1.0,
        "chips.export_stringency_cn": 1.0,
        "chips.leakage": 0.0,
        "policy.third_country_hosting": 0.0,
        "capability.distillation_access": 0.0,
    },
    "free trade": {"chips.export_stringency": 0.0, "chips.export_stringency_cn": 0.0, "chips.leakage": 1.0},
    "endless runway": {"labs.endless_runway": 600.0},
    "no energy": {"power.btm_slots": 0.0},
    "no learning": {
        "robots.learning_rate": 0.0,
        "chips.yield_learning_exponent": 0.0,
        "chips.node_progress": 0.0,
        "orbit.launch_learning_rate": 0.0,
        "orbit.hardware_learning": 0.0,
        "capability.algorithmic_progress": 1.0,
        "labs.inference_efficiency_gain": 1.0,
    },
    "nobody reconsiders": {"consumers.reconsider_rate": 0.0},
    "everybody reconsiders": {"consumers.reconsider_rate": 1.0},
    "free robots": {"robots.optimus_unit_cost": 0.0, "robots.agibot_unit_cost": 0.0},
    "endless blockade": {
        "policy.blockade_hazard": 1.0,
        "policy.blockade_chip_loss": 1.0,
        "policy.blockade_length": 240.0,
    },
}
WITHOUT = {
    "no US lab": "[openai,google,anthropic,xai,meta]",
    "no Chinese lab": "[bytedance,alibaba,deepseek,moonshot,tencent]",
    "no US chip maker": "[nvidia,tpu,asic_us]",
    "no Chinese chip maker": "[huawei,cambricon]",
    "no US cloud": "[cloud_us]",
    "no US robot maker": "[tesla,figure,boston_dynamics]",
    "no Chinese robot maker": "[agibot,unitree,ubtech,limx,other_robots_cn]",
}
SHARE_UNITS = ("share",)


def all_shares_at(params: Params, plan: RunPlan, upper: bool) -> Params:
    """Put every parameter that is a share at the same end of what may be written."""
    bounds = {
        key: record.maximum if upper else record.minimum
        for key, record in plan.catalogue.items()
        if record.unit.startswith(SHARE_UNITS) and key not in SHARES_OF_ONE
    }
    assert len(bounds) > 20
    return with_values(params, bounds)


EXTREMES = tuple(
    dict.fromkeys((*STARTS, *VALUES, *WITHOUT, "all shares at their least", "all shares at their most"))
)


@cache
def extreme(name: str, consumers: str, months: int) -> RaceModel:
    plan, worlds = plan_of(consumers, WITHOUT.get(name, "[]")), 3
    params, start = plan.params_for(np.arange(worlds)), plan.start
    if name in STARTS:
        start = STARTS[name](start)
    for key, value in VALUES.get(name, {}).items():
        assert plan.catalogue[key].minimum <= value <= plan.catalogue[key].maximum, key
    params = with_values(params, VALUES.get(name, {}))
    if name.startswith("all shares"):
        params = all_shares_at(params, plan, name.endswith("most"))
    return lived(plan, params, start, worlds, months)


@pytest.mark.parametrize("name", EXTREMES)
def test_the_model_lives_at_the_extremes(name: str) -> None:
    extreme(name, "cohort", 8)


@pytest.mark.full
@pytest.mark.parametrize("consumers", ["cohort", "agents"])
@pytest.mark.parametrize("name", EXTREMES)
def test_the_model_lives_at_the_extremes_for_years(name: str, consumers: str) -> None:
    extreme(name, consumers, 120)


def recorded(model: RaceModel, name: str, months: int) -> Array:
    """Return a series of the passive world."""
    series: Array = model.recorder.row(name)[:months, 0].astype(np.float64)
    return series


def both(model: RaceModel, quantity: str, months: int) -> Array:
    return np.stack([recorded(model, f"{quantity}.{bloc}", months) for bloc in ("us", "cn")])


def test_without_energy_or_chips_nothing_computes() -> None:
    for name in ("no energy", "no chips"):
        assert not both(extreme(name, "cohort", 8), "powered_compute_h100e", 8).any(), name


def test_full_controls_without_leakage_let_nothing_through() -> None:
    model = extreme("full controls without leakage", "cohort", 8)
    assert not both(model, "chips_imported_h100e", 8).any()
    assert not both(model, "chips_smuggled_h100e", 8).any()
    assert both(extreme("free trade", "cohort", 8), "chips_imported_h100e", 8)[CN].all()


def test_an_endless_runway_ends_for_nobody() -> None:
    assert (extreme("endless runway", "cohort", 8).state.labs.alive > 0.0).all()


def test_without_learning_robots_and_launches_cost_what_they_did() -> None:
    model = extreme("no learning", "cohort", 8)
    for name in ("humanoid_unit_cost_usd.agibot", "launch_cost_usd_per_kg.spacex"):
        series = recorded(model, name, 8)
        np.testing.assert_allclose(series, series[0], rtol=1e-6)


def test_a_bloc_without_labs_has_no_users_and_no_share_in_models() -> None:
    model = extreme("no Chinese lab", "cohort", 8)
    users = both(model, "active_users_million", 8)
    assert (users[US] > 0.0).all()
    assert not users[CN].any()
    assert (recorded(model, "share.d5", 8) > 0.999).all()


def test_hardly_any_people_are_never_more_users_than_people() -> None:
    model = extreme("hardly any people", "agents", 3)
    people = model.context.start.markets.population_million.sum() * 1e6
    assert model.state.users.sum((0, 1, 2)).max() <= people + 0.5


# ---- corners of the box -------------------------------------------------------------------------------


def corner(plan: RunPlan, worlds: int, seed: int, part: float, *, prior: bool) -> Params:
    """Put a part of all parameters at one end each: of the prior, or of what may be written at all."""
    draw = np.random.default_rng(seed)
    params = plan.params_for(np.arange(worlds))
    sections: dict[str, Any] = {}
    for section in fields(params):
        record = getattr(params, section.name)
        changed: dict[str, Array] = {}
        for field in fields(record):
            key = f"{section.name}.{field.name}"
            known = plan.catalogue[key]
            ends = (known.low, known.high) if prior else (known.minimum, known.maximum)
            if ends[0] is None or ends[1] is None or key in SHARES_OF_ONE:
                continue
            value = getattr(record, field.name)
            shape = (*value.shape[:-1], worlds) if known.by or value.ndim else (worlds,)
            end = np.where(draw.random(shape) < 0.5, ends[0], ends[1])
            changed[field.name] = np.where(draw.random(shape) < part, end, value)
        sections[section.name] = replace(record, **changed)
    return Params(**sections)


CORNERS = {"prior": (1.0, True), "some at their limits": (0.2, False), "all at their limits": (1.0, False)}


@pytest.mark.parametrize("name", CORNERS)
def test_the_model_lives_in_the_corners(name: str) -> None:
    part, prior = CORNERS[name]
    plan = plan_of()
    lived(plan, corner(plan, 64, 1, part, prior=prior), plan.start, 64, 6)


@pytest.mark.full
@pytest.mark.parametrize("consumers", ["cohort", "agents"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", CORNERS)
def test_the_model_lives_in_the_corners_for_years(name: str, seed: int, consumers: str) -> None:
    part, prior = CORNERS[name]
    plan = plan_of(consumers)
    lived(plan, corner(plan, 64, seed, part, prior=prior), plan.start, 64, 60)
