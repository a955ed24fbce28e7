"""The record of a run: one preallocated float32 array of the declared series."""

import difflib
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from sim.context import Context
from sim.month import Month
from sim.plans import Plans
from sim.series import Block, Bound, Series, Step
from sim.series_ai import ai_blocks
from sim.series_world import world_blocks
from sim.state import State
from sim.units import Array

Float32Array = npt.NDArray[np.float32]


def blocks(ctx: Context) -> tuple[Block, ...]:
    """Return every block of series that these axes have, in the order in which they are stored."""
    return (*ai_blocks(ctx), *world_blocks(ctx))


def declare(ctx: Context) -> tuple[Series, ...]:
    """Return every series that a run on these axes records, in the order of the record's rows."""
    return tuple(series for block in blocks(ctx) for series in block.series)


class Recorder:
    """Read the declared series off every step and keep them by month.

    Flows are summed over a month's steps, means averaged, stocks taken at its end; values are computed in
    float64 and stored in float32. `only` names the series to read, if not all: those that are read off
    together with one of them come along.
    """

    def __init__(self, ctx: Context, only: Collection[str] | None = None) -> None:
        self.ctx = ctx
        self.blocks: tuple[Block, ...] = blocks(ctx)
        if only is not None:
            check_declared(only, [one.name for block in self.blocks for one in block.series])
            self.blocks = tuple(
                block for block in self.blocks if any(one.name in only for one in block.series)
            )
        self.series: tuple[Series, ...] = tuple(series for block in self.blocks for series in block.series)
        self.names: tuple[str, ...] = tuple(one.name for one in self.series)
        self._rows = {name: row for row, name in enumerate(self.names)}
        if len(self._rows) < len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(
                f"series declared twice: {', '.join(twice)}; rename a firm or place of the roster"
            )
        self.data: Float32Array = np.zeros((len(self.names), ctx.settings.months, ctx.worlds), np.float32)
        self._month = np.zeros((len(self.names), ctx.worlds))
        self._begins = [0, *np.cumsum([len(block.entities) for block in self.blocks]).tolist()]
        self._pages = tuple(zip(self.blocks, np.split(self._month, self._begins[1:-1]), strict=True))
        """Each block with its rows of the month."""

    def record(self, before: State, plans: Plans, month: Month, bound: Bound, after: State) -> None:
        """Add one step to the record of its month."""
        steps = self.ctx.settings.steps_per_month
        index, part = divmod(before.tick, steps)
        step = Step(self.ctx, before, plans, month, bound, after)
        for block, rows in self._pages:
            if block.when == "month-end" or part == 0:
                rows[:] = block.values(step)
            else:
                rows += block.values(step)
            if block.when == "mean" and part == steps - 1 and steps > 1:
                rows /= steps
        if part == steps - 1:
            self._keep(self.data[:, index], self._month)

    def take(self, tick: int, rows: Array, worlds: slice) -> None:
        """Add a month of some worlds whose series were read off elsewhere.

        Shapes: rows (series, world), of all worlds.
        """
        self._keep(self.data[:, tick, worlds], rows[:, worlds])

    def read_off(self, tick: int, places: Collection[int], step: Step) -> None:
        """Add those blocks of a month that stand at these places."""
        for place in places:
            block, rows = self._pages[place]
            rows[:] = block.values(step)
            self._keep(self.data[self._begins[place] : self._begins[place] + len(rows), tick], rows)

    def _keep(self, record: Float32Array, values: Array) -> None:
        """Store a month's values. Shapes: (series, world) both."""
        # What is too large for float32, as a price at the end of the scale, is stored as infinite.
        with np.errstate(over="ignore"):
            record[:] = values

    def row(self, name: str) -> Float32Array:
        """Return one series. Shapes: (month, world).

        Raises: KeyError naming the series and the nearest declared one.
        """
        check_declared([name], self.names)
        found: Float32Array = self.data[self._rows[name]]
        return found


def check_declared(wanted: Collection[str], names: Collection[str]) -> None:
    """Check that series are declared.

    Raises: KeyError naming the first that is not, and the nearest declared one.
    """
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
            raise KeyError(f"series {name!r} is not declared; the nearest is {near[0]!r}")
