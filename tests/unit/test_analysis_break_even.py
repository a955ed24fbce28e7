"""Break-evens found in the model lie on their closed forms, written down here once more (S9.4, S11)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.break_even import BreakEvens, orbit, plan_of, robots
from experiments.figures.break_even import draw_break_evens
from experiments.figures.origin import Origin

WORLD = plan_of(["robots.supervision_cost=0", "robots.power_draw=0"])
"""Without energy and supervision, what a robot costs beside its price is its overhead."""
ORIGIN = Origin("0", "c" * 64, "1", "a command")


@pytest.fixture(scope="module")
def humanoids() -> BreakEvens:
    return robots(WORLD, price_ratios=(1.0, 3.0), overheads=(1.0, 20.0))


@pytest.fixture(scope="module")
def satellites() -> BreakEvens:
    return orbit(WORLD, arrays=(50.0, 150.0), hardware=(2.0, 500.0))


def test_one_optimus_breaks_even_where_the_closed_form_has_it(humanoids: BreakEvens) -> None:
    assert humanoids.worst < 0.005
    assert np.isfinite(humanoids.found).all()
    value = {
        key: float(WORLD.catalogue[f"robots.{key}"].value)
        for key in ("cost_of_capital", "life_years", "maintenance_share")
    }
    rate, life = value["cost_of_capital"], value["life_years"]
    k = rate / (1.0 - (1.0 + rate) ** -life) + value["maintenance_share"]
    overhead = 1_000.0 * humanoids.curve
    for place, (n, o) in enumerate(zip(humanoids.x, overhead, strict=True)):
        price = price_of_agibot(round(n), o)
        by_hand = (k * n * price + o) / (k * price + o)
        assert humanoids.found[place] == pytest.approx(by_hand, rel=0.005)


def price_of_agibot(multiple: float, overhead_usd: float) -> float:
    """Return what factories pay for an AgiBot at the end of a run of the break-even."""
    from experiments.runs.cases import Cases, Patch
    from experiments.runs.simulate import feasible_model

    def patch(key: str, value: float) -> Patch:
        return Patch("robots", key, None, np.full(2, value))

    rules = {"home_bias": 0, "optimus_external_sales_month": 0, "technology_sensitivity": 100}
    rules |= {
        "reach_threshold": 0,
        "reach_steepness": 10,
        "decoupling_factor": 1,
        "overhead_per_unit": overhead_usd / 1e3,
    }
    rules["optimus_unit_cost"] = multiple * WORLD.catalogue["robots.agibot_unit_cost"].value
    patches = tuple(patch(key, float(value)) for key, value in rules.items())
    model, _ = feasible_model(WORLD, Cases(np.zeros(2, np.int64), np.zeros(2, np.int64), patches))
    model.run()
    place = model.context.axes.robot_makers.names.index("agibot")
    return float(model.state.robots.price_usd[place, 0])


def test_a_dearer_robot_needs_more_and_overhead_levels_it(humanoids: BreakEvens) -> None:
    at = {(round(n), o): e for n, o, e in zip(humanoids.x, humanoids.curve, humanoids.found, strict=True)}
    cheap, dear = min(n for n, _ in at), max(n for n, _ in at)
    for overhead in (1.0, 20.0):
        assert at[dear, overhead] > at[cheap, overhead]
    assert 1.0 < at[dear, 20.0] < at[dear, 1.0] < dear


def test_orbit_begins_where_the_closed_form_has_it(satellites: BreakEvens) -> None:
    assert satellites.worst < 0.02
    pays = satellites.curve == 2.0
    assert np.isfinite(satellites.found[pays]).all()
    assert satellites.found[pays][1] > satellites.found[pays][0]
    # A satellite at 500 USD a W does not pay however cheap the launch.
    assert np.isnan(satellites.found[~pays]).all()


def test_the_worst_difference_is_that_of_the_points() -> None:
    nan = np.array([np.nan])
    one = BreakEvens(np.ones(2), np.ones(2), np.array([1.0, 2.0]), np.array([1.0, 1.6]))
    assert one.worst == pytest.approx(0.25)
    assert replace(one, found=nan, closed=nan).worst == 0.0


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_figure_shows_every_point(
    humanoids: BreakEvens, satellites: BreakEvens, tmp_path: Path, language: str
) -> None:
    paths = draw_break_evens(
        humanoids, satellites, Origin("0", "c" * 64, "1", "a command"), tmp_path, language
    )
    table = next(path for path in paths if path.suffix == ".csv").read_text(encoding="utf-8").splitlines()
    finite = np.isfinite(humanoids.found).sum() + np.isfinite(satellites.found).sum()
    assert len(table) == 1 + 2 * finite
    assert {path.suffix for path in paths} == {".png", ".csv", ".txt", ".svg"}
