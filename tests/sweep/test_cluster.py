"""A Dask cluster of separate processes, spoken to with TLS, leaves the same rows as one process."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from experiments.cli.main import BAD_CONFIGURATION, FAILED, OK
from experiments.sweeping import cluster as dask_cluster
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping.cluster import DaskExecutor, serve_unit
from experiments.sweeping.running import SweepJob
from experiments.sweeping.work import Commit, Task, run_unit
from tests.sweep.faults import Poison, Slow, pretend
from tests.sweep.processes import PATIENCE_SECONDS, held, wait_for
from tests.sweep.small import Here, contents, planned, rows, run_with, sweep, words


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, each a process."""

    settings: tuple[str, ...]
    """What a sweep is told to join it."""
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of Dask's, quietly, and end it."""
    running = subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made with openssl, which is not installed")
    place = tmp_path_factory.mktemp("cluster")
    key, certificate, told = place / "key.pem", place / "certificate.pem", place / "scheduler.json"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )  # fmt: skip
    tls = ("--tls-ca-file", str(certificate), "--tls-cert", str(certificate), "--tls-key", str(key))
    common = (*tls, "--scheduler-file", str(told), "--no-dashboard")
    with ExitStack() as stack:
        listening = ("--host", "127.0.0.1", "--port", "0", "--protocol", "tls")
        scheduler = stack.enter_context(process("distributed.cli.dask_scheduler", *common, *listening))
        wait_for(told.exists)
        working = ("--no-nanny", "--nthreads", "1", "--local-directory", str(place))
        started = [process("distributed.cli.dask_worker", *common, *working) for _ in range(2)]
        workers = [stack.enter_context(one) for one in started]
        address = json.loads(told.read_text())["address"]
        assert address.startswith("tls://127.0.0.1:")
        yield Cluster(
            (
                "executor=dask",
                f"executor.address={address}",
                *(f"executor.{name}={certificate}" for name in ("tls_ca", "tls_cert")),
                f"executor.tls_key={key}",
            ),
            scheduler,
            workers,
        )


@pytest.mark.parametrize("results", ["folder", "engine"])
def test_two_workers_of_a_cluster_leave_the_bits_of_one_process(
    tmp_path: Path, cluster: Cluster, simulated: Path, results: str
) -> None:
    folder = tmp_path / "sweep"
    assert sweep(folder, *cluster.settings, f"executor.results={results}") == OK
    assert contents(folder) == contents(simulated)
    assert not list(folder.rglob(".writing-*"))


def test_one_worker_of_a_cluster_started_here_leaves_the_bits_of_one_process(
    tmp_path: Path, pretended: Path
) -> None:
    request, _ = planned(tmp_path / "sweep", "executor=dask")
    run_with(tmp_path / "sweep", DaskExecutor(request.executor, 1, pretend))
    assert contents(tmp_path / "sweep") == contents(pretended)


def test_a_run_that_kills_every_worker_of_a_cluster_it_meets_is_recorded_and_the_others_are_done(
    tmp_path: Path, pretended: Path
) -> None:
    folder = tmp_path / "sweep"
    request, plan = planned(folder, "executor=dask")
    poison = plan.run_ids[2]
    # Its cluster starts another worker for each that dies.
    ended = run_with(folder, DaskExecutor(request.executor, 1, Poison(poison)))
    assert (ended.stored, ended.failed) == (8, 1)
    ((failed, error),) = rows(folder, "select run_id, error from RUNS where status = 'failed'")
    assert failed == poison
    assert error.startswith("its worker ended")
    others = f"select * from RUNS where run_id <> '{poison}' order by run_id"
    assert rows(folder, others) == rows(pretended, others)


def test_a_cluster_started_here_that_has_given_its_worker_up_is_asked_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "RESTART_SECONDS", 0.0)
    monkeypatch.setattr(dask_cluster, "FETCH_SECONDS", 1.0)
    monkeypatch.setattr(dask_cluster, "LOOK_SECONDS", 0.5)
    folder = tmp_path / "sweep"
    request, plan = planned(folder, "executor=dask")
    ended = run_with(folder, DaskExecutor(request.executor, 1, Poison(plan.run_ids[2])))
    assert (ended.stored, ended.failed) == (8, 1)


def test_a_cluster_without_its_certificate_is_refused(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    without = [word for word in cluster.settings if "tls_key" not in word]
    assert sweep(tmp_path / "sweep", *without) == BAD_CONFIGURATION
    assert "executor.tls_key" in capsys.readouterr().err
    assert not (tmp_path / "sweep").exists()


def first_task(folder: Path) -> Task:
    request, plan = planned(folder)
    with sweep_folder.locked(folder) as holder:
        return SweepJob(request, plan, folder, holder).task(plan.units(np.arange(8), 2, 1)[0])


def test_a_folder_that_a_worker_does_not_see_is_said(tmp_path: Path) -> None:
    task = replace(first_task(tmp_path / "sweep"), folder=str(tmp_path / "elsewhere"))
    assert "executor.results=engine" in str(serve_unit(task, 1e6, run_unit))


def test_a_worker_gives_a_unit_up_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(task: Task, on_month: Callable[[int], None]) -> Commit:
        while True:
            on_month(0)
            time.sleep(0.01)

    monkeypatch.setattr(dask_cluster, "HARD_LIMIT", 1e6)
    assert serve_unit(replace(first_task(tmp_path / "sweep"), folder=None), 0.1, endless) is None


def test_a_run_that_takes_too_long_is_recorded_and_the_others_are_done(
    tmp_path: Path, cluster: Cluster
) -> None:
    request, plan = planned(tmp_path / "sweep", *cluster.settings)
    run_with(tmp_path / "sweep", DaskExecutor(request.executor, 2, Slow(plan.run_ids[3])))
    failed = rows(tmp_path / "sweep", "select run_id, error from RUNS where status = 'failed'")
    assert failed == [(plan.run_ids[3], "it took longer than 3600 s (executor.time_limit_seconds)")]
    assert len(rows(tmp_path / "sweep")) == 7


def test_the_plan_shows_the_script_of_the_jobs_of_slurm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("executor=slurm", "executor.queue=main", "executor.account=mine", "executor.cores_per_job=4")
    assert sweep(tmp_path / "sweep", *asked, "--plan") == OK
    script = capsys.readouterr().out.partition("Each job of Slurm:")[2]
    told = [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH")]
    assert {"-J uncontested", "-p main", "-A mine", "-n 1", "--cpus-per-task=4", "-t 04:00:00"} <= set(told)
    started = script.strip().splitlines()[-1]
    assert "distributed.cli.dask_worker tcp://" in started
    assert "--nworkers 4" in started
    assert "--nthreads 1" in started
    assert not (tmp_path / "sweep").exists()


# What follows ends one after the other of the cluster's processes.


@pytest.mark.parametrize("results", ["folder", "engine"])
def test_a_driver_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, cluster: Cluster, pretended: Path, results: str
) -> None:
    folder = tmp_path / "sweep"
    given = words(folder, *cluster.settings, f"executor.results={results}")
    with held(tmp_path / "place", given, free=2) as driver:
        wait_for(lambda: len(rows(folder)) >= 2)
        driver.process.kill()
        driver.process.wait()
        stored = {name for (name,) in rows(folder)}
        # The cluster's workers outlive their sweep; what they still do is not stored.
        driver.release()
        rest = Here(pretend)
        run_with(folder, rest)
    assert not sweep_folder.is_locked(folder)
    assert not stored & set(rest.computed), "what was stored is not run again"
    assert contents(folder) == contents(pretended)
    assert all(worker.poll() is None for worker in cluster.workers), "who joins a cluster does not end it"


def test_a_killed_worker_of_a_cluster_loses_no_run(tmp_path: Path, cluster: Cluster, pretended: Path) -> None:
    folder = tmp_path / "sweep"
    with held(tmp_path / "place", words(folder, *cluster.settings)) as driver:
        killed = next(worker for worker in cluster.workers if worker.pid in driver.workers)
        killed.kill()
        killed.wait()
        driver.release()
        _, said = driver.process.communicate()
        assert driver.process.returncode == OK, said
    assert contents(folder) == contents(pretended)
    assert len(rows(folder)) == len(set(rows(folder))) == 8


def test_a_sweep_whose_scheduler_was_killed_says_so_and_goes_on_where_it_was(
    tmp_path: Path, cluster: Cluster, pretended: Path
) -> None:
    folder = tmp_path / "sweep"
    with held(tmp_path / "place", words(folder, *cluster.settings)) as driver:
        wait_for(lambda: rows(folder))
        stored = {name for (name,) in rows(folder)}
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        _, error = driver.process.communicate(timeout=PATIENCE_SECONDS)
        assert driver.process.returncode == FAILED
        assert "the cluster is gone" in error
        assert "Traceback" not in error
        driver.release()
    rest = Here(pretend)
    run_with(folder, rest)
    assert not stored & set(rest.computed)
    assert contents(folder) == contents(pretended)
