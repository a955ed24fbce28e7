"""A Dask cluster of separate processes, spoken to with TLS, leaves the same rows as one process."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.cli import BAD_CONFIGURATION, OK
from experiments.sweeping import parts
from tests.sweep.small import contents, sweep

pytest.importorskip("distributed")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers, each a process."""

    settings: tuple[str, ...]
    """What a sweep is told to join it."""
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
        stack.enter_context(process("distributed.cli.dask_scheduler", *common, *listening))
        until = time.monotonic() + START_SECONDS
        while not told.exists():
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.1)
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
                "executor.runs_per_unit=1",
            ),
            workers,
        )


@pytest.fixture(scope="module")
def of_one_process(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "sweep"
    assert sweep(folder, "executor.workers=1", replications=1) == OK
    return folder


@pytest.mark.parametrize("results", ["folder", "engine"])
def test_two_workers_of_a_cluster_leave_the_rows_of_one_process(
    tmp_path: Path, cluster: Cluster, of_one_process: Path, results: str
) -> None:
    assert sweep(tmp_path / "sweep", *cluster.settings, f"executor.results={results}", replications=1) == OK
    assert contents(tmp_path / "sweep") == contents(of_one_process)


def test_a_cluster_without_its_certificate_is_refused(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    without = [word for word in cluster.settings if "tls_key" not in word]
    assert sweep(tmp_path / "sweep", *without) == BAD_CONFIGURATION
    assert "executor.tls_key" in capsys.readouterr().err
    assert not (tmp_path / "sweep").exists()


def test_a_killed_worker_of_a_cluster_loses_no_run(
    tmp_path: Path, cluster: Cluster, of_one_process: Path
) -> None:
    cluster.workers[0].kill()
    assert sweep(tmp_path / "sweep", *cluster.settings, replications=1) == OK
    assert cluster.workers[1].poll() is None
    found = contents(tmp_path / "sweep")
    assert found == contents(of_one_process)
    assert len(found[parts.RUNS]) == len({row[0] for row in found[parts.RUNS]})
