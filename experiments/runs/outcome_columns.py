"""Outcomes as tables hold them: codes of leaders as words, numbers of months as months."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.config.build import RunPlan
from sim.outcome import LEADERS, month_index
from sim.units import Array

LEADER_COLUMNS = "leader"
"""Outcomes that are codes of `sim.outcome.LEADERS`, stored as words."""
DATES = ("first_lead_month",)
"""Outcomes that number the months from 1, stored as the month itself."""


def is_leader(name: str) -> bool:
    """Say whether an outcome names a leader."""
    return name.startswith(LEADER_COLUMNS)


def is_date(name: str) -> bool:
    """Say whether an outcome is a month."""
    return name.partition(".")[0] in DATES


def stored(outcomes: Mapping[str, Array], months: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return outcomes as they are stored, without the ids of the worlds. Shapes: (case,)."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name, values in outcomes.items():
        if is_leader(name):
            found[name] = names_of(values, LEADERS)
        elif is_date(name):
            found[name] = names_of(values - 1.0, months)
        elif name != "world":
            found[name] = values
    return found


def is_due(plan: RunPlan, outcome: str) -> bool:
    """Say whether an outcome has a value in a run so long: its horizon is reached, and it always exists."""
    if is_date(outcome):
        return False
    year = outcome.rpartition(".")[2]
    for horizon in plan.outcome.horizons:
        if horizon[:4] == year:
            return plan.outcome.window_months - 1 <= month_index(plan.start.month, horizon) < plan.months
    return True


def names_of(codes: Array, names: Sequence[str]) -> npt.NDArray[np.object_]:
    """Return the name of each code; None where there is no code.

    >>> names_of(np.array([1.0, np.nan]), ["us", "cn"])
    array(['cn', None], dtype=object)
    """
    table = np.asarray([*names, None], object)
    return table[np.where(np.isfinite(codes), codes, len(names)).astype(np.int64)]
