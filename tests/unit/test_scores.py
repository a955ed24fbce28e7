"""Scores of a hindcast: the naive benchmark, series of equal weight, and gates that can fail."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.trust import facts
from experiments.trust.scores import BAND, Score, benchmark, expected_share, judge, median_error, score
from experiments.trust.targets import Gates, Point, Target, Targets

GATES = Gates(0.15, 0.25, 0.8, 4.0, 0.667, 7, 0.8)
FIRST = "2023-01"


def observed(series: str, date: str, value: float) -> Point:
    return Point(series, date, value, value, value, "million", "a test")


def target(series: str, *points: tuple[str, float]) -> Target:
    return Target(series, "gate", 0.1, (), tuple(observed(series, date, value) for date, value in points))


GROWING = target("a", ("2023-06", 1.0), ("2023-12", 2.0), ("2024-12", 8.0), ("2025-12", 16.0))


def test_two_earlier_points_give_a_random_walk_with_drift() -> None:
    """From 1 in 2023-06 to 8 in 2024-12, ln 8 in 18 months, so ln 4 more by 2025-12."""
    assert benchmark(GROWING, GROWING.points[3], "2024-12") == pytest.approx(32.0)


def test_one_earlier_point_is_carried_forward_and_none_gives_no_number() -> None:
    assert benchmark(GROWING, GROWING.points[1], "2024-12") == 1.0
    assert np.isnan(benchmark(GROWING, GROWING.points[0], "2024-12"))


def test_the_benchmark_knows_nothing_after_the_fit() -> None:
    later = target("a", ("2024-12", 8.0), ("2025-06", 100.0), ("2025-12", 16.0))
    assert benchmark(later, later.points[2], "2024-12") == 8.0


def scored(factor: float, spread: float = 1.2) -> tuple[Score, ...]:
    """Score worlds whose middle is a factor off what was observed, over two series of unequal length."""
    short = target("b", ("2024-12", 8.0), ("2025-12", 16.0))
    values = np.ones((36, 3))
    for one in GROWING.points:
        month = 12 * (int(one.date[:4]) - 2023) + int(one.date[5:]) - 1
        values[month] = one.value * factor * np.array([1 / spread, 1.0, spread])
    targets = Targets("2024-12", GATES, (GROWING, short), ())
    return score(targets, {"a": values, "b": values}, FIRST)


def test_errors_are_logs_of_the_median_over_the_observed() -> None:
    for one in scored(1.5):
        assert one.ln_error == pytest.approx(np.log(1.5))
        assert one.fitted == (one.point.date < "2025")
        assert not one.inside
    assert all(one.inside for one in scored(1.05))


def test_a_declared_discrepancy_widens_the_band_as_independent_errors_add() -> None:
    """The targets' discrepancy is 0.1: in logs 1.645 of it, and the spread to the 95 % quantile of worlds."""
    spread = np.log(np.quantile([1 / 1.2, 1.0, 1.2], BAND[0]))
    reach = np.hypot(spread, 1.6449 * 0.1)
    assert reach > abs(spread)
    for factor, held in ((np.exp(0.99 * reach), 1.0), (np.exp(1.01 * reach), 0.0)):
        found = scored(factor)
        assert expected_share(found) == held
        assert not any(one.inside for one in found)


def test_series_weigh_the_same_whatever_their_length() -> None:
    worse = tuple(
        replace(one, median=one.median * 2.0) if one.target.series == "b" else one for one in scored(1.0)
    )
    assert median_error(worse, fitted=True) == pytest.approx(np.log(2.0) / 2.0)


def gate(name: str, scores: tuple[Score, ...], held: int = 9, gates: Gates = GATES) -> bool:
    return next(one.passed for one in judge(scores, held, gates) if one.name == name)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("fit_median_error", 1.1, 1.2),
        ("test_median_error", 1.2, 1.3),
        ("least_inside_share", 1.05, 1.5),
        ("least_better_share", 1.1, 0.5),
    ],
)
def test_a_gate_passes_and_fails(name: str, good: float, bad: float) -> None:
    assert gate(name, scored(good))
    assert not gate(name, scored(bad))


def test_a_wide_band_fails_and_so_does_a_missing_number() -> None:
    assert gate("widest_band", scored(1.0, 1.5))
    assert not gate("widest_band", scored(1.0, 3.0))
    missing = tuple(replace(one, median=np.nan) for one in scored(1.0))
    assert not gate("fit_median_error", missing)


def test_facts_are_counted_against_their_share() -> None:
    assert gate("least_facts", scored(1.0), 7)
    assert not gate("least_facts", scored(1.0), 6)
    shares = dict.fromkeys((fact.name for fact in facts.FACTS), 0.79) | {"boom_and_bust": 0.02}
    assert facts.held(shares, 0.8) == 1, "only what has to be possible is"
    assert facts.held(shares | {"lag": 0.8}, 0.8) == 2


def table(**series: float) -> facts.Table:
    return {name.replace("__", "."): np.full((36, 2), value) for name, value in series.items()}


@pytest.mark.parametrize(
    ("holds", "yes", "no"),
    [
        (facts.lagging, {"capability_lag_months": 7.0}, {"capability_lag_months": 20.0}),
        (facts.dark_chips, {"dark_share__us": 0.1}, {"dark_share__us": 0.0}),
        (
            facts.few_pay,
            {"paying_users_million__openai": 5.0, "active_users_million__openai": 100.0},
            {"paying_users_million__openai": 0.1, "active_users_million__openai": 100.0},
        ),
    ],
)
def test_a_fact_holds_and_does_not(holds: object, yes: dict[str, float], no: dict[str, float]) -> None:
    assert callable(holds)
    assert holds(table(**yes)).all()
    assert not holds(table(**no)).any()


def test_exports_that_rise_in_one_year_are_rising() -> None:
    flow = np.repeat([10.0, 10.0, 5.0], 12)[:, None]
    assert facts.exports_not_rising({"chips_imported_h100e.cn": flow}).all()
    assert not facts.exports_not_rising({"chips_imported_h100e.cn": flow[::-1]}).any()


def test_users_that_end_at_their_fastest_are_no_s() -> None:
    months = np.arange(180.0)[:, None]
    still = np.zeros_like(months)
    along_s = 1e3 / (1.0 + np.exp(-(months - 90.0) / 12.0))
    assert facts.s_shaped({"active_users_million.us": along_s, "active_users_million.cn": still}).all()
    exponential = np.exp(months / 40.0)
    assert not facts.s_shaped(
        {"active_users_million.us": exponential, "active_users_million.cn": still}
    ).any()


def test_a_price_that_falls_tenfold_a_year_is_cheaper_and_a_steady_one_is_not() -> None:
    name = "constant_quality_query_cost_usd_per_month.us"
    years = np.arange(36.0)[:, None] / 12.0
    assert facts.cheaper({name: 10.0**-years}).all()
    assert not facts.cheaper({name: np.ones((36, 1))}).any()
