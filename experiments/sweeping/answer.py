"""The running answer of a sweep: a share of runs, with the sampling error that comes from its worlds.

All points share their worlds, so that runs of one world are no independent draws: the error is that of the
worlds' means. While there are few worlds the error of a share of independent draws stands below it.
"""

import math
from collections.abc import Iterable
from typing import Any

from experiments.runs.summary import Z_95, wilson

LEAST_WORLDS = 30
"""Fewer clusters give no standard error to decide by."""


class Answer:
    """Counts the runs in which the headline is true, by world."""

    def __init__(self) -> None:
        self._runs: dict[int, int] = {}
        self._hits: dict[int, int] = {}

    def add(self, worlds: Iterable[int], hits: Iterable[bool]) -> None:
        """Count some runs."""
        for world, hit in zip(worlds, hits, strict=True):
            self._runs[world] = self._runs.get(world, 0) + 1
            self._hits[world] = self._hits.get(world, 0) + int(hit)

    @property
    def runs(self) -> int:
        """Number of runs counted."""
        return sum(self._runs.values())

    @property
    def share(self) -> float:
        """Share of runs in which it is true; NaN of none."""
        return sum(self._hits.values()) / self.runs if self.runs else math.nan

    @property
    def standard_error(self) -> float:
        """Standard error of the share: between worlds, and at least that of independent runs.

        Source: Liang and Zeger 1986, for a mean.
        """
        runs, worlds, share = self.runs, len(self._runs), self.share
        if not runs:
            return math.nan
        low, high = wilson(share, runs)
        independent = (high - low) / 2.0 / Z_95
        if worlds < 2:
            return independent
        squares = sum((self._hits[world] - share * self._runs[world]) ** 2 for world in self._runs)
        clustered = math.sqrt(squares * worlds / (worlds - 1)) / runs
        return max(clustered, independent)

    def precise(self, standard_error: float) -> bool:
        """Say whether the answer is as precise as asked for; never at 0."""
        enough = len(self._runs) >= LEAST_WORLDS or (len(self._runs) == 1 and self.runs >= LEAST_WORLDS)
        return standard_error > 0.0 and enough and self.standard_error <= standard_error


def is_true(value: Any, wanted: str) -> bool:
    """Say whether an outcome, as it is stored, has the value of the headline."""
    return bool(value == wanted)
