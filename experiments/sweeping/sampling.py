"""Designs: which points of the factors' space a study runs.

A design of a sequence (Sobol, Saltelli, Morris) is extended by asking for more of it: its first points stay.
A grid or a Latin hypercube of another size has other points; what they share with stored ones is not rerun.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.config.design import LARGEST_WORLD, Column, unit_points
from experiments.config.errors import MISSING, ConfigError
from experiments.config.readers import exactly, finite, flag, integer, one_of
from experiments.sweeping.factors import Factor
from sim.units import Array

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "grid": ("levels",),
    "latin_hypercube": ("points", "seed"),
    "sobol": ("points", "seed"),
    "saltelli": ("points", "seed", "second_order"),
    "morris": ("trajectories", "levels", "seed"),
    "table": ("file",),
}
"""Kinds of design and what each takes."""
MOST_POINTS: Final = 1_000_000
TABLE: Final = "expected a CSV or Parquet file with a column for each factor"


@dataclass(frozen=True)
class Design:
    """How the points of a study are laid."""

    kind: str
    options: Mapping[str, Any]

    def describe(self) -> str:
        """Say in a few words what it is."""
        given = ", ".join(f"{name} {value}" for name, value in self.options.items())
        return f"{self.kind} ({given})" if given else self.kind


def read_design(given: Any) -> Design:
    """Check how a study's points are laid.

    Raises: ConfigError on an unknown kind or an option that it does not take.
    """
    if not isinstance(given, Mapping) or "kind" not in given:
        raise ConfigError("study.design", given, f"expected kind: one of {', '.join(OPTIONS)}")
    kind = one_of("study.design.kind", given["kind"], OPTIONS)
    taken = exactly("study.design", given, ["kind", *OPTIONS[kind]])
    options: dict[str, Any] = {}
    for name in OPTIONS[kind]:
        key, value = f"study.design.{name}", taken[name]
        if name == "second_order":
            options[name] = flag(key, value)
        elif name == "file":
            if not isinstance(value, str):
                raise ConfigError(key, value, TABLE)
            options[name] = value
        elif name == "seed":
            options[name] = integer(key, value, 0, 2**63 - 1)
        elif name == "levels":
            # Morris steps by half of an even number of levels.
            options[name] = integer(key, value, 1 if kind == "grid" else 2, 1000)
            if kind == "morris" and value % 2:
                raise ConfigError(key, value, "expected an even number of levels")
        else:
            options[name] = integer(key, value, 1, min(MOST_POINTS, LARGEST_WORLD))
    return Design(kind, options)


def points_of(design: Design, factors: Sequence[Factor]) -> list[tuple[Any, ...]]:
    """Return the points of a design, each with a value for every factor in their order.

    Raises: ConfigError if there are too many of them.
    """
    count = point_count(
        design, len(factors), [factor.grid(design.options.get("levels", 1)) for factor in factors]
    )
    if count > MOST_POINTS:
        raise ConfigError(
            "study.design", MISSING, f"{count:,} points; expected at most {MOST_POINTS:,}. Take fewer levels"
        )
    if design.kind == "grid":
        return list(product(*(factor.grid(design.options["levels"]) for factor in factors)))
    if not factors:
        raise ConfigError("study.factors", MISSING, f"expected factors for a design of kind {design.kind}")
    unit = unit_cube(design, factors)
    return list(zip(*(factor.at(row) for factor, row in zip(factors, unit.T, strict=True)), strict=True))


def point_count(design: Design, factors: int, grid: Sequence[Sequence[Any]] = ()) -> int:
    """Return how many points a design has; a table's are counted when it is read.

    >>> point_count(Design("saltelli", {"points": 8, "second_order": False}), 3)
    40
    """
    options = design.options
    match design.kind:
        case "grid":
            return int(np.prod([len(levels) for levels in grid], dtype=float))
        case "saltelli":
            return int(options["points"] * ((2 if options["second_order"] else 1) * factors + 2))
        case "morris":
            return int(options["trajectories"] * (factors + 1))
        case "table":
            return 0
        case _:
            return int(options["points"])


def unit_cube(design: Design, factors: Sequence[Factor]) -> Array:
    """Return a design's points in the unit cube. Shapes: (point, factor)."""
    names, options = [factor.name for factor in factors], design.options
    match design.kind:
        case "sobol":
            return sobol(names, options["points"], options["seed"])
        case "saltelli":
            return saltelli(names, options["points"], options["seed"], options["second_order"])
        case "latin_hypercube":
            return latin_hypercube(len(names), options["points"], options["seed"])
        case _:
            return morris(len(names), options["trajectories"], options["levels"], options["seed"])


def sobol(names: Sequence[str], points: int, seed: int, first: int = 0) -> Array:
    """Return scrambled Sobol points, dimension by dimension from the first. Shapes: -> (point, factor).

    A point stays what it is when more points, or more factors behind the others, are asked for.

    Source: Sobol 1967; Owen 1995.
    """
    columns = [
        Column(f"design.{name}.{first}", 0.0, 1.0, None, False, first + place)
        for place, name in enumerate(names)
    ]
    cube: Array = unit_points(seed, columns, np.arange(points)).T
    return cube


def saltelli(names: Sequence[str], points: int, seed: int, second_order: bool) -> Array:
    """Return the points for Sobol indices, in the order that SALib reads: A, AB_1.., (BA_1..,) B for each.

    Shapes: -> (points * (factors + 2), factor), or (points * (2 factors + 2), factor) with the second order.

    Source: Saltelli 2002; Saltelli et al. 2010.
    """
    a, b = sobol(names, points, seed), sobol(names, points, seed, first=len(names))
    blocks = [a]
    for base, other in [(a, b), (b, a)][: 1 + second_order]:
        for factor in range(len(names)):
            mixed = base.copy()
            mixed[:, factor] = other[:, factor]
            blocks.append(mixed)
    cube: Array = np.stack([*blocks, b], axis=1).reshape(-1, len(names))
    return cube


def latin_hypercube(factors: int, points: int, seed: int) -> Array:
    """Return a Latin hypercube: each factor has one point in each of as many equal slices.

    Shapes: -> (point, factor). Source: McKay, Beckman and Conover 1979.
    """
    generator = np.random.default_rng(seed)
    slices = np.stack([generator.permutation(points) for _ in range(factors)], axis=1)
    cube: Array = (slices + generator.random((points, factors))) / points
    return cube


def morris(factors: int, trajectories: int, levels: int, seed: int) -> Array:
    """Return trajectories on a grid of levels that move one factor at a time, in a random order.

    Every trajectory has a generator of its own, so that the first ones stay when more are asked for.

    Shapes: -> (trajectories * (factors + 1), factor). Source: Morris 1991.
    """
    step = levels // 2
    found = []
    for trajectory in range(trajectories):
        generator = np.random.default_rng([seed, trajectory])
        low = generator.integers(0, step, factors)
        upward = generator.random(factors) < 0.5
        current = np.where(upward, low, low + step)
        path = [current.copy()]
        for factor in generator.permutation(factors):
            current[factor] += step if upward[factor] else -step
            path.append(current.copy())
        found.append(np.stack(path))
    cube: Array = np.concatenate(found) / (levels - 1)
    return cube


def read_table(design: Design) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Read an explicit table: the names of its columns and its rows.

    Raises: ConfigError if it cannot be read, is empty, or has a gap.
    """
    import duckdb

    path = Path(design.options["file"]).expanduser()
    if not path.is_file():
        raise ConfigError("study.design.file", path, TABLE)
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    try:
        with duckdb.connect() as connection:
            found = connection.execute(f"SELECT * FROM {reader}(?)", [str(path)])
            names = [column[0] for column in found.description]
            rows = found.fetchall()
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError("study.design.file", path, f"cannot be read as a table ({reason})") from None
    if not rows:
        raise ConfigError("study.design.file", path, "expected a row for each point; it has none")
    if len(rows) > MOST_POINTS:
        raise ConfigError("study.design.file", path, f"{len(rows):,} rows; expected at most {MOST_POINTS:,}")
    for place, row in enumerate(rows):
        for name, value in zip(names, row, strict=True):
            if value is None or (isinstance(value, float) and finite(value) is None):
                raise ConfigError(
                    "study.design.file", path, f"row {place + 1} has no value for {name}; expected one"
                )
    return names, rows
