"""What is said while a sweep runs: rate, time left, failures and the answer so far."""

import io
from pathlib import Path

import pytest

from experiments.sweeping import progress as progress_module
from experiments.sweeping import running
from experiments.sweeping.progress import progress
from tests.sweep.faults import pretend
from tests.sweep.small import Here, run_with


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_there_is_a_line_a_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    with progress(600, "Sweep mine", stream, clock) as shown:
        for second in range(1, 150):
            clock.now = 1000.0 + second
            shown.show(done=2.5 * second, failed=second // 60, answer="leader is us in 40.0 ± 2.0 % of runs")
    assert stream.getvalue().splitlines() == [
        "Sweep mine: 150/600 runs, 2.5/s, 3 min left, 1 failed, leader is us in 40.0 ± 2.0 % of runs",
        "Sweep mine: 300/600 runs, 2.5/s, 2 min left, 2 failed, leader is us in 40.0 ± 2.0 % of runs",
    ]


def test_on_a_terminal_there_is_one_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, clock = Terminal(), Clock()
    with progress(600, "Sweep mine", stream, clock) as shown:
        clock.now += 10.0
        shown.show(done=25.0, failed=1, answer="leader is us in 40.0 ± 2.0 % of runs")
        shown.say("Finishing the units in hand")
    said = stream.getvalue()
    assert "25/600 runs, 2.5/s, 4 min left, 1 failed" in said
    assert "Finishing the units in hand" in said


def test_the_answer_so_far_is_that_of_the_runs_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(running, "progress", lambda total, name: progress(total, name, stream))
    monkeypatch.setattr(progress_module, "SECONDS_PER_LINE", 0.0)
    ended = run_with(tmp_path / "sweep", Here(pretend))
    last = stream.getvalue().splitlines()[-1]
    assert "Sweep power_price_or_availability: 8/8 runs, " in last
    assert last.endswith(
        f"leader.w1.2026 is us in {100 * ended.answer.share:.1f} ± "
        f"{100 * ended.answer.standard_error:.1f} % of runs"
    )
