"""Cases: the columns of a batch, each one run of one world under one response with what a point patches.

`uncontested run` and a sweep both simulate cases; a run patches nothing and has all responses of its worlds.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from experiments.config.build import RunPlan
from sim.params import Params
from sim.units import Array, IntArray


@dataclass(frozen=True)
class Patch:
    """Numbers of a design that take the place of a parameter's, or of some of its rows."""

    section: str
    name: str
    rows: tuple[int, ...] | None
    """None for a parameter without an axis."""
    values: Array
    """(case,); NaN where a case keeps what it has drawn."""


@dataclass(frozen=True)
class Cases:
    """Which worlds a batch runs, under which responses, and with what in the place of parameters."""

    world_ids: IntArray
    """(case,)"""
    response: IntArray
    """(case,): index into `sim.axes.RESPONSES`."""
    patches: tuple[Patch, ...] = ()

    @property
    def size(self) -> int:
        """Number of cases."""
        return int(self.world_ids.size)

    def take(self, places: IntArray) -> "Cases":
        """Return some of the cases, which may repeat. Shapes: places (case,)."""
        return Cases(
            self.world_ids[places],
            self.response[places],
            tuple(replace(patch, values=patch.values[places]) for patch in self.patches),
        )


def params_of(plan: RunPlan, cases: Cases, attempts: IntArray) -> Params:
    """Return the parameters of cases, every one with a world axis, read only.

    Always with a world axis: NumPy computes a lone number by another routine than a row of them, and the last
    bits of a result must not depend on whether a value came from conf, from a range or from a design.

    Shapes: attempts (case,) -> fields (case,), with their axis first if any.
    """
    params = plan.params_for(cases.world_ids, attempts)
    sections: dict[str, Any] = {}
    for section in fields(params):
        record = getattr(params, section.name)
        given = {field.name: getattr(record, field.name) for field in fields(record)}
        sections[section.name] = replace(
            record, **{name: _spread(value, cases.size) for name, value in given.items()}
        )
    for patch in cases.patches:
        target = getattr(sections[patch.section], patch.name)
        rows = ... if patch.rows is None else list(patch.rows)
        target[rows] = np.where(np.isnan(patch.values), target[rows], patch.values)
    for record in sections.values():
        for field in fields(record):
            getattr(record, field.name).setflags(write=False)
    return Params(**sections)


def _spread(value: Array, columns: int) -> Array:
    """Return a copy with an explicit world axis. Shapes: 0-d or (..., world) -> (..., world)."""
    table = np.empty((*value.shape[:-1], columns), value.dtype)
    table[:] = value
    return table


def cases_of(plan: RunPlan, world_ids: IntArray) -> Cases:
    """Return the cases of a run: all worlds of one response side by side."""
    return Cases(*plan.columns(world_ids))
