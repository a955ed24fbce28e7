"""Compare the same worlds under two settings, each world with itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from experiments.config.build import RunPlan
from experiments.levers.arms import WINDOW_MONTHS, Measured, arm_of, arm_of_settings, last_month
from experiments.levers.table import LEAST_WORLDS, Ablation, Effect, Finding, Lever
from sim.units import Array

POINTS: Final = 100.0


def compare(plan: RunPlan, lever: Lever, measured: Measured) -> Finding:
    """Compare every world's outcome with the lever high and low."""
    end = last_month(plan, lever.by)
    window = slice(end - WINDOW_MONTHS, end)
    low, high = (
        measured[arm_of(plan, lever.lever, value)][lever.outcome][window].mean(0)
        for value in (lever.low, lever.high)
    )
    both = np.isfinite(low) & np.isfinite(high)
    worlds = int(both.sum())
    if worlds < LEAST_WORLDS:
        return Finding(lever, worlds, np.nan, np.nan, np.nan, np.nan)
    low, high = low[both], high[both]
    differences = DIFFERENCES[lever.difference](low, high)
    return Finding(
        lever=lever,
        worlds=worlds,
        low=float(low.mean()),
        high=float(high.mean()),
        difference=float(differences.mean()),
        standard_error=float(differences.std(ddof=1) / np.sqrt(worlds)),
    )


def effect(plan: RunPlan, ablation: Ablation, measured: Measured) -> Effect:
    """Compare every world's share without and with a mechanism."""
    end = last_month(plan, ablation.by)
    window = slice(end - WINDOW_MONTHS, end)
    full, without = (
        measured[arm][ablation.outcome][window].mean(0) * POINTS
        for arm in ((), arm_of_settings(plan, ablation.settings))
    )
    both = np.isfinite(full) & np.isfinite(without)
    worlds = int(both.sum())
    if worlds < LEAST_WORLDS:
        return Effect(ablation, worlds, np.nan, np.nan, np.nan)
    difference = (without - full)[both]
    return Effect(
        ablation=ablation,
        worlds=worlds,
        full=float(full[both].mean()),
        points=float(difference.mean()),
        standard_error=float(difference.std(ddof=1) / np.sqrt(worlds)),
    )


def relative_difference(low: Array, high: Array) -> Array:
    """Return high minus low over the mean of their sizes, between -2 and 2; 0 where both are 0.

    Every world weighs alike, whatever its size; one without a number stays without. Shapes: (world,).
    """
    size = (np.abs(low) + np.abs(high)) / 2.0
    return (high - low) / np.where(size == 0.0, 1.0, size)


def plain_difference(low: Array, high: Array) -> Array:
    """Return high minus low. Shapes: (world,)."""
    return high - low


DIFFERENCES: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "relative": relative_difference,
    "plain": plain_difference,
}


def expected_share(findings: Sequence[Finding]) -> float:
    """Return the share of rows that came out as expected."""
    return sum(finding.as_expected for finding in findings) / len(findings)
