"""Score a hindcast: error, band and a naive benchmark for every observed point, and the gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.config.readers import months_between
from experiments.trust.targets import Gates, Point, Target, Targets
from sim.units import Array

BAND = (0.05, 0.5, 0.95)
NORMAL_95 = 1.6449
"""Standard deviations to the 95 % quantile of a normal distribution."""


@dataclass(frozen=True)
class Score:
    """What the model has at an observed point, and what the benchmark has."""

    target: Target
    point: Point
    fitted: bool
    low: float
    median: float
    high: float
    naive: float

    @property
    def ln_error(self) -> float:
        """Log of the model's median over what was observed."""
        return float(np.log(self.median / self.point.centre))

    @property
    def ln_naive_error(self) -> float:
        """Log of the benchmark over what was observed."""
        return float(np.log(self.naive / self.point.centre))

    @property
    def inside(self) -> bool:
        """Whether the 90 % band holds the observed value."""
        return self.low <= self.point.centre <= self.high

    @property
    def expected(self) -> bool:
        """Whether the band holds it once the declared discrepancy is added to the worlds' spread, in logs.

        Source: Kennedy and O'Hagan 2001: what is observed is the model's value and its discrepancy.
        """
        off = abs(self.ln_error)
        end = self.high if self.ln_error < 0.0 else self.low
        spread = abs(float(np.log(end / self.median))) if end > 0.0 else np.inf
        return off <= float(np.hypot(spread, NORMAL_95 * self.target.discrepancy))

    @property
    def width(self) -> float:
        """Ratio of the ends of the 90 % band."""
        return self.high / self.low if self.low > 0.0 else np.inf


@dataclass(frozen=True)
class GateResult:
    """A gate with its bound and what was measured."""

    name: str
    bound: float
    found: float
    passed: bool
    meaning: str


def score(targets: Targets, series: Mapping[str, Array], first_month: str) -> tuple[Score, ...]:
    """Score every point of every target. Shapes: series (month, world); NaN worlds are left out."""
    scores = []
    for target in targets.series:
        values = series[target.series]
        scale = target.scale(values, first_month)
        for point in target.scored:
            found = point.read(values, first_month) * scale
            found = found[np.isfinite(found)]
            low, median, high = np.quantile(found, BAND) if found.size else (np.nan, np.nan, np.nan)
            naive = benchmark(target, point, targets.fit_until)
            scores.append(
                Score(target, point, targets.is_fit(point), float(low), float(median), float(high), naive)
            )
    return tuple(scores)


def benchmark(target: Target, point: Point, fit_until: str) -> float:
    """Return the naive forecast of a point from those observed before it, until the end of the fit.

    A random walk with drift (in logs) where two earlier points exist, else the last value carried forward;
    NaN without any.
    """
    known = [
        one for one in target.points if one.last_month < point.last_month and one.last_month <= fit_until
    ]
    if not known:
        return float("nan")
    last = known[-1]
    if len(known) == 1:
        return last.centre
    # The drift of all that is known, as the estimator of a random walk has it.
    first = known[0]
    span = months_between(first.last_month, last.last_month)
    drift = np.log(last.centre / first.centre) / span
    return float(last.centre * np.exp(drift * months_between(last.last_month, point.last_month)))


def median_error(scores: Sequence[Score], fitted: bool) -> float:
    """Return the median over gated series of each one's median absolute log error: series weigh the same."""
    by_series: dict[str, list[float]] = {}
    for one in scores:
        if one.target.role == "gate" and one.fitted == fitted:
            by_series.setdefault(one.target.series, []).append(abs(one.ln_error))
    return float(np.median([np.median(errors) for errors in by_series.values()])) if by_series else np.nan


def expected_share(scores: Sequence[Score]) -> float:
    """Return the share of the gated points after the fit that spread and discrepancy together hold."""
    late = [one for one in scores if one.target.role == "gate" and not one.fitted]
    return float(np.mean([one.expected for one in late]))


def judge(scores: Sequence[Score], facts_held: int, gates: Gates) -> tuple[GateResult, ...]:
    """Hold the scores against the gates. A number that is none passes none."""
    late = [one for one in scores if one.target.role == "gate" and not one.fitted]
    inside = float(np.mean([one.inside for one in late]))
    width = float(max(one.width for one in late))
    better = float(np.mean([abs(one.ln_error) < abs(one.ln_naive_error) for one in late]))
    fit, test = median_error(scores, True), median_error(scores, False)
    return (
        GateResult("fit_median_error", gates.fit_median_error, fit, fit <= gates.fit_median_error,
                   "median absolute log error of gated series until the end of the fit"),
        GateResult("test_median_error", gates.test_median_error, test, test <= gates.test_median_error,
                   "the same for the year that was not fitted"),
        GateResult("least_inside_share", gates.least_inside_share, inside, inside >= gates.least_inside_share,
                   "share of that year's gated points inside the 90 % band"),
        GateResult("widest_band", gates.widest_band, width, width <= gates.widest_band,
                   "ratio of the ends of the widest of these bands"),
        GateResult("least_better_share", gates.least_better_share, better, better >= gates.least_better_share,
                   "share of these points at which the model beats the naive benchmark"),
        GateResult("least_facts", gates.least_facts, float(facts_held), facts_held >= gates.least_facts,
                   "stylised facts that hold in most worlds"),
    )  # fmt: skip
