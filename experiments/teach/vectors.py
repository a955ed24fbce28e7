"""An answer as a vector that can be added to others, and back; and rows of vectors as text for a page.

Series are laid on a scale that is linear below one unit and logarithmic above, so that effects that multiply
add up. What no world could start from is NaN. The page unpacks the same layout in baked.js.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.teach.answers import QUANTILES
from experiments.teach.sliders import FANS
from sim.axes import BLOCS, CONSTRAINTS
from sim.outcome import LEADERS
from sim.units import Array


@dataclass(frozen=True)
class Layout:
    """Which number of an answer stands where in its vector."""

    months: tuple[str, ...]
    horizons: tuple[tuple[str, str], ...]
    """Definition and year."""

    @property
    def sizes(self) -> dict[str, int]:
        """Return how many numbers each block holds, in order."""
        months = len(self.months)
        return {
            "fans": len(FANS) * months * len(QUANTILES),
            "shares": len(self.horizons) * len(LEADERS),
            "binding": len(BLOCS) * len(CONSTRAINTS) * months,
            "third": 1,
        }

    def blocks(self) -> dict[str, slice]:
        """Return where each block lies."""
        ends = np.cumsum([0, *self.sizes.values()])
        return {name: slice(ends[place], ends[place + 1]) for place, name in enumerate(self.sizes)}

    def vector(self, answer: Mapping[str, Any]) -> Array:
        """Return an answer as a vector. Shapes: (feature,)."""
        fans = [np.arcsinh(answer["fans"][name]["quantiles"]) for name in FANS]
        shares = [
            answer["shares"][definition][year][leader]
            for definition, year in self.horizons
            for leader in LEADERS
        ]
        binding = [answer["binding"][bloc][name] for bloc in BLOCS for name in CONSTRAINTS]
        parts = [*(one.ravel() for one in fans), shares, *binding, [answer["third"]]]
        return np.concatenate([np.asarray(one, np.float64) for one in parts])

    def answer(self, vector: Array) -> dict[str, Any]:
        """Return the answer that a vector stands for: shares add up to one, quantiles are in order."""
        parts = {name: vector[place] for name, place in self.blocks().items()}
        fans = np.sinh(parts["fans"].reshape(len(FANS), len(self.months), len(QUANTILES)))
        shares = whole(parts["shares"].reshape(len(self.horizons), len(LEADERS)), 1)
        binding = whole(parts["binding"].reshape(len(BLOCS), len(CONSTRAINTS), len(self.months)), 1)
        found: dict[str, Any] = {"months": list(self.months), "fans": {}, "shares": {}, "binding": {}}
        for name, fan in zip(FANS, fans, strict=True):
            found["fans"][name] = {"quantiles": np.sort(fan, axis=1).tolist()}
        for (definition, year), one in zip(self.horizons, shares, strict=True):
            by_leader = dict(zip(LEADERS, one.tolist(), strict=True))
            found["shares"].setdefault(definition, {})[year] = by_leader
        for bloc, one in zip(BLOCS, binding, strict=True):
            found["binding"][bloc] = dict(zip(CONSTRAINTS, one.tolist(), strict=True))
        found["third"] = float(np.clip(parts["third"][0], 0.0, 1.0))
        return found

    def describe(self) -> dict[str, Any]:
        """Return the layout as the page needs it."""
        return {
            "months": list(self.months),
            "horizons": [list(one) for one in self.horizons],
            "leaders": list(LEADERS),
            "blocs": list(BLOCS),
            "constraints": list(CONSTRAINTS),
            "quantiles": len(QUANTILES),
            "series": list(FANS),
            "sizes": list(self.sizes.values()),
        }


def whole(parts: Array, axis: int) -> Array:
    """Return parts that are not negative and add up to one along an axis, or are all zero."""
    kept = np.clip(parts, 0.0, None)
    total = kept.sum(axis, keepdims=True)
    return np.asarray(np.divide(kept, total, out=np.zeros_like(kept), where=total > 0.0))


def layout_of(answer: Mapping[str, Any]) -> Layout:
    """Return the layout of answers like this one."""
    horizons = ((definition, year) for definition, years in answer["shares"].items() for year in years)
    return Layout(tuple(answer["months"]), tuple(horizons))


def packed(rows: Array, layout: Layout, bits: int) -> dict[str, Any]:
    """Return rows as whole numbers of so many bits, base64, with the step of each block; the least is NaN.

    Shapes: rows (row, feature).
    """
    most = 2 ** (bits - 1) - 1
    steps, whole_numbers = [], []
    for place in layout.blocks().values():
        block = rows[:, place]
        step = float(np.nanmax(np.abs(block), initial=0.0)) / most
        steps.append(step)
        whole_numbers.append(np.nan_to_num(np.rint(block / step if step else block), nan=-most - 1))
    kind = np.dtype(f"<i{bits // 8}")
    written = np.ascontiguousarray(np.concatenate(whole_numbers, axis=1).astype(kind))
    return {"steps": steps, "bits": bits, "rows": base64.b64encode(written.tobytes()).decode()}


def unpacked(given: Mapping[str, Any], layout: Layout) -> Array:
    """Return rows from text. Shapes: -> (row, feature)."""
    numbers = np.frombuffer(base64.b64decode(given["rows"]), np.dtype(f"<i{given['bits'] // 8}"))
    rows = numbers.reshape(-1, sum(layout.sizes.values())).astype(np.float64)
    rows[rows == -(2 ** (given["bits"] - 1))] = np.nan
    for step, place in zip(given["steps"], layout.blocks().values(), strict=True):
        rows[:, place] *= step
    return rows


def differences(found: Mapping[str, Any], true: Mapping[str, Any], definition: str) -> tuple[float, float]:
    """Return how far an answer is off: shares of leaders in points, medians of the last month in per cent.

    The largest over horizons and leaders, and over series whose true median is not zero.
    """
    points = [
        100.0 * abs(found["shares"][definition][year][leader] - share)
        for year, one in true["shares"].get(definition, {}).items()
        for leader, share in one.items()
    ]
    middle = len(QUANTILES) // 2
    ends = [(found["fans"][name]["quantiles"][-1][middle], true["fans"][name]["quantiles"][-1][middle])
            for name in FANS]  # fmt: skip
    return max(points, default=0.0), max(
        (100.0 * abs(one / two - 1.0) for one, two in ends if two > 0.0), default=0.0
    )


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the middle and the largest of some errors, as the page states them."""
    return {"typical": round(float(np.median(values)), 1), "largest": round(float(np.max(values)), 1)}
