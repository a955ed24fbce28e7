"""Dated inputs: read without a fault, refused with one, and obeyed by governments and fabs."""

import copy
from typing import Any

import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError
from experiments.runs.simulate import start_of
from sim.axes import BLOCS, CN, US
from sim.model import forget

DATED: dict[str, Any] = {
    "start": "2026-01",
    "controls": {"us": [{"month": "2026-03", "value": 0.25, "basis": "judgement", "source": "a test"}]},
    "launches": {
        "nvidia": [
            {"month": "2026-02", "factor": 4, "ramp_months": 2, "basis": "judgement", "source": "a test"}
        ]
    },
}
MONTHS = 5
ROUNDING = 1e-12
"""Sums of a few logarithms, each right to a rounding."""


def config_with(history: Any) -> dict[str, Any]:
    config = copy.deepcopy(compose_run(["worlds=2", f"months={MONTHS}", "consumers=cohort"]))
    return config | {"history": history}


def plan_with(**changes: Any) -> RunPlan:
    return plan_from_config(config_with(DATED | changes))


def test_controls_hold_from_their_month_and_leave_earlier_ones_to_the_schedule() -> None:
    table = plan_with().history.stringency
    assert table.shape == (MONTHS, len(BLOCS))
    assert np.isnan(table[:2]).all()
    assert np.isnan(table[:, CN]).all()
    assert (table[2:, US] == 0.25).all()


def test_a_launch_is_spread_over_its_ramp() -> None:
    plan = plan_with()
    nvidia = plan.axes.chip_makers.names.index("nvidia")
    gained = plan.history.ln_performance[:, nvidia]
    assert gained == pytest.approx(np.log(4.0) * np.array([0, 0, 0.5, 1, 1, 1]), abs=ROUNDING)
    assert np.isnan(np.delete(plan.history.ln_performance, nvidia, axis=1)).all()


@pytest.mark.parametrize("steps", [1, 2])
def test_governments_and_fabs_follow_the_dates(steps: int) -> None:
    plan = plan_from_config(config_with(DATED) | {"steps_per_month": steps})
    model = start_of(plan, np.arange(2))
    first = model.state
    model.run()
    forget(model)
    assert (model.state.policy.stringency[US, :2] == 0.25).all()
    assert (model.state.policy.stringency[CN, :2] != 0.25).all()
    nvidia = plan.axes.chip_makers.names.index("nvidia")
    gained = model.state.chips.ln_x[nvidia] - first.chips.ln_x[nvidia]
    assert gained == pytest.approx(np.full_like(gained, np.log(4.0)), abs=ROUNDING)


def test_without_history_nothing_is_dated() -> None:
    history = plan_from_config(config_with({"start": "none", "controls": {}, "launches": {}})).history
    assert np.isnan(history.stringency_in(0.0)).all()
    assert np.isnan(history.performance_step(0.0, 1.0)).all()


def entry(**changes: Any) -> dict[str, Any]:
    return {"month": "2026-02", "value": 0.5, "basis": "judgement", "source": "a test"} | changes


@pytest.mark.parametrize(
    ("changes", "key", "expected"),
    [
        ({"start": "2023-01"}, "history.start", "expected the month of the start, 2026-01"),
        ({"start": "soon"}, "history.start", "expected a month"),
        ({"controls": {"eu": []}}, "history.controls", "expected one of us, cn"),
        ({"controls": []}, "history.controls", "expected a mapping"),
        ({"controls": {"us": "no"}}, "history.controls.us", "expected a list"),
        ({"controls": {"us": [entry(value=1.5)]}}, "history.controls.us[0].value", "within 0..1"),
        ({"controls": {"us": [entry(month="2025-12")]}}, "history.controls.us[0].month", "2026-01 or later"),
        ({"controls": {"us": [entry(basis="hearsay")]}}, "history.controls.us[0].basis", "expected one of"),
        ({"controls": {"us": [entry(source="")]}}, "history.controls.us[0].source", "expected text"),
        ({"launches": {"nvida": []}}, "history.launches.nvida", "nobody in the roster"),
        ({"launches": {"nvidia": [entry()]}}, "history.launches.nvidia[0].value", "unknown"),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_with(**changes)
    assert caught.value.key == key
    assert expected in str(caught.value)
