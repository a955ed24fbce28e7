"""One more firm, parameter or world moves no draw of the others; a firm still to come moves nothing."""

import copy
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.simulate import start_of
from sim.model import RaceModel, forget

WORLDS, MONTHS = 4, 12
WITHIN, LONG_AFTER = "2026-04", "2126-01"
"""Months of entry: in the run, and long after it."""
HELD_BY_A_LAB = (
    "users_million",
    "paying_share",
    "enterprise_market_share",
    "fleet_h100e",
    "lease_h100e",
    "revenue_usd_per_month",
    "fixed_cost_usd_per_month",
    "cash_usd",
)
HELD_BY_A_MAKER = ("shipments_last_year", "shipments_year_before", "cash_usd")


def emptied(record: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the start of a firm that has nothing yet."""
    return {
        name: {**given, "value": {} if isinstance(given["value"], dict) else 0} if name in names else given
        for name, given in record.items()
    }


def config_with(newcomer: str, entry: str, consumers: str) -> dict[str, Any]:
    config = copy.deepcopy(
        compose_run(
            [f"worlds={WORLDS}", f"months={MONTHS}", f"consumers={consumers}", "agents_per_world=400"]
        )
    )
    roster, start = config["roster"], config["start"]
    if newcomer == "lab":
        roster["labs"]["newcomer"] = roster["labs"]["deepseek"] | {"entry": entry}
        start["labs"]["newcomer"] = emptied(start["labs"]["deepseek"], HELD_BY_A_LAB)
    elif newcomer == "robot maker":
        roster["robot_makers"]["newcomer"] = roster["robot_makers"]["limx"] | {"entry": entry}
        start["robot_makers"]["newcomer"] = emptied(start["robot_makers"]["limx"], HELD_BY_A_MAKER)
    elif newcomer == "chip maker":
        roster["chip_makers"]["newcomer"] = roster["chip_makers"]["cambricon"] | {"buyers": []}
        start["chip_makers"]["newcomer"] = emptied(
            start["chip_makers"]["cambricon"], ("shipments_h100e_per_month", "backlog_months", "cash_usd")
        )
        start["origins"]["newcomer"] = start["origins"]["cambricon"]
    return config


@cache
def lived(newcomer: str, entry: str, consumers: str) -> RaceModel:
    plan = plan_from_config(config_with(newcomer, entry, consumers))
    model = start_of(plan, np.arange(WORLDS))
    for _ in range(MONTHS):
        model.step()
    forget(model)
    return model


def recorded(model: RaceModel) -> dict[str, np.ndarray]:
    return dict(zip(model.recorder.names, model.recorder.data, strict=True))


@pytest.mark.parametrize("consumers", ["cohort", "agents"])
@pytest.mark.parametrize("newcomer", ["lab", "robot maker", "chip maker"])
def test_a_firm_still_to_come_moves_no_bit(newcomer: str, consumers: str) -> None:
    before = recorded(lived("", "", consumers))
    after = recorded(lived(newcomer, LONG_AFTER, consumers))
    assert len(after) > len(before), "the newcomer is not recorded"
    differing = [
        name for name, series in before.items() if not np.array_equal(series, after[name], equal_nan=True)
    ]
    assert not differing, f"{len(differing)} series differ, as {differing[:5]}"


@pytest.mark.parametrize("newcomer", ["lab", "robot maker"])
def test_a_firm_that_enters_is_felt(newcomer: str) -> None:
    """The test above could not fail if newcomers did nothing."""
    before = recorded(lived("", "", "cohort"))
    after = recorded(lived(newcomer, WITHIN, "cohort"))
    assert any(not np.array_equal(series, after[name], equal_nan=True) for name, series in before.items())


@pytest.mark.parametrize("newcomer", ["lab", "robot maker"])
def test_a_firm_that_enters_moves_no_draw_of_the_others(newcomer: str) -> None:
    before, after = lived("", "", "agents"), lived(newcomer, WITHIN, "agents")
    assert before.last_month is not None
    assert after.last_month is not None
    for field in fields(before.last_month.shocks):
        one = getattr(before.last_month.shocks, field.name)
        more = getattr(after.last_month.shocks, field.name)
        assert np.array_equal(one, more[: len(one)]), field.name


def plan_of(*overrides: str) -> RunPlan:
    return plan_from_config(compose_run(list(overrides)))


def test_one_more_parameter_draw_moves_no_other() -> None:
    """A range written on a parameter that the prior keeps fixed adds a column of its own."""
    ids = np.arange(32)
    plan = plan_of("worlds=32")
    fixed = next(
        key for key, record in plan.catalogue.items() if record.kind == "fixed" and record.by is None
    )
    record = plan.catalogue[fixed]
    more = plan_of("worlds=32", f"{fixed}={record.minimum}..{record.maximum}")
    before, after = plan.drawn(ids), more.drawn(ids)
    assert set(after) - set(before) == {fixed}
    for key, values in before.items():
        assert np.array_equal(values, after[key]), key


def test_one_more_world_moves_no_other() -> None:
    few, many = plan_of("worlds=8"), plan_of("worlds=9")
    ids = np.arange(8)
    for key, values in few.drawn(ids).items():
        assert np.array_equal(values, many.drawn(np.arange(9))[key][:8]), key
    assert tables_equal(few.params_for(ids), many.params_for(ids))


def tables_equal(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        return all(tables_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return np.array_equal(one, other)
