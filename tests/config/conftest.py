"""A composed run, and the command line called in this process as a user would call it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from experiments.cli.main import main
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.runs import crew


class Outcome(NamedTuple):
    """What a command left: its exit status, what it printed, and the plan it would have run."""

    status: int
    out: str
    err: str
    plan: RunPlan | None


Call = Callable[..., Outcome]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Call the command line in an empty folder, with a run that only remembers its plan."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, execute: Callable[[RunPlan], None] = lambda plan: None) -> Outcome:
        plans: list[RunPlan] = []

        def remember(plan: RunPlan, team: None) -> None:
            plans.append(plan)
            execute(plan)

        monkeypatch.setitem(
            __import__("sys").modules, "experiments.runs.command", SimpleNamespace(execute=remember)
        )
        monkeypatch.setattr(crew, "hired", lambda overrides: nullcontext())
        status = main(arguments)
        printed = capsys.readouterr()
        return Outcome(status, printed.out, printed.err, plans[0] if plans else None)

    return run


def plan_of(*overrides: str, **more: Any) -> RunPlan:
    """Return the plan of overrides."""
    return plan_from_config(compose_run(overrides, **more))


@pytest.fixture
def plan() -> Callable[..., RunPlan]:
    """Return a function that plans a run from overrides."""
    return plan_of


@pytest.fixture(scope="session")
def base() -> RunPlan:
    """Return the plan of a run without overrides."""
    return plan_of()


@pytest.fixture(scope="session")
def base_config(base: RunPlan) -> Mapping[str, Any]:
    """Return the resolved configuration of a run without overrides; copy it before changing it."""
    return base.config
