"""Ratios on a logarithmic axis around 1: the axis, and a band with its median, marked where it is cut off."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from experiments.figures.style import INK

TICKS: Final = {1.0 / 16.0: "1/16", 0.25: "1/4", 0.5: "1/2", 1.0: "1", 2.0: "2", 4.0: "4", 16.0: "16"}


def ratio_axis(axes: Axes, limits: tuple[float, float], height: float) -> None:
    """Give a panel of rows, its first on top, an axis of ratios with a line at 1."""
    axes.set(xscale="log", xlim=limits, ylim=(height, 0.0))
    axes.set_yticks([])
    shown = {tick: text for tick, text in TICKS.items() if limits[0] <= tick <= limits[1]}
    axes.set_xticks(list(shown), list(shown.values()))
    axes.minorticks_off()
    axes.axvline(1.0, color=INK, linewidth=0.9)


def ratio_band(axes: Axes, quantiles: Sequence[float], y: float, colour: str, marker: str, gid: str) -> None:
    """Draw a band and its median, with an arrow at an edge of the axis beyond which it goes on."""
    low, high = axes.get_xlim()
    start, middle, stop = np.clip(quantiles, low, high)
    axes.plot([start, stop], [y, y], color=colour, linewidth=1.8, gid=f"{gid}/q05-q95")
    for edge, sign, cut in ((low, "<", quantiles[0] < low), (high, ">", quantiles[2] > high)):
        if cut:
            axes.plot(edge, y, sign, color=colour, markersize=6.0, clip_on=False, gid=f"{gid}/beyond")
    axes.plot(middle, y, marker, color=colour, markersize=5.0, clip_on=False, gid=f"{gid}/median")
