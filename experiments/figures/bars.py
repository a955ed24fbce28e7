"""What the figures of analyses share: names of metrics and factors, and a panel of rows under one axis."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes

from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import number
from experiments.figures.manner import say
from experiments.figures.style import (
    BLOC_COLOURS,
    GREY,
    INK,
    LABEL_PT,
    LEFT_INCHES,
    MUTED,
    TEAL,
    Page,
    wrap,
)
from experiments.figures.tables import Row
from experiments.figures.titles import BLOC_NAMES

ROW_INCHES, LABEL_INCHES, WIDTH_INCHES, TOP = 0.36, 3.1, 4.6, 0.25
MOST_ROWS = 20


@dataclass(frozen=True)
class Panel:
    """Rows under one axis, the first on top."""

    axes: Axes
    page: Page
    places: tuple[float, ...]
    """(row,): heights in data units, one a row."""

    def say(self, row: int, text: str) -> None:
        """Write at the right of a row."""
        x = LEFT_INCHES + LABEL_INCHES + WIDTH_INCHES + 0.15
        self.page.text(x, TOP + ROW_INCHES * (row + 0.5), text, colour=INK, va="center_baseline")


@dataclass(frozen=True)
class Bars:
    """A figure of one panel of rows in the making."""

    title: str
    subtitle: str
    footer: str
    panel: Panel
    rows: list[Row] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    @property
    def axes(self) -> Axes:
        """The axes of the panel."""
        return self.panel.axes

    def add(self, kind: str, label: str, numbers: Mapping[str, Any], unit: str, worlds: int) -> None:
        """Add the numbers of a row, by their statistics, to the table."""
        self.rows.extend(
            Row(kind, label, statistic, "", float(value), unit, worlds)
            for statistic, value in numbers.items()
        )

    def drawing(self, name: str, ticks: Mapping[float, str], axis: str) -> Drawing:
        """Name the ticks and what the axis shows, and return the figure."""
        self.axes.set_xticks(list(ticks), list(ticks.values()))
        x = LEFT_INCHES + LABEL_INCHES + WIDTH_INCHES / 2.0
        y = TOP + ROW_INCHES * len(self.panel.places) + 0.3
        self.panel.page.text(x, y, axis, colour=MUTED, ha="center")
        alt = alternative(self.title, self.subtitle, self.sentences)
        page = self.panel.page
        return Drawing(name, page.figure, self.rows, self.title, self.subtitle, self.footer, alt)


def bars(title: str, subtitle: str, footer: str, labels: Sequence[str], limits: tuple[float, float]) -> Bars:
    """Begin a figure of one panel with a row a label."""
    page = Page(title, subtitle, footer, body_inches(len(labels)))
    return Bars(title, subtitle, footer, rows_panel(page, labels, limits))


def rows_panel(page: Page, labels: Sequence[str], limits: tuple[float, float]) -> Panel:
    """Add a panel of rows with their labels at the left."""
    height = ROW_INCHES * len(labels)
    axes = page.axes(LEFT_INCHES + LABEL_INCHES, TOP, WIDTH_INCHES, height)
    axes.set_xlim(*limits)
    axes.set_ylim(len(labels), 0.0)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=GREY, linewidth=0.7)
    for row, label in enumerate(labels):
        lines = wrap(label, LABEL_INCHES - 0.15, LABEL_PT)[:2]
        for place, line in enumerate(lines):
            y = TOP + ROW_INCHES * (row + 0.5) + 0.15 * (place - (len(lines) - 1) / 2.0)
            page.text(LEFT_INCHES, y, line, colour=INK, va="center_baseline")
    return Panel(axes, page, tuple(row + 0.5 for row in range(len(labels))))


def body_inches(rows: int) -> float:
    """Return the height of a panel of rows with its axis."""
    return TOP + ROW_INCHES * max(rows, 1) + 0.65


def what(result: Mapping[str, Any]) -> str:
    """Name what is explained, as the figure writes it."""
    name, _, year = str(result["metric"]).rpartition(".")
    kind, _, definition = name.partition(".")
    if kind == "leader":
        who = result["is"]
        shown = say(BLOC_NAMES[who]) if who in BLOC_NAMES else say(who)
        return say(
            "a lead of {who} by {year} ({definition})",
            who=shown,
            year=year,
            definition=definition.upper(),
        )
    if kind == "share":
        return say("the US share in {dimension} by {year}", dimension=definition.upper(), year=year)
    return str(result["metric"])


def is_share(result: Mapping[str, Any]) -> bool:
    """Say whether effects are points of a share."""
    return str(result["metric"]).partition(".")[0] in ("leader", "share")


def amount(result: Mapping[str, Any]) -> Callable[[float], str]:
    """Return how an effect is written: in points of a share, or as a number."""
    if is_share(result):
        return lambda value: say("{value} points", value=points(value))
    return lambda value: number(value, 2)


def points(value: float) -> str:
    """Write points of a share: two digits, and no more than a tenth.

    >>> points(0.1234), points(-0.00412), points(1e-6)
    ('12', '\u22120.4', '0')
    """
    rounded = round(100.0 * value, 1)
    return number(rounded, 2)


def tick_text(result: Mapping[str, Any], value: float) -> str:
    """Write a tick: points of a share without the word."""
    return points(value) if is_share(result) else number(value, 2)


def unit_words(result: Mapping[str, Any]) -> str:
    """Say what the axis counts."""
    name = what(result)
    return say("{what}, points", what=name) if is_share(result) else name


def colours(result: Mapping[str, Any]) -> tuple[str, str]:
    """Return the colours of an effect that raises and of one that lowers what is explained."""
    if str(result["metric"]).startswith("share"):
        return BLOC_COLOURS["us"], BLOC_COLOURS["cn"]
    return BLOC_COLOURS.get(result["is"], TEAL), MUTED


def sample(result: Mapping[str, Any]) -> str:
    """Say of how many points and worlds an analysis is made."""
    return say(
        "{points} points × {worlds} worlds, response {response}, budget {budget}",
        points=number(result["points"], 9),
        worlds=number(result["worlds"], 9),
        response=result["response"],
        budget=result["budget"],
    )
