"""Indices of sensitivity from a design of trajectories or of Saltelli's blocks, by SALib."""

from collections.abc import Sequence

import numpy as np

from experiments.config.errors import RunError
from experiments.sweeping.factors import Factor
from experiments.sweeping.sampling import Design, unit_cube
from sim.units import Array

LEAST = {"saltelli": 32, "morris": 4}
"""Fewer base points or trajectories give no intervals to read."""
_RESAMPLES = 200
Row = dict[str, float | str]


def check_values(values: Array, metric: str) -> None:
    """Refuse what no index can be read from. Shapes: values (point,).

    Raises: RunError on a value that is no number, or values that are all the same.
    """
    broken = np.flatnonzero(~np.isfinite(values))
    if broken.size:
        raise RunError(
            f"{metric}: {broken.size} of {values.size} points have no number (first: point {broken[0]}); "
            "expected one at every point. Take a metric that always exists"
        )
    if np.ptp(values) == 0.0:
        raise RunError(f"{metric}: is {values[0]:g} at every point; nothing moves it. Take another metric")


def sobol_indices(names: Sequence[str], values: Array, *, second_order: bool, seed: int) -> list[Row]:
    """Return first and total order of every factor with 95 % half-widths by bootstrap.

    Shapes: values (point,), in the order of Saltelli's blocks. Source: Saltelli et al. 2010.
    """
    from SALib.analyze import sobol

    found = sobol.analyze(
        {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)},
        values,
        calc_second_order=second_order,
        num_resamples=_RESAMPLES,
        seed=seed,
    )
    return [
        {
            "factor": name,
            "first": float(found["S1"][place]),
            "first_half_width": float(found["S1_conf"][place]),
            "total": float(found["ST"][place]),
            "total_half_width": float(found["ST_conf"][place]),
        }
        for place, name in enumerate(names)
    ]


def morris_effects(names: Sequence[str], unit: Array, values: Array, *, levels: int, seed: int) -> list[Row]:
    """Return mean, mean size and spread of every factor's elementary effects.

    Shapes: unit (point, factor), values (point,). Source: Morris 1991; Campolongo et al. 2007.
    """
    from SALib.analyze import morris

    found = morris.analyze(
        {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)},
        unit,
        values,
        num_resamples=_RESAMPLES,
        num_levels=levels,
        seed=seed,
    )
    return [
        {
            "factor": name,
            "mean": float(found["mu"][place]),
            "mean_size": float(found["mu_star"][place]),
            "mean_size_half_width": float(found["mu_star_conf"][place]),
            "spread": float(found["sigma"][place]),
        }
        for place, name in enumerate(names)
    ]


def indices(design: Design, factors: Sequence[Factor], values: Array, metric: str) -> list[Row]:
    """Return the indices that a design allows, the strongest factor first. Shapes: values (point,).

    Raises: RunError on too few samples, a value that is no number, or values that are all the same.
    """
    unit_name = "points" if design.kind == "saltelli" else "trajectories"
    count = design.options[unit_name]
    if count < LEAST[design.kind]:
        raise RunError(
            f"study.design.{unit_name}={count}: too few samples; expected at least {LEAST[design.kind]}"
        )
    check_values(values, metric)
    names, seed = [factor.name for factor in factors], design.options["seed"]
    if design.kind == "saltelli":
        rows = sobol_indices(names, values, second_order=design.options["second_order"], seed=seed)
        return sorted(rows, key=lambda row: -float(row["total"]))
    unit = unit_cube(design, factors)
    rows = morris_effects(names, unit, values, levels=design.options["levels"], seed=seed)
    return sorted(rows, key=lambda row: -float(row["mean_size"]))
