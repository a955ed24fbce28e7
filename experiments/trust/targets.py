"""What a hindcast is held against: observed points, how far they may be missed, bounds of the gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.conf_files import CONF
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly, month_text, months_between, number, one_of
from sim.units import MONTHS_PER_YEAR, Array

TARGETS = Path(__file__).parents[1] / "targets.yaml"
OBSERVATIONS = CONF / "observations" / "baseline.yaml"
ROLES = ("gate", "entry", "report")
TWO_SIDED_90 = 1.6448536269514722
"""Standard deviations from the median to the 5 and the 95 % of a normal distribution."""
WHOLE_YEAR = "a year"
"""Ends the unit of a flow that is counted over a year rather than a month."""
POINT_KEYS = ("series", "date", "value", "unit", "source")


@dataclass(frozen=True)
class Point:
    """One observed value of a series, at the end of a month or over a year."""

    series: str
    date: str
    """2024-12, or 2024 for a year's mean, or its sum where the unit says so."""
    value: float
    low: float
    high: float
    unit: str
    source: str

    @property
    def centre(self) -> float:
        """The value, or the middle of the limits (in logs) where it is itself one of them.

        Weekly users bound monthly ones from below: then the value is a limit, not the best guess.
        """
        at_a_limit = self.low < self.high and self.value in (self.low, self.high)
        return float(np.sqrt(self.low * self.high)) if at_a_limit else self.value

    @property
    def ln_sd(self) -> float:
        """Standard deviation of the logarithm, the limits taken as the 5 and 95 %."""
        return float(np.log(self.high / self.low) / (2.0 * TWO_SIDED_90))

    @property
    def last_month(self) -> str:
        """The month with which the date ends."""
        return self.date if "-" in self.date else f"{self.date}-12"

    def read(self, values: Array, first_month: str) -> Array:
        """Return what a run has at the date. Shapes: values (month, world) -> (world,).

        The date must lie in the run.
        """
        last = months_between(first_month, self.last_month)
        if "-" in self.date:
            at: Array = values[last]
            return at
        year = values[last + 1 - int(MONTHS_PER_YEAR) : last + 1]
        whole: Array = year.sum(0) if self.unit.endswith(WHOLE_YEAR) else year.mean(0)
        return whole


@dataclass(frozen=True)
class Target:
    """A series of the hindcast with its observed points, in the order of their dates."""

    series: str
    role: str
    discrepancy: float
    summaries: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def scored(self) -> tuple[Point, ...]:
        """Points that count: of a series that begins with its firm, those after the first."""
        return self.points[1:] if self.role == "entry" else self.points

    def scale(self, values: Array, first_month: str) -> Array:
        """Return the factor that brings the model to the first point of an entering firm, else 1.

        Shapes: values (month, world) -> (world,).
        """
        if self.role != "entry":
            return np.ones(values.shape[1])
        first = self.points[0]
        with np.errstate(divide="ignore", invalid="ignore"):  # over nothing: no factor, below
            factor: Array = first.centre / first.read(values, first_month)
        return np.where(np.isfinite(factor), factor, np.nan)


@dataclass(frozen=True)
class Gates:
    """Bounds that the hindcast has to keep; experiments/targets.yaml says what each is of."""

    fit_median_error: float
    test_median_error: float
    least_inside_share: float
    widest_band: float
    least_better_share: float
    least_facts: float
    least_fact_share: float


@dataclass(frozen=True)
class Targets:
    """All that a hindcast is held against."""

    fit_until: str
    gates: Gates
    series: tuple[Target, ...]
    calibrated: tuple[str, ...]

    def is_fit(self, point: Point) -> bool:
        """Say whether a point lies in the years that are fitted."""
        return point.last_month <= self.fit_until

    def summaries(self) -> list[tuple[Target, Point]]:
        """Return the points that calibration fits, each with its series."""
        return [
            (target, point)
            for target in self.series
            for point in target.points
            if point.date in target.summaries
        ]


def read_targets(
    path: Path, points: Sequence[Point], first_month: str, months: int, units: Mapping[str, str]
) -> Targets:
    """Read a file of targets and give each series its observed points inside the run.

    `units` maps every recorded series to its unit.

    Raises: ConfigError on a series, date, role or bound at fault, naming it.
    """
    given = exactly("targets", load(path), ("fit_until", "gates", "series", "calibrated"))
    bounds = exactly("targets.gates", given["gates"], [field.name for field in fields(Gates)])
    gates = Gates(**{name: number(f"targets.gates.{name}", value, 0.0) for name, value in bounds.items()})
    until = month_text("targets.fit_until", given["fit_until"])
    check_points(points, units)
    during = [point for point in points if inside(point, first_month, months)]
    series = tuple(
        _target(place, entry, during, points, until) for place, entry in enumerate(given["series"])
    )
    return Targets(until, gates, series, tuple(given["calibrated"]))


def _target(place: int, entry: Any, during: Sequence[Point], points: Sequence[Point], until: str) -> Target:
    key = f"targets.series[{place}]"
    given = exactly(key, {"summaries": [], **entry}, ("series", "role", "discrepancy", "summaries"))
    name = given["series"]
    own = tuple(sorted((p for p in during if p.series == name), key=lambda point: point.last_month))
    if not own:
        near = nearest(str(name), {point.series for point in points})
        raise ConfigError(f"{key}.series", name, "nothing observed of it during the run", near)
    dates = [point.date for point in own]
    summaries = tuple(str(date) for date in given["summaries"])
    for date in summaries:
        if date not in dates or Point(name, date, 1, 1, 1, "", "").last_month > until:
            expected = f"expected dates observed until {until}, of {', '.join(dates)}"
            raise ConfigError(f"{key}.summaries", date, expected, nearest(date, dates))
    return Target(
        series=str(name),
        role=one_of(f"{key}.role", given["role"], ROLES),
        discrepancy=number(f"{key}.discrepancy", given["discrepancy"], 1e-6, 10.0),
        summaries=summaries,
        points=own,
    )


def inside(point: Point, first_month: str, months: int) -> bool:
    """Say whether a date lies in a run, its first month left out since the start has it."""
    begin = point.date if "-" in point.date else f"{point.date}-01"
    least = 1 if "-" in point.date else 0
    return (
        least <= months_between(first_month, begin) and months_between(first_month, point.last_month) < months
    )


def fits(given: str, recorded: str) -> bool:
    """Say whether a unit is that of a series; people, months and whole years may be left out."""
    plain = given.removesuffix(f" {WHOLE_YEAR}").removesuffix(" per month")
    return plain in (recorded, recorded.removesuffix(" people").removesuffix(" per month"))


def check_points(points: Sequence[Point], units: Mapping[str, str]) -> None:
    """Check that observed points are of recorded series, in their unit.

    Raises: ConfigError naming the first at fault.
    """
    for point in points:
        key = f"observations {point.series} {point.date}"
        if point.series not in units:
            expected = "no such series is recorded; uncontested list series shows all"
            raise ConfigError(key, MISSING, expected, nearest(point.series, units))
        expected_unit = units[point.series]
        if not fits(point.unit, expected_unit):
            allowed = f"expected {expected_unit}"
            raise ConfigError(f"{key} unit", point.unit, allowed, expected_unit)


def read_points(rows: Sequence[Mapping[str, Any]], source: str) -> tuple[Point, ...]:
    """Check rows of observed values, as conf or a table of one's own has them.

    Raises: ConfigError naming the row and the column at fault.
    """
    return tuple(_point(row, f"{source} row {place}") for place, row in enumerate(rows, start=1))


def _point(row: Mapping[str, Any], key: str) -> Point:
    for name in POINT_KEYS:
        if row.get(name) in (None, ""):
            raise ConfigError(
                f"{key} {name}", MISSING, f"missing; expected {', '.join(POINT_KEYS)}, low, high"
            )
    date = str(row["date"])
    month_text(f"{key} date", date if "-" in date else f"{date}-12")
    numbers = {}
    for name in ("value", "low", "high"):
        given = row.get(name)
        given = row["value"] if given in (None, "") else given
        try:
            numbers[name] = float(given)
        except (TypeError, ValueError):
            raise ConfigError(f"{key} {name}", given, "expected a number") from None
        if not (np.isfinite(numbers[name]) and numbers[name] > 0.0):
            raise ConfigError(f"{key} {name}", given, "expected a finite number above 0")
    if not numbers["low"] <= numbers["value"] <= numbers["high"]:
        raise ConfigError(
            f"{key} value", row["value"], f"expected within low..high, {row['low']}..{row['high']}"
        )
    return Point(str(row["series"]), date, unit=str(row["unit"]), source=str(row["source"]), **numbers)


@cache
def observed() -> tuple[Point, ...]:
    """Return the observed points of conf."""
    return read_points(load(OBSERVATIONS)["points"], str(OBSERVATIONS.name))


def load(path: Path) -> Any:
    """Return what a YAML file holds, in plain types."""
    from omegaconf import OmegaConf

    return OmegaConf.to_container(OmegaConf.load(path), resolve=True)
