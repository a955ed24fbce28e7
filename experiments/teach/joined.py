"""Worlds of several scenarios side by side in one batch, as worlds of one plan.

A batch holds a number a parameter and world, so that scenarios that differ in nothing but parameters can
share it. A world of scenario p carries the id p * SPAN + id here and draws what world id of scenario p draws.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from experiments.config.build import RunPlan, moving
from experiments.config.design import LARGEST_WORLD
from sim.params import Params
from sim.settings import Settings
from sim.units import Array, BoolArray, IntArray

SPAN = LARGEST_WORLD + 1
KEPT_DRAWS = 16
"""Of a scenario: its worlds, those of a batch of several questions, and some that were drawn again."""
OF_PARAMETERS = ("parameters", "uncertainty", "posterior")
"""What of a configuration decides nothing but parameters."""


def structure(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has to be alike in plans that share a batch: all that moves results but parameters."""
    return {key: value for key, value in moving(config).items() if key not in OF_PARAMETERS}


@dataclass(frozen=True)
class KeptPlan(RunPlan):
    """A plan of which the same worlds are asked for again and again, as a page does: draws are kept."""

    def params_for(self, world_ids: IntArray, attempt: IntArray | int = 0) -> Params:
        """Return what a plan draws. Shapes: as there."""
        attempts = np.broadcast_to(attempt, world_ids.shape)
        return self._drawn(tuple(world_ids.tolist()), tuple(attempts.tolist()))

    @cached_property
    def _drawn(self) -> Callable[[tuple[int, ...], tuple[int, ...]], Params]:
        draw = super().params_for
        return lru_cache(KEPT_DRAWS)(lambda ids, attempts: draw(np.array(ids), np.array(attempts)))


def kept(plan: RunPlan) -> KeptPlan:
    """Return a plan that keeps what it draws."""
    return KeptPlan(**{one.name: getattr(plan, one.name) for one in fields(plan)})


@dataclass(frozen=True)
class JoinedPlan(RunPlan):
    """A plan whose worlds are those of several plans of the same structure; the first stands for all else."""

    plans: tuple[RunPlan, ...]

    def params_for(self, world_ids: IntArray, attempt: IntArray | int = 0) -> Params:
        """Draw the parameters of columns by the plan that their ids name.

        Shapes: ids (world,), attempt broadcasts -> fields (world,), with their axis first if any.
        """
        which, own = np.divmod(world_ids, SPAN)
        attempts = np.broadcast_to(attempt, own.shape)
        if len(self.plans) == 1:
            return self.plans[0].params_for(own, attempts)
        masks = [which == place for place in range(len(self.plans))]
        return assembled(
            [
                plan.params_for(own[mask], attempts[mask])
                for plan, mask in zip(self.plans, masks, strict=True)
            ],
            masks,
        )

    def settings_for(self, world_ids: IntArray, response: IntArray) -> Settings:
        """Return the settings of a batch, its worlds under the ids that they have alone."""
        return super().settings_for(world_ids % SPAN, response)


def join(plans: Sequence[RunPlan]) -> JoinedPlan:
    """Return a plan of the worlds of all plans, which have the same structure."""
    first = plans[0]
    return JoinedPlan(**{one.name: getattr(first, one.name) for one in fields(first)}, plans=tuple(plans))


def assembled(parts: Sequence[Params], masks: Sequence[BoolArray]) -> Params:
    """Lay parameters of some columns each into one table. Shapes: masks (world,), one a part."""
    columns = masks[0].size

    def field(values: Sequence[Array]) -> Array:
        table = np.empty((*values[0].shape[:-1], columns))
        for value, mask in zip(values, masks, strict=True):
            table[..., mask] = value
        return table

    sections = {}
    for section in fields(Params):
        records = [getattr(part, section.name) for part in parts]
        names = [one.name for one in fields(records[0])]
        sections[section.name] = type(records[0])(
            **{name: field([getattr(record, name) for record in records]) for name in names}
        )
    return Params(**sections)
