"""The figure of two break-evens: marks found in the model over the lines of their closed forms."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures.fan import Drawing, alternative, heading, value_axis
from experiments.figures.forms import dollars, number, percent
from experiments.figures.labels import EndLabel, end_labels
from experiments.figures.manner import headline, say
from experiments.figures.origin import Origin
from experiments.figures.save import written
from experiments.figures.style import INK, MUTED, TEAL, WHITE, Page
from experiments.figures.tables import Row

if TYPE_CHECKING:
    from experiments.analysis.break_even import BreakEvens

LEFTS = (0.95, 5.55)
WIDTH, HEIGHT, TOP = 2.75, 3.0, 0.35
SHADES = (1.0, 0.72, 0.48)


def draw_break_evens(
    robots: "BreakEvens", orbit: "BreakEvens", made: Origin, out: Path, language: str = "en"
) -> list[Path]:
    """Draw and write both break-evens; return the files."""
    return written(lambda: break_evens(robots, orbit, made), made, out, language, request="break-even")


def break_evens(robots: "BreakEvens", orbit: "BreakEvens", made: Origin) -> Drawing:
    """Draw the efficiency that makes up for a price, and the launch cost that makes up for the ground."""
    title = headline(
        say(
            "Found in the model, the break-evens of robots and of orbit lie within {robots} and {orbit} of "
            "their closed forms",
            robots=percent(robots.worst, 2),
            orbit=percent(orbit.worst, 2),
        ),
        say("Break-evens of one Optimus against AgiBots and of orbit against the ground"),
    )
    subtitle = say(
        "Lines: closed forms; circles: where factories in the rest of the world and the US operator are "
        "undecided in one world of central values. Above a line, Optimus and the ground lead."
    )
    footer = made.footer(say("Robots: no home bias, both on sale, reach nearly full. Orbit: no cost floors."))
    page = Page(title, subtitle, footer, TOP + HEIGHT + 0.75)
    rows: list[Row] = []
    sentences: list[str] = []
    panels: tuple[tuple[BreakEvens, str, str, str, str, Callable[[float], str]], ...] = (
        (
            robots,
            say("Efficiency of one Optimus, as a multiple of an AgiBot's"),
            say("price of one Optimus, in AgiBots"),
            "ratio",
            say("{value} k$ a year"),
            number,
        ),
        (
            orbit,
            say("Launch cost at which orbit takes half, per kg"),
            say("W per kg of solar array"),
            "USD per kg",
            say("{value} a W"),
            lambda value: dollars(number(value)),
        ),
    )
    for left, (one, name, across, unit, curve_name, form) in zip(LEFTS, panels, strict=True):
        heading(page, left - 0.35, TOP - 0.28, name)
        axes = page.axes(left, TOP, WIDTH, HEIGHT)
        both = np.concatenate([one.found, one.closed])
        finite = both[np.isfinite(both)]
        value_axis(axes, float(finite.max()) if finite.size else 1.0, form=form)
        axes.set_xlim(0.0, 1.02 * float(one.x.max()))
        labels = []
        for curve, shade in zip(np.unique(one.curve), SHADES, strict=False):
            own = np.flatnonzero((one.curve == curve) & np.isfinite(one.found))
            own = own[np.argsort(one.x[own])]
            if not own.size:
                continue
            axes.plot(
                one.x[own], one.closed[own], color=TEAL, alpha=shade, linewidth=2.0, gid=f"closed/{curve:g}"
            )
            axes.plot(
                one.x[own], one.found[own], "o", markersize=5.0, markerfacecolor=WHITE, markeredgecolor=INK,
                markeredgewidth=1.2, linestyle="none", zorder=4, gid=f"found/{curve:g}",
            )  # fmt: skip
            shown = curve_name.format(
                value=number(float(curve)) if unit == "ratio" else dollars(number(float(curve)))
            )
            labels.append(EndLabel(float(one.closed[own[-1]]), shown, (), INK))
            for place in own:
                at = f"{one.x[place]:.6g}"
                rows.append(Row(name, shown, "found", at, float(one.found[place]), unit, 1))
                rows.append(Row(name, shown, "closed form", at, float(one.closed[place]), unit, 1))
            sentences.append(
                say(
                    "{name}, {curve}: from {low} at {low_x} to {high} at {high_x}.",
                    name=name,
                    curve=shown,
                    low=form(float(one.found[own[0]])),
                    low_x=number(float(one.x[own[0]])),
                    high=form(float(one.found[own[-1]])),
                    high_x=number(float(one.x[own[-1]])),
                )
            )
        end_labels(page, axes, labels)
        page.text(left + WIDTH / 2.0, TOP + HEIGHT + 0.32, across, colour=MUTED, ha="center")
    alt = alternative(title, subtitle, sentences)
    return Drawing("break_even", page.figure, rows, title, subtitle, footer, alt)
