"""The picture of one world: what bound each bloc month by month, and where its shares went."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures.data import Run
from experiments.figures.fan import Drawing, alternative, heading, time_axis, value_axis
from experiments.figures.forms import percent
from experiments.figures.labels import EndLabel, end_labels
from experiments.figures.manner import say
from experiments.figures.save import save
from experiments.figures.style import (
    BLOC_COLOURS,
    CONSTRAINT_COLOURS,
    INK,
    LABEL_PT,
    MUTED,
    WHITE,
    Page,
    styled,
    text_width_inches,
)
from experiments.figures.tables import Array, Row
from experiments.figures.titles import constraint

COLOURS = {"d1": INK, "d2": "#1F6F68", "d3": "#9A7412", "d4": "#A06FB4", "d5": MUTED}
DARK = frozenset({"chips", "parts", "capital"})


@styled
def draw_chain(
    run: Run,
    world: int,
    stories: Mapping[str, Sequence[Any]],
    columns: Mapping[str, Array],
    out: Path,
    point: int | None = None,
) -> list[Path]:
    """Draw the spells of both blocs over the shares of D1-D5 of one world and write the files.

    `point` is the world's place in a design, if there is one.
    """
    parts = []
    for bloc, story in stories.items():
        months: dict[str, int] = {}
        for spell in story:
            months[spell.constraint] = months.get(spell.constraint, 0) + spell.last - spell.first + 1
        most = max(months, key=lambda name: months[name])
        total = sum(months.values())
        parts.append(f"{run.bloc_names[bloc]} by {constraint(most)} in {months[most]} of {total} months")
    where = "" if point is None else f" at point {point}"
    title = f"World {world}{where}: what bound most was {parts[0]}, {parts[1]}"
    subtitle = (
        "Above: the limit that costs each bloc most. Below: US share of both blocs' sum, one sampled world."
    )
    footer = run.footer("Spells shorter than three months are drawn with the one before.")
    page = Page(title, subtitle, footer, 5.2)
    left, width = 0.95, 7.5
    edges = np.append(run.start + np.arange(len(run.months)) / 12.0, run.end)
    rows: list[Row] = []
    sentences = []
    for place, (bloc, story) in enumerate(stories.items()):
        top = 0.25 + place * 0.95
        heading(page, left, top - 0.06, run.bloc_names[bloc], colour=BLOC_COLOURS[bloc])
        axes = page.axes(left, top, width, 0.42)
        axes.grid(visible=False)
        axes.set_ylim(0.0, 1.0)
        axes.set_yticks([])
        time_axis(axes, (run.start, run.end), width, labelled=False)
        for spell in story:
            low, high = float(edges[spell.first]), float(edges[spell.last + 1])
            axes.axvspan(low, high, color=CONSTRAINT_COLOURS[spell.constraint], linewidth=0)
            words = constraint(spell.constraint)
            room = (high - low) / (run.end - run.start) * width
            if text_width_inches(words, LABEL_PT, "bold") + 0.1 < room:
                colour = WHITE if spell.constraint in DARK else INK
                axes.text((low + high) / 2.0, 0.5, words, ha="center", va="center_baseline",
                          fontweight="bold", color=colour)  # fmt: skip
            sentences.append(
                f"{run.bloc_names[bloc]}, {run.months[spell.first]} to {run.months[spell.last]}: {words}."
            )
        for month, code in zip(run.months, columns[f"binding_constraint_code.{bloc}"], strict=True):
            rows.append(Row(bloc, "binding constraint", f"world {world}", month, float(code), "code", 1))
    axes = page.axes(left, 2.3, width, 2.5)
    value_axis(axes, 1.0, count=4, form=percent)
    time_axis(axes, (run.start, run.end), width)
    axes.axhline(0.5, color=MUTED, linewidth=0.9)
    x = run.start + (np.arange(len(run.months)) + 0.5) / 12.0
    from experiments.figures.quantities import DIMENSION_NAMES

    labels = []
    for name, colour in COLOURS.items():
        values = columns[f"share.{name}"]
        axes.plot(x, values, color=colour, linewidth=1.8, gid=name)
        has = np.flatnonzero(np.isfinite(values))
        if has.size:
            last = float(values[has[-1]])
            labels.append(EndLabel(last, f"{say(DIMENSION_NAMES[name])} {percent(last)}", (), colour))
        rows += [Row("share", name, f"world {world}", month, float(value), "share", 1)
                 for month, value in zip(run.months, values, strict=True)]  # fmt: skip
    end_labels(page, axes, labels)
    request = f"explain --world {world}" + ("" if point is None else f" --point {point}")
    name = request.replace(" --", "-").replace(" ", "-")
    drawing = Drawing(
        name, page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences)
    )
    return save(drawing, run, out, request=request)
