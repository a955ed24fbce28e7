"""The table of a posterior: equally weighted rows of calibrated parameters, and the prior of each.

A run draws a row a world. A parameter takes its value from the row only where its prior is still the one
that was fitted: a range of one's own, a scenario's value or a hindcast's own range stay what they are.
Each row also names the world of the hindcast that it was fitted in, whose luck and other parameters were
part of the fit; a hindcast that is to be compared with observations runs those worlds.
"""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from experiments.config.conf_files import CONF
from experiments.config.design import Column, unit_points
from experiments.config.errors import ConfigError, nearest
from sim.units import Array, IntArray

FOLDER = CONF / "uncertainty"
NONE = "none"
HINDCAST = "hindcast.csv"
"""The worlds of the hindcast that fitted, beside the table of the parameters alone."""
ROW = Column("uncertainty.posterior_row", 0.0, 1.0, None, False, None)
"""Draws which row a world takes."""
_PRIOR_ROWS = ("low", "high", "mode", "log")


@dataclass(frozen=True)
class PosteriorTable:
    """Rows of a posterior, and the columns that they were drawn from."""

    columns: tuple[Column, ...]
    values: Array
    """(row, column)"""
    worlds: IntArray
    """(row,): the world of the hindcast that each row was fitted in."""

    def laid_over(
        self, columns: Sequence[Column], values: Array, seed: int, ids: IntArray, attempt: IntArray | int
    ) -> Array:
        """Return drawn values with those of the posterior in their place. Shapes: values (column, world)."""
        unit = unit_points(seed, [ROW], ids, attempt)[0]
        rows = np.minimum((unit * len(self.values)).astype(np.int64), len(self.values) - 1)
        return self.rows_over(columns, values, rows)

    def rows_over(self, columns: Sequence[Column], values: Array, rows: IntArray) -> Array:
        """Return drawn values with those of given rows in their place. Shapes: values (column, world)."""
        fitted = {column.key: place for place, column in enumerate(self.columns)}
        laid = values.copy()
        for place, column in enumerate(columns):
            own = fitted.get(column.key)
            if own is not None and same_prior(column, self.columns[own]):
                laid[place] = self.values[rows, own]
        return laid


def same_prior(one: Column, other: Column) -> bool:
    """Say whether two columns are drawn alike."""
    return (one.low, one.high, one.mode, one.log) == (other.low, other.high, other.mode, other.log)


def read(name: str) -> PosteriorTable | None:
    """Return the table of that name in conf/uncertainty, nothing for `none`.

    Raises: ConfigError if there is no such table.
    """
    valid = [NONE, *sorted(path.name for path in FOLDER.glob("*.csv"))]
    if name not in valid:
        raise ConfigError(
            "uncertainty.posterior", name, f"expected one of {', '.join(valid)}", nearest(name, valid)
        )
    return None if name == NONE else load(FOLDER / name)


def digest(name: str) -> str:
    """Return the SHA-256 of a table's text, which is part of a run's configuration."""
    return "" if name == NONE else hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()


@cache
def load(path: Path) -> PosteriorTable:
    """Return the table of a file."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = list(csv.reader(file))
    prior = {line[0]: line[1:] for line in lines if line[0] in _PRIOR_ROWS}
    columns = tuple(
        Column(
            key,
            float(prior["low"][place]),
            float(prior["high"][place]),
            float(prior["mode"][place]) if prior["mode"][place] else None,
            prior["log"][place] == "1",
            None,
        )
        for place, key in enumerate(header[1:])
    )
    values = np.array([[float(cell) for cell in line[1:]] for line in lines if line[0] not in _PRIOR_ROWS])
    values.setflags(write=False)
    worlds = np.array([int(line[0]) for line in lines if line[0] not in _PRIOR_ROWS], np.int64)
    return PosteriorTable(columns, values, worlds)


def write(path: Path, table: PosteriorTable) -> None:
    """Write a table: a column a parameter, its prior first, then a row each with its world."""
    columns = table.columns
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["world", *(column.key for column in columns)])
        writer.writerow(["low", *(repr(column.low) for column in columns)])
        writer.writerow(["high", *(repr(column.high) for column in columns)])
        writer.writerow(["mode", *("" if column.mode is None else repr(column.mode) for column in columns)])
        writer.writerow(["log", *(int(column.log) for column in columns)])
        for world, row in zip(table.worlds, table.values, strict=True):
            writer.writerow([world, *(repr(float(value)) for value in row)])
