"""Effects of a grid's factors, paired: the same world and other factors, one level against another."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.config.errors import RunError
from sim.units import Array

LEAST_WORLDS = 2


def paired_effects(
    names: Sequence[str], points: Sequence[tuple[Any, ...]], values: Array
) -> list[dict[str, Any]]:
    """Return each level's mean difference from its factor's first level, with a 95 % interval over worlds.

    The worlds are the independent draws: each gives one difference, the mean over all other factors.

    Shapes: values (point, world).

    Raises: RunError if there are too few worlds, or a value that is no number.
    """
    from scipy.stats import t

    worlds = values.shape[1]
    if worlds < LEAST_WORLDS:
        raise RunError(f"study.replications={worlds}: too few samples; expected at least {LEAST_WORLDS}")
    if not np.isfinite(values).all():
        raise RunError("a run has no number for the metric; expected one in every run")
    place_of = {tuple(map(str, point)): place for place, point in enumerate(points)}
    rows = []
    for factor, name in enumerate(names):
        levels = list(dict.fromkeys(point[factor] for point in points))
        for level in levels[1:]:
            pairs = []
            for point in points:
                if point[factor] == level:
                    other = (*point[:factor], levels[0], *point[factor + 1 :])
                    pairs.append((place_of[tuple(map(str, point))], place_of[tuple(map(str, other))]))
            ours, theirs = np.asarray(pairs).T
            differences = (values[ours] - values[theirs]).mean(axis=0)
            mean = float(differences.mean())
            half = float(t.ppf(0.975, worlds - 1) * differences.std(ddof=1) / np.sqrt(worlds))
            changed = int(np.sum(values[ours] != values[theirs]))
            rows.append(
                {
                    "factor": name,
                    "from": levels[0],
                    "to": level,
                    "effect": mean,
                    "low": mean - half,
                    "high": mean + half,
                    "pairs_changed": changed,
                    "pairs": int(ours.size * worlds),
                }
            )
    return sorted(rows, key=lambda row: -abs(row["effect"]))
