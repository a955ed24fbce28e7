"""Sweeps that several tests look at, made once, and executors that compute in the test's own process."""

from pathlib import Path

import pytest

from experiments.sweeping import running
from tests.sweep.faults import pretend
from tests.sweep.small import Here, run_with


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep by one process."""
    folder = tmp_path_factory.mktemp("sweep") / "simulated"
    run_with(folder, Here())
    return folder


@pytest.fixture(scope="session")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep by one process that pretends."""
    folder = tmp_path_factory.mktemp("sweep") / "pretended"
    run_with(folder, Here(pretend))
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Let the command simulate in this process."""
    executor = Here()
    monkeypatch.setattr(running, "make_executor", lambda settings: executor)
    return executor


@pytest.fixture
def pretending(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Let the command pretend in this process."""
    executor = Here(pretend)
    monkeypatch.setattr(running, "make_executor", lambda settings: executor)
    return executor
