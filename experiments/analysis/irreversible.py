"""W9: a lead is irreversible if no single action of the rival takes it away (section 6).

The rival reacts once the lead has lasted twelve months, with all its means on one lever. Until then a run is
the passive one to the last bit, so that all its arms are branches of one past. The lead is taken away if it
is lost within the next 24 months; a control reacts without any means and shows what is lost anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.axes import BLOCS, LEVERS
from sim.context import Context
from sim.outcome import Record, dimension_shares, leader_w1
from sim.series import Series
from sim.settings import OutcomeRules
from sim.units import Array, BoolArray

if TYPE_CHECKING:
    from experiments.claims.arms import Arms

LEAD_MONTHS: Final = 12
"""From the beginning of a lead to the rival's reaction."""
WITHIN_MONTHS: Final = 24
COLUMN: Final = "lead_kept"
_REACTS: Final = f"policy.trigger_months=0 policy.decision_lag={LEAD_MONTHS} policy.reaction_margin_m=1.5"
"""A margin that no share can fall below: what is reacted to is the lead alone."""
_NO_MEANS: Final = "policy.reaction_budget=0"


@dataclass(frozen=True)
class Irreversible:
    """How a bloc's leads fare, in the worlds where one lasts a year and can be watched for two more."""

    leads: int
    """Worlds in which the lead was put to the test."""
    lost_anyway: float
    """Share of them that lose it although the rival does nothing."""
    lost: Mapping[str, float]
    """Lever of the rival -> share that loses the lead."""
    irreversible: float
    """Share that keeps it whichever lever the rival pulls; NaN without leads."""


def arm_of(rival: str, lever: str) -> str:
    """Return the arm in which a rival reacts to a lead with one lever; without means if it is empty."""
    means = f"budget={lever}" if lever else f"budget={LEVERS[0]} {_NO_MEANS}"
    return f"responses=[{rival}_resists] {_REACTS} {means}"


def arms_needed() -> tuple[str, ...]:
    """Return every arm that the answer reads."""
    return tuple(arm_of(rival, lever) for rival in BLOCS for lever in ("", *LEVERS))


def kept_columns(
    ctx: Context, rules: OutcomeRules, series: Sequence[Series], data: np.ndarray
) -> dict[str, Array]:
    """Return for both blocs where a lead is kept after the rival has reacted to it.

    Shapes: data (series, month, world) -> column -> (world,), as `kept` has it.
    """
    record = Record({one.name: row for row, one in enumerate(series)}, data)
    shares, is_open = dimension_shares(ctx, rules, record)
    leader, reacting = leader_w1(shares, is_open, rules.lead_share), record.both("reacting") > 0.0
    return {
        f"{COLUMN}.{bloc}": kept(leader == place, reacting[1 - place]) for place, bloc in enumerate(BLOCS)
    }


def kept(leads: BoolArray, reacting: BoolArray) -> Array:
    """Return 1 where a lead is held through the months after the reaction, 0 where it is lost in one.

    NaN where the rival does not react, reacts to a lead that is over, or too late to be watched.
    Shapes: (month, world) each -> (world,).
    """
    months, worlds = leads.shape
    began = reacting.argmax(0)
    tested = reacting.any(0) & (began + WITHIN_MONTHS < months)
    held = np.full(worlds, True)
    for after in range(WITHIN_MONTHS + 1):
        now = leads[np.minimum(began + after, months - 1), np.arange(worlds)]
        if after == 0:
            tested &= now
        held &= now
    return np.where(tested, held.astype(np.float64), np.nan)


def irreversible(arms: "Arms") -> dict[str, Irreversible]:
    """Return how each bloc's leads fare, from arms that hold all of `arms_needed`."""
    found = {}
    for place, bloc in enumerate(BLOCS):
        rival = BLOCS[1 - place]
        kept_by = {
            lever: arms.kept[arm_of(rival, lever)].outcomes[f"{COLUMN}.{bloc}"] for lever in ("", *LEVERS)
        }
        table = np.stack(list(kept_by.values()))
        tested = np.isfinite(table).all(axis=0)
        count = int(tested.sum())

        def share(holds: Array, count: int = count) -> float:
            return float(holds.sum()) / count if count else float("nan")

        found[bloc] = Irreversible(
            leads=count,
            lost_anyway=share(1.0 - kept_by[""][tested]),
            lost={lever: share(1.0 - kept_by[lever][tested]) for lever in LEVERS},
            irreversible=share(table[:, tested].min(axis=0, initial=1.0)),
        )
    return found
