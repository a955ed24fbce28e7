"""Sweeps: planned once, the same bits from any number of workers, and nothing lost or run twice."""

import shutil
from pathlib import Path

import pytest

from experiments.cli.main import BAD_CONFIGURATION, FAILED, OK, main
from experiments.config.conf_files import options
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.executor import LocalExecutor
from experiments.sweeping.running import prepare
from experiments.sweeping.study import compose_sweep
from tests.sweep.small import SMALL, Here, contents, run_with, sweep


@pytest.mark.parametrize("study", options("study"))
def test_every_study_is_planned(study: str) -> None:
    plan, _ = prepare(compose_sweep([f"study={study}"], None))
    # Points that chance has made equal, as where a seed is drawn twice, share their runs.
    points = len(set(plan.points))
    assert len(set(plan.run_ids)) * len(plan.points) == len(plan.run_ids) * points
    assert points > 0.99 * len(plan.points)
    assert plan.study.question


def test_ten_thousand_runs_have_ten_thousand_names() -> None:
    plan, _ = prepare(compose_sweep([*SMALL, "study.replications=2560"], None))
    assert len(set(plan.run_ids)) == 10_240


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_leaves_the_bits_of_one_process(
    simulated: Path, tmp_path: Path, workers: int
) -> None:
    run_with(tmp_path / "many", LocalExecutor(workers, 1e6))
    assert contents(tmp_path / "many") == contents(simulated)


def test_the_size_of_a_unit_moves_no_bit(here: Here, simulated: Path, tmp_path: Path) -> None:
    assert sweep(tmp_path / "one", "executor.runs_per_unit=1") == OK
    assert contents(tmp_path / "one") == contents(simulated)


def test_a_finished_sweep_computes_nothing_and_a_longer_one_only_what_is_new(
    pretending: Here, pretended: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "grown"
    assert sweep(folder, replications=1) == OK
    first = {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)}
    assert sweep(folder, replications=1) == OK
    assert {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)} == first
    assert sweep(folder) == OK
    after = {part.path: part.path.stat().st_mtime_ns for part in parts.parts_in(folder)}
    assert first.items() <= after.items(), "what was stored is left as it was"
    assert len(pretending.computed) == len(set(pretending.computed)) == 8, "no run twice, none missing"
    assert contents(folder) == contents(pretended)


@pytest.mark.parametrize("damage", ["truncated", "altered"])
@pytest.mark.parametrize("kind", [parts.RUNS, parts.SERIES])
def test_a_damaged_part_is_found_and_run_again(
    pretending: Here, pretended: Path, tmp_path: Path, damage: str, kind: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(pretended, folder)
    part = next(part for part in parts.parts_in(folder) if part.kind == kind)
    content = bytearray(part.path.read_bytes())
    if damage == "truncated":
        del content[len(content) // 2 :]
    else:
        content[len(content) // 2] ^= 0xFF
    part.path.write_bytes(content)
    assert sweep(folder) == OK
    assert contents(folder) == contents(pretended)
    assert len(pretending.computed) == 2, "the runs of the damaged unit, and no others"
    assert part.path.name in [path.name for path in (folder / parts.DAMAGED).iterdir()]


def test_what_a_killed_writer_has_left_is_removed(pretending: Here, pretended: Path, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    shutil.copytree(pretended, folder)
    series = next(part for part in parts.parts_in(folder) if part.kind == parts.SERIES)
    alone = series.path.with_name(series.path.name.replace(series.unit, "0" * len(series.unit)))
    shutil.copy(series.path, alone)
    (folder / parts.PARTS / ".writing-runs-0123-4567").write_bytes(b"half a part")
    assert sweep(folder) == OK
    assert not pretending.computed
    assert contents(folder) == contents(pretended)
    assert not alone.exists()
    assert not list(folder.rglob(".writing-*"))


@pytest.mark.usefixtures("pretending")
def test_a_sweep_on_a_folder_that_is_held_is_refused(
    pretended: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(pretended)
    with sweep_folder.locked(pretended):
        assert sweep(pretended, replications=3) == FAILED
    assert str(pretended) in capsys.readouterr().err
    assert contents(pretended) == before


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
    pretended: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["query", "select count(*) n, count(distinct point) p from worlds", "--of", str(pretended)])
        == OK
    )
    assert capsys.readouterr().out == "n,p\n8,4\n"
    assert (
        main(["query", "select count(*) from series_long where series = 'share.d1'", "--of", str(pretended)])
        == OK
    )
    assert capsys.readouterr().out.splitlines()[1] == str(8 * 12)
    assert main(["status", str(pretended)]) == OK
    assert "8 of 8 runs stored, 0 failed" in capsys.readouterr().out
    assert main(["export", str(pretended), "--csv", "--output", str(tmp_path / "out")]) == OK
    assert len((tmp_path / "out" / "worlds.csv").read_text().splitlines()) == 9
    assert main(["query", "select nothing from worlds", "--of", str(pretended)]) == FAILED
    assert main(["export", str(pretended)]) == BAD_CONFIGURATION
