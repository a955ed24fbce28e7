"""A sweep that is killed loses nothing that was finished, runs nothing twice, and leaves no process."""

import os
import signal
from pathlib import Path

import pytest

from experiments.cli.main import FAILED, INTERRUPTED
from experiments.sweeping import folder as sweep_folder
from tests.sweep.faults import pretend
from tests.sweep.processes import has_ended, held, wait_for
from tests.sweep.small import Here, contents, rows, run_with, sweep, words


@pytest.mark.parametrize("whom", ["driver", "process group"])
def test_a_sweep_that_was_killed_goes_on_where_it_was(pretended: Path, tmp_path: Path, whom: str) -> None:
    folder = tmp_path / "killed"
    with held(tmp_path / "place", words(folder, "executor.workers=2")) as driver:
        stored = {name for (name,) in rows(folder)}
        assert 1 <= len(stored) < 8
        if whom == "driver":
            driver.process.kill()
            wait_for(lambda: all(map(has_ended, driver.workers)))
        else:
            os.killpg(driver.process.pid, signal.SIGKILL)
        driver.process.wait()
        assert driver.workers
        wait_for(lambda: all(map(has_ended, driver.workers)))
    assert not sweep_folder.is_locked(folder)
    rest = Here(pretend)
    run_with(folder, rest)
    assert not stored & set(rest.computed), "what was stored is not run again"
    assert len(rest.computed) == 8 - len(stored)
    assert contents(folder) == contents(pretended)


def test_a_second_sweep_is_refused_and_ctrl_c_finishes_the_units_in_hand_of_the_first(
    pretended: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "interrupted"
    with held(tmp_path / "place", words(folder, "executor.workers=1")) as driver:
        assert sweep(folder) == FAILED
        refused = capsys.readouterr().err
        assert f"process {driver.process.pid} on " in refused
        assert "sweep_dir" in refused
        driver.process.send_signal(signal.SIGINT)
        assert driver.process.stderr is not None
        assert "Finishing the units in hand" in driver.process.stderr.readline()
        driver.release()
        said, _ = driver.process.communicate()
        assert driver.process.returncode == INTERRUPTED
    assert "The same command goes on" in said
    assert f"sweep_dir={folder}" in said
    assert len(rows(folder)) == 4, "the unit that was done and the one in hand"
    run_with(folder, Here(pretend))
    assert contents(folder) == contents(pretended)
