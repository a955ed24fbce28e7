"""Workers that simulate batches: when they start, what they tell, how they end."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from experiments.config.errors import RunError
from experiments.runs import batch
from experiments.runs.team import Team

ROOT = Path(__file__).parents[2]


def test_dead_worker_is_a_clear_error() -> None:
    with pytest.raises(RunError, match="a worker process died"), Team(1, 1) as team:
        team.wait_for([team.submit(os._exit, 3)], lambda done: None)


def test_error_of_a_worker_arrives_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), Team(1, 1) as team:
        team.wait_for([team.submit(divmod, 1, 0)], lambda done: None)


ORPHANS = """
import os, signal, time
from experiments.runs.team import Team
if __name__ == "__main__":
    team = Team(2, 2)
    waiting = [team.submit(time.sleep, 600) for _ in range(2)]
    while not all(one.running() for one in waiting):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "orphans.py").write_text(ORPHANS)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "orphans.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    # The workers hold the other end of standard output: it closes when the last of them has gone.
    out, _ = parent.communicate(timeout=60)
    assert parent.returncode == -signal.SIGKILL
    assert out == b""


def test_workers_get_ready_before_their_first_task(tmp_path: Path) -> None:
    with Team(1, 1, partial(os.chdir, tmp_path)) as team:
        assert team.wait_for([team.submit(os.getcwd)], lambda done: None) == [str(tmp_path)]


def test_workers_that_cannot_get_ready_still_take_tasks() -> None:
    with Team(1, 1, partial(divmod, 1, 0)) as team:
        assert team.wait_for([team.submit(divmod, 7, 2)], lambda done: None) == [(3, 1)]


def test_crew_is_hired_before_anything_large_is_imported_here_and_imports_mesa_there() -> None:
    code = """
import sys, experiments.runs.crew as crew
assert 'numpy' not in sys.modules, 'workers could start before NumPy is imported here, and would not'
crew.get_ready()
assert 'mesa' in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_parent_of_workers_needs_no_mesa() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, experiments.runs.command; sys.exit('mesa' in sys.modules)"],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, "importing Mesa takes a second, which the parent would spend for nothing"


def test_progress_of_workers_adds_up() -> None:
    seen: list[int] = []
    with Team(1, 2) as team:
        team.wait_for([team.submit(batch.team.note, place, 5 + place) for place in range(2)], seen.append)
        assert team.progress == 11
    assert seen == sorted(seen)
