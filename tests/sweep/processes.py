"""A sweep in a process of its own, held where a test wants to kill it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 120.0


def wait_for(what: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so; fail if a process has ended before, or never comes to it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


@dataclass(frozen=True)
class Driver:
    """A sweep that has done some units and is held in the next."""

    process: subprocess.Popen[str]
    place: Path

    @property
    def workers(self) -> list[int]:
        """Processes that have computed."""
        return [int(path.name.partition("-")[2]) for path in self.place.glob("worker-*")]

    def release(self) -> None:
        """Let the held units be computed."""
        (self.place / "released").touch()


@contextmanager
def held(place: Path, words: list[str], free: int = 1) -> Iterator[Driver]:
    """Start a sweep, in a process group of its own, and wait until it is held after some units."""
    place.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sweep.driver", str(place), str(free), "sweep", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for((place / "held").exists, process)
        yield Driver(process, place)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def has_ended(pid: int) -> bool:
    """Say whether a process is gone; one that nobody has waited for yet counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False
