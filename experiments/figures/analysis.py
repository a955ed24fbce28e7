"""The figure of an analysis, by its method: bars of effects, dots of indices, or the limits of a box."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.figures.discovery import discovered
from experiments.figures.fan import Drawing
from experiments.figures.indices import elementary, variances
from experiments.figures.origin import Origin
from experiments.figures.save import written
from experiments.figures.tornado import tornado


@dataclass(frozen=True)
class Cloud:
    """The points of a design in the unit cube, and where the case in question arises."""

    unit: npt.NDArray[np.float64]
    """(point, factor)"""
    cases: npt.NDArray[np.bool_]
    """(point,)"""
    names: tuple[str, ...]


FIGURES: Mapping[str, Callable[..., Drawing]] = {
    "paired": tornado,
    "morris": elementary,
    "saltelli": variances,
    "discovery": discovered,
}
"""By the kind of analysis."""


def draw_analysis(
    result: Mapping[str, Any], made: Origin, out: Path, language: str = "en", cloud: Cloud | None = None
) -> list[Path]:
    """Draw and write the figure of an analysis; return the files: PNG, SVG, tidy CSV, text."""
    more = {"cloud": cloud} if result["kind"] == "discovery" else {}
    return written(
        lambda: FIGURES[result["kind"]](result, made, **more), made, out, language,
        request=f"analyse {result['study']}",
    )  # fmt: skip
