"""The fit: an emulator that finds a planted law, a sampler docked to a closed form, tables that come back."""

from pathlib import Path

import numpy as np
import pytest

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.design import Column
from experiments.config.errors import ConfigError, RunError
from experiments.trust.calibrate import (
    Emulator,
    Evidence,
    effective,
    features,
    fit_emulator,
    implausibility,
    importance,
    places,
    resampled,
    sample,
)
from experiments.trust.posterior import PosteriorTable, load, read, write

RANDOM = np.random.default_rng(7)


def test_the_emulator_finds_a_planted_quadratic_and_its_noise() -> None:
    """With 4,000 points the weights' standard error is noise/sqrt(4000 * variance of a feature)."""
    points = RANDOM.random((4000, 3))
    z = 2.0 * points - 1.0
    noise = 0.1
    law = 1.0 + 0.5 * z[:, 0] - 2.0 * z[:, 1] * z[:, 2] + z[:, 1] ** 2
    found = fit_emulator(points, (law + noise * RANDOM.normal(size=4000))[:, None])
    fresh = RANDOM.random((500, 3))
    y = 2.0 * fresh - 1.0
    expected = 1.0 + 0.5 * y[:, 0] - 2.0 * y[:, 1] * y[:, 2] + y[:, 1] ** 2
    # Ten features, each worth noise/sqrt(n/10) at a point; the ridge takes 1e-3/(1/9) of a cross term.
    assert np.abs(found(fresh)[:, 0] - expected).max() < 6 * noise * np.sqrt(10 / 4000) + 2.0 * 9e-3
    assert found.sd[0] == pytest.approx(noise, rel=5 / np.sqrt(2 * 4000))


def test_worlds_without_a_start_are_left_out_and_too_few_are_refused() -> None:
    points, values = RANDOM.random((100, 2)), RANDOM.random((100, 1))
    values[::2] = np.nan
    assert np.isfinite(fit_emulator(points, values).weights).all()
    with pytest.raises(RunError, match="use more draws"):
        fit_emulator(points[:8], values[:8])


def linear(slopes: np.ndarray, sd: float) -> Emulator:
    """Return an emulator that is linear in z with given slopes, one summary a parameter."""
    weights = np.zeros((features(np.zeros((1, len(slopes)))).shape[1], len(slopes)))
    weights[1 + np.arange(len(slopes)), np.arange(len(slopes))] = slopes
    return Emulator(weights, np.full(len(slopes), sd))


def test_the_sampler_finds_the_posterior_of_a_linear_gaussian_law() -> None:
    """ln y = a z with normal error s: z has mean y/a and deviation s/a, far from the prior's ends."""
    slopes = np.array([4.0, 8.0])
    known = Evidence(np.array([1.0, -1.0]), np.array([0.3, 0.3]), ("one", "two"))
    emulator = linear(slopes, 0.4)
    chain, draws = sample(emulator, known, RANDOM.random((32, 2)), seed=3, steps=2000)
    z = 2.0 * chain - 1.0
    sd = 0.5 / slopes
    assert draws > 500
    error = 5.0 / np.sqrt(draws)
    assert np.abs(z.mean(0) - known.ln_observed / slopes) == pytest.approx(
        np.zeros(2), abs=(error * sd).max()
    )
    assert z.std(0) == pytest.approx(sd, rel=error)


def test_one_seed_gives_one_chain() -> None:
    known = Evidence(np.zeros(2), np.full(2, 0.3), ("one", "two"))
    begin = RANDOM.random((16, 2))
    first, _ = sample(linear(np.ones(2), 0.1), known, begin, seed=5, steps=30)
    again, _ = sample(linear(np.ones(2), 0.1), known, begin, seed=5, steps=30)
    other, _ = sample(linear(np.ones(2), 0.1), known, begin, seed=6, steps=30)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_summary_is_forgiven_and_two_are_not() -> None:
    known = Evidence(np.zeros(3), np.ones(3), ("a", "b", "c"))
    assert implausibility(np.array([[9.0, 1.0, 0.0]]), known, np.zeros(3)) == pytest.approx([1.0])
    assert implausibility(np.array([[9.0, 5.0, 0.0]]), known, np.zeros(3)) == pytest.approx([5.0])


def test_weights_prefer_what_was_observed_and_are_resampled_by_their_share() -> None:
    known = Evidence(np.zeros(1), np.ones(1), ("a",))
    weights = importance(
        linear(np.ones(1), 0.5), known, np.full((3, 1), 0.5), np.array([[0.0], [2.0], [np.nan]])
    )
    assert weights[0] > weights[1] > 0.0
    assert weights[2] == 0.0
    counts = np.bincount(resampled(np.array([3.0, 1.0, 0.0]), 400, np.random.default_rng(1)), minlength=3)
    assert counts.tolist() == [300, 100, 0]
    assert effective(np.ones(7)) == pytest.approx(7.0)
    assert effective(np.array([1.0, 0.0])) == pytest.approx(1.0)


def test_a_parameter_that_is_not_drawn_is_refused() -> None:
    plan = plan_from_config(compose_run(["worlds=2"]))
    with pytest.raises(ConfigError, match="that the hindcast draws"):
        places(plan, ["chips.price_cap_multiple"])


KEY = "consumers.reconsider_rate"


def table_of(key: str) -> PosteriorTable:
    plan = plan_from_config(compose_run(["worlds=2", "uncertainty=prior"]))
    column = next(one for one in plan.table.columns if one.key == key)
    return PosteriorTable((column,), np.array([[0.11], [0.12]]), np.array([5, 9]))


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    table = table_of(KEY)
    write(tmp_path / "p.csv", table)
    again = load(tmp_path / "p.csv")
    one, other = table.columns[0], again.columns[0]
    assert (one.key, one.low, one.high, one.mode, one.log) == (
        other.key,
        other.low,
        other.high,
        other.mode,
        other.log,
    )
    assert np.array_equal(table.values, again.values)
    assert np.array_equal(table.worlds, again.worlds)


def test_the_posterior_takes_the_place_of_its_own_prior_only() -> None:
    table, ids = table_of(KEY), np.arange(64)
    same, other = table.columns[0], Column(KEY, 0.0, 1.0, None, False, 1)
    laid = table.laid_over([same, other], np.full((2, 64), 0.5), 1, ids, 0)
    assert set(laid[0]) == {0.11, 0.12}, "each world draws a row"
    assert (laid[1] == 0.5).all(), "a range of one's own stays"
    alone = table.laid_over([same, other], np.full((2, 1), 0.5), 1, ids[7:8], 0)
    assert alone[0, 0] == laid[0, 7], "whatever the batch"


def test_runs_draw_from_the_committed_posterior_and_keep_what_is_set() -> None:
    fitted = read("posterior.csv")
    assert fitted is not None
    keys = [column.key for column in fitted.columns]
    plan = plan_from_config(compose_run(["worlds=32", "uncertainty=posterior", f"{KEY}=0.05..0.06"]))
    drawn = plan.drawn(np.arange(32))
    assert ((drawn[KEY] >= 0.05) & (drawn[KEY] <= 0.06)).all()
    key = "chips.legal_export_eta"
    assert set(drawn[key]) <= set(fitted.values[:, keys.index(key)])
    prior = plan_from_config(compose_run(["worlds=32", "uncertainty=prior"])).drawn(np.arange(32))
    own = "capital.group_budget_us"
    assert np.array_equal(drawn[own], prior[own]), "a hindcast's own range is no posterior of another prior"


def test_an_unknown_table_is_refused() -> None:
    config = compose_run(["worlds=2", "uncertainty=posterior", "uncertainty.posterior=posterior.cvs"])
    with pytest.raises(ConfigError, match="expected one of") as caught:
        plan_from_config(config)
    assert caught.value.nearest == "posterior.csv"
