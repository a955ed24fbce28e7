"""Run the same worlds under several settings at once, with shared random numbers, and keep some series."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.errors import ConfigError
from experiments.config.parameters import axis_members
from experiments.runs.team import Team
from sim.axes import RESPONSES
from sim.params import Params
from sim.units import Array

if TYPE_CHECKING:
    from sim.recorder import Recorder

WINDOW_MONTHS: Final = 12
EVERYWHERE: Final = ".world"
"""Ends the name of an outcome that is the sum over places, where no such series is recorded."""
MONTHS_A_YEAR: Final = 12
RESPONSE: Final = "response"
"""In an arm, stands for who resists instead of for a parameter."""
_COLUMNS: Final = 640
"""Columns of a batch: many enough to be quick, few enough for 200 MB a process."""
_WORKERS: Final = 2

Arm = tuple[tuple[str, float], ...]
"""What one run sets: pairs of a key and its value; an empty one is the run without any lever."""
Measured = Mapping[Arm, Mapping[str, Array]]
"""Arm -> name of a series -> (month, world)."""


def quiet(text: str) -> None:
    """Tell nobody how far the runs are."""


def measure(
    config: Mapping[str, Any],
    wanted: Mapping[Arm, int],
    outcomes: Iterable[str],
    on_batch: Callable[[str], None],
) -> Measured:
    """Run every arm for the months wanted, side by side in batches, in worker processes."""
    per_batch = max(1, _COLUMNS // config["worlds"])
    ordered = sorted(wanted, key=lambda arm: (wanted[arm], arm))
    batches = [ordered[first : first + per_batch] for first in range(0, len(ordered), per_batch)]
    names = tuple(sorted(outcomes))
    measured: dict[Arm, Mapping[str, Array]] = {}
    with Team(min(_WORKERS, len(batches)), len(batches)) as team:
        # The longest first, so that no worker is left with it alone.
        batches.reverse()
        futures = [
            team.submit(run_arms, config, batch, max(wanted[arm] for arm in batch), names)
            for batch in batches
        ]
        for batch, series in zip(batches, team.wait_for(futures, lambda _: None), strict=True):
            measured.update(zip(batch, series, strict=True))
            on_batch(f"{len(measured)} of {len(ordered)} runs")
    return measured


def run_arms(
    config: Mapping[str, Any], arms: Sequence[Arm], months: int, wanted: Sequence[str]
) -> list[dict[str, Array]]:
    """Run the same worlds once for each arm, side by side, and return the series wanted.

    Worlds whose start is infeasible under an arm are NaN there. Shapes: -> (month, world) each.
    """
    # Only a process that simulates imports this: Mesa takes a second.
    from agents.roster import build_model
    from experiments.runs.cases import cases_of
    from experiments.runs.simulate import feasible_model
    from sim.model import forget

    plan = plan_from_config({**config, "months": months})
    world_ids = np.arange(plan.worlds, dtype=np.int64)
    drawn, attempts = feasible_model(plan, cases_of(plan, world_ids))
    forget(drawn)
    attempts = attempts[: plan.worlds]
    ids, tries = np.tile(world_ids, len(arms)), np.tile(attempts, len(arms))
    params = with_arms(plan, plan.params_for(ids, tries), arms, ids.size)
    response = np.repeat([int(dict(arm).get(RESPONSE, 0)) for arm in arms], plan.worlds)
    settings = plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    model.run()
    sound = np.where(np.asarray(model.report.feasible), 1.0, np.nan)
    rows = {name: outcome(model.recorder, name) * sound for name in wanted}
    forget(model)
    columns = [slice(arm * plan.worlds, (arm + 1) * plan.worlds) for arm in range(len(arms))]
    return [{name: values[:, part] for name, values in rows.items()} for part in columns]


def outcome(recorder: "Recorder", name: str) -> Array:
    """Return a recorded series, or its sum over places for a name that ends in `.world`.

    Shapes: -> (month, world).
    """
    quantity = name.removesuffix(EVERYWHERE)
    if name in recorder.names or quantity == name:
        return np.asarray(recorder.row(name), np.float64)
    places = [f"{quantity}.{place}" for place in recorder.ctx.axes.markets.names]
    total: Array = np.sum([np.asarray(recorder.row(place), np.float64) for place in places], axis=0)
    return total


def arm_of(plan: RunPlan, key: str, value: float) -> Arm:
    """Return what setting a lever means; nothing where it has that value anyway.

    Raises: ConfigError if the key is no parameter, or the value lies outside its limits.
    """
    section_and_name = ".".join(key.split(".")[:2])
    record = plan.catalogue.get(section_and_name)
    if record is None:
        raise ConfigError(key, value, "no such lever; expected the key of a parameter")
    if not record.minimum <= value <= record.maximum:
        raise ConfigError(key, value, record.expectation())
    cells = plan.table.cells[section_and_name]
    touched = cells if isinstance(cells, tuple) else (cells,)
    if key != section_and_name:
        touched = (touched[member_row(plan, key)],)
    same = all(cell.row is None and cell.value == value for cell in touched)
    return () if same else ((key, value),)


def arm_of_settings(plan: RunPlan, settings: str) -> Arm:
    """Return what pairs key=value mean; `response=us_resists` makes a bloc resist.

    Raises: ConfigError if one of them is wrong.
    """
    arm: Arm = ()
    for pair in settings.split():
        key, _, value = pair.partition("=")
        if key == RESPONSE:
            arm += ((key, float(RESPONSES.index(value))),)
        else:
            arm += arm_of(plan, key, float(value))
    return arm


def member_row(plan: RunPlan, key: str) -> int:
    """Return the row of a member along its parameter's axis.

    Raises: ConfigError if the parameter has no such member.
    """
    section, name, member = key.split(".")
    record = plan.catalogue[f"{section}.{name}"]
    members = axis_members(record, plan.axes) if record.by else ()
    if member not in members:
        raise ConfigError(key, member, f"expected one of {', '.join(members)}")
    return members.index(member)


def with_arms(plan: RunPlan, params: Params, arms: Sequence[Arm], columns: int) -> Params:
    """Return the parameters with each arm's settings in its block of columns.

    Shapes: fields 0-d, (column,) or (member, column) -> those that any arm sets with the column axis.
    """
    width = columns // len(arms)
    changed: dict[str, Array] = {}
    for place, arm in enumerate(arms):
        block = slice(place * width, (place + 1) * width)
        for key, value in arm:
            if key == RESPONSE:
                continue
            section, name, *member = key.split(".")
            field = f"{section}.{name}"
            if field not in changed:
                drawn = np.asarray(getattr(getattr(params, section), name), np.float64)
                shape = (*drawn.shape[:-1], columns) if drawn.ndim else (columns,)
                changed[field] = np.broadcast_to(drawn, shape).copy()
            rows = changed[field][member_row(plan, key)] if member else changed[field]
            rows[..., block] = value
    for field, values in changed.items():
        values.setflags(write=False)
        section, name = field.split(".")
        params = replace(params, **{section: replace(getattr(params, section), **{name: values})})
    return params


def last_month(plan: RunPlan, by: str) -> int:
    """Return how many months a run needs to reach a month's end.

    Raises: ConfigError if a full window does not fit before it.
    """
    (year, month), (start_year, start_month) = (map(int, text.split("-")) for text in (by, plan.start.month))
    months = (year - start_year) * MONTHS_A_YEAR + month - start_month + 1
    if months < WINDOW_MONTHS:
        raise ConfigError("by", by, f"expected a month at least a year after {plan.start.month}")
    return months
