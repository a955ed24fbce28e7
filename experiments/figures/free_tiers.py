"""The figure of free tiers: what more or none of them changes by market and lab, each world over itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import number
from experiments.figures.manner import headline, say
from experiments.figures.names import BLOCS, FIRMS
from experiments.figures.origin import Origin
from experiments.figures.ratios import ratio_axis, ratio_band
from experiments.figures.save import written
from experiments.figures.style import (
    BLOC_COLOURS,
    BLOC_MARKERS,
    FOOTER_PT,
    GREY,
    LABEL_PT,
    LEFT_INCHES,
    MUTED,
    RIGHT_INCHES,
    TEAL,
    WIDTH_INCHES,
    Page,
    wrap,
)
from experiments.figures.tables import Row
from experiments.figures.titles import BLOC_NAMES

if TYPE_CHECKING:
    from experiments.trust.free_tiers import Effect

NAME: Final = "tiers"
LIMITS: Final = (0.2, 5.0)
LABEL_WIDTH, TOP, STEP, HEAD, GAP = 1.75, 0.62, 0.25, 0.3, 0.22
ARMS: Final = {
    "tripled_cn": "Chinese labs triple their free quotas",
    "withdrawn_us": "US labs withdraw their free tiers",
    "tripled_us": "US labs triple their free quotas",
    "withdrawn_cn": "Chinese labs withdraw their free tiers",
}
GROUPS: Final = {
    "us": "Users in the US",
    "allies": "Users in allied countries",
    "cn": "Users in China",
    "row": "Users in other countries",
    "users": "Users of labs, everywhere",
    "revenue": "Revenue of labs",
}


def draw_tiers(
    effects: Sequence["Effect"], year: str, worlds: int, scenario: str, made: Origin, out: Path,
    language: str = "en",
) -> list[Path]:  # fmt: skip
    """Draw and write what free tiers change; return the files."""
    return written(lambda: changes(effects, year, worlds, scenario, made), made, out, language)


def changes(effects: Sequence["Effect"], year: str, worlds: int, scenario: str, made: Origin) -> Drawing:
    """Draw a panel an act and a row a market and bloc, or a lab."""
    known = {(one.arm, one.group, one.who): one for one in effects}
    row_names = list(dict.fromkeys((one.group, one.who) for one in effects if one.worlds))
    tripled, gone = (known[arm, "row", who] for arm, who in (("tripled_cn", "cn"), ("withdrawn_us", "us")))
    title = headline(
        say(
            "In other countries, tripled Chinese quotas multiply Chinese labs' users by {more}, and an end "
            "of US free tiers those of US labs by {less}",
            more=number(tripled.quantiles[1], 2),
            less=number(gone.quantiles[1], 2),
        ),
        say("What more or no free tiers change"),
    )
    subtitle = say(
        "{scenario}: mean of {year} over that of the same world without the change. Dot and line: median and "
        "90 % of {worlds} worlds.",
        scenario=scenario,
        year=year,
        worlds=number(worlds),
    )
    footer = made.footer(
        say("Tripled: three times the quota that a lab's budget would settle at; withdrawn: only ads pay."),
        say("Revenue is recorded for a lab in all places. Rows without users in either run are left out."),
        say("An arrow at the edge: it goes on beyond."),
    )
    groups = list(dict.fromkeys(group for group, _ in row_names))
    total = len(row_names) * STEP + len(groups) * HEAD
    page = Page(title, subtitle, footer, TOP + total + 0.45)
    shown = [name for name in ARMS if any(one.arm == name for one in effects)]
    width = (WIDTH_INCHES - RIGHT_INCHES - LEFT_INCHES - LABEL_WIDTH) / len(shown) - GAP
    panels = []
    for place, name in enumerate(shown):
        left = LEFT_INCHES + LABEL_WIDTH + place * (width + GAP)
        for at, line in enumerate(wrap(say(ARMS[name]), width + 0.1, LABEL_PT, "bold")):
            page.text(left, 0.02 + 0.17 * at, line, weight="bold")
        axes = page.axes(left, TOP, width, total)
        ratio_axis(axes, LIMITS, total)
        panels.append(axes)
    page.text(
        LEFT_INCHES + LABEL_WIDTH, TOP + total + 0.28, say("times what the same world has without it"),
        colour=MUTED,
    )  # fmt: skip
    rows: list[Row] = []
    sentences = []
    y, group_before = 0.0, ""
    for group, who in row_names:
        if group != group_before:
            page.text(LEFT_INCHES, TOP + y + 0.08, say(GROUPS[group]), weight="bold")
            y, group_before = y + HEAD, group
        middle = y + STEP / 2.0
        page.text(LEFT_INCHES + 0.12, TOP + middle, name_of(who), va="center", size=FOOTER_PT)
        for axes, name in zip(panels, shown, strict=True):
            one = known[name, group, who]
            axes.plot(LIMITS, [middle, middle], color=GREY, linewidth=0.6, zorder=1)
            _mark(axes, one, middle)
            rows += tidy_rows(one, year)
            sentences.append(_sentence(one))
        y += STEP
    alt = alternative(title, subtitle, [one for one in sentences if one])
    return Drawing(NAME, page.figure, rows, title, subtitle, footer, alt)


def name_of(who: str) -> str:
    """Return how a bloc's labs or a lab are called."""
    blocs = {"us": "US labs", "cn": "Chinese labs"}
    return say(blocs[who]) if who in BLOC_NAMES else firm_name(who)


def firm_name(who: str) -> str:
    """Return a firm's name."""
    return FIRMS.get(who, who)


def _mark(axes: object, one: "Effect", y: float) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    if not one.worlds:
        return
    bloc = BLOCS.get(one.who, one.who)
    gid = f"{one.arm}/{one.group}/{one.who}"
    ratio_band(axes, one.quantiles, y, BLOC_COLOURS.get(bloc, TEAL), BLOC_MARKERS.get(bloc, "o"), gid)


def _sentence(one: "Effect") -> str:
    """Say an effect in words, nothing where there is none to say."""
    if not one.worlds:
        return ""
    low, middle, high = one.quantiles
    return say(
        "{act}, {group}, {who}: times {median} (90 % of worlds {low} to {high}).",
        act=say(ARMS[one.arm]),
        group=say(GROUPS[one.group]),
        who=name_of(one.who),
        median=number(middle),
        low=number(low),
        high=number(high),
    )


def tidy_rows(one: "Effect", year: str) -> list[Row]:
    """Return the numbers of an effect in tidy form."""
    return [
        Row(
            one.arm,
            f"{one.group}: {one.who}",
            name,
            year,
            value,
            "times the same world",
            one.worlds,
        )
        for name, value in zip(("q05", "median", "q95"), one.quantiles, strict=True)
    ]
