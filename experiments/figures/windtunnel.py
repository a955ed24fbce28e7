"""The wind tunnel: each role's strategies in the four classroom scenarios, and the worst regret of each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyBboxPatch, Rectangle

from experiments.figures.fan import Drawing, alternative
from experiments.figures.manner import headline, language, say
from experiments.figures.origin import Origin
from experiments.figures.save import written
from experiments.figures.style import GREY, INK, LABEL_PT, LEFT_INCHES, MUTED, TEAL, WHITE, Page
from experiments.figures.tables import Row

if TYPE_CHECKING:
    from experiments.kit.tunnel import Scored

SEQUENTIAL = LinearSegmentedColormap.from_list("scores", ["#F1F0EA", "#BFDAD7", TEAL, "#0B3B37"])
ROW, GAP, ROLE_GAP = 0.34, 0.05, 0.42
CELLS_LEFT, CELL, CELL_GAP = 3.05, 1.16, 0.08
BARS_LEFT, BARS = 8.35, 0.95
_DARK = 55.0
"""Score above which a number is white on its cell."""


def draw_wind_tunnel(
    scored: Sequence["Scored"],
    titles: Mapping[str, Mapping[str, str]],
    scenarios: Mapping[str, str],
    worlds: int,
    made: Origin,
    out: Path,
    spoken: str = "en",
) -> list[Path]:
    """Draw and write the wind tunnel; return the files.

    `titles` holds a strategy's title by language, `scenarios` a scenario's title in the language spoken.
    """
    return written(lambda: wind_tunnel(scored, titles, scenarios, worlds, made), made, out, spoken)


def best_everywhere(one: "Scored") -> str:
    """Return the strategy that alone has the best whole number of points in all scenarios; empty if none."""
    points = np.rint(one.scores)
    top = (points == points.max(0)).all(1)
    return one.strategies[int(np.argmax(top))] if top.sum() == 1 else ""


def finding(scored: Sequence["Scored"]) -> str:
    """Return the title: in how many roles one strategy is best in all scenarios."""
    count = sum(bool(best_everywhere(one)) for one in scored)
    if count == 0:
        return say("In no role shown does one strategy score best in all four scenarios")
    if count == len(scored):
        return say("In every role shown, one strategy scores best in all four scenarios")
    return say(
        "In {count} of {roles} roles shown, one strategy scores best in all four scenarios",
        count=count,
        roles=len(scored),
    )


def wind_tunnel(
    scored: Sequence["Scored"],
    titles: Mapping[str, Mapping[str, str]],
    scenarios: Mapping[str, str],
    worlds: int,
    made: Origin,
) -> Drawing:
    """Draw a block a role: a cell a strategy and scenario, the best outlined, and a bar of worst regret."""
    title = headline(finding(scored), say("Strategies in four scenarios"))
    subtitle = say(
        "Points of each strategy, 0 to 100, by the goals of its own role: mean of {worlds} sampled worlds a "
        "scenario. Compare inside a role only; roles have different goals.",
        worlds=worlds,
    )
    footer = made.footer(
        say(
            "Outlined: best in the column, in whole points. Regret: best of the role in that scenario less "
            "this one; the bar is the worst of the four, the dark one the smallest of the role. A goal is "
            "worth 0 and 1 at the 5 and 95\u202f% of worlds in which nobody acts."
        )
    )
    rows_of = sum(len(one.strategies) for one in scored)
    page = Page(title, subtitle, footer, 0.3 + rows_of * (ROW + GAP) + len(scored) * ROLE_GAP)
    axes = page.axes(0.0, 0.0, 10.0, page.body_inches)
    axes.set_axis_off()
    axes.set_xlim(0.0, 10.0)
    axes.set_ylim(page.body_inches, 0.0)
    for place, name in enumerate(scored[0].scenarios):
        page.text(_middle(place), 0.16, scenarios[name], weight="bold", ha="center", size=LABEL_PT)
    page.text(BARS_LEFT, 0.16, say("Worst regret"), weight="bold", size=LABEL_PT)
    longest = max(float(one.worst_regret.max()) for one in scored) or 1.0
    rows: list[Row] = []
    sentences = []
    y = 0.2
    for one in scored:
        role = one.role.title[language()]
        page.text(LEFT_INCHES, y + ROLE_GAP - 0.05, role, weight="bold", va="bottom", size=LABEL_PT + 1)
        axes.plot([LEFT_INCHES, 9.7], [y + ROLE_GAP - 0.02] * 2, color=GREY, linewidth=0.8)
        y += ROLE_GAP
        points = np.rint(one.scores)
        safest = one.worst_regret == one.worst_regret.min()
        for at, strategy in enumerate(one.strategies):
            name = titles[strategy][language()]
            page.text(CELLS_LEFT - 0.12, y + ROW / 2, name, ha="right", va="center", size=LABEL_PT)
            for place, scenario in enumerate(one.scenarios):
                value = float(one.scores[at, place])
                best = points[at, place] == points[:, place].max()
                axes.add_patch(
                    FancyBboxPatch(
                        (CELLS_LEFT + place * (CELL + CELL_GAP), y), CELL, ROW,
                        boxstyle="round,pad=0,rounding_size=0.04", facecolor=SEQUENTIAL(value / 100.0),
                        edgecolor=INK if best else "none", linewidth=1.8 if best else 0.0,
                    )
                )  # fmt: skip
                axes.text(
                    _middle(place), y + ROW / 2, f"{value:.0f}", ha="center", va="center_baseline",
                    color=WHITE if value > _DARK else INK, fontweight="bold" if best else "normal",
                )  # fmt: skip
                rows.append(Row(one.role.name, strategy, "score", scenario, value, "points", worlds))
                regret = float(one.regret[at, place])
                rows.append(Row(one.role.name, strategy, "regret", scenario, regret, "points", worlds))
            worst = float(one.worst_regret[at])
            axes.add_patch(
                Rectangle(
                    (BARS_LEFT, y + 0.06), BARS * worst / longest, ROW - 0.12,
                    facecolor=INK if safest[at] else "#A6ADB8", linewidth=0,
                )
            )  # fmt: skip
            page.text(
                BARS_LEFT + BARS * worst / longest + 0.06, y + ROW / 2, f"{worst:.0f}", va="center",
                weight="bold" if safest[at] else "normal", colour=INK if safest[at] else MUTED,
            )  # fmt: skip
            rows.append(Row(one.role.name, strategy, "worst regret", "", worst, "points", worlds))
            listed = ", ".join(
                f"{scenarios[scenario]} {one.scores[at, place]:.0f}"
                for place, scenario in enumerate(one.scenarios)
            )
            told = say("{role}, {strategy}: {listed}; worst regret {worst}.",
                       role=role, strategy=name, listed=listed, worst=f"{worst:.0f}")  # fmt: skip
            sentences.append(told)
            y += ROW + GAP
    alt = alternative(title, subtitle, sentences)
    return Drawing("windtunnel", page.figure, rows, title, subtitle, footer, alt)


def _middle(place: int) -> float:
    return CELLS_LEFT + place * (CELL + CELL_GAP) + CELL / 2
