"""Dated inputs of a run: policy and product launches that happened, where they take the place of a law.

A hindcast is given what governments and makers did, month by month, and nothing else from the future. A run
that starts today has none: every value is then left to the laws (S7.2, S12).
"""

from dataclasses import dataclass

import numpy as np

from sim.units import Array


@dataclass(frozen=True)
class History:
    """What is given by date. NaN leaves the value to the law, and so does every month past the tables."""

    stringency: Array
    """(month, bloc): controls of a bloc's government towards the rival in that month."""
    ln_performance: Array
    """(month + 1, maker): ln of performance per wafer since the start, by launches that were made by then."""

    def stringency_in(self, months: float) -> Array:
        """Return the dated stringency at a time since the start. Shapes: -> (bloc,)."""
        month = int(months)
        if month < len(self.stringency):
            row: Array = self.stringency[month]
            return row
        return np.full(self.stringency.shape[1], np.nan)

    def performance_step(self, months: float, dt: float) -> Array:
        """Return what launches add to ln X in a step of `dt` months. Shapes: -> (maker,)."""
        month = int(months)
        if month + 1 < len(self.ln_performance):
            step: Array = (self.ln_performance[month + 1] - self.ln_performance[month]) * dt
            return step
        return np.full(self.ln_performance.shape[1], np.nan)


def no_history(blocs: int, makers: int) -> History:
    """Return a history that leaves everything to the laws."""
    return History(np.empty((0, blocs)), np.empty((0, makers)))
