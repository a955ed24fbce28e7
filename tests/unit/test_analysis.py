"""Analyses: indices on closed forms, a planted box that is found, and errors that say what is missing."""

import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis import discovery, effects, sensitivity
from experiments.cli.main import BAD_CONFIGURATION, FAILED, main
from experiments.config.errors import RunError
from experiments.sweeping.sampling import morris, saltelli


def test_sobol_of_ishigami_is_its_closed_form() -> None:
    """Source: Ishigami and Homma 1990, with a = 7 and b = 0.1."""
    x = np.pi * (2.0 * saltelli(["a", "b", "c"], 16384, 1, False) - 1.0)
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    rows = sensitivity.sobol_indices(["a", "b", "c"], y, second_order=False, seed=1)
    v1 = 0.5 * (1.0 + 0.1 * np.pi**4 / 5.0) ** 2
    v2 = 49.0 / 8.0
    v13 = 0.01 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = v1 + v2 + v13
    assert [row["first"] for row in rows] == pytest.approx([v1 / total, v2 / total, 0.0], abs=0.01)
    expected = [(v1 + v13) / total, v2 / total, v13 / total]
    assert [row["total"] for row in rows] == pytest.approx(expected, abs=0.01)


def test_sobol_and_morris_of_the_g_function_are_their_closed_forms() -> None:
    """Source: Saltelli and Sobol 1995; the mean over four levels is exact for Morris."""
    a, names = np.array([0.0, 1.0, 9.0]), ["a", "b", "c"]
    points = saltelli(names, 16384, 2, False)
    rows = sensitivity.sobol_indices(names, g(points, a), second_order=False, seed=1)
    parts = 1.0 / (3.0 * (1.0 + a) ** 2)
    variance = np.prod(1.0 + parts) - 1.0
    assert [row["first"] for row in rows] == pytest.approx(parts / variance, abs=0.01)
    totals = [parts[i] * np.prod(np.delete(1.0 + parts, i)) / variance for i in range(3)]
    assert [row["total"] for row in rows] == pytest.approx(totals, abs=0.01)

    unit = morris(3, 20000, 4, 1)
    rows = sensitivity.morris_effects(names, unit, g(unit, a), levels=4, seed=1)
    means = (4.0 / 3.0 + a) / (1.0 + a)
    sizes = [2.0 / (1.0 + a[i]) * np.prod(np.delete(means, i)) for i in range(3)]
    assert [row["mean_size"] for row in rows] == pytest.approx(sizes, rel=0.01)


def test_morris_of_ishigami_is_the_mean_over_its_grid() -> None:
    """Of four levels the mean size is a finite sum, over all steps that a trajectory can take."""

    def ishigami(unit: np.ndarray) -> np.ndarray:
        x = np.pi * (2.0 * unit - 1.0)
        return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    grid = np.array(list(product(np.linspace(0.0, 1.0, 4), repeat=3)))
    scale, step = np.std(ishigami(grid)), 2.0 / 3.0
    exact = []
    for factor in range(3):
        low = grid[grid[:, factor] < 0.5]
        high = low + step * (np.arange(3) == factor)
        exact.append(np.abs(ishigami(high) - ishigami(low)).mean() / step / scale)
    unit = morris(3, 20000, 4, 1)
    rows = sensitivity.morris_effects(["a", "b", "c"], unit, ishigami(unit) / scale, levels=4, seed=1)
    assert [row["mean_size"] for row in rows] == pytest.approx(exact, abs=0.01)


def g(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    return np.prod((np.abs(4.0 * x - 2.0) + a) / (1.0 + a), axis=1)


def test_a_planted_box_is_found_and_holds_out() -> None:
    points = np.random.default_rng(1).random((2000, 5))
    cases = (points[:, 1] > 0.6) & (points[:, 3] < 0.5)
    box, scores = discovery.discover(points, cases, "planted")
    for one in scores.values():
        assert one["density"] >= 0.9
        assert one["coverage"] >= 0.8
    assert box.low[1] == pytest.approx(0.6, abs=0.05)
    assert box.high[3] == pytest.approx(0.5, abs=0.05)
    text, right = discovery.tree(list("vwxyz"), points, cases)
    assert right > 0.95
    assert "w" in text


def test_the_box_is_that_of_the_ema_workbench() -> None:
    """Source: Kwakkel 2017, whose PRIM peels by density too, and pastes, which moves limits a bit."""
    points = np.random.default_rng(3).random((2000, 4))
    noise = np.random.default_rng(4).random(2000) < 0.05
    cases = ((points[:, 0] > 0.55) & (points[:, 2] < 0.45)) ^ noise
    ours, _ = discovery.discover(points, cases, "planted")
    with warnings.catch_warnings():
        # The workbench says which of its optional engines are missing.
        warnings.simplefilter("ignore")
        import pandas as pd
        from ema_workbench.analysis import prim

        found = prim.Prim(
            pd.DataFrame(points[::2], columns=list("abcd")),
            cases[::2],
            threshold=0.5,
            obj_function=prim.PRIMObjectiveFunctions.ORIGINAL,
            peel_alpha=discovery.PEEL,
            mass_min=discovery.LEAST_MASS,
        ).find_box()
    path = found.peeling_trajectory
    theirs = path[path["coverage"] >= discovery.WANTED_COVERAGE]["density"].idxmax()
    score = discovery.score(ours.holds(points[::2]), cases[::2])
    assert score["density"] == pytest.approx(path["density"][theirs], abs=0.03)
    assert score["coverage"] == pytest.approx(path["coverage"][theirs], abs=0.05)
    limits = found.box_lims[theirs]
    # A slice of a twentieth of what is left is the resolution of both.
    assert ours.low == pytest.approx(limits.iloc[0].to_numpy(float), abs=0.05)
    assert ours.high == pytest.approx(limits.iloc[1].to_numpy(float), abs=0.05)


def test_paired_effects_are_exact_for_a_sum_and_zero_for_what_does_nothing() -> None:
    points = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    luck = np.random.default_rng(1).random(6)
    values = np.array([[2.0 * a + one for one in luck] for a, _ in points])
    first, second = effects.paired_effects(["acts", "idle"], points, values)
    assert (first["factor"], first["effect"], first["pairs_changed"]) == ("acts", pytest.approx(2.0), 12)
    assert (second["effect"], second["low"], second["high"], second["pairs_changed"]) == (0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_refused(broken: float) -> None:
    with pytest.raises(RunError, match="point 1"):
        sensitivity.check_values(np.array([1.0, broken, 2.0]), "share")


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(RunError, match="too few"):
        discovery.discover(np.zeros((5, 1)), np.zeros(5, bool), "x")
    with pytest.raises(RunError, match="expected at least"):
        discovery.discover(np.zeros((200, 1)), np.zeros(200, bool), "x")
    with pytest.raises(RunError, match="too few"):
        effects.paired_effects(["a"], [(0,), (1,)], np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["global_sensitivty"], BAD_CONFIGURATION, "study=global_sensitivity"),
        (["global_sensitivity"], FAILED, "uncontested sweep study=global_sensitivity"),
    ],
)
def test_errors_say_what_to_do(
    arguments: list[str], status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = [f"sweep_dir={tmp_path / 'none'}"]
    assert main(["analyse", *arguments, *where]) == status
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
