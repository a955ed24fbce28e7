"""A run that fails or is interrupted says why and leaves nothing."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.config.errors import ConfigError, RunError
from experiments.figures import FIGURES
from experiments.runs import command as running
from tests.batch.runs import SMALL, plan_of

ROOT = Path(__file__).parents[2]


def test_folder_that_is_taken_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").touch()
    monkeypatch.setattr(running, "fill", lambda *given: pytest.fail("began to compute"))
    with pytest.raises(ConfigError, match=r"output\.dir=taken: expected a new or an empty folder"):
        running.execute(plan_of("output.dir=taken"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "taken"]


def test_figure_that_fails_costs_a_warning_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def fail(*given: Any, **more: Any) -> None:
        raise LookupError("no such series")

    monkeypatch.setattr("experiments.figures.draw", fail)
    plan = plan_of("agents_per_world=400", "months=2", "worlds=1", "workers=1")
    folder = running.execute(plan)
    assert (folder / "summary.json").is_file()
    told = capsys.readouterr().out
    for name in FIGURES:
        assert f"the figure {name} was not drawn (LookupError: no such series)" in told.replace("\n", " ")


def test_disk_that_fills_up_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running, "simulate_all", full)
    with pytest.raises(RunError, match=r"outputs/run/.*: cannot be written \(No space left on device\)"):
        running.execute(plan_of(*SMALL))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let Ctrl-C be heard here and in what is started: background jobs of a shell begin with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_leaves_nothing(number: int, status: int, tmp_path: Path) -> None:
    arguments = ("worlds=60", "months=180", "workers=2", "consumers=cohort")
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments", "run", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert re.fullmatch(r"Simulating 60 worlds × 3 responses: \d0 %\n", process.stderr.readline())
    (part,) = (tmp_path / "outputs" / "run").iterdir()
    assert part.name.startswith("."), "a run in the making does not look finished"
    # As a terminal does it: to the parent and its workers at once.
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert out == ""
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("ctrl_c")
def test_signals_are_given_back_after_a_run() -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(KeyboardInterrupt), running.ending_on_signals():
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
