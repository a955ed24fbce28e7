"""The figure of structural variants: which leaders survive, by definition and horizon."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import percent
from experiments.figures.manner import headline, say, say_known
from experiments.figures.origin import Origin
from experiments.figures.save import written
from experiments.figures.style import (
    BLOC_COLOURS,
    FOOTER_PT,
    INK,
    LABEL_PT,
    LEFT_INCHES,
    MUTED,
    RIGHT_INCHES,
    TEAL,
    WHITE,
    WIDTH_INCHES,
    Page,
    wrap,
)
from experiments.figures.tables import Row
from experiments.figures.titles import BLOC_NAMES

if TYPE_CHECKING:
    from experiments.trust.variants import Cell

NAME: Final = "variants"
SHADES: Final = LinearSegmentedColormap.from_list("teal", [WHITE, TEAL])
LABEL_WIDTH, TOP, ROW = 2.45, 0.55, 0.42
GAP: Final = 0.16
DARK: Final = 0.55
"""Share of worlds above which a cell is dark enough for white digits."""
LETTERS: Final = {"us": "US", "cn": "CN", "mixed": "M", "open": "O"}


def draw_variants(
    cells: Sequence["Cell"], scenario: str, made: Origin, out: Path, language: str = "en"
) -> list[Path]:
    """Draw and write which results survive which variant; return the files."""
    return written(lambda: survival(cells, scenario, made), made, out, language)


def survival(cells: Sequence["Cell"], scenario: str, made: Origin) -> Drawing:
    """Draw a row a variant and a column a definition, a panel a horizon."""
    from experiments.trust.variants import titles

    names = list(dict.fromkeys(cell.variant for cell in cells))
    years = sorted({cell.year for cell in cells})
    definitions = list(dict.fromkeys(cell.definition for cell in cells))
    kept = sum(cell.verdict == "survives" for cell in cells)
    close = sum(cell.verdict == "close" for cell in cells)
    finding = say("{kept} of {all} results survive another structure", kept=kept, all=len(cells))
    if close:
        finding = say("{finding}; close among the others: {close}", finding=finding, close=close)
    title = headline(finding, say("Who leads under other structures"))
    subtitle = say(
        "{scenario}: share of {worlds} worlds, in %, in which another leads than in the same world of the "
        "base. Framed where another leads most often, with who that is (M mixed, O open).",
        scenario=scenario,
        worlds=cells[0].worlds,
    )
    footer = made.footer(
        say("A result survives where the same leads in most worlds. Empty: the variant does not touch it.")
    )
    page = Page(title, subtitle, footer, TOP + len(names) * ROW + 0.1)
    width = (WIDTH_INCHES - RIGHT_INCHES - LEFT_INCHES - LABEL_WIDTH) / len(years) - GAP
    known = {(cell.variant, cell.year, cell.definition): cell for cell in cells}
    for place, name in enumerate(names):
        lines = wrap(say_known(titles()[name].title), LABEL_WIDTH - 0.15, LABEL_PT)
        for at, line in enumerate(lines):
            y = TOP + (place + 0.5) * ROW + 0.17 * (at - (len(lines) - 1) / 2.0)
            page.text(LEFT_INCHES, y, line, va="center_baseline")
    rows: list[Row] = []
    for panel, year in enumerate(years):
        left = LEFT_INCHES + LABEL_WIDTH + panel * (width + GAP)
        page.text(left + width / 2.0, 0.0, year, weight="bold", ha="center")
        axes = page.axes(left, TOP, width, len(names) * ROW)
        axes.set(xlim=(0, len(definitions)), ylim=(len(names), 0))
        axes.axis("off")
        for column, definition in enumerate(definitions):
            x = left + (column + 0.5) * width / len(definitions)
            page.text(x, TOP - 0.2, definition.upper(), size=7.0, colour=MUTED, ha="center")
            for place, name in enumerate(names):
                cell = known.get((name, year, definition))
                if cell is not None:
                    _cell(axes, cell, column, place)
                    rows += tidy_rows(cell)
    sentences = [_sentence([cell for cell in cells if cell.variant == name]) for name in names]
    return Drawing(NAME, page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences))


def _cell(axes: object, cell: "Cell", column: int, place: int) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    gid = f"{cell.variant}/{cell.definition} {cell.year}"
    axes.add_patch(
        Rectangle(
            (column + 0.04, place + 0.06), 0.92, 0.88, facecolor=SHADES(cell.changed), linewidth=0, gid=gid
        )
    )
    ink = WHITE if cell.changed > DARK else INK
    kept = cell.verdict == "survives"
    axes.text(
        column + 0.5, place + (0.5 if kept else 0.34), f"{100.0 * cell.changed:.0f}", ha="center",
        va="center", color=ink, fontsize=FOOTER_PT,
    )  # fmt: skip
    if kept:
        return
    colour = BLOC_COLOURS.get(cell.leader, INK)
    axes.add_patch(
        Rectangle((column + 0.07, place + 0.09), 0.86, 0.82, fill=False, edgecolor=colour,
                  linewidth=1.6 if cell.verdict == "other" else 0.8)
    )  # fmt: skip
    axes.text(
        column + 0.5, place + 0.7, LETTERS[cell.leader], ha="center", va="center",
        color=WHITE if cell.changed > DARK else colour, fontsize=6.0,
    )  # fmt: skip


def _sentence(own: Sequence["Cell"]) -> str:
    """Say of a variant what survives and what does not."""
    from experiments.trust.variants import titles

    moved = [
        say(
            "{definition} in {year}: {leader}",
            definition=cell.definition.upper(),
            year=cell.year,
            leader=BLOC_NAMES.get(cell.leader, say_known(cell.leader)),
        )
        for cell in own
        if cell.verdict != "survives"
    ]
    return say(
        "{variant}: {kept} of {all} results survive, another leads in {share} of worlds on average; {moved}.",
        variant=say_known(titles()[own[0].variant].title),
        kept=len(own) - len(moved),
        all=len(own),
        share=percent(float(np.mean([cell.changed for cell in own]))),
        moved=say("another leads by {list}", list="; ".join(moved)) if moved else say("none moves"),
    )


def tidy_rows(cell: "Cell") -> list[Row]:
    """Return every number of a cell in tidy form."""
    numbers = {
        **{f"leads {name}": share for name, share in cell.shares.items()},
        **{f"leads {name} in the base": share for name, share in cell.base.items()},
        "another leads": cell.changed,
    }
    return [
        Row(cell.year, cell.variant, f"{cell.definition}: {name}", cell.year, value, "share", cell.worlds)
        for name, value in numbers.items()
    ]
