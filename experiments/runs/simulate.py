"""Simulate a batch of cases. Only a process that simulates imports this: Mesa takes a second.

What a batch computes for a case has the same bits in any batch, so that neither the number of workers nor the
size of a batch can change a result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.roster import build_model
from experiments.config.build import RunPlan
from experiments.config.errors import RunError
from experiments.config.minds import minds_of, where
from experiments.runs.batch import BatchResult, SeriesInfo
from experiments.runs.cases import Cases, cases_of, params_of
from experiments.runs.scratch import Float32Array, Scratch
from sim.axes import BLOCS, CONSTRAINTS, RESPONSES
from sim.model import RaceModel, forget
from sim.outcome import evaluate, over_passive, without_a_fight
from sim.units import Array, BoolArray, IntArray

MOST_ATTEMPTS = 20
BINDING = "binding_constraint_code"
LEAST_COLUMNS = 2
"""NumPy adds a lone column up in another order: its last bits would differ from those in a batch."""
_SHOWN_SETTINGS = 6


@dataclass(frozen=True)
class Simulated:
    """What some cases came to."""

    attempts: IntArray
    """(case,): draws rejected before the one that was run."""
    growth_scaled: Array
    """(case,): as `sim.initial_consumers.StartReport`."""
    series: tuple[SeriesInfo, ...]
    record: Float32Array
    """(series, month, case)"""
    outcomes: dict[str, Array]
    """Column of `sim.outcome.evaluate` -> (case,)."""
    worst: dict[str, float]
    """Law -> largest relative residual over all cases."""


def simulate_cases(plan: RunPlan, cases: Cases, on_month: Callable[[int], None]) -> Simulated:
    """Run cases side by side to the horizon.

    Raises: RunError if a world has no feasible start.
    """
    model, attempts = feasible_model(plan, cases)
    try:
        model.run(on_month=on_month)
    except Exception as error:  # a rule of one's own may raise anything; the project's errors go on
        if plan.rules is None:
            raise
        raise RunError(f"rules={plan.rules[0]}: {where(error, plan.rules[0])}; nothing was written") from None
    record = model.recorder.data[..., : cases.size]
    outcomes = evaluate(model.context, plan.outcome, model.recorder.series, model.recorder.data)
    forget(model)
    return Simulated(
        attempts=attempts,
        growth_scaled=np.asarray(model.report.growth_scaled)[: cases.size],
        series=tuple(
            SeriesInfo(one.name, one.unit, one.kind, one.when, one.definition, one.equation)
            for one in model.recorder.series
        ),
        record=record,
        outcomes={name: values[: cases.size] for name, values in outcomes.items()},
        worst=dict(model.worst.items()),
    )


def simulate(
    plan: RunPlan, world_ids: IntArray, first: int, scratch: Path, on_month: Callable[[int], None]
) -> BatchResult:
    """Run some worlds under all responses and write their series to the scratch file.

    `first` is the place of the first of them among the worlds of the run.

    Raises: RunError if a world has no feasible start; OSError if the disk is full.
    """
    found = simulate_cases(plan, cases_of(plan, world_ids), on_month)
    responses, worlds = len(plan.responses), world_ids.size
    record = found.record.reshape(-1, plan.months, responses, worlds)
    Scratch(scratch, len(record), plan.worlds, responses, plan.months).write(first, record)
    outcomes = {name: values.reshape(responses, worlds) for name, values in found.outcomes.items()}
    efforts, senses = compare_responses(plan, outcomes)
    return BatchResult(
        world_ids=world_ids,
        # A start is feasible or not before anybody reacts, so that all responses of a world share its draw.
        attempts=found.attempts[:worlds],
        growth_scaled=found.growth_scaled[:worlds],
        series=found.series,
        binding=count_binding([one.name for one in found.series], record),
        outcomes={**outcomes, **efforts},
        senses=senses,
        worst=found.worst,
    )


def compare_responses(plan: RunPlan, outcomes: dict[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Compare the responses of each world, as far as they were run.

    Return where a bloc's effort is above that of the passive run (F3), as (response, world), empty there; and
    in which sense a bloc leads without a fight, as (world,).
    """
    one = {
        response: {name: values[place] for name, values in outcomes.items()}
        for place, response in enumerate(plan.responses)
    }
    passive = one.get(RESPONSES[0])
    if passive is None:
        return {}, {}
    over = {
        response: over_passive(plan.outcome, passive, columns)
        for response, columns in one.items()
        if columns is not passive
    }
    nothing = np.full(passive["world"].shape, np.nan)
    names = next(iter(over.values()), {})
    efforts = {
        name: np.stack([over.get(response, {}).get(name, nothing) for response in plan.responses])
        for name in names
    }
    senses = without_a_fight(plan.outcome, passive, one.get("us_resists"), one.get("cn_resists"))
    return efforts, {name: values for name, values in senses.items() if name != "world"}


def feasible_model(plan: RunPlan, cases: Cases) -> tuple[RaceModel, IntArray]:
    """Build the model of some cases, drawing those worlds again whose start is infeasible (S1.4).

    Whether a world is drawn again depends on nothing but its own draws and what is patched into them.

    Raises: RunError naming a world without a feasible start, and what is likely to be the cause.
    """
    attempts: IntArray = np.zeros(cases.size, np.int64)
    model = build(plan, cases, attempts)
    pending = np.flatnonzero(~feasible(model, cases))
    if not pending.size:
        return model, attempts
    for attempt in range(1, MOST_ATTEMPTS):
        forget(model)
        attempts[pending] = attempt
        tried = cases.take(pending)
        model = build(plan, tried, attempts[pending])
        pending = pending[~feasible(model, tried)]
        if not pending.size:
            forget(model)
            return build(plan, cases, attempts), attempts
    forget(model)
    raise RunError(no_feasible_start(plan, np.unique(cases.world_ids[pending])))


def build(plan: RunPlan, cases: Cases, attempts: IntArray) -> RaceModel:
    """Build the model of some cases, with a spare column if there is but one."""
    padded = np.pad(np.arange(cases.size), (0, max(0, LEAST_COLUMNS - cases.size)), "edge")
    cases, attempts = cases.take(padded), attempts[padded]
    settings = plan.settings_for(cases.world_ids, cases.response)
    params = params_of(plan, cases, attempts)
    return build_model(params, plan.axes, plan.start, settings, plan.history, minds_of(plan.rules))


def start_of(plan: RunPlan, world_ids: IntArray) -> RaceModel:
    """Build the model of some worlds under all responses as they are first drawn, feasible or not."""
    cases = cases_of(plan, world_ids)
    return build(plan, cases, np.zeros(cases.size, np.int64))


def feasible(model: RaceModel, cases: Cases) -> BoolArray:
    """Say which cases can start. Shapes: (case,)."""
    found: BoolArray = np.asarray(model.report.feasible[: cases.size])
    return found


def no_feasible_start(plan: RunPlan, world_ids: IntArray) -> str:
    """Say which worlds have no feasible start, what is likely to be the cause, and the remedy."""
    written = [
        f"{key}={value}" if member == "*" else f"{key}.{member}={value}"
        for key, record in plan.config["parameters"].items()
        for member, value in record.get("set", {}).items()
    ]
    # The start inverts the choices of consumers: a value of theirs is the likelier cause.
    likely = [text for text in written if text.startswith("consumers.")] or written
    shown = ", ".join(likely[:_SHOWN_SETTINGS]) + (", ..." if len(likely) > _SHOWN_SETTINGS else "")
    cause = f"these settings: {shown}" if likely else "the start values of users and their growth"
    others = f" and {world_ids.size - 1} others" if world_ids.size > 1 else ""
    return (
        f"world {world_ids[0]}{others}: no feasible start in {MOST_ATTEMPTS} draws, since the observed users "
        f"cannot be continued from any of them (S1.4). Likely cause: {cause}. Leave them out or bring them "
        "nearer to conf's values. Nothing was written"
    )


def count_binding(names: list[str], record: Float32Array) -> IntArray:
    """Count the months in which each constraint binds.

    Shapes: record (series, month, response, world) -> (response, bloc, constraint).
    """
    counts: IntArray = np.zeros((record.shape[2], len(BLOCS), len(CONSTRAINTS)), np.int64)
    for bloc, name in enumerate(BLOCS):
        if f"{BINDING}.{name}" in names:
            codes = record[names.index(f"{BINDING}.{name}")]
            for code in range(len(CONSTRAINTS)):
                counts[:, bloc, code] = (codes == code).sum((0, 2))
    return counts
