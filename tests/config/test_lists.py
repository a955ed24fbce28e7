"""What there is to choose from is listed whole, and a typo gives the nearest word."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from experiments.cli.listing import KINDS
from experiments.config.build import RunPlan
from experiments.config.conf_files import options, parameter_keys

if TYPE_CHECKING:
    from tests.config.conftest import Call

ROOT = Path(__file__).parents[2]


def test_every_scenario_and_firm_is_listed(call: "Call", base: RunPlan) -> None:
    shown = call("list", "scenarios").out
    assert [line.split()[0] for line in shown.splitlines()] == options("scenario")
    firms = call("list", "firms").out
    for table in (base.axes.labs, base.axes.robot_makers, base.axes.chip_makers):
        assert all(f"\n{name} " in f"\n{firms}" for name in table.names)


def test_series_are_those_that_the_code_declares(call: "Call") -> None:
    assert "humanoids_working.cn" in call("list", "series", "robot").out
    assert "powered_gw.us" not in call("list", "series", "robot").out


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers(call: "Call", kind: str) -> None:
    done = call("list", kind)
    assert (done.status, done.err) == (0, "")
    assert done.out.strip()


def test_own_folder_is_listed_too(call: "Call", tmp_path: Path) -> None:
    file = tmp_path / "mine" / "scenario" / "my_own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("scenario: {name: my_own, title: My own, why: To see.}\n")
    assert "my_own" in call("list", "scenarios", f"--config-dir={tmp_path / 'mine'}").out
    file.write_text("\x00")
    done = call("list", "scenarios", f"--config-dir={tmp_path / 'mine'}")
    assert (done.status, done.err.count("\n")) == (2, 1)


def test_parameters_are_shown_with_all_that_is_known(call: "Call") -> None:
    done = call("params", "optimus_unit_cost")
    for word in ("robots.optimus_unit_cost=", "k$", "range", "measured", "assumption", "S9.1", "Morgan"):
        assert word in done.out
    assert len(call("params").out.splitlines()) == len(parameter_keys())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("list", "scenrios"), "Nearest valid name: scenarios."),
        (("list", "series", "humanods"), "Nearest valid name: humanoid"),
        (("list", "--confg"), "Nearest valid name: --config-dir."),
        (("list", "a", "b", "c"), "one word too many"),
        (("params", "optmus"), "Nearest valid name: optimus."),
        (("params", "a", "b"), "one word too many"),
        (("params", "--help=3"), "expected --help alone"),
        (("lst",), "Nearest valid name: list."),
    ],
)
def test_typos_give_the_nearest_word(call: "Call", arguments: tuple[str, ...], expected: str) -> None:
    done = call(*arguments)
    assert done.status == 2
    assert expected in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", ["agents", "sim", "conf"])
def test_a_package_that_hides_ours_is_named(tmp_path: Path, name: str) -> None:
    other = tmp_path / "first" / name
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    path = os.pathsep.join([str(tmp_path / "first"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "run", "worlds=1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"package {name!r}" in done.stderr
    assert str(other) in done.stderr
    assert "Traceback" not in done.stderr
