"""The commands, their help, their exit status, and words completed under the cursor."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from experiments.cli.complete import FIGURE_NAMES, complete
from experiments.cli.help import COMMAND_GROUPS
from experiments.cli.main import COMMANDS, TOP_OPTIONS
from experiments.config.build import RunPlan
from experiments.config.conf_files import GROUPS, options
from experiments.config.errors import RunError, nearest

if TYPE_CHECKING:
    from tests.config.conftest import Call

ROOT = Path(__file__).parents[2]


def test_alone_it_shows_its_commands_in_groups(call: "Call") -> None:
    done = call()
    assert done.status == 0
    assert {name for commands in COMMAND_GROUPS.values() for name in commands} == set(COMMANDS)
    for group, commands in COMMAND_GROUPS.items():
        assert f"{group}:\n" in done.out
        assert all(f"uncontested {name} " in done.out for name in commands)
    assert call("--help").out == done.out


def test_version(call: "Call") -> None:
    assert call("--version").out.startswith("uncontested ")


def test_help_lists_every_choice_and_setting(call: "Call") -> None:
    done = call("run", "--help")
    assert done.status == 0
    for name in (*options("scenario"), "worlds=256", "output.figures=true", "robots (", "--config-dir DIR"):
        assert name in done.out
    assert max(map(len, done.out.splitlines())) <= 110
    assert call("run", "wrlds=3", "--help").out == done.out


def test_run_gets_the_plan_and_the_command_line(call: "Call") -> None:
    done = call("run", "worlds=3", "scenario=article", "name=a b".replace(" ", "_"))
    assert (done.status, done.err) == (0, "")
    assert done.plan is not None
    assert (done.plan.worlds, done.plan.scenario, done.plan.name) == (3, "article", "a_b")
    assert done.plan.command_line == "uncontested run worlds=3 scenario=article name=a_b"


def raising(error: BaseException) -> object:
    def execute(plan: RunPlan) -> None:
        raise error

    return execute


@pytest.mark.parametrize(
    ("error", "status"),
    [(RunError("disk full"), 1), (KeyboardInterrupt(), 130)],
    ids=["failed", "interrupted"],
)
def test_exit_status_says_what_happened(call: "Call", error: BaseException, status: int) -> None:
    done = call("run", execute=raising(error))
    assert done.status == status
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_configuration_is_shown_and_reads_as_yaml(call: "Call") -> None:
    done = call(
        "run", "--cfg", "job", "robots.optimus_unit_cost=20..40", "chips.wafer_growth.us=0.3", "name=x"
    )
    assert (done.status, done.plan) == (0, None)
    lines = done.out.splitlines()
    shown = yaml.safe_load(done.out)
    assert shown["robots.optimus_unit_cost"] == "20..40"
    assert shown["chips.wafer_growth.us"] == 0.3
    assert shown["worlds"] == 256
    assert shown["name"] == "x"
    assert shown["start.labs.google.users_million"]["us"] > 0
    assert shown["roster.markets.row.bloc"] == "none"
    assert len(shown) == len([line for line in lines if not line.startswith("#")])
    leakage = next(line for line in lines if line.startswith("chips.leakage: "))
    assert leakage.startswith("chips.leakage: 0.05  # share of supply; drawn from 0..0.12, triangular; ")
    assert any(line.startswith("worlds: 256  # sampled worlds") for line in lines)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def test_starting_imports_nothing_heavy() -> None:
    code = (
        "import sys; from experiments.cli.main import main; main(['run', '--help']); "
        "heavy = ('mesa', 'scipy', 'numpy', 'matplotlib', 'duckdb', 'hydra', 'omegaconf', 'rich', 'pandas'); "
        "sys.exit(', '.join(name for name in heavy if name in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m experiments.cli.main run --cfg job | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("# Baseline")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uncontested ", sorted(f"{name} " for name in (*COMMANDS, *TOP_OPTIONS))),
        ("uncontested ru", ["run "]),
        ("uncontested run sc", ["scenario="]),
        ("uncontested run scenario=ar", ["scenario=article "]),
        ("uncontested run worlds=3 robots.optimus_unit", ["robots.optimus_unit_cost="]),
        ("uncontested run rob", ["robots."]),
        ("uncontested run output.", ["output.dir=", "output.figures="]),
        ("uncontested run budget=gr", ["budget=grid "]),
        ("uncontested run --c", ["--cfg ", "--config-dir "]),
        ("uncontested run --cfg ", ["job "]),
        ("uncontested run --config-dir ", []),
        ("uncontested run worlds=", []),
        ("uncontested walk ", []),
        ("uncontested list sc", ["scenarios "]),
        ("uncontested params robots.optimus_unit", ["robots.optimus_unit_cost "]),
    ],
)
def test_words_are_completed(line: str, expected: list[str]) -> None:
    assert complete(line) == expected


def test_every_group_is_completed() -> None:
    for group in GROUPS:
        assert complete(f"uncontested run {group}=") == [f"{group}={name} " for name in options(group)]


def test_runs_and_figures_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "outputs" / "run" / "2026-01-02_03-04-05_grid"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert complete("uncontested compare latest g") == ["grid "]
    assert complete("uncontested plot ") == ["grid ", "latest "]
    assert complete("uncontested plot grid ad") == ["adoption "]
    from experiments.figures.draw import CHARTS, FIGURES

    assert (*FIGURES, *CHARTS) == FIGURE_NAMES


def test_only_what_stands_before_the_cursor_counts() -> None:
    assert complete("uncontested run scenario=ar worlds=3", "27") == ["scenario=article "]


def test_bash_completes_with_the_script(tmp_path: Path, call: "Call") -> None:
    program = tmp_path / "uncontested"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m experiments.cli.main "$@"\n')
    program.chmod(0o755)
    (tmp_path / "script").write_text(call("--shell-completion", "bash").out)
    line = "uncontested run scenario=fu"
    code = (
        f'source {tmp_path}/script; COMP_LINE="{line}"; COMP_POINT={len(line)}; '
        'COMP_WORDS=(uncontested run scenario=fu); COMP_CWORD=2; _uncontested; printf "%s|" "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", code], env=environment(PATH=path), capture_output=True, text=True, check=False
    )
    assert done.stdout == "scenario=full_controls |scenario=funding_winter |", done.stderr


@pytest.mark.parametrize(
    ("given", "valid", "expected"),
    [
        ("wrlds", ["worlds", "seed"], "worlds"),
        ("leakage", ["chips.leakage", "leaks"], "chips.leakage"),
        ("x", [], None),
    ],
)
def test_nearest_name(given: str, valid: list[str], expected: str | None) -> None:
    assert nearest(given, valid) == expected


@pytest.mark.parametrize("name", options("scenario"))
def test_every_scenario_composes(call: "Call", name: str) -> None:
    done = call("run", f"scenario={name}")
    assert done.status == 0, done.err
    assert done.plan is not None
    assert done.plan.scenario == name
