"""Exchanging the blocs' numbers exchanges the outcomes, to the last bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.roster import build_model
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim.axes import BLOCS
from sim.context import Context
from sim.model import forget
from sim.outcome import LEADERS, evaluate, over_passive, without_a_fight
from sim.recorder import Float32Array, declare
from sim.settings import OutcomeRules
from sim.units import MILLION, Array

WORLDS, MONTHS = 128, 24
MIRROR = {"us": "cn", "cn": "us"}
MIRRORED_CODE = np.array([1.0, 0.0, 2.0, 3.0])
"""`LEADERS` with the blocs exchanged."""


def plan_and_context() -> tuple[OutcomeRules, Context]:
    plan = plan_from_config(
        compose_run([f"worlds={WORLDS}", "consumers=cohort", "responses=[passive]", f"months={MONTHS}"])
    )
    ids, response = plan.columns(np.arange(WORLDS))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    forget(model)
    return plan.outcome, model.context


CONF_RULES, CTX = plan_and_context()
RULES = dataclasses.replace(CONF_RULES, horizons=("2026-12", "2027-12"))
SERIES = declare(CTX)
NAMES = [series.name for series in SERIES]
WORKERS = CTX.start.markets.manufacturing_workers_million.sum() * MILLION


def mirrored_name(name: str) -> str:
    """Exchange us and cn where they stand for a bloc or a place."""
    return ".".join(MIRROR.get(part, part) for part in name.split("."))


def random_record(seed: int) -> Float32Array:
    """Return a record of whole numbers: many shares fall on the thresholds 0.5, 0.55, 0.6 to the last bit.

    Allies belong to the US bloc in the roster, so a world with allies has no mirror: theirs are 0.
    """
    draw = np.random.default_rng(seed)
    level = draw.integers(0, 21, (len(NAMES), 1, WORLDS))
    for quantity in ("active_users_million", "powered_compute_h100e", "ai_revenue_usd"):
        level[NAMES.index(f"{quantity}.cn")] = 20 - level[NAMES.index(f"{quantity}.us")]
    jump = draw.integers(0, 3, (len(NAMES), MONTHS, WORLDS)) * draw.integers(0, 2, (1, 1, WORLDS))
    data = (level + jump).astype(np.float32)
    for row, name in enumerate(NAMES):
        if name.endswith(".allies"):
            data[row] = 0.0
        elif name.startswith(("reacting", "blockade")):
            data[row] = data[row] > 18.0
        elif name.startswith("escalation"):
            data[row] = (data[row] - 5.0) / 100.0
        elif name == "capability_lag_months":
            data[row] = (data[row] - 11.0) / 8.0
        elif name.startswith(("paid_goods_loss", "free_tier")):
            data[row] /= 32.0
        elif name.startswith("robot_labour_workers"):
            data[row] *= np.float32(WORKERS * RULES.robots_open_below / 16.0)
    return data


def mirror(data: Float32Array) -> Float32Array:
    """Exchange the blocs' rows, and who is ahead."""
    turned = data[[NAMES.index(mirrored_name(name)) for name in NAMES]]
    turned[NAMES.index("capability_lag_months")] *= np.float32(-1.0)
    return turned


def assert_mirrored(one: dict[str, Array], other: dict[str, Array]) -> None:
    assert set(one) == set(other)
    for name, values in one.items():
        twin = other[mirrored_name(name)]
        head = name.split(".")[0]
        if head.startswith("leader"):
            np.testing.assert_array_equal(twin, MIRRORED_CODE[values.astype(int)], err_msg=name)
        elif head == "share":
            # The column holds the US bloc's share only; one minus it is off by a rounding.
            np.testing.assert_allclose(twin, 1.0 - values, rtol=0.0, atol=np.finfo(float).eps, err_msg=name)
        else:
            np.testing.assert_array_equal(twin, values, err_msg=name)


@given(st.integers(0, 2**32 - 1))
def test_outcomes_exchange_with_the_blocs(seed: int) -> None:
    data = random_record(seed)
    assert_mirrored(evaluate(CTX, RULES, SERIES, data), evaluate(CTX, RULES, SERIES, mirror(data)))


def test_the_records_tested_hold_every_outcome() -> None:
    found = evaluate(CTX, RULES, SERIES, random_record(1))
    assert set(found["leader.w4.2027"].astype(int)) == set(range(len(LEADERS)))
    for definition in ("w1", "w2", "w3", "w5", "w6", "w7", "w8", "w10"):
        assert set(found[f"leader.{definition}.2027"].astype(int)) >= {0, 1, 2}, definition
    for kind in ("f1", "f2", "f4"):
        assert set(found[f"fight.{kind}.us.2027"]) == {0.0, 1.0}, kind
    assert (found["share.d2.2027"] == RULES.lead_share).any()


@given(st.integers(0, 2**32 - 1))
def test_senses_exchange_with_the_blocs(seed: int) -> None:
    # A response is drawn once for a world, so that the resistance of one changes part of the passive run.
    records = [random_record(seed + response) for response in range(3)]
    mixed = [records[0], *(np.where(np.arange(WORLDS) % 2, records[0], one) for one in records[1:])]
    passive, us_resists, cn_resists = (evaluate(CTX, RULES, SERIES, one) for one in mixed)
    turned = [evaluate(CTX, RULES, SERIES, mirror(one)) for one in mixed]
    assert_mirrored(
        without_a_fight(RULES, passive, us_resists, cn_resists),
        without_a_fight(RULES, turned[0], turned[2], turned[1]),
    )
    assert_mirrored(over_passive(RULES, passive, us_resists), over_passive(RULES, turned[0], turned[1]))


@pytest.mark.parametrize("bloc", BLOCS)
def test_a_mirror_that_is_not_exact_is_seen(bloc: str) -> None:
    data = random_record(3)
    wrong = mirror(data)
    row = NAMES.index(f"powered_compute_h100e.{bloc}")
    wrong[row] += np.float32(4.0)
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        assert_mirrored(evaluate(CTX, RULES, SERIES, data), evaluate(CTX, RULES, SERIES, wrong))
