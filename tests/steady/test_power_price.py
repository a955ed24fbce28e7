"""Dearer power is a cost to the bloc that pays it: nothing of the start moves, and no owner gains."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.cases import cases_of
from experiments.runs.simulate import feasible_model
from sim.acts import compute
from sim.model import RaceModel

CHEAP, DEAR = 0.04, 0.16
"""USD per kWh."""
WORLDS, MONTHS = 16, 60


def model_of(place: str, price: float) -> RaceModel:
    settings = ["consumers=cohort", "responses=[passive]", f"worlds={WORLDS}", f"months={MONTHS}"]
    plan = plan_from_config(compose_run([*settings, f"power.power_price_{place}={price}"]))
    return feasible_model(plan, cases_of(plan, np.arange(WORLDS)))[0]


@cache
def after_the_run(place: str, price: float) -> RaceModel:
    model = model_of(place, price)
    model.run()
    return model


def share_of_compute(model: RaceModel) -> float:
    return float(model.recorder.data[model.recorder.names.index("share.d2"), -1].mean())


@pytest.mark.parametrize("place", ["us", "cn"])
def test_the_price_of_power_moves_nothing_of_the_start(place: str) -> None:
    cheap, dear = (model_of(place, price).state for price in (CHEAP, DEAR))
    for table in ("labs", "fleet", "power", "chips"):
        for name, values in vars(getattr(cheap, table)).items():
            assert np.array_equal(values, getattr(getattr(dear, table), name)), f"{table}.{name}"


@pytest.mark.parametrize(("place", "sign"), [("us", -1.0), ("cn", 1.0)])
def test_who_pays_more_for_power_has_less_of_the_compute(place: str, sign: float) -> None:
    cheap, dear = (share_of_compute(after_the_run(place, price)) for price in (CHEAP, DEAR))
    assert sign * (dear - cheap) > 0.001


def test_a_lab_that_leases_pays_rent_and_one_that_owns_pays_for_power() -> None:
    model = model_of("us", CHEAP)
    ctx, state = model.context, model.state
    labs = ctx.axes.labs.names
    lessee, owner = labs.index("openai"), labs.index("google")
    held = state.fleet.h100e.copy()
    held[lessee] = 0.0
    fleet = replace(state.fleet, h100e=held)
    dearer = replace(state.power, price_usd_per_mwh=4.0 * state.power.price_usd_per_mwh)
    before, after = (
        compute.serving_cost_usd(ctx, replace(state, fleet=fleet, power=power))
        for power in (state.power, dearer)
    )
    leased = fleet.lease_h100e[lessee]
    rent = (leased * fleet.rent_usd).sum(0) / leased.sum(0)
    np.testing.assert_allclose(before[lessee], rent / ctx.params.labs.utilisation, rtol=1e-12)
    np.testing.assert_array_equal(after[lessee], before[lessee])
    assert (after[owner] > before[owner]).all()
