"""The figure of scenario discovery: the limits of the box, and the points in its two narrowest factors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle

from experiments.figures.bars import (
    LABEL_INCHES,
    ROW_INCHES,
    TOP,
    body_inches,
    colours,
    rows_panel,
    sample,
    what,
)
from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import number, percent
from experiments.figures.manner import headline, say
from experiments.figures.origin import Origin
from experiments.figures.style import FOOTER_PT, GREY, INK, LEFT_INCHES, MUTED, Page
from experiments.figures.tables import Row

if TYPE_CHECKING:
    from experiments.figures.analysis import Cloud

BOX_LEFT, BOX_WIDTH = LEFT_INCHES + LABEL_INCHES, 2.4
SCATTER_LEFT, SCATTER_SIDE = 7.05, 2.45
LIMITED = 0.9
"""A factor is limited by a box that holds less than so much of its range."""


def discovered(result: Mapping[str, Any], made: Origin, cloud: "Cloud | None" = None) -> Drawing:
    """Draw the box in which something happens: its limits in each factor, and the points around it."""
    name = what(result)
    if not result["is"]:
        name = say("{what} above {above}", what=name, above=number(float(result["above"])))
    shown = list(result["rows"])
    held = result["held_out"]
    limited = [row for row in shown if row["share_of_range"] < LIMITED]
    title = headline(
        say(
            "In a box of {count} factors {density} of the points held out have {what}",
            count=len(limited),
            density=percent(held["density"]),
            what=name,
        ),
        say("In which part of the space of doubt: {what}", what=name),
    )
    subtitle = say(
        "{title}. Bars: limits of the densest box that holds four fifths of the cases (PRIM), within each "
        "factor's range. Found on every other point, checked on the rest: coverage {coverage}, density "
        "{density} there. {sample}.",
        title=result["title"],
        coverage=percent(held["coverage"]),
        density=percent(held["density"]),
        sample=sample(result),
    )
    footer = made.footer(
        say(
            "On all points it happens in {share}. A tree of three levels (CART) sorts {right} of the points "
            "held out rightly.",
            share=percent(result["share_of_cases"]),
            right=percent(result["tree_right_held_out"]),
        )
    )
    height = max(body_inches(len(shown)), TOP + SCATTER_SIDE + 0.75)
    page = Page(title, subtitle, footer, height)
    panel = rows_panel(page, [row["factor"] for row in shown], (0.0, 1.0))
    at = panel.axes.get_position()
    panel.axes.set_position((BOX_LEFT / 10.0, at.y0, BOX_WIDTH / 10.0, at.height))
    up, _ = colours(result)
    rows: list[Row] = []
    sentences = []
    for place, row in enumerate(shown):
        y = panel.places[place]
        panel.axes.barh(y, 1.0, height=0.34, color=GREY, alpha=0.5, linewidth=0)
        narrow = row["share_of_range"] < LIMITED
        panel.axes.barh(
            y,
            row["unit_to"] - row["unit_from"],
            left=row["unit_from"],
            height=0.5,
            color=up if narrow else MUTED,
            alpha=1.0 if narrow else 0.45,
            linewidth=0,
            gid=f"box/{row['factor']}",
        )
        if narrow:
            span = f"{_short(row['from'])} \u2013 {_short(row['to'])}"
            page.text(
                BOX_LEFT + BOX_WIDTH + 0.08,
                TOP + ROW_INCHES * (place + 0.5),
                span,
                colour=INK,
                va="center_baseline",
                size=FOOTER_PT,
            )
        for statistic in ("unit_from", "unit_to", "share_of_range"):
            rows.append(
                Row(
                    "box",
                    row["factor"],
                    statistic,
                    "",
                    float(row[statistic]),
                    "share of range",
                    result["worlds"],
                )
            )
        sentences.append(
            say(
                "{factor}: {low} to {high}, {share} of its range.",
                factor=row["factor"],
                low=_short(row["from"]),
                high=_short(row["to"]),
                share=percent(row["share_of_range"]),
            )
        )
    panel.axes.set_xticks([0.0, 1.0], [say("low"), say("high")])
    for where in ("found", "held_out"):
        for statistic, value in result[where].items():
            rows.append(Row("scores", where, statistic, "", float(value), "share", result["worlds"]))
    if cloud is not None and len(shown) > 1:
        scatter(page, cloud, shown[:2], up)
    alt = alternative(title, subtitle, [*sentences, result["tree"]])
    return Drawing("discovery", page.figure, rows, title, subtitle, footer, alt)


def scatter(page: Page, cloud: "Cloud", pair: list[Mapping[str, Any]], colour: str) -> None:
    """Draw the points over the two narrowest factors, those with the case full, and the box."""
    axes = page.axes(SCATTER_LEFT, TOP, SCATTER_SIDE, SCATTER_SIDE)
    axes.grid(visible=False)
    x, y = (cloud.unit[:, cloud.names.index(row["factor"])] for row in pair)
    for case, marker, tone, side in ((False, "o", GREY, 3.0), (True, "s", colour, 4.0)):
        own = cloud.cases == case
        axes.plot(x[own], y[own], marker, color=tone, markersize=side, linestyle="none", gid=f"points/{case}")
    low = [row["unit_from"] for row in pair]
    size = [row["unit_to"] - row["unit_from"] for row in pair]
    axes.add_patch(Rectangle((low[0], low[1]), size[0], size[1], fill=False, edgecolor=INK, linewidth=1.4))
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xticks([0.0, 1.0], [say("low"), say("high")])
    axes.set_yticks([])
    page.text(SCATTER_LEFT, TOP - 0.08, f"↑ {pair[1]['factor']}", colour=MUTED, va="bottom", size=FOOTER_PT)
    page.text(
        SCATTER_LEFT + SCATTER_SIDE,
        TOP + SCATTER_SIDE + 0.3,
        f"{pair[0]['factor']} →",
        colour=MUTED,
        ha="right",
        size=FOOTER_PT,
    )


def _short(value: Any) -> str:
    return number(value, 3) if isinstance(value, float) and np.isfinite(value) else str(value)
