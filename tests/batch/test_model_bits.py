"""A world's whole state has the same bits alone, in any batch, in any order and beside other responses."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.simulate import start_of
from sim.model import RaceModel, forget

WORLDS, MONTHS = 40, 24
WORLD_FIRST = ("holds", "weight_people", "voice")
"""Fields of the crowd with one row a world; everywhere else the world is the last axis."""
SHARED = ("net", "settings")
"""What all worlds have in common."""


def arrays_of(node: Any, name: str = "") -> dict[str, np.ndarray]:
    """Return every array below a record, by its dotted name, the world axis first."""
    found: dict[str, np.ndarray] = {}
    if is_dataclass(node):
        for field in fields(node):
            if field.name not in SHARED:
                found |= arrays_of(getattr(node, field.name), f"{name}.{field.name}")
    elif isinstance(node, np.ndarray) and node.ndim:
        by_world = name.rpartition(".")[2] in WORLD_FIRST
        found[name] = node if by_world else np.moveaxis(node, -1, 0)
    elif isinstance(node, tuple):
        for place, item in enumerate(node):
            found |= arrays_of(item, f"{name}.{place}")
    return found


def lived(plan: RunPlan, ids: Sequence[int], months: int) -> RaceModel:
    """Return the model of some worlds after some months, a lone column padded as the runs do."""
    model = start_of(plan, np.asarray(ids))
    for _ in range(months):
        model.step()
    forget(model)
    return model


def columns_of(model: RaceModel, columns: Sequence[int]) -> dict[str, np.ndarray]:
    """Return state, last month's outcomes and record of some columns."""
    everything = (
        arrays_of(model.state, "state")
        | arrays_of(model.last_month, "month")
        | {"record": np.moveaxis(model.recorder.data, -1, 0)}
    )
    return {name: array[list(columns)] for name, array in everything.items()}


def plan_of(*overrides: str) -> RunPlan:
    return plan_from_config(compose_run(["agents_per_world=400", *overrides]))


@cache
def together(consumers: str, worlds: int, months: int) -> tuple[RunPlan, dict[str, np.ndarray]]:
    """Return many worlds under all responses; column r·worlds + k is world k under response r."""
    plan = plan_of(f"worlds={worlds}", f"months={months}", f"consumers={consumers}")
    return plan, columns_of(lived(plan, range(worlds), months), range(3 * worlds))


def assert_same_bits(consumers: str, worlds: int, months: int, batches: list[list[int]]) -> None:
    plan, reference = together(consumers, worlds, months)
    for ids in batches:
        alone = columns_of(lived(plan, ids, months), range(3 * len(ids)))
        same = [k + response * worlds for response in range(3) for k in ids]
        differing = [
            name
            for name, array in reference.items()
            if not np.array_equal(array[same], alone[name], equal_nan=array.dtype.kind == "f")
        ]
        assert not differing, f"worlds {ids} differ in {len(differing)} arrays, as {differing[:5]}"


def sevens(worlds: int) -> list[list[int]]:
    return [list(range(first, min(first + 7, worlds))) for first in range(0, worlds, 7)]


@pytest.mark.parametrize("consumers", ["cohort", "agents"])
def test_a_world_has_the_same_bits_in_any_batch(consumers: str) -> None:
    shuffled = np.random.default_rng(5).permutation(WORLDS).tolist()
    assert_same_bits(consumers, WORLDS, MONTHS, [[3], sevens(WORLDS)[1], shuffled])


@pytest.mark.parametrize("consumers", ["cohort", "agents"])
def test_other_responses_move_no_bit_of_a_world(consumers: str) -> None:
    _, reference = together(consumers, WORLDS, MONTHS)
    for place, response in enumerate(("passive", "us_resists", "cn_resists")):
        plan = plan_of(
            f"worlds={WORLDS}", f"months={MONTHS}", f"consumers={consumers}", f"responses=[{response}]"
        )
        # One column: the run pads it.
        alone = columns_of(lived(plan, [5], MONTHS), [0])
        for name, array in reference.items():
            assert np.array_equal(
                array[[5 + place * WORLDS]], alone[name], equal_nan=array.dtype.kind == "f"
            ), f"{response}: {name}"


def test_a_world_alone_is_padded() -> None:
    """A lone column is added up in another order, so that runs never simulate one."""
    plan = plan_of("months=1", "consumers=cohort", "responses=[passive]")
    assert lived(plan, [5], 1).context.worlds == 2


def test_worlds_differ() -> None:
    """The tests above could not fail if all worlds were alike."""
    _, reference = together("agents", WORLDS, MONTHS)
    state = reference["state.users"]
    assert len({world.tobytes() for world in state[:WORLDS]}) == WORLDS


@pytest.mark.full
@pytest.mark.parametrize("consumers", ["cohort", "agents"])
def test_a_world_has_the_same_bits_in_any_batch_to_the_horizon(consumers: str) -> None:
    backwards = list(range(255, -1, -1))
    assert_same_bits(consumers, 256, 180, [[17], sevens(256)[0], sevens(256)[20], backwards])
