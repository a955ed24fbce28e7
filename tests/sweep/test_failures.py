"""What goes wrong in a sweep is recorded or refused, stops nothing else, and leaves the store as it was."""

import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import experiments.runs.simulate
from experiments.cli.main import BAD_CONFIGURATION, FAILED, OK, main
from experiments.config.errors import ConfigError, RunError
from experiments.sweeping import executor as executors
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts, running
from experiments.sweeping.executor import LocalExecutor
from experiments.sweeping.work import Commit, Task
from tests.sweep.faults import DiesAfterCommitting, DiesWhileCommitting, Endless, Poison, pretend
from tests.sweep.small import Here, contents, planned, rows, run_with, sweep


def breaking(price: float, fault: Callable[[Any, np.ndarray], None]) -> Callable[..., Any]:
    """Return a simulation with a fault in the runs at one price of power."""
    simulate_cases = experiments.runs.simulate.simulate_cases

    def simulate(plan: Any, cases: Any, on_month: Any) -> Any:
        patch = next(one for one in cases.patches if one.name == "power_price_us")
        found = simulate_cases(plan, cases, on_month)
        fault(found, patch.values == price)
        return found

    return simulate


def raising(found: Any, hit: np.ndarray) -> None:
    if hit.any():
        raise ZeroDivisionError("a price that cannot be")


def losing_a_number(found: Any, hit: np.ndarray) -> None:
    found.record[:, -1, hit] = np.nan


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("fault", "said"), [(raising, "ZeroDivisionError: a price"), (losing_a_number, "not a number")]
)
def test_a_run_that_raises_or_gives_no_number_is_a_row_and_touches_no_other(
    simulated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: Callable[[Any, np.ndarray], None],
    said: str,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(experiments.runs.simulate, "simulate_cases", breaking(0.1, fault))
        assert sweep(tmp_path / "faulty", replications=1) == FAILED
    assert said in capsys.readouterr().out
    failed = rows(
        tmp_path / "faulty", """select "power.power_price_us", error from RUNS where status = 'failed'"""
    )
    assert [price for price, _ in failed] == [0.1, 0.1]
    assert all(said in error for _, error in failed)
    assert all("Traceback" in error for _, error in failed) == (fault is raising)
    done = 'select * from RUNS where "power.power_price_us" < 0.1 and world = 0 order by run_id'
    assert repr(rows(tmp_path / "faulty", done)) == repr(rows(simulated, done))
    assert main(["status", str(tmp_path / "faulty")]) == OK
    shown = capsys.readouterr().out
    assert "2 of 4 runs stored, 2 failed" in shown
    assert said in shown
    # What failed is not tried again unless that is asked for.
    assert sweep(tmp_path / "faulty", replications=1) == FAILED
    assert sweep(tmp_path / "faulty", "retry_failed=true", replications=1) == OK
    capsys.readouterr()
    assert sweep(tmp_path / "faulty", replications=1) == OK
    assert "4 of 4 runs are stored, 0 of them computed now" in capsys.readouterr().out
    assert main(["status", str(tmp_path / "faulty")]) == OK
    assert "4 of 4 runs stored, 0 failed" in capsys.readouterr().out


def test_a_unit_that_kills_its_worker_is_split_until_the_poisonous_run_stands_alone(
    pretended: Path, tmp_path: Path
) -> None:
    _, plan = planned(tmp_path / "poisoned")
    poison = plan.run_ids[2]
    ended = run_with(tmp_path / "poisoned", LocalExecutor(1, 1e6, Poison(poison)))
    assert (ended.stored, ended.failed) == (8, 1)
    failed = rows(tmp_path / "poisoned", "select run_id, error from RUNS where status = 'failed'")
    assert failed == [(poison, "its worker ended by signal 9 (SIGKILL)")]
    others = f"select * from RUNS where run_id <> '{poison}' order by run_id"
    assert rows(tmp_path / "poisoned", others) == rows(pretended, others)


def test_a_run_that_takes_too_long_is_recorded_when_it_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, now, begun = 60.0, [0.0], tmp_path / "begun"

    def monotonic() -> float:
        """Return a time that passes when the endless run has begun."""
        if begun.exists():
            begun.unlink()
            now[0] += 2.0 * limit
        return now[0]

    monkeypatch.setattr(executors, "time", SimpleNamespace(monotonic=monotonic))
    folder = tmp_path / "endless"
    _, plan = planned(folder)
    slow = plan.run_ids[1]
    run_with(folder, LocalExecutor(1, limit, Endless(slow, begun)))
    assert len(rows(folder)) == 7
    failed = rows(folder, "select run_id, error from RUNS where status = 'failed'")
    assert failed == [(slow, "it took longer than 60 s (executor.time_limit_seconds)")]


def test_a_worker_that_dies_while_it_commits_leaves_nothing_half_done(
    pretended: Path, tmp_path: Path
) -> None:
    work = DiesWhileCommitting(tmp_path / "died")
    ended = run_with(tmp_path / "killed", LocalExecutor(1, 1e6, work))
    assert (tmp_path / "died").exists()
    assert (ended.stored, ended.failed) == (8, 0)
    # The series of the unit that died belong to no run; the next sweep removes them.
    run_with(tmp_path / "killed", Here(pretend))
    assert contents(tmp_path / "killed") == contents(pretended)
    assert not list((tmp_path / "killed").rglob(".writing-*"))


def test_a_committed_unit_whose_worker_died_is_not_computed_again(tmp_path: Path) -> None:
    work = DiesAfterCommitting(tmp_path / "died", tmp_path / "log")
    ended = run_with(tmp_path / "killed", LocalExecutor(1, 1e6, work))
    computed = (tmp_path / "log").read_text().split()
    assert (tmp_path / "died").exists()
    assert sorted(computed) == sorted(ended.plan.run_ids), "each once"
    assert ended.stored == ended.computed == 8


def test_a_worker_that_has_outlived_its_sweep_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "held"
    request, plan = planned(folder)
    with sweep_folder.locked(folder) as holder:
        job = running.SweepJob(request, plan, folder, holder)
        task = job.task(plan.units(np.arange(8), 2, 1)[0])
    with sweep_folder.locked(folder) as other:
        assert other != holder
        with pytest.raises(RunError, match="has ended"):
            pretend(task)
        assert not list((folder / parts.PARTS).iterdir())


def test_a_sweep_waits_for_what_is_being_committed_for_the_one_before(tmp_path: Path) -> None:
    folder, entered = tmp_path / "held", threading.Event()

    def go_on() -> None:
        with sweep_folder.locked(folder):
            entered.set()

    committing = ExitStack()
    with sweep_folder.locked(folder) as holder:
        (folder / sweep_folder.HISTORY).touch()
        committing.enter_context(parts.committing(folder, holder))
    following = threading.Thread(target=go_on)
    with committing:
        following.start()
        assert not entered.wait(0.2)
    following.join()
    assert entered.is_set()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let a write fail half-way, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("results", ["folder", "engine"])
def test_a_part_that_cannot_be_written_is_said_and_leaves_the_store_as_it_was(
    tmp_path: Path,
    pretended: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    results: str,
) -> None:
    folder = tmp_path / "full"
    shutil.copytree(pretended, folder)

    def work(task: Task) -> Commit:
        if results == "folder":
            with largest_file(20_000):
                return pretend(task)
        return pretend(replace(task, folder=None))

    def receive(*given: Any) -> None:
        with largest_file(20_000):
            receive_parts(*given)

    receive_parts = parts.receive
    monkeypatch.setattr(parts, "receive", receive)
    monkeypatch.setattr(running, "make_executor", lambda settings: Here(work))
    assert sweep(folder, replications=3) == FAILED
    error = capsys.readouterr().err
    assert "cannot be written" in error
    assert "Traceback" not in error
    assert contents(folder) == contents(pretended)
    assert not list(folder.rglob(".writing-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small file system")
def test_a_full_disk_is_said_and_leaves_the_store_as_it_was(tmp_path: Path, pretended: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        folder = disk / "sweep"
        shutil.copytree(pretended, folder)
        (disk / "filler").write_bytes(b"x" * max(0, shutil.disk_usage(disk).free - 12_000))
        with pytest.raises((RunError, ConfigError), match=r"cannot be written|has room"):
            run_with(folder, Here(pretend), replications=3)
        assert contents(folder) == contents(pretended)
        assert not list(folder.rglob(".writing-*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_design_too_large_for_the_disk_is_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sweep_folder, "free_megabytes", lambda folder: 0.01)
    assert sweep(tmp_path / "large", replications=64) == BAD_CONFIGURATION
    error = capsys.readouterr().err
    assert "MB" in error
    assert "fewer points" in error
    assert not (tmp_path / "large").exists()


@pytest.mark.usefixtures("pretending")
def test_a_sweep_stops_when_its_headline_is_precise_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("study.factors.power.power_price_us=[0.05]", "study.factors.power.permitting_speed_us=[1]")
    given = (*few, "executor.runs_per_unit=32", "stop_at_standard_error=0.4")
    assert sweep(tmp_path / "precise", *given, replications=96) == OK
    assert "as precise as stop_at_standard_error" in capsys.readouterr().out
    stored = len(contents(tmp_path / "precise")[parts.RUNS])
    assert 30 <= stored < 96, "enough for an error, and not all"
