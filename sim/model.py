"""The Mesa model: observe, plan, advance, record, for a batch of worlds at once."""

from collections.abc import Callable, Collection

import mesa

from sim.cast import Cast, plans_of
from sim.constraint import binding
from sim.context import Context
from sim.initial import start_state
from sim.invariants import Worst
from sim.month import Month, advance
from sim.plans import Plans
from sim.recorder import Recorder
from sim.tape.months import Months, ignore


class RaceModel(mesa.Model):  # type: ignore[misc]  # mesa ships no types
    """A batch of worlds of the race in AI and robots.

    Every column of every table is one world under one response; a column's result does not depend on the
    others. `cast` is set by the roster before the first month.
    """

    cast: Cast

    def __init__(self, context: Context) -> None:
        # Mesa's own generators stay unused: every draw has an address (sim.streams).
        super().__init__(rng=0)
        self.context = context
        self.state, self.report = start_state(context)
        self.recorder = Recorder(context)
        self.worst = Worst(context)
        self.last_month: Month | None = None
        """What happened in the last step, unless it was played."""

    def show_only(self, names: Collection[str]) -> None:
        """Record some series and check no law of conservation; what happens in a world stays the same.

        For who wants some numbers fast of what is checked elsewhere.

        Raises: KeyError naming a series that is not declared.
        """
        self.recorder = Recorder(self.context, names)
        self.worst = Worst(self.context, checks=False)

    def plans(self) -> Plans:
        """Ask everybody for a plan, all from the same state."""
        return plans_of(self.cast, self.context, self.state)

    def step(self) -> None:
        """Advance all worlds by one step and record it."""
        before, plans = self.state, self.plans()
        after, month = advance(self.context, before, plans)
        bound = binding(self.context, before, plans, month)
        self.recorder.record(before, plans, month, bound, after)
        self.worst.check(before, month, after)
        self.state, self.last_month = after, month

    def run(self, on_month: Callable[[int], None] | None = None) -> None:
        """Run to the horizon, telling `on_month` after each month.

        A long run's months are played from a tape, with the same bits (sim.tape.months).
        """
        tell = on_month or ignore
        played = Months.of(self)
        if played is not None:
            played.play(self.recorder, self.worst, tell)
            self.state, self.last_month = played.state(), None
            return
        settings = self.context.settings
        for month in range(settings.months):
            for _ in range(settings.steps_per_month):
                self.step()
            tell(month)


def forget(model: RaceModel) -> None:
    """Drop a finished model from Mesa's registry, which would keep it alive."""
    ids = getattr(mesa.Agent, "_ids", None)
    if ids is not None:
        ids.pop(model, None)
