"""Sweeps: planned once, the same bits from any number of workers, and nothing lost or run twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from experiments.cli import BAD_CONFIGURATION, FAILED, OK, main
from experiments.conf_files import options
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.running import prepare
from experiments.sweeping.study import compose_sweep
from tests.sweep.small import SMALL, contents, sweep


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep by one worker, in units of two runs."""
    folder = tmp_path_factory.mktemp("sweep") / "one"
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=2") == OK
    return folder


@pytest.mark.parametrize("study", options("study"))
def test_every_study_is_planned(study: str) -> None:
    plan, _ = prepare(compose_sweep([f"study={study}"], None))
    assert len(plan.run_ids) == len(set(plan.run_ids))
    assert plan.study.question


def test_ten_thousand_runs_have_ten_thousand_names() -> None:
    plan, _ = prepare(compose_sweep([*SMALL, "study.replications=2560"], None))
    assert len(set(plan.run_ids)) == 10_240


def test_two_workers_leave_the_bits_of_one(done: Path, tmp_path: Path) -> None:
    assert sweep(tmp_path / "two", "executor.workers=2", "executor.runs_per_unit=2") == OK
    assert contents(tmp_path / "two") == contents(done)


def test_a_finished_sweep_computes_nothing_and_a_longer_one_only_what_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "grown"
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=4", replications=1) == OK
    first = {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)}
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=4", replications=1) == OK
    assert {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)} == first
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=4", replications=2) == OK
    after = {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)}
    assert first.items() <= after.items(), "what was stored is left as it was"
    with duckdb.connect() as tables:
        files = [str(part.path) for part in parts.parts_in(folder) if part.kind == parts.RUNS]
        counted = tables.execute("select count(*), count(distinct run_id) from read_parquet(?)", [files])
        assert counted.fetchall() == [(8, 8)], "no run twice, none missing"


@pytest.mark.parametrize("damage", ["truncated", "altered"])
@pytest.mark.parametrize("kind", [parts.RUNS, parts.SERIES])
def test_a_damaged_part_is_found_and_run_again(done: Path, tmp_path: Path, damage: str, kind: str) -> None:
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(done, folder)
    before = contents(folder)
    part = next(part for part in parts.parts_in(folder) if part.kind == kind)
    content = bytearray(part.path.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    else:
        content[len(content) // 2] ^= 0xFF
    part.path.write_bytes(content)
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=2") == OK
    assert contents(folder) == before


def test_a_sweep_whose_process_group_is_killed_goes_on_where_it_was(done: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    arguments = [*SMALL, "study.replications=2", f"sweep_dir={folder}", "executor.workers=2",
                 "executor.runs_per_unit=2"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.cli", "sweep", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    waited = 0.0
    while process.poll() is None and not parts.parts_in(folder) and waited < 120.0:
        time.sleep(0.05)
        waited += 0.05
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert sweep(folder, "executor.workers=1", "executor.runs_per_unit=2") == OK
    assert contents(folder) == contents(done)
    assert not sweep_folder.is_locked(folder)


def test_two_sweeps_on_one_folder_are_refused(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(done)
    with sweep_folder.locked(done):
        status = sweep(done, "executor.workers=1", replications=3)
    assert status != OK
    assert str(done) in capsys.readouterr().err
    assert contents(done) == before


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("study=nosuch", "study"),
        ("study.factors.power.power_prise_us=[1,2]", "power.power_prise_us"),
        ("study.factors.power.power_price_us=0.05..99", "power.power_price_us"),
        ("study.replications=0", "study.replications"),
        ("study.headline.outcome=leader.w9.2030", "study.headline.outcome"),
        ("executor.workers=none", "executor.workers"),
        ("worlds=4", "worlds"),
        ("executor=torque", "executor"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], override: str, key: str
) -> None:
    assert sweep(tmp_path / "none", override) == BAD_CONFIGURATION
    error = capsys.readouterr().err
    assert key in error
    assert "Traceback" not in error
    assert not (tmp_path / "none").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert sweep(tmp_path / "file") in (FAILED, BAD_CONFIGURATION)
    assert "Traceback" not in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_stored_runs_are_asked_shown_and_exported(
    done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", "select count(*) n, count(distinct point) p from worlds", "--of", str(done)]) == OK
    assert capsys.readouterr().out == "n,p\n8,4\n"
    assert (
        main(["query", "select count(*) from series_long where series = 'share.d1'", "--of", str(done)]) == OK
    )
    assert capsys.readouterr().out.splitlines()[1] == str(8 * 60)
    assert main(["status", str(done)]) == OK
    assert "8 of 8 runs stored, 0 failed" in capsys.readouterr().out
    assert main(["export", str(done), "--csv", "--output", str(tmp_path / "out")]) == OK
    assert len((tmp_path / "out" / "worlds.csv").read_text().splitlines()) == 9
    assert main(["query", "select nothing from worlds", "--of", str(done)]) == FAILED
    assert main(["export", str(done)]) == BAD_CONFIGURATION
