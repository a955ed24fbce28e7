"""Scenario discovery: boxes in the space of doubt in which something happens, by PRIM, and a tree by CART."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.config.errors import RunError
from sim.units import Array

LEAST_POINTS = 100
LEAST_CASES = 10
"""Fewer points of interest, or of the others, and a box describes chance."""
PEEL = 0.05
LEAST_MASS = 0.05
WANTED_COVERAGE = 0.8
_TREE_DEPTH = 3
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """Limits within which cases lie."""

    low: Array
    """(factor,)"""
    high: Array
    """(factor,)"""

    def holds(self, points: Array) -> Bools:
        """Say which points lie in it. Shapes: points (point, factor) -> (point,)."""
        inside: Bools = np.all((points >= self.low) & (points <= self.high), axis=1)
        return inside


def score(inside: Bools, cases: Bools) -> dict[str, float]:
    """Return coverage (share of cases inside) and density (share of cases among those inside).

    Shapes: inside (point,), cases (point,).
    """
    hits = float(np.sum(inside & cases))
    return {
        "coverage": hits / float(cases.sum()) if cases.any() else float("nan"),
        "density": hits / float(inside.sum()) if inside.any() else float("nan"),
        "mass": float(inside.mean()),
    }


def peel(points: Array, cases: Bools) -> list[Box]:
    """Return the boxes that peeling passes through, from all points to the smallest box.

    Each step takes away the slice of a factor's end that leaves the highest density.

    Shapes: points (point, factor), cases (point,). Source: Friedman and Fisher 1999.
    """
    box = Box(points.min(axis=0), points.max(axis=0))
    boxes = [box]
    while True:
        inside = box.holds(points)
        best: tuple[float, Box] | None = None
        for factor in range(points.shape[1]):
            values = points[inside, factor]
            for end, share in (("low", PEEL), ("high", 1.0 - PEEL)):
                limits = {"low": box.low.copy(), "high": box.high.copy()}
                limits[end][factor] = np.quantile(values, share)
                smaller = Box(limits["low"], limits["high"])
                kept = smaller.holds(points)
                if kept.sum() < inside.sum() and kept.mean() >= LEAST_MASS:
                    density = float(cases[kept].mean())
                    if best is None or density > best[0]:
                        best = density, smaller
        if best is None:
            return boxes
        box = best[1]
        boxes.append(box)


def discover(points: Array, cases: Bools, what: str) -> tuple[Box, dict[str, dict[str, float]]]:
    """Return the densest box that covers four fifths of the cases, scored also on points held out.

    Even points find the box, odd ones check it.

    Shapes: points (point, factor), cases (point,).

    Raises: RunError if there are too few points, or too few on either side.
    """
    check_cases(cases, what)
    boxes = peel(points[::2], cases[::2])
    scores = [score(box.holds(points[::2]), cases[::2]) for box in boxes]
    able = [place for place, one in enumerate(scores) if one["coverage"] >= WANTED_COVERAGE]
    best = max(able, key=lambda place: scores[place]["density"])
    return boxes[best], {
        "found": scores[best],
        "held_out": score(boxes[best].holds(points[1::2]), cases[1::2]),
    }


def check_cases(cases: Bools, what: str) -> None:
    """Refuse what no box can be found in. Shapes: cases (point,).

    Raises: RunError if there are too few points, or too few on either side.
    """
    if cases.size < LEAST_POINTS:
        raise RunError(f"study.design.points={cases.size}: too few samples; expected at least {LEAST_POINTS}")
    fewest = min(int(half.sum()) for part in (cases[::2], cases[1::2]) for half in (part, ~part))
    if fewest < LEAST_CASES:
        raise RunError(
            f"{what}: true at {int(cases.sum())} of {cases.size} points; expected at least {LEAST_CASES} "
            "on either side in both halves. Take more points or another metric"
        )


def tree(names: Sequence[str], points: Array, cases: Bools) -> tuple[str, float]:
    """Return a small tree as text, grown on even points, and the share of odd ones that it sorts rightly.

    Shapes: points (point, factor), cases (point,). Source: Breiman et al. 1984.
    """
    from sklearn.tree import DecisionTreeClassifier, export_text

    grown = DecisionTreeClassifier(max_depth=_TREE_DEPTH, min_samples_leaf=LEAST_CASES, random_state=0)
    grown.fit(points[::2], cases[::2])
    return export_text(grown, feature_names=list(names)), float(grown.score(points[1::2], cases[1::2]))
