"""Months played from a tape have the bits of those that NumPy computes, which takes over where it must."""

import sys
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.cases import cases_of
from experiments.runs.simulate import feasible_model
from sim import hands, quantity
from sim.model import RaceModel, forget
from sim.tape import score
from sim.tape.months import MONTHS_AT_ONCE, Months, machine
from sim.tape.symbols import CannotTape

NOT_COMPILED = pytest.mark.skipif(machine() is None, reason="nothing is compiled here")
COHORTS = ("consumers=cohort", "worlds=5", "months=14")
CROWDS = ("agents_per_world=400", "worlds=3", "months=8")
EVENTS = ("scenario=blockade", "policy.blockade_hazard=0.9", "capability.breakthrough_hazard_us=0.9")
DISTRESS = ("capital.distress_limit=3", "capital.funding_rate=0", "capital.credit_share_of_value=0")


def started(*overrides: str) -> RaceModel:
    """Return the model of a run's worlds under all responses before its first month."""
    plan = plan_from_config(compose_run(list(overrides)))
    model, _ = feasible_model(plan, cases_of(plan, np.arange(plan.worlds)))
    forget(model)
    return model


def computed(model: RaceModel) -> RaceModel:
    """Let NumPy compute all months."""
    for _ in range(model.context.settings.months):
        model.step()
    return model


def played(model: RaceModel) -> RaceModel:
    """Let a tape play all months."""
    months = Months.of(model, wanted=True)
    assert months is not None
    months.play(model.recorder, model.worst)
    model.state = months.state()
    return model


def dear(model: RaceModel) -> RaceModel:
    """Let a lab that owns machines have costs that nobody pays."""
    costs = model.context.start.labs.fixed_cost_usd_per_month.copy()
    costs[model.context.axes.labs.names.index("xai")] = 1e12
    labs = replace(model.context.start.labs, fixed_cost_usd_per_month=costs)
    model.context = replace(model.context, start=replace(model.context.start, labs=labs))
    return model


def tables_of(record: Any, name: str = "state") -> dict[str, np.ndarray]:
    """Return every table below a record by its dotted name."""
    if isinstance(record, np.ndarray):
        return {name: record}
    found: dict[str, np.ndarray] = {}
    if is_dataclass(record):
        for field in fields(record):
            if field.name != "known":
                found |= tables_of(getattr(record, field.name), f"{name}.{field.name}")
    return found


def assert_alike(one: RaceModel, other: RaceModel) -> None:
    """Check that two models have the same bits in all that is recorded, checked and left at the end."""
    rows = zip(one.recorder.names, one.recorder.data, other.recorder.data, strict=True)
    assert not [name for name, first, second in rows if first.tobytes() != second.tobytes()]
    assert dict(one.worst.items()) == dict(other.worst.items())
    first, second = tables_of(one.state), tables_of(other.state)
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name].tobytes() != second[name].tobytes()]
    assert not [name for name in first if first[name].strides != second[name].strides]
    assert (one.state.tick, one.state.months) == (other.state.tick, other.state.months)


@NOT_COMPILED
@pytest.mark.parametrize(
    "overrides",
    [
        COHORTS,
        CROWDS,
        (*COHORTS, *EVENTS),
        (*COHORTS, "scenario=article", "noise=false"),
        (*COHORTS, "scenario=optimus_self_builds", "worlds=11"),
        ("agents_per_world=400", "worlds=1", "responses=[passive]", "months=8"),
        ("consumers=cohort", "worlds=32", "responses=[passive]", "months=4"),
    ],
    ids=[
        "cohorts",
        "crowds",
        "events",
        "no noise",
        "two blocks",
        "lone world",
        "as many as lanes",
    ],
)
def test_played_months_have_the_same_bits(overrides: tuple[str, ...]) -> None:
    assert_alike(computed(started(*overrides)), played(started(*overrides)))


@NOT_COMPILED
def test_labs_that_leave_while_months_are_played_leave_the_same() -> None:
    one, other = (dear(started(*COHORTS, *DISTRESS)) for _ in range(2))
    assert_alike(computed(one), played(other))
    assert (one.state.labs.alive[3] == 0.0).any()
    machines = one.recorder.row("accelerators_h100e.xai")
    assert (machines[1] > 0.0).all()
    assert (machines[-1] == 0.0).any()


@NOT_COMPILED
def test_blocks_that_several_hands_play_have_the_same_bits() -> None:
    overrides = ("consumers=cohort", "worlds=70", "responses=[passive]", "months=4")
    one, other = started(*overrides), started(*overrides)
    with hands.sharing(2):
        assert_alike(computed(one), played(other))


@NOT_COMPILED
def test_a_run_plays_long_months_and_ends_in_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "is_worth_writing", lambda ctx: True)
    one, other = computed(started(*COHORTS)), started(*COHORTS)
    seen: list[int] = []
    other.run(on_month=seen.append)
    assert_alike(one, other)
    assert seen == list(range(14))
    assert one.last_month is not None
    assert other.last_month is None


@NOT_COMPILED
@pytest.mark.parametrize("overrides", [COHORTS, CROWDS], ids=["cohorts", "crowds"])
def test_who_gives_up_in_a_month_is_heard_and_no_hand_plays_on_for_long(
    overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "is_worth_writing", lambda ctx: True)
    seen: list[int] = []

    def give_up(month: int) -> None:
        seen.append(month)
        if month == 2:
            raise TimeoutError

    model = started(*overrides, "worlds=35")
    with hands.sharing(2), pytest.raises(TimeoutError):
        model.run(on_month=give_up)
    assert seen == [0, 1, 2]
    assert not model.recorder.data[:, MONTHS_AT_ONCE:].any()


@NOT_COMPILED
def test_what_was_written_once_is_played_for_other_worlds_and_parameters() -> None:
    played(started(*COHORTS))
    written = list(score._WRITTEN)
    others = (
        "power.lead_time_us=15",
        "chips.hbm_growth_cn=0.1",
        "worlds=12",
        "capital.interest_rate=0.02..0.09",
    )
    found = played(started(*COHORTS, *others))
    assert list(score._WRITTEN) == written
    assert_alike(computed(started(*COHORTS, *others)), found)


@NOT_COMPILED
def test_who_changes_a_law_changes_the_tape(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, approach = played(started(*COHORTS)), quantity.approach

    def stubborn(value: Any, target: Any, rate_per_month: Any, dt: float) -> Any:
        return value + (target - value) * 0.01

    for module in [module for name, module in sys.modules.items() if name.startswith(("sim.", "agents."))]:
        if vars(module).get("approach") is approach:
            monkeypatch.setattr(module, "approach", stubborn)
    changed = played(started(*COHORTS))
    assert changed.recorder.data.tobytes() != usual.recorder.data.tobytes()
    assert_alike(computed(started(*COHORTS)), changed)


def test_what_everybody_plans_for_the_state_is_not_copied() -> None:
    month = score.written(started(*COHORTS))
    planned = [kept for kept, _ in month.changing if kept.table.trail[0] == "plans"]
    assert ("labs", "price_usd") in [kept.table.trail[1:] for kept in planned]
    assert {*planned} <= {*month.between}
    assert len({before for _, before in month.changing}) == len(month.changing)


def test_laws_see_numpy_again_after_a_month_was_written() -> None:
    model = started(*COHORTS)
    model.step()
    Months.of(model, wanted=True)
    modules = [one for name, one in sys.modules.items() if name.startswith(("sim.", "agents."))]
    assert not [one.__name__ for one in modules if vars(one).get("np", np) is not np]
    assert_alike(computed(started(*COHORTS)), computed(started(*COHORTS)))


@pytest.mark.parametrize(
    "overrides",
    [(*COHORTS, "steps_per_month=2"), ("consumers=cohort", "worlds=2", "months=3")],
    ids=["half steps", "short"],
)
def test_numpy_computes_what_is_not_worth_a_tape(overrides: tuple[str, ...]) -> None:
    score._WRITTEN.clear()
    model = started(*overrides)
    model.step()
    assert Months.of(model) is None


def test_numpy_computes_for_minds_of_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    model = started(*COHORTS)
    model.step()
    for lab in model.cast.labs:
        lab.__class__ = type("Mine", (type(lab),), {})
    assert Months.of(model, wanted=True) is None


def test_numpy_computes_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCONTESTED_COMPILED", "0")
    model = started(*COHORTS)
    model.step()
    assert Months.of(model, wanted=True) is None


@NOT_COMPILED
def test_numpy_computes_where_a_law_asks_for_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.acts import robots

    usual = robots.act

    def asking(ctx: Any, state: Any, *more: Any) -> Any:
        return usual(ctx, state, *more) if float(state.labs.cash_usd[0, 0]) > -np.inf else None

    monkeypatch.setattr(score, "is_worth_writing", lambda ctx: True)
    monkeypatch.setattr(robots, "act", asking)
    model = started(*COHORTS)
    model.step()
    assert Months.of(model) is None
    with pytest.raises(CannotTape, match="picks worlds"):
        Months.of(model, wanted=True)
    assert_alike(computed(started(*COHORTS)), computed(started(*COHORTS)))
