"""The figure of the least changes: where on the way to a limit each world gets another leader."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import percent
from experiments.figures.manner import headline, say
from experiments.figures.origin import Origin
from experiments.figures.save import written
from experiments.figures.style import (
    BLOC_COLOURS,
    BLOC_MARKERS,
    FOOTER_PT,
    GREY,
    INK,
    LABEL_PT,
    LEFT_INCHES,
    MUTED,
    RIGHT_INCHES,
    WHITE,
    WIDTH_INCHES,
    Page,
    text_width_inches,
    wrap,
)
from experiments.figures.tables import Row
from experiments.figures.titles import BLOC_NAMES, in_year
from sim.outcome import LEADERS

if TYPE_CHECKING:
    from experiments.analysis.flip import Answer

MOST_ROWS = 16
TOP, AXIS_LEFT, AXIS_WIDTH = 0.2, 3.75, 2.9
TEXT_LEFT = AXIS_LEFT + AXIS_WIDTH + 0.25
TEXT_WIDTH = WIDTH_INCHES - RIGHT_INCHES - TEXT_LEFT
_JITTER = 0.3


def draw_flips(
    answer: "Answer",
    summary: Sequence[Mapping[str, Any]],
    scenario: str,
    made: Origin,
    out: Path,
    language: str = "en",
) -> list[Path]:
    """Draw and write where each world gets another leader, the strongest ways first; return the files."""
    return written(lambda: flips(answer, summary, scenario, made), made, out, language)


def flips(answer: "Answer", summary: Sequence[Mapping[str, Any]], scenario: str, made: Origin) -> Drawing:
    """Draw a row a way: a mark a world, at the share of the way to the limit where its leader changes."""
    question, worlds = answer.question, answer.first.size
    shown = [row for row in summary if row["flipped"]][:MOST_ROWS]
    title = headline(
        finding(summary, question.year),
        say("Least changes that change who leads {when}", when=in_year(int(question.year))),
    )
    subtitle = say(
        "{scenario}: share of the way from a world's own value to the limit of each lever at which another "
        "leads ({definition}, response {response}). One mark a world, {worlds} worlds, each against itself.",
        scenario=scenario,
        definition=question.definition.upper(),
        response=question.response,
        worlds=worlds,
    )
    footer = made.footer(
        say("Hollow: undone further on, the first leader is back at a later place."),
        say(
            "Left out: {count} ways by which no world changes its leader.",
            count=sum(not row["flipped"] for row in summary),
        ),
    )
    labels = [wrap(label(row), AXIS_LEFT - LEFT_INCHES - 0.2, LABEL_PT) for row in shown]
    changes = [wrap(change(row), TEXT_WIDTH, FOOTER_PT) for row in shown]
    heights = [
        max(0.2 * len(left), 0.2 + 0.16 * len(right)) + 0.12
        for left, right in zip(labels, changes, strict=True)
    ]
    total = sum(heights)
    page = Page(title, subtitle, footer, max(total + TOP + 0.65, 1.2))
    if shown:
        axes = page.axes(AXIS_LEFT, TOP, AXIS_WIDTH, total)
        axes.set(xlim=(0.0, 1.03), ylim=(total, 0.0))
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], [percent(x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)])
        middle_x, below = AXIS_LEFT + AXIS_WIDTH / 2.0, TOP + total + 0.3
        page.text(middle_x, below, say("of the way to the limit"), colour=MUTED, ha="center")
    else:
        page.text(LEFT_INCHES, TOP, say("No world changes its leader."), colour=MUTED)
    names = [way.name for way in answer.ways]
    rows: list[Row] = []
    sentences = []
    top = 0.0
    for row, left, right, height in zip(shown, labels, changes, heights, strict=True):
        name, way, middle = row["way"], names.index(row["way"]), top + height / 2.0
        axes.plot([0.0, 1.0], [middle, middle], color=GREY, linewidth=0.8, zorder=1)
        for world in np.flatnonzero(answer.flips.flipped[way]):
            leader, at = LEADERS[int(answer.flips.leader[way, world])], float(answer.flips.place[way, world])
            colour, marker = BLOC_COLOURS.get(leader, MUTED), BLOC_MARKERS.get(leader, "D")
            hollow = bool(answer.flips.back[way, world])
            offset = _JITTER * height * ((world + 0.5) / worlds - 0.5)
            axes.plot(
                at, middle + offset, marker, color=colour, markersize=5.0,
                markerfacecolor=WHITE if hollow else colour, markeredgecolor=colour if hollow else WHITE,
                markeredgewidth=1.0, linestyle="none", clip_on=False, zorder=3, gid=f"{name}/{leader}",
            )  # fmt: skip
            rows.append(
                Row("flip", name, f"new leader {leader}", f"world {world}", at, "share of the way", 1)
            )
        for place, line in enumerate(left):
            y = TOP + middle + 0.2 * (place - (len(left) - 1) / 2.0)
            page.text(LEFT_INCHES, y, line, va="center_baseline")
        y = TOP + middle - 0.08 * len(right)
        share = say("{share} of worlds", share=percent(row["flipped"] / worlds))
        page.text(TEXT_LEFT, y, share, weight="bold", va="center_baseline")
        for place, line in enumerate(right):
            low = y + 0.18 + 0.16 * place
            page.text(TEXT_LEFT, low, line, colour=MUTED, va="center_baseline", size=FOOTER_PT)
        sentences.append(
            say(
                "{way}: {flipped} of {worlds} worlds change leader; {what}; undone further on in {undone}.",
                way=label(row),
                flipped=row["flipped"],
                worlds=worlds,
                what=change(row),
                undone=row["undone_further_on"],
            )
        )
        for statistic in ("flipped", "undone_further_on"):
            rows.append(Row("flip", name, statistic, "", float(row[statistic]), "worlds", worlds))
        top += height
    legend(page, TOP + total + 0.3)
    alt = alternative(title, subtitle, sentences or [say("No world changes its leader.")])
    return Drawing("flip", page.figure, rows, title, subtitle, footer, alt)


def finding(summary: Sequence[Mapping[str, Any]], year: str) -> str:
    """Say which lever alone changes the leader of half of the worlds soonest, or that none does."""
    single = [row for row in summary if row["levers"] == 1]
    best = single[0]
    values = {"when": in_year(int(year)), "lever": label(best)}
    if best["half"]:
        return say(
            "{lever}: half of the sampled worlds have another leader {when} after {share} of the way",
            share=percent(best["half_share_of_way"]), **values,
        )  # fmt: skip
    most = max(single, key=lambda row: row["flipped"])
    if not most["flipped"]:
        return say("No lever alone changes who leads {when} in any sampled world", when=values["when"])
    return say(
        "No lever alone changes who leads {when} in half of the worlds; {lever} does most, in {share}",
        when=values["when"],
        lever=label(most),
        share=percent(most["flipped"] / most["worlds"]),
    )


def change(row: Mapping[str, Any]) -> str:
    """Say by which change half of the worlds, or the first of them, get another leader."""
    if row["half"]:
        return say("half by {change}", change=row["half"])
    return say("first by {change}", change=row["first"])


def label(row: Mapping[str, Any]) -> str:
    """Name a way as the figure writes it."""
    parts = []
    for part in row["way"].split(" and "):
        key, _, direction = part.rpartition(" ")
        parts.append(f"{key} {say('up') if direction == 'up' else say('down')}")
    return say(" and ").join(parts)


def legend(page: Page, y: float) -> None:
    """Name the marks, below the panel at the left."""
    x = LEFT_INCHES
    for sign, name, colour in (
        ("●", BLOC_NAMES["us"], BLOC_COLOURS["us"]),
        ("■", BLOC_NAMES["cn"], BLOC_COLOURS["cn"]),
        ("◆", "mixed", MUTED),
    ):
        word = say("mixed") if name == "mixed" else say(name) if name == "China" else say("US + allies")
        page.text(x, y, sign, colour=colour)
        page.text(x + 0.17, y, word, colour=INK)
        x += 0.17 + text_width_inches(word, LABEL_PT) + 0.2
