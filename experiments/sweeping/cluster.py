"""The executors `dask` and `slurm`: units computed by the workers of a Dask cluster.

The cluster is one that runs already, one of processes of this machine, or jobs that Slurm is asked for. A
unit whose worker dies goes to another one; Dask gives it up after a few, and then it is halved.
"""

import asyncio
import concurrent.futures
import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from experiments.config.errors import ConfigError, RunError
from experiments.sweeping import parts
from experiments.sweeping.executor import POLL_SECONDS, TRIES, Attempt, Job, halves, took_too_long
from experiments.sweeping.plan import Unit
from experiments.sweeping.work import Commit, Task, committed_in, run_unit

ANY_PORT: Final = "127.0.0.1:0"
"""Dask always opens a page; the usual port may be another cluster's."""
AHEAD: Final = 2
"""Units sent out for each worker, so that none waits for the driver."""
CONNECT_SECONDS: Final = 20.0
NO_WORKER_SECONDS: Final = 120.0
"""After so long without a worker, longer than one may take to come back, a sweep ends rather than waits."""
RESTART_SECONDS: Final = 60.0
"""A worker of a cluster started here that has died has so long to come back before another is started."""
FETCH_SECONDS: Final = 20.0
"""An answer that takes longer has gone with its worker: it is waited for again."""
LOOK_SECONDS: Final = 5.0
HARD_LIMIT: Final = 1.5
"""A worker that is still busy with one month after so many time limits is ended."""
GONE: Final = "the cluster is gone; what is stored stays, and the same command goes on"
TLS_KEYS: Final = ("tls_ca", "tls_cert", "tls_key")


class TookTooLong(BaseException):
    """A unit's time is over; not an Exception, so that no run is blamed for the others."""


class DaskExecutor:
    """The workers of a cluster."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        workers: int,
        work: Callable[[Task, Callable[[int], None]], Commit] = run_unit,
    ) -> None:
        self._settings, self._wanted, self._work = settings, workers, work
        self._limit = float(settings["time_limit_seconds"])
        self._client: Any = None
        self._cluster: Any = None
        self._count: int | None = None
        _distributed(settings["kind"])

    @property
    def workers(self) -> int:
        """Number of workers: those of a cluster that runs already, or as many as were asked for."""
        if self._count is None:
            joins = bool(self._settings.get("address"))
            self._count = max(1, sum(self._connected().nthreads().values())) if joins else self._wanted
        return self._count

    def run(self, units: Iterable[Unit], job: Job) -> None:
        """Compute units; what this started ends with it, and a cluster that ran before goes on.

        Raises: RunError if the store cannot be written, or the cluster is gone.
        """
        waiting: deque[Attempt] = deque()
        coming = iter(units)
        try:
            client = self._connected()
            most = AHEAD * self.workers
            held: dict[Any, Attempt] = {}
            seen = Seen(client, self._ask_again)
            while True:
                # Dask blames all that a worker had in hand: a run that cost one is tried alone.
                while len(held) < most and not job.stopping() and not any(map(_is_suspect, held.values())):
                    if held and waiting and _is_suspect(waiting[0]):
                        break
                    attempt = waiting.popleft() if waiting else None
                    if attempt is None and (unit := next(coming, None)) is not None:
                        attempt = Attempt(unit)
                    if attempt is None:
                        break
                    task = job.task(attempt.unit)
                    with talking():
                        sent = client.submit(serve_unit, task, self._limit, self._work, pure=False)
                    held[sent] = attempt
                if not held:
                    return
                with talking():
                    ready = _finished(held)
                    seen.look()
                for future in filter(_is_over, ready):
                    if self._hear(future, held[future], waiting, job):
                        del held[future]
                job.meanwhile(0.0)
        finally:
            self.close()

    def _hear(self, future: Any, attempt: Attempt, waiting: deque[Attempt], job: Job) -> bool:
        """Take what became of a unit; return whether it is known: its answer can be lost with its worker."""
        from distributed.scheduler import KilledWorker

        if future.status not in ("finished", "error"):
            raise RunError(GONE)
        try:
            with talking():
                try:
                    error = future.exception(timeout=FETCH_SECONDS)
                    answer = future.result(timeout=FETCH_SECONDS) if error is None else None
                except TimeoutError:
                    return False
        except KilledWorker as killed:
            # The worker had done it, and died with another unit before its answer was fetched.
            error = killed
        if error is None:
            if isinstance(answer, Commit):
                job.committed(attempt.unit, answer)
                return True
            if answer is not None:
                raise RunError(answer)
            reason = took_too_long(self._limit)
        elif isinstance(error, KilledWorker):
            reason = f"its worker ended ({' '.join(str(error).split())[:300]})"
        else:
            raise RunError(f"a worker cannot do its work: {type(error).__name__}: {error}")
        if job.recover(attempt.unit):
            return True
        tried = halves(attempt)
        if tried[0].deaths >= TRIES:
            job.lost(attempt.unit, reason)
        else:
            waiting.extendleft(reversed(tried))
        return True

    def _connected(self) -> Any:
        if self._client is None:
            import dask
            from distributed import Client

            # A worker or a cluster that dies is said in the sweep's own words.
            for name in [one for one in logging.root.manager.loggerDict if one.startswith("distributed")]:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            if self._settings["kind"] == "slurm":
                self._cluster = slurm_cluster(self._settings)
                self._cluster.scale(self._wanted)
            elif not self._settings["address"]:
                from distributed import LocalCluster

                # A worker that a run has killed is enough: the unit is halved at once.
                dask.config.set({"distributed.scheduler.allowed-failures": 0})
                # On a busy machine a worker takes longer to start again than Dask waits for it.
                dask.config.set({"distributed.deploy.lost-worker-timeout": f"{RESTART_SECONDS} s"})
                self._cluster = LocalCluster(
                    n_workers=self._wanted,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address=ANY_PORT,
                    worker_dashboard_address=None,
                )
            target = self._cluster or self._settings["address"]
            try:
                self._client = Client(target, timeout=CONNECT_SECONDS, security=security(self._settings))
            except (OSError, RuntimeError, TypeError, ValueError) as error:
                self.close()
                raise ConfigError(
                    "executor.address",
                    self._settings.get("address"),
                    f"expected a Dask scheduler that answers within {CONNECT_SECONDS:g} s ({error})",
                ) from None
        return self._client

    def _ask_again(self) -> None:
        """Ask a cluster that was started here for the workers that it has given up."""
        if self._cluster is not None:
            self._cluster.scale(self._wanted)

    def close(self) -> None:
        """Let go of the cluster, and end it if it was started here."""
        for one in (self._client, self._cluster):
            if one is not None:
                with suppress(OSError, TimeoutError):
                    one.close()
        self._client = self._cluster = None


@contextmanager
def talking() -> Iterator[None]:
    """Say in the sweep's own words that a cluster does not answer any more.

    Raises: RunError if it does not.
    """
    try:
        yield
    except (OSError, TimeoutError, asyncio.CancelledError, concurrent.futures.CancelledError):
        raise RunError(GONE) from None


class Seen:
    """Watches that a cluster has workers, and asks for others where it has none."""

    def __init__(self, client: Any, ask_again: Callable[[], None]) -> None:
        self._client, self._ask_again = client, ask_again
        self._next = self._last = time.monotonic()

    def look(self) -> None:
        """Look now and then.

        Raises: RunError if there has been no worker for long.
        """
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK_SECONDS
        if self._client.nthreads():
            self._last = now
        elif now - self._last > NO_WORKER_SECONDS:
            raise RunError(
                f"the cluster has had no worker for {NO_WORKER_SECONDS:g} s; start one, and the same command "
                "goes on"
            )
        else:
            self._ask_again()


def serve_unit(
    task: Task, limit_seconds: float, work: Callable[[Task, Callable[[int], None]], Commit]
) -> Commit | str | None:
    """Do a unit on a worker of a cluster; None if it takes too long, a text if it cannot be stored.

    A unit that a worker has committed before it died is not run again.
    """
    if task.folder is not None:
        if not (Path(task.folder) / parts.PARTS).is_dir():
            return (
                f"{task.folder} is not seen by a worker; give a sweep_dir that all machines share, "
                "or executor.results=engine"
            )
        if (found := committed_in(Path(task.folder), task)) is not None:
            return found
    began = time.monotonic()

    def on_month(month: int) -> None:
        if time.monotonic() - began > limit_seconds:
            raise TookTooLong

    watch = threading.Timer(HARD_LIMIT * limit_seconds, os.kill, (os.getpid(), signal.SIGKILL))
    watch.daemon = True
    watch.start()
    try:
        return work(task, on_month)
    except TookTooLong:
        return None
    except (RunError, OSError) as error:
        return str(error)
    finally:
        watch.cancel()


def security(settings: Mapping[str, Any]) -> Any:
    """Return the certificates of a connection; None where there are none."""
    from distributed.security import Security

    if not any(settings.get(key) for key in TLS_KEYS):
        return None
    ca, cert, key = (settings[name] for name in TLS_KEYS)
    return Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)


def slurm_cluster(settings: Mapping[str, Any]) -> Any:
    """Return a cluster of Slurm jobs; none is sent before the cluster is scaled."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        cores=settings["cores_per_job"],
        processes=settings["cores_per_job"],
        memory=settings["memory_per_job"],
        walltime=settings["walltime"],
        queue=settings["queue"] or None,
        account=settings["account"] or None,
        interface=settings["interface"] or None,
        job_name="uncontested",
        scheduler_options={"dashboard_address": ANY_PORT},
    )


def job_script(settings: Mapping[str, Any]) -> str:
    """Return the script of each Slurm job."""
    _distributed("slurm")
    with slurm_cluster(settings) as cluster:
        return str(cluster.job_script())


def _is_suspect(attempt: Attempt) -> bool:
    return attempt.deaths > 0


def _finished(held: Mapping[Any, Attempt]) -> list[Any]:
    from distributed import wait

    with suppress(TimeoutError):
        wait(list(held), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED")
    return [future for future in held if _is_over(future)]


def _is_over(future: Any) -> bool:
    """Return whether a unit needs no more waiting: what its worker took along when it died is done again."""
    return future.status not in ("pending", "lost")


def _distributed(kind: str) -> None:
    try:
        import distributed  # noqa: F401  # is it installed?

        if kind == "slurm":
            import dask_jobqueue  # noqa: F401  # is it installed?
    except ImportError:
        raise ConfigError(
            "executor", kind, 'expected Dask to be installed: pip install ".[cluster]"'
        ) from None
