"""A folder of one's own adds scenarios and firms, and can hide nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from experiments.config.build import RunPlan

if TYPE_CHECKING:
    from tests.config.conftest import Call

PlanOf = Callable[..., RunPlan]
HEADER = "# @package _global_\n"
SCENARIO = HEADER + "scenario: {name: mine, title: Mine, why: To see.}\n"


def write(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def firm(base: RunPlan, like: str, name: str, **parts: bool) -> str:
    """Return the file of a lab like another one."""
    content: dict[str, Any] = {}
    for part in ("roster", "start"):
        if parts.get(part, True):
            content[part] = {"labs": {name: base.config[part]["labs"][like]}}
    return HEADER + OmegaConf.to_yaml(OmegaConf.create(content))


def test_firm_file_adds_a_firm_and_moves_nobody(plan: PlanOf, base: RunPlan, tmp_path: Path) -> None:
    write(tmp_path, "firm/newlab.yaml", firm(base, "anthropic", "newlab"))
    more = plan("firm=newlab", config_dir=str(tmp_path))
    assert more.axes.labs.names == (*base.axes.labs.names, "newlab")
    users = more.start.labs.users_million
    assert np.array_equal(users[-1], users[base.axes.labs.names.index("anthropic")])
    assert np.array_equal(more.start.labs.cash_usd[:-1], base.start.labs.cash_usd)
    for key, drawn in base.drawn(np.arange(5)).items():
        assert np.array_equal(more.drawn(np.arange(5))[key], drawn)
    less = plan("firm=[newlab]", "without=[newlab]", config_dir=str(tmp_path))
    assert less.axes.labs.names == base.axes.labs.names


def test_firm_without_start_is_refused(call: "Call", base: RunPlan, tmp_path: Path) -> None:
    own = tmp_path / "own"
    write(own, "firm/newlab.yaml", firm(base, "anthropic", "newlab", start=False))
    done = call("run", "--config-dir", str(own), "firm=newlab")
    assert done.status == 2
    assert "start.labs.newlab: the roster has it; expected its start" in done.err


def test_scenario_writes_values_ranges_and_settings(plan: PlanOf, base: RunPlan, tmp_path: Path) -> None:
    text = "consumers: {habit_sigma: 1..2}\nchips: {wafer_growth: {us: 0.3}, leakage: 0}\nmonths: 24\n"
    write(tmp_path, "scenario/mine.yaml", SCENARIO + text)
    mine = plan("scenario=mine", config_dir=str(tmp_path))
    params, usual = mine.params_for(np.arange(9)), base.params_for(np.arange(9))
    assert mine.months == 24
    assert mine.consumers == "agents"
    assert params.chips.leakage == 0
    assert (params.chips.wafer_growth[0] == 0.3).all()
    assert np.array_equal(params.chips.wafer_growth[1], usual.chips.wafer_growth[1])
    assert ((params.consumers.habit_sigma >= 1) & (params.consumers.habit_sigma <= 2)).all()
    assert mine.settings_for(np.arange(2), np.zeros(2, np.int64)).months == 24
    assert plan("scenario=mine", "consumers=cohort", config_dir=str(tmp_path)).consumers == "cohort"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SCENARIO + "robot: {optimus_unit_cost: 3}\n", "robot={'optimus_unit_cost': 3}: no such key"),
        (SCENARIO + "robots: {optimus_unit_csot: 3}\n", "Nearest valid name: robots.optimus_unit_cost."),
        (
            SCENARIO + "robots: {optimus_unit_cost: dear}\n",
            "robots.optimus_unit_cost=dear: expected a number",
        ),
        (SCENARIO + "robots: {optimus_unit_cost: {low: 3}}\n", "has no members"),
        (SCENARIO + "robots: 3\n", "robots=3: no such key"),
        (SCENARIO + "worlds: many\n", "worlds=many: expected an integer"),
        (SCENARIO + "months: ${nowhere}\n", "cannot be composed"),
        (SCENARIO.replace("mine", "other", 1), "scenario.name=other: expected the name of its file, mine"),
        (HEADER + "months: 24\n", "scenario"),
        ("scenario: [\n", "mine.yaml"),
        ("\x00", "cannot be composed"),
    ],
)
def test_broken_scenario_is_refused_in_one_line(
    call: "Call", tmp_path: Path, text: str, expected: str
) -> None:
    own = tmp_path / "own"
    write(own, "scenario/mine.yaml", text)
    done = call("run", f"--config-dir={own}", "scenario=mine")
    assert done.status == 2
    assert expected in done.err
    assert done.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_file_that_would_be_hidden_is_refused(call: "Call", tmp_path: Path) -> None:
    write(tmp_path / "own", "scenario/article.yaml", SCENARIO)
    done = call("run", "--config-dir", str(tmp_path / "own"))
    assert done.status == 2
    assert "scenario=article exists already" in done.err
