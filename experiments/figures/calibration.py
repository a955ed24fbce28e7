"""What the hindcast teaches: each calibrated parameter's posterior on its prior, most informed first."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figures.style import GREY, INK, LABEL_PT, MUTED, TEAL, Page, styled

if TYPE_CHECKING:
    from experiments.trust.calibrate import Posterior

ROW_INCHES, LEFT, WIDTH = 0.25, 3.6, 5.4


@styled
def draw_calibration(found: "Posterior", told: dict[str, Any], path: Path) -> None:
    """Draw the 50 and 90 % intervals of every parameter as quantiles of its prior, and write them as PNG."""
    rows = told["parameters"]
    informed = sum(row["informed"] for row in rows)
    title = f"The years 2023 and 2024 inform {informed} of {len(rows)} calibrated parameters."
    subtitle = (
        "Posterior of each parameter as quantiles of its prior: median, 50 and 90 %. A prior alone spans the "
        "grey bar evenly. Teal: narrower than 0.8 of the prior; the others keep their prior."
    )
    coverage = told["recovery_coverage"]
    footer = (
        f"{told['simulated_worlds']:,} simulated worlds, {told['effective_draws']:,} effective draws. In "
        f"{told['recoveries']} worlds whose parameters are known the 90 % intervals hold "
        f"{100 * (coverage or 0):.0f} % of the informed ones. Written by uncontested calibrate."
    )
    page = Page(title, subtitle, footer, 0.45 + ROW_INCHES * len(rows))
    axes = page.axes(LEFT, 0.1, WIDTH, ROW_INCHES * len(rows))
    places = {key: place for place, key in enumerate(found.keys)}
    for line, row in enumerate(rows):
        y = len(rows) - 1 - line
        colour = TEAL if row["informed"] else MUTED
        low, q25, middle, q75, high = np.quantile(
            found.chain_points[:, places[row["key"]]], [0.05, 0.25, 0.5, 0.75, 0.95]
        )
        axes.barh(y, 1.0, height=0.5, color=GREY, alpha=0.45, linewidth=0)
        axes.plot([low, high], [y, y], color=colour, linewidth=1.4)
        axes.plot([q25, q75], [y, y], color=colour, linewidth=4.2, solid_capstyle="butt")
        axes.plot(middle, y, "o", color=INK, markersize=3.6)
    axes.set_yticks(range(len(rows)), [row["key"] for row in reversed(rows)])
    axes.tick_params(axis="y", labelsize=LABEL_PT, labelcolor=INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["low", "25 %", "middle", "75 %", "high"])
    axes.grid(visible=False)
    page.figure.savefig(path, metadata={"Title": title, "Description": subtitle})
