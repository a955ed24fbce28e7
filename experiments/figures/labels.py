"""Direct labels: at a line's end, pushed apart where they would touch, with a leader line where moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from experiments.figures.style import DPI, INK, LABEL_PT, WIDTH_INCHES, Page, line_inches, text_width_inches

Array = npt.NDArray[np.float64]
GAP_INCHES: Final = 0.045


@dataclass(frozen=True)
class EndLabel:
    """A label at height `y` (data units): a bold first line, plain further lines, one colour."""

    y: float
    head: str
    lines: tuple[str, ...] = ()
    colour: str = INK
    size_pt: float = LABEL_PT
    swatch: str | None = None

    @property
    def height_inches(self) -> float:
        """Return the height of the text block."""
        return (1 + len(self.lines)) * line_inches(self.size_pt)

    @property
    def width_inches(self) -> float:
        """Return the width of the widest line."""
        widths = [text_width_inches(self.head, self.size_pt, "bold")]
        return max(widths + [text_width_inches(line, self.size_pt) for line in self.lines])


def spread(centres: Sequence[float], heights: Sequence[float], low: float, high: float) -> Array:
    """Move intervals as little as possible so that none overlap and all lie in [low, high]; keep their order.

    Least squares with gaps is isotonic regression on shifted centres: neighbours that would overlap are
    pooled and placed around their mean (pool adjacent violators, Barlow et al. 1972).

    Raises: ValueError if the intervals together are taller than the space.
    """
    size = np.asarray(heights, dtype=np.float64)
    if size.size == 0:
        return np.zeros(0)
    if size.sum() > (high - low) * (1.0 + 1e-9):
        raise ValueError(
            f"{size.size} labels need {size.sum():.2f} and have {high - low:.2f}: make the panel taller"
        )
    order = np.argsort(np.asarray(centres, dtype=np.float64), kind="stable")
    size = size[order]
    offset = np.cumsum(size) - size / 2.0
    wanted = np.asarray(centres, dtype=np.float64)[order] - offset
    pools: list[list[float]] = []
    for value in wanted:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean, count = pools.pop()
            before = pools[-1]
            before[0] = (before[0] * before[1] + mean * count) / (before[1] + count)
            before[1] += count
    shifted = np.concatenate([np.full(int(count), mean) for mean, count in pools])
    # Bounds on a monotone fit are met by clipping it.
    shifted = np.clip(shifted, low, high - size.sum())
    placed = np.empty(size.size)
    placed[order] = shifted + offset
    return placed


def end_labels(
    page: Page,
    axes: Axes,
    labels: Sequence[EndLabel],
    *,
    x_inches: float | None = None,
    x_data: float | None = None,
    over_inches: float = 0.16,
    under_inches: float = 0.16,
) -> None:
    """Write labels to the right of a panel, beside the heights they belong to.

    `x_data` is where the lines end (default: the panel's right edge); `over` and `under` allow labels
    that far beyond the panel's top and bottom.
    """
    labels = [label for label in labels if np.isfinite(label.y)]
    if not labels:
        return
    figure_inches = page.height
    box = axes.get_position()
    right = box.x1 * WIDTH_INCHES
    end_x = right
    if x_data is not None:
        end_x = axes.transData.transform((x_data, axes.get_ylim()[0]))[0] / DPI
    text_x = x_inches if x_inches is not None else right + 0.1
    floor, ceiling = box.y0 * figure_inches, box.y1 * figure_inches
    anchors = [axes.transData.transform((0.0, label.y))[1] / DPI for label in labels]
    anchors = [min(max(anchor, floor), ceiling) for anchor in anchors]
    heights = [label.height_inches + GAP_INCHES for label in labels]
    centres = spread(anchors, heights, floor - under_inches, ceiling + over_inches)
    for label, anchor, centre in zip(labels, anchors, centres, strict=True):
        moved = abs(centre - anchor) > 0.35 * line_inches(label.size_pt)
        start = text_x
        if moved or label.swatch:
            start = text_x + 0.1
            page.figure.add_artist(
                Line2D(
                    [(end_x + 0.03) / WIDTH_INCHES, (start - 0.04) / WIDTH_INCHES],
                    [anchor / figure_inches, centre / figure_inches],
                    color=label.swatch or label.colour,
                    linewidth=0.8 if label.swatch is None else 2.0,
                    solid_capstyle="butt",
                    gid="leader",
                )
            )
        y = centre + label.height_inches / 2.0
        for i, line in enumerate((label.head, *label.lines)):
            page.figure.text(
                start / WIDTH_INCHES,
                (y - i * line_inches(label.size_pt)) / figure_inches,
                line,
                fontsize=label.size_pt,
                fontweight="bold" if i == 0 else "normal",
                color=label.colour,
                va="top",
                gid="end label",
            )
