"""The wind tunnel: regret by hand, strategies that act on keys there are, roles that mirror one another."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.cli.main import main
from experiments.config.build import RunPlan
from experiments.config.errors import ConfigError
from experiments.kit.strategies import (
    HOLD,
    Change,
    Goal,
    Role,
    load_roles,
    load_strategies,
    read_roles,
    read_strategy,
)
from experiments.kit.tunnel import SCENARIOS, Scored, Setting, limits, plans_of, run_settings, score
from sim.axes import BLOCS

TEXT = {"en": "text", "de": "Text"}
SERIES = ("ai_revenue_usd.us", "ai_revenue_usd.cn")


@pytest.fixture(scope="module")
def plan() -> RunPlan:
    return plans_of(SCENARIOS[:1], 2, months=14)[SCENARIOS[0]]


@pytest.fixture(scope="module")
def strategies(plan: RunPlan) -> Any:
    return load_strategies(load_roles(), plan)


def goal(better: str, *, share: bool, weight: int = 10) -> Goal:
    return Goal(("a",), ("b",) if share else (), better, weight, TEXT)


def test_regret_by_hand() -> None:
    role = Role("r", TEXT, True, ())
    scores = np.array([[50.0, 20.0], [40.0, 35.0], [45.0, 30.0]])
    found = Scored(role, ("hold", "x", "y"), ("s", "t"), scores, np.zeros((3, 2)))
    assert found.regret.tolist() == [[0.0, 15.0], [10.0, 0.0], [5.0, 5.0]]
    assert found.worst_regret.tolist() == [15.0, 10.0, 5.0]


def test_points_by_hand() -> None:
    means = {"a": np.array([1.0, 3.0, 0.0]), "b": np.array([3.0, 1.0, 0.0])}
    assert goal("high", share=False).value(means).tolist() == [1.0, 3.0, 0.0]
    assert goal("high", share=True).value(means).tolist() == [0.25, 0.75, 0.5]
    assert goal("low", share=True).value(means).tolist() == [-0.25, -0.75, -0.5]
    assert goal("even", share=True).value(means).tolist() == [-0.25, -0.25, 0.0]
    role = Role("r", TEXT, True, (goal("high", share=True, weight=6), goal("low", share=False, weight=4)))
    # The share runs from 0.25 to 0.75, the other from -3 to 0: 6 * 0 + 4 * 2/3, 6 * 1 + 0, 6 * 1/2 + 4.
    found = score(role, [(0.25, 0.75), (-3.0, 0.0)], means)
    np.testing.assert_allclose(found, [10 * 8 / 3, 60.0, 70.0], rtol=1e-12)


def test_a_goal_that_is_the_same_in_all_worlds_tells_nothing() -> None:
    role = Role("r", TEXT, True, (goal("high", share=False),))
    means = {"a": np.ones(2), "b": np.ones(2)}
    assert score(role, [limits([np.ones(3)])], means).tolist() == [50.0, 50.0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change("power.permitting_speed_us", "times", 1.5), [3.0, 10.0]),
        (Change("power.permitting_speed_us", "plus", 1.0), [3.0, 10.0]),
        (Change("power.permitting_speed_us", "set", 0.5), [0.5, 0.5]),
    ],
)
def test_a_change_stays_within_the_limits_of_its_parameter(
    plan: RunPlan, change: Change, expected: list[float]
) -> None:
    assert change.applied(np.array([2.0, 9.5]), plan).tolist() == expected


def test_holding_is_the_scenario_itself_and_a_change_of_nothing_is_none(plan: RunPlan) -> None:
    plans = {SCENARIOS[0]: plan}
    nothing = (Change("capital.group_budget_us", "times", 1.0), Change("chips.wafer_growth.cn", "plus", 0.0))
    much = (Change("capital.group_budget_us", "times", 3.0),)
    settings = [Setting(SCENARIOS[0], changes) for changes in ((), nothing, much)]
    held, same, other = run_settings(plans, settings, SERIES)
    alone = run_settings(plans, settings[:1], SERIES)[0]
    for name in SERIES:
        assert np.array_equal(held.means[name], same.means[name])
        assert np.array_equal(held.means[name], alone.means[name])
    assert not np.array_equal(held.means[SERIES[0]], other.means[SERIES[0]])


def test_every_role_has_three_strategies_and_every_goal_is_recorded(plan: RunPlan, strategies: Any) -> None:
    roles = load_roles()
    assert len(roles) == 8
    assert sum(role.main for role in roles.values()) == 4
    for name in roles:
        assert sum(one.role == name for one in strategies.values()) == 3
    series = tuple(name for role in roles.values() for goal in role.goals for name in goal.series)
    run_settings({SCENARIOS[0]: plan}, [Setting(SCENARIOS[0])], series)


def swapped(name: str) -> str:
    """Exchange the blocs where a name has one of them as a word, as in capital.group_budget_us."""
    parts = name.replace(".", "_").split("_")
    other = dict(zip(BLOCS, reversed(BLOCS), strict=True))
    return "_".join(other.get(part, part) for part in parts)


def test_both_blocs_play_by_the_same_rules(strategies: Any) -> None:
    roles = load_roles()
    for one, two in zip(roles["us_lab"].goals, roles["cn_champion"].goals, strict=True):
        assert (one.better, one.weight) == (two.better, two.weight)
        assert [swapped(name) for name in one.series] == [name.replace(".", "_") for name in two.series]
    for strategy in (one for one in strategies.values() if one.role == "us_lab"):
        mirror = strategies[swapped(strategy.name)]
        assert mirror.role == "cn_champion"
        assert [(swapped(c.key), c.how, c.by) for c in strategy.changes] == [
            (c.key.replace(".", "_"), c.how, c.by) for c in mirror.changes
        ]


GOOD: dict[str, Any] = {
    "role": "us_lab", "title": TEXT, "why": TEXT, "set": {}, "times": {"capital.group_budget_us": 2},
    "plus": {}, "basis": "judgement",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role": "us_lap"}, "Nearest valid name: us_lab"),
        ({"tims": {}}, "Nearest valid name: strategy.mine.times"),
        ({"basis": ""}, "expected text"),
        ({"title": {"en": "x"}}, "strategy.mine.title.de: missing"),
        ({"times": {"capital.group_budgt_us": 2}}, "mine.times.capital.group_budget_us"),
        ({"times": {"nothing": 2}}, "no such parameter"),
        ({"times": {"chips.wafer_growth.uk": 2}}, "no member uk"),
        ({"times": {"capital.group_budget_us": "much"}}, "expected a finite number"),
        ({"times": {"capital.group_budget_us": -1}}, "within 0..100"),
        ({"set": {"chips.export_stringency": 2}}, "within 0..1"),
        ({"set": {"capital.group_budget_us": 100}}, "already changed as set.capital.group_budget_us"),
        ({"set": {"policy.lever_weights.grid": 1}, "times": {}}, "shares of one whole"),
        ({"times": {}}, "changes nothing"),
        ({"times": 3}, "expected a mapping"),
    ],
)  # fmt: skip
def test_a_strategy_at_fault_is_refused(plan: RunPlan, changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as told:
        read_strategy("mine", {**GOOD, **changes}, load_roles(), plan)
    assert expected in str(told.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"weight": 9}, "add up to 10"),
        ({"better": "hihg"}, "Nearest valid name: high"),
        ({"better": "even", "rest": []}, "only a share can be even"),
        ({"own": []}, "expected a list of series"),
    ],
)
def test_a_role_at_fault_is_refused(changes: dict[str, Any], expected: str) -> None:
    one = {"own": ["a"], "rest": ["b"], "better": "high", "weight": 10, "text": TEXT, **changes}
    with pytest.raises(ConfigError, match=expected):
        read_roles({"mine": {"title": TEXT, "main": True, "goals": [one]}})


def test_a_series_that_is_not_recorded_is_named(plan: RunPlan) -> None:
    with pytest.raises(ConfigError, match=r"Nearest valid name: ai_revenue_usd\.us"):
        run_settings({SCENARIOS[0]: plan}, [Setting(SCENARIOS[0])], ("ai_revenu_usd.us",))


def test_the_command_scores_draws_and_takes_a_strategy_of_ones_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from experiments.kit import windtunnel

    monkeypatch.setattr(windtunnel, "plans_of", lambda names, worlds, **_: plans_of(names, worlds, months=14))
    own = tmp_path / "mine" / "strategy"
    own.mkdir(parents=True)
    text = "\n".join(f"{key}: {value}" for key, value in GOOD.items())
    (own / "my_way.yaml").write_text(text, encoding="utf-8")
    words = ["windtunnel", "--role", "us_lab", "--worlds", "2", "--workers", "1", "--lang", "de"]
    assert main([*words, "--config-dir", str(tmp_path / "mine"), "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "KI-Labor in den USA" in out
    assert "Chinesischer" not in out
    rows = (tmp_path / "out" / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 5 * len(SCENARIOS)
    assert {row.split(",")[1] for row in rows[1:]} >= {HOLD, "my_way"}
    assert (tmp_path / "out" / "windtunnel-de.png").is_file()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--role us_lap", "Nearest valid name: us_lab."),
        ("--wolds 3", "Nearest valid name: --worlds."),
        ("--worlds many", "expected a whole number"),
        ("--worlds 1", "within 2..4096"),
        ("--config-dir nowhere", "expected a folder"),
        ("--lang fr", "expected one of en, de"),
    ],
)
def test_words_at_fault(words: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["windtunnel", *words.split()]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
