"""The hindcast with its observed points: small multiples of the gated series, on logarithmic axes."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator

from experiments.figures.style import CN, INK, LABEL_PT, MUTED, TEAL, US, Page, styled
from experiments.figures.tables import date_position
from experiments.trust.scores import BAND
from sim.units import MONTHS_PER_YEAR, Array

if TYPE_CHECKING:
    from experiments.config.build import RunPlan
    from experiments.trust.targets import Target, Targets

NAMES = {
    "accelerators_h100e.nvidia": ("Nvidia in use", US),
    "accelerators_h100e.tpu": ("TPU in use", US),
    "accelerators_licensed_h100e.cn": ("Licensed Nvidia in China", CN),
    "accelerators_h100e.meta": ("Owned by Meta", US),
    "accelerators_h100e.cloud_us": ("Owned by US clouds", US),
    "chip_price_usd_per_h100e.nvidia": ("Price of Nvidia, USD per H100e", TEAL),
    "active_users_million.openai": ("Monthly users of ChatGPT, million", US),
}
"""How a series is called over its panel, and its colour; others take their own name."""
COLUMNS, WIDTH, HEIGHT, STEP_X, STEP_Y = 3, 2.35, 1.55, 3.1, 2.3


@styled
def draw_hindcast(
    targets: "Targets",
    series: Mapping[str, Array],
    plan: "RunPlan",
    path: Path,
    own: Collection[str] = (),
) -> None:
    """Draw fan and points of every gated series, and of series of one's own, and write them as PNG."""
    gated = [target for target in targets.series if target.role == "gate"]
    more = [target for target in targets.series if target.role != "gate" and target.series in own]
    shown = [*gated, *more]
    rows = -(-len(shown) // COLUMNS)
    inside, total = _inside(gated, series, plan.start.month, targets)
    title = f"{inside} of the {total} gated points of 2025 lie inside the 90 % band of the hindcast."
    subtitle = (
        f"Fitted to points until {targets.fit_until} (filled), tested by later ones (open). Median, 50 and "
        f"90 % of {values_count(series):,} worlds from the end of 2022. In H100-equivalents unless said."
    )
    footer = (
        "Observed: Epoch AI (CC BY 4.0) and others as in docs/data.md; bars are their limits. "
        f"Seed {plan.seed}, configuration {plan.config_hash[:12]}. The spread is of parameters and seeds of "
        "one model; it is no real-world probability."
    )
    page = Page(title, subtitle, footer, 0.25 + rows * STEP_Y)
    first = date_position(plan.start.month)
    for place, target in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        name, colour = NAMES.get(target.series, (target.series, INK))
        left, top = 0.85 + column * STEP_X, 0.3 + row * STEP_Y
        page.text(left, top - 0.1, name, weight="bold", va="bottom", size=LABEL_PT)
        axes = page.axes(left, top, WIDTH, HEIGHT)
        values = series[target.series]
        values = values[:, np.isfinite(values).all(0)]
        x = first + np.arange(len(values)) / MONTHS_PER_YEAR
        low, q25, median, q75, high = np.quantile(values, [BAND[0], 0.25, 0.5, 0.75, BAND[2]], axis=1)
        axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
        axes.fill_between(x, q25, q75, color=colour, alpha=0.28, linewidth=0)
        axes.plot(x, median, color=colour, linewidth=1.8)
        axes.axvline(2025.0, color=MUTED, linewidth=0.8)
        for point in target.scored:
            at = date_position(point.date)
            face = INK if targets.is_fit(point) else "white"
            # With ends, so that a bar that stops at a line of the grid does not look cut off there.
            axes.plot([at, at], [point.low, point.high], color=INK, linewidth=0.9, marker="_", markersize=4.0)
            axes.plot(
                at, point.centre, "o", color=INK, markerfacecolor=face, markersize=4.2, markeredgewidth=1.1
            )
        axes.set_yscale("log")
        axes.set_xlim(2022.95, 2026.05)
        axes.set_xticks([2023, 2024, 2025, 2026], ["2023", "2024", "2025", "2026"])
        axes.yaxis.set_major_formatter(lambda value, _: _short(value))
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=5))
        axes.minorticks_off()
    page.figure.savefig(path, metadata={"Title": title, "Description": subtitle})


def _inside(
    gated: list["Target"], series: Mapping[str, Array], first: str, targets: "Targets"
) -> tuple[int, int]:
    """Count the later points inside the band, and all of them."""
    from experiments.trust.scores import score

    late = [one for one in score(targets, series, first) if one.target in gated and not one.fitted]
    return sum(one.inside for one in late), len(late)


def values_count(series: Mapping[str, Array]) -> int:
    """Return the number of worlds."""
    return len(next(iter(series.values())).T)


def _short(value: float) -> str:
    """Return a tick's number with its multiple.

    >>> _short(2e6), _short(30000.0), _short(400.0)
    ('2 M', '30 k', '400')
    """
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
