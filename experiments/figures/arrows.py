"""Arrows on a map: where the same worlds lie when a bloc resists, from where they lie when nobody reacts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from experiments.figures.data import Run
from experiments.figures.forms import Form
from experiments.figures.manner import say
from experiments.figures.opening import load_run
from experiments.figures.style import BLOC_COLOURS, LABEL_PT, halo, text_width_inches
from experiments.figures.tables import Array, Row
from experiments.reading.stored import done
from experiments.runs.summary import PASSIVE

BUDGET: Final = "all"
"""Preferred where a run has responses with several budgets."""
LOG_FROM: Final = 10.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""
LEAST: Final = 0.04
"""Share of a side of the map below which an arrow is too short to be drawn."""
FLAT: Final = 0.05
"""Rise of an arrow below which its words stand over its middle, and not beside it."""
EDGE: Final = 0.02
"""Room between words and what is beside them, as a share of a side."""

Places = Mapping[tuple[int, int], tuple[float, float]]
"""Both quantities of each world, by its point and number."""


@dataclass(frozen=True)
class Move:
    """Medians of both quantities over the worlds that two responses have in common."""

    bloc: str
    budget: str
    start: tuple[float, float]
    end: tuple[float, float]
    worlds: int


def resisting(run: Run) -> dict[str, Run]:
    """Return the run's other responses by the bloc that resists; none unless nobody reacts in `run`."""
    if run.response != PASSIVE:
        return {}
    worlds = done(run.folder)["worlds"]
    pairs = run.connection.execute(f"SELECT DISTINCT response, budget FROM ({worlds})").fetchall()
    found = {}
    for bloc in BLOC_COLOURS:
        response = f"{bloc}_resists"
        budgets = sorted(budget for one, budget in pairs if one == response)
        if budgets:
            found[bloc] = load_run(
                run.folder,
                response,
                BUDGET if BUDGET in budgets else budgets[0],
                blocs=run.blocs,
                bloc_names=run.bloc_names,
                months=(run.months[0], run.months[-1]),
            )
    return found


def moves(here: Places, there: Mapping[str, tuple[str, Places]]) -> Iterator[Move]:
    """Yield how the median of the same worlds moves, by the bloc that resists; `there` has its budget, too.

    >>> here = {(0, 0): (1.0, 5.0), (0, 1): (3.0, 5.0), (0, 2): (9.0, 9.0)}
    >>> [one] = moves(here, {"us": ("all", {(0, 0): (2.0, 5.0), (0, 1): (4.0, 5.0)})})
    >>> one.start, one.end, one.worlds
    ((2.0, 5.0), (3.0, 5.0), 2)
    """
    for bloc, (budget, places) in there.items():
        both = [world for world in here if world in places]
        if both:
            start, end = (np.median([one[world] for world in both], axis=0) for one in (here, places))
            yield Move(
                bloc, budget, (float(start[0]), float(start[1])), (float(end[0]), float(end[1])), len(both)
            )


def note(found: Sequence[Move], values: Sequence[Array]) -> str:
    """Say how to read the arrows, or why there is none, for the footer."""
    if not found:
        return ""
    if not _shown(found, values):
        return say("Where a bloc resists, both medians hardly move.")
    return say(
        "Arrows: from the medians where nobody reacts to those of the same worlds where a bloc resists "
        "(budget {budget}); a tip on the edge lies beyond it.",
        budget=found[0].budget,
    )


def draw_moves(axes: Any, run: Run, found: Sequence[Move], values: Sequence[Array], width: float) -> None:
    """Draw an arrow a bloc and its words, axes so wide in inches; none where the medians hardly move."""
    for place, (move, start, end) in enumerate(_shown(found, values)):
        colour = BLOC_COLOURS[move.bloc]
        arrow = axes.annotate(
            "",
            end,
            start,
            "axes fraction",
            "axes fraction",
            arrowprops={
                "arrowstyle": "-|>,head_length=0.5,head_width=0.28",
                "color": colour,
                "linewidth": 2.6,
                "shrinkA": 0.0,
                "shrinkB": 0.0,
            },
            zorder=6,
            gid=f"move/{move.bloc}",
        )
        halo(arrow.arrow_patch, 5.0)
        # Over the middle of the arrow with the upper tip, under that of the other, and off both lines.
        across, up = (start + end) / 2.0
        above, flat = place == 0, abs(end[1] - start[1]) < FLAT
        rising = (end[0] - start[0]) * (end[1] - start[1]) > 0.0
        side = "center" if flat else "right" if rising == above else "left"
        told_of = words(run, move.bloc)
        wide = text_width_inches(told_of, LABEL_PT, "bold") / width
        low = {"center": wide / 2.0, "right": wide, "left": 0.0}[side] + EDGE
        halo(
            axes.text(
                float(
                    np.clip(
                        across + {"left": EDGE, "right": -EDGE}.get(side, 0.0),
                        low,
                        1.0 - wide + low - 2.0 * EDGE,
                    )
                ),
                up + (EDGE if above else -EDGE),
                told_of,
                transform=axes.transAxes,
                ha=side,
                va="bottom" if above else "top",
                color=colour,
                fontsize=LABEL_PT,
                fontweight="bold",
                zorder=7,
            )
        )


def logarithmic(values: Array) -> bool:
    """Say whether an axis over these values is logarithmic."""
    low, high = float(values.min()), float(values.max())
    return low > 0.0 and high / low > LOG_FROM


def _shown(found: Sequence[Move], values: Sequence[Array]) -> list[tuple[Move, Array, Array]]:
    """Return the moves long enough to be drawn, both ends as shares of the axes, the upper tip first."""
    placed = [(move, _along(values, move.start), _along(values, move.end)) for move in found]
    drawn = [one for one in placed if float(np.hypot(*(one[2] - one[1]))) >= LEAST]
    return sorted(drawn, key=lambda one: -one[2][1])


def _along(values: Sequence[Array], at: Sequence[float]) -> Array:
    """Return a place as shares of both axes; what lies beyond an edge is laid onto it."""
    shares = []
    for axis, value in zip(values, at, strict=True):
        low, high = float(axis.min()), float(axis.max())
        inside = min(max(value, low), high)
        scale = np.log if logarithmic(axis) else float
        shares.append((scale(inside) - scale(low)) / (scale(high) - scale(low)))
    return np.array(shares, np.float64)


def words(run: Run, bloc: str) -> str:
    """Say who resists."""
    return say("{bloc} resist" if bloc == "us" else "{bloc} resists", bloc=run.bloc_names[bloc])


def rows_of(found: Sequence[Move], series: Sequence[str], units: Mapping[str, str]) -> list[Row]:
    """List both ends of every arrow in tidy form."""
    return [
        Row(
            "moves",
            f"{move.bloc}_resists/{move.budget}",
            statistic,
            name,
            value,
            units.get(name, ""),
            move.worlds,
        )
        for move in found
        for statistic, ends in (("median passive", move.start), ("median resisting", move.end))
        for name, value in zip(series, ends, strict=True)
    ]


def told(found: Sequence[Move], run: Run, names: Sequence[str], forms: Sequence[Form]) -> list[str]:
    """Describe every arrow in words, one that is too short to be drawn as well."""
    return [
        say(
            "Where {who}, the medians move: {x} from {x_start} to {x_end}, {y} from {y_start} to {y_end}.",
            who=words(run, move.bloc),
            x=names[0],
            y=names[1],
            x_start=forms[0].one(move.start[0]),
            x_end=forms[0].one(move.end[0]),
            y_start=forms[1].one(move.start[1]),
            y_end=forms[1].one(move.end[1]),
        )
        for move in found
    ]
