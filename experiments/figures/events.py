"""The strip of policies under a panel over time: when the controls of a government tighten or ease."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.figures.data import Run
from experiments.figures.fan import heading, time_axis
from experiments.figures.forms import percent
from experiments.figures.manner import say
from experiments.figures.style import BLOC_COLOURS, LABEL_PT, Page, halo, text_width_inches
from experiments.figures.tables import Array, Row

QUANTITY: Final = "stringency"
LEAST: Final = 0.05
"""A smaller change of the median, in all, is no event."""
STILL: Final = 1e-4
"""A month in which the median changes by less stands still."""
PAUSE_MONTHS: Final = 12
"""A change that goes on within so many months is the same event."""
HEAD_INCHES, LINE_INCHES, BELOW_INCHES, MARK_INCHES = 0.62, 0.5, 0.3, 0.34


@dataclass(frozen=True)
class Event:
    """A stretch of months in which a government's controls move one way."""

    bloc: str
    first: int
    last: int
    before: float
    after: float

    @property
    def words(self) -> str:
        """Say what happens."""
        template = (
            "tighter: {before} to {after}" if self.after > self.before else "easier: {before} to {after}"
        )
        return say(template, before=percent(self.before), after=percent(self.after))


def changes(values: Array, bloc: str) -> list[Event]:
    """Return the stretches in which a path by month rises or falls, the small ones left out.

    >>> [(e.first, e.last, e.before, e.after) for e in changes(np.array([0.2, 0.2, 0.5, 0.8, 0.8]), "us")]
    [(2, 3, 0.2, 0.8)]
    """
    steps = np.diff(values)
    moving = [int(at) for at in np.flatnonzero(np.abs(np.nan_to_num(steps)) >= STILL)]
    stretches: list[list[int]] = []
    for at in moving:
        if stretches:
            last = stretches[-1][1]
            if at - last <= PAUSE_MONTHS and steps[at] * steps[last] > 0.0:
                stretches[-1][1] = at
                continue
        stretches.append([at, at])
    events = [
        Event(bloc, first + 1, last + 1, float(values[first]), float(values[last + 1]))
        for first, last in stretches
    ]
    return [event for event in events if abs(event.after - event.before) >= LEAST]


class PolicyStrip:
    """The events of a run, and the room that they take; none where no government moves."""

    def __init__(self, run: Run) -> None:
        recorded = {bloc: f"{QUANTITY}.{bloc}" for bloc in BLOC_COLOURS}
        recorded = {bloc: name for bloc, name in recorded.items() if name in run.series_columns}
        fans = run.fans({bloc: run.need(name) for bloc, name in recorded.items()}) if recorded else {}
        found = {bloc: changes(fan.median, bloc) for bloc, fan in fans.items()}
        self._events = {bloc: events for bloc, events in found.items() if events}
        self._run = run

    @property
    def inches(self) -> float:
        """Height of the strip."""
        if not self._events:
            return 0.0
        return HEAD_INCHES + LINE_INCHES * len(self._events) + BELOW_INCHES

    @property
    def note(self) -> str:
        """How to read it, for the footer."""
        if not self._events:
            return ""
        return say(
            "Strip: where the median of a government's controls on the other bloc moves by {least} points or "
            "more; 0 % is none, 100 % all.",
            least=f"{100.0 * LEAST:g}",
        )

    def draw(
        self, page: Page, span: tuple[float, float], left: float, top: float, width: float
    ) -> tuple[list[Row], list[str]]:
        """Draw it below `top` and return its dates, as rows and in words."""
        rows: list[Row] = []
        sentences: list[str] = []
        if not self._events:
            return rows, sentences
        heading(page, left, top + HEAD_INCHES - 0.14, say("When governments tighten or ease controls"))
        for place, (bloc, events) in enumerate(self._events.items()):
            axes = page.axes(left, top + HEAD_INCHES + LINE_INCHES * place, width, MARK_INCHES)
            axes.grid(visible=False)
            axes.set_ylim(0.0, 1.0)
            axes.set_yticks([])
            last = place == len(self._events) - 1
            time_axis(axes, span, width, labelled=last)
            if not last:
                axes.set_xticks([])
            colour = BLOC_COLOURS[bloc]
            axes.spines["bottom"].set_color(colour)
            page.text(
                left + width + 0.1,
                top + HEAD_INCHES + LINE_INCHES * place + MARK_INCHES,
                self._run.bloc_names[bloc],
                colour=colour,
                weight="bold",
                va="center_baseline",
            )
            self._marks(axes, events, colour, span, width)
            for event in events:
                at = self._run.months[event.first]
                until = self._run.months[event.last]
                for statistic, when, value in (("before", at, event.before), ("after", until, event.after)):
                    rows.append(Row("policies", bloc, statistic, when, value, "share", self._run.worlds))
                sentences.append(
                    say(
                        "{bloc}, controls from {first} to {last}: {words}.",
                        bloc=self._run.bloc_names[bloc],
                        first=at,
                        last=until,
                        words=event.words,
                    )
                )
        return rows, sentences

    def _marks(
        self, axes: object, events: Sequence[Event], colour: str, span: tuple[float, float], width: float
    ) -> None:
        from matplotlib.axes import Axes

        assert isinstance(axes, Axes)
        taken = -np.inf
        for event in events:
            x = [self._run.start + month / 12.0 for month in (event.first, event.last + 1)]
            gid = f"policy/{event.bloc}/{self._run.months[event.first]}"
            axes.plot(
                x, [0.0, 0.0], color=colour, linewidth=5.0, solid_capstyle="butt", clip_on=False, gid=gid
            )
            marker = "^" if event.after > event.before else "v"
            axes.plot(x[0], 0.0, marker, color=colour, markersize=7.0, clip_on=False, zorder=5)
            words = event.words
            wide = text_width_inches(words, LABEL_PT)
            start = (x[0] - span[0]) / (span[1] - span[0]) * width
            # Kept on the panel; one that would touch the last is left out, and the table has every date.
            start = min(start, width - wide)
            if start > taken:
                at = span[0] + start / width * (span[1] - span[0])
                halo(axes.text(at, 0.3, words, va="bottom", fontsize=LABEL_PT))
                taken = start + wide + 0.1
