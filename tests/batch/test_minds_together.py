"""Firms that share a mind are asked together: whom a firm is asked beside moves no bit of its plan."""

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.ai_lab import AiLab
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.simulate import start_of
from sim.actors import Actor
from sim.model import RaceModel, forget
from sim.plans import LabPlan
from sim.views import LabView

KINDS = (
    "labs",
    "clouds",
    "chip_makers",
    "robot_makers",
    "factories",
    "enterprises",
    "grids",
    "orbital_operators",
)
ODD_ONE = 1


@cache
def model() -> RaceModel:
    plan = plan_from_config(compose_run(["worlds=3", "months=3", "consumers=cohort"]))
    made = start_of(plan, np.arange(3))
    made.step()
    forget(made)
    return made


def plans_with(kind: str, odd: Actor) -> Any:
    """Return the plans of a kind of which one member has a mind of its own."""
    actors = list(getattr(model().cast, kind))
    actors[ODD_ONE] = odd
    usual = model().cast
    model().cast = replace(usual, **{kind: actors})
    found = getattr(model().plans(), kind)
    model().cast = usual
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_has_the_same_bits_alone_and_among_others(kind: str) -> None:
    usual = getattr(model().cast, kind)[ODD_ONE]
    twin = type("Twin", (type(usual),), {})(model(), usual.name)
    together, apart = getattr(model().plans(), kind), plans_with(kind, twin)
    for field in fields(together):
        whole, parts = getattr(together, field.name), getattr(apart, field.name)
        assert whole.shape[0] == len(getattr(model().cast, kind)), field.name
        assert np.array_equal(whole, parts), field.name


def test_a_mind_of_its_own_decides_for_its_firm_alone() -> None:
    class Dearer(AiLab):
        """A lab that asks twice the price."""

        def plan(self, view: LabView) -> LabPlan:
            """Answer as any lab, at twice the price."""
            usual = super().plan(view)
            return replace(usual, price_usd=2.0 * usual.price_usd)

    together, apart = model().plans().labs, plans_with("labs", Dearer(model(), "dearer"))
    factor = np.ones(len(together.price_usd))
    factor[ODD_ONE] = 2.0
    assert np.array_equal(apart.price_usd, together.price_usd * factor[:, None, None])
    assert np.array_equal(apart.quota_per_day, together.quota_per_day)
