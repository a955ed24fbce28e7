"""Observed points and targets: what is read, what a date means, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.config.errors import ConfigError
from experiments.trust.targets import TARGETS, Point, Target, observed, read_points, read_targets

FIRST, MONTHS = "2023-01", 36
UNITS = {"users": "million people", "shipped": "robots", "price": "USD per H100e"}
ROW = {"series": "users", "date": "2023-06", "value": "100", "unit": "million", "source": "a test"}


def point(**changes: Any) -> Point:
    return read_points([ROW | changes], "test")[0]


def write(path: Path, text: str) -> Path:
    path.write_text(
        "fit_until: 2024-12\n"
        "gates: {fit_median_error: 0.1, test_median_error: 0.1, least_inside_share: 0.8, widest_band: 4,\n"
        "  least_better_share: 0.5, least_facts: 7, least_fact_share: 0.8}\n"
        "calibrated: []\n" + text
    )
    return path


def test_the_middle_of_the_limits_stands_for_a_value_that_is_one_of_them() -> None:
    assert point(low="100", high="400").centre == pytest.approx(200.0)
    assert point(low="50", high="400").centre == 100.0
    assert point().centre == 100.0


def test_limits_are_the_5_and_95_percent() -> None:
    sd = point(low="50", high="200").ln_sd
    assert np.exp(1.6448536269514722 * sd) == pytest.approx(2.0)
    assert point().ln_sd == 0.0


def test_a_month_is_its_end_and_a_year_its_mean_or_its_sum() -> None:
    values = np.arange(MONTHS, dtype=float)[:, None]
    assert point(date="2023-01").read(values, FIRST) == 0.0
    assert point(date="2025-12").read(values, FIRST) == 35.0
    assert point(date="2024").read(values, FIRST) == pytest.approx(np.arange(12, 24).mean())
    yearly = point(series="shipped", date="2024", unit="robots a year")
    assert yearly.read(values, FIRST) == np.arange(12, 24).sum()


def test_a_series_that_begins_with_its_firm_is_scaled_to_its_first_point() -> None:
    points = (point(date="2023-06", value="10"), point(date="2023-12", value="40"))
    target = Target("users", "entry", 0.1, (), points)
    values = np.ones((MONTHS, 2)) * [2.0, 0.0]
    assert target.scored == points[1:]
    assert target.scale(values, FIRST)[0] == 5.0
    assert np.isnan(target.scale(values, FIRST)[1]), "a firm without users cannot be scaled"


def test_the_points_of_the_start_are_not_scored(tmp_path: Path) -> None:
    points = (point(date="2023-01"), point(date="2023-06"), point(date="2026-01"))
    path = write(tmp_path / "t.yaml", "series: [{series: users, role: gate, discrepancy: 0.1}]\n")
    targets = read_targets(path, points, FIRST, MONTHS, UNITS)
    assert [one.date for one in targets.series[0].points] == ["2023-06"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"value": "many"}, "expected a number"),
        ({"value": "-1"}, "above 0"),
        ({"value": ""}, "missing"),
        ({"source": ""}, "missing"),
        ({"date": "2023-13"}, "expected a month"),
        ({"date": "soon"}, "expected a month"),
        ({"low": "200", "high": "300"}, "within low..high"),
    ],
)
def test_a_fault_in_a_row_is_named(changes: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError, match="test row 1") as caught:
        point(**changes)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected", "nearest"),
    [
        ({"series": "user"}, "no such series", "users"),
        ({"unit": "billion"}, "expected million people", "million people"),
    ],
)
def test_a_series_or_unit_that_is_not_recorded_is_refused(
    tmp_path: Path, changes: dict[str, str], expected: str, nearest: str
) -> None:
    path = write(tmp_path / "t.yaml", "series: [{series: users, role: gate, discrepancy: 0.1}]\n")
    with pytest.raises(ConfigError) as caught:
        read_targets(path, (point(**changes),), FIRST, MONTHS, UNITS)
    assert expected in str(caught.value)
    assert caught.value.nearest == nearest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("series: [{series: usrs, role: gate, discrepancy: 0.1}]\n", "nothing observed"),
        ("series: [{series: users, role: gates, discrepancy: 0.1}]\n", "expected one of gate"),
        ("series: [{series: users, role: gate, discrepancy: 0}]\n", "within"),
        (
            "series: [{series: users, role: gate, discrepancy: 1, summaries: [2023-07]}]\n",
            "dates observed until",
        ),
        (
            "series: [{series: users, role: gate, discrepancy: 1, summaries: [2025-06]}]\n",
            "dates observed until",
        ),
    ],
)
def test_a_fault_in_a_target_is_named(tmp_path: Path, text: str, expected: str) -> None:
    points = (point(), point(date="2025-06"))
    with pytest.raises(ConfigError) as caught:
        read_targets(write(tmp_path / "t.yaml", text), points, FIRST, MONTHS, UNITS)
    assert expected in str(caught.value)


def test_the_targets_are_read_and_nothing_after_the_fit_is_fitted() -> None:
    from experiments.trust.hindcast import hindcast_plan
    from experiments.trust.validate import recorded_units

    plan = hindcast_plan("worlds=1")
    targets = read_targets(TARGETS, observed(), plan.start.month, plan.months, recorded_units(plan))
    assert targets.summaries()
    assert all(targets.is_fit(one) for _, one in targets.summaries())
    drawn = {column.key for column in plan.table.columns}
    assert set(targets.calibrated) <= drawn
    gated = [target for target in targets.series if target.role == "gate"]
    assert all(any(not targets.is_fit(one) for one in target.points) for target in gated), "each has a test"
