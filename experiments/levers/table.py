"""Rows of the tables of levers and of ablations, and what came out of each."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

REPOSITORY: Final = Path(__file__).parents[2]
TABLE: Final = REPOSITORY / "tests" / "levers.csv"
ABLATIONS: Final = REPOSITORY / "tests" / "ablations.csv"
STANDARD_ERRORS: Final = 2.0
LEAST_WORLDS: Final = 2
LEAST_POINTS: Final = 1.0
"""What an ablation has to move its outcome by, in points of a share."""


@dataclass(frozen=True)
class Lever:
    """A row of the table: a lever of one submodel, and what it should do to a series of another."""

    submodel: str
    lever: str
    low: float
    high: float
    outcome: str
    by: str
    """Last month of the twelve that are averaged, as 2035-12."""
    difference: str
    """`relative`: a share of the mean of both runs; `plain`: in the outcome's unit."""
    sign: int
    reason: str
    explained: str
    """Why it came out otherwise, where it did."""

    @property
    def name(self) -> str:
        """What a message calls the row."""
        return f"{self.lever} -> {self.outcome} by {self.by}"


@dataclass(frozen=True)
class Finding:
    """What a lever did, over the worlds in which both runs have the outcome."""

    lever: Lever
    worlds: int
    low: float
    """Mean outcome with the lever low."""
    high: float
    difference: float
    """Mean of the worlds' differences, high minus low."""
    standard_error: float

    @property
    def score(self) -> float:
        """Difference in standard errors; infinite where all worlds agree exactly, 0 where nothing moved."""
        if self.worlds < LEAST_WORLDS:
            return 0.0
        if self.standard_error > 0.0:
            return self.difference / self.standard_error
        return float(np.copysign(np.inf, self.difference)) if self.difference else 0.0

    @property
    def as_expected(self) -> bool:
        """Whether the sign is the expected one, beyond two standard errors."""
        return self.lever.sign * self.score > STANDARD_ERRORS

    @property
    def verdict(self) -> str:
        """Return the finding in a word or two."""
        if self.as_expected:
            return "as expected"
        if self.worlds < LEAST_WORLDS:
            return "no feasible start"
        return "not told from zero" if abs(self.score) <= STANDARD_ERRORS else "opposite"


def read_table(path: Path = TABLE) -> tuple[Lever, ...]:
    """Return the rows of a table of levers."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(
            Lever(
                submodel=row["submodel"],
                lever=row["lever"],
                low=float(row["low"]),
                high=float(row["high"]),
                outcome=row["outcome"],
                by=row["by"],
                difference=row["difference"],
                sign={"+": 1, "-": -1}[row["sign"]],
                reason=row["reason"],
                explained=row.get("explained") or "",
            )
            for row in csv.DictReader(file)
        )


@dataclass(frozen=True)
class Ablation:
    """A submodel without its main mechanism, and the share that this should move."""

    submodel: str
    without: str
    settings: str
    """What the run sets, as on the command line: pairs key=value."""
    outcome: str
    by: str
    reason: str

    @property
    def name(self) -> str:
        """What a message calls the row."""
        return f"{self.submodel} {self.without}: {self.outcome} by {self.by}"


@dataclass(frozen=True)
class Effect:
    """What an ablation did to a share, in points: without the mechanism minus with it."""

    ablation: Ablation
    worlds: int
    full: float
    """Mean share with the mechanism, in percent."""
    points: float
    standard_error: float

    @property
    def matters(self) -> bool:
        """Whether it moves the outcome by more than a point and two standard errors."""
        return abs(self.points) > max(LEAST_POINTS, STANDARD_ERRORS * self.standard_error)


def read_ablations(path: Path = ABLATIONS) -> tuple[Ablation, ...]:
    """Return the rows of a table of ablations."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(Ablation(**row) for row in csv.DictReader(file))
