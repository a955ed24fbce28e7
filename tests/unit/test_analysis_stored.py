"""Stored sweeps are read by their own plan: complete or not, and whether conf has changed since."""

from pathlib import Path

import numpy as np
import pytest

from experiments.analysis import stored
from experiments.analysis.analyse import Asked, analyse
from experiments.cli.main import BAD_CONFIGURATION, FAILED, OK, main
from experiments.config.errors import ConfigError, RunError
from sim.units import Array
from tests.unit.analysis_studies import invented


def strict(numbers: Array, worlds: Array) -> Array:
    return np.where(numbers[:, 0] > 0.4, 1.0, 0.0) + 0.01 * worlds


def test_a_stored_study_is_read_point_by_world(tmp_path: Path) -> None:
    words = invented(tmp_path / "s", "chip_access_and_ceiling", strict, "study.replications=3")
    found = stored.open_study("chip_access_and_ceiling", words)
    assert found.notes == ()
    values = found.values("share.d1.2035")
    expected = np.array([[(point[0] > 0.4) + 0.01 * world for world in range(3)] for point in found.points])
    assert values == pytest.approx(expected)
    assert (found.values(leader="cn") == [[point[0] > 0.4] * 3 for point in found.points]).all()
    assert (found.values(leader="us") + found.values(leader="cn") == 1.0).all()
    rows = {row["factor"]: row for row in analyse(found, Asked("share.d1.2035"))["rows"]}
    assert rows["chips.leakage"]["effect"] == 0.0
    # Without keys, what was run last is read as it was run, and what differs from conf is said.
    again = stored.open_study("chip_access_and_ceiling", words[:1])
    assert again.values("share.d1.2035").shape == values.shape
    assert "other replications" in " ".join(again.notes)


def test_the_columns_of_a_table_are_factors(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("chips.leakage,scenario\n0.1,baseline\n0.3,baseline\n0.3,article\n")
    table = f"study.design={{kind: table, file: {tmp_path / 'points.csv'}}}"
    words = invented(tmp_path / "s", "chip_access_and_ceiling", strict, table, "study.factors=null")
    found = stored.open_study("chip_access_and_ceiling", words)
    assert found.names == ["chips.leakage", "scenario"]
    assert found.points == ((0.1, "baseline"), (0.3, "baseline"), (0.3, "article"))


def test_a_study_that_is_stored_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = invented(tmp_path / "s", "chip_access_and_ceiling", strict, "study.replications=2")

    def never(*_: object) -> None:
        raise AssertionError("something was run")

    monkeypatch.setattr("experiments.sweeping.executor.LocalExecutor.run", never)
    assert stored.run_study("chip_access_and_ceiling", words).study.replications == 2


def test_changed_code_is_said_and_the_sweep_is_analysed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = invented(tmp_path / "s", "chip_access_and_ceiling", strict)
    monkeypatch.setattr(stored, "code_hash", lambda: "other")
    out = ["--out", str(tmp_path / "out")]
    assert main(["analyse", "chip_access_and_ceiling", *words, *out]) == OK
    said = capsys.readouterr().out
    assert "Note: the code or the pinned packages have changed since it was run." in said
    assert "chips.export_stringency" in said


def test_changed_conf_is_said_by_key(tmp_path: Path) -> None:
    words = invented(tmp_path / "s", "chip_access_and_ceiling", strict, "power.spare_draw=0.31")
    found = stored.open_study("chip_access_and_ceiling", words[:1])
    assert "power.spare_draw" in " ".join(found.notes)


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = tmp_path / "s"
    words = invented(where, "chip_access_and_ceiling", strict, "executor.runs_per_unit=20", most_units=2)
    with pytest.raises(RunError, match=r"incomplete, \d+ of 144 runs are not stored\. Run uncontested sweep"):
        stored.open_study("chip_access_and_ceiling", words[:1])
    invented(where, "chip_access_and_ceiling", strict)
    with pytest.raises(RunError, match="none of its"):
        stored.open_study("chip_access_and_ceiling", [words[0], "study.replications=9"])
    asked = ["analyse", "chip_access_and_ceiling", words[0]]
    assert main([*asked, "--metric", "share.d1.2036"]) == BAD_CONFIGURATION
    assert "share.d1.2035" in capsys.readouterr().err
    assert main([*asked, "--response", "us_resists"]) == BAD_CONFIGURATION
    assert main([*asked, "--is", "china"]) == BAD_CONFIGURATION
    assert main([*asked, "--above", "much"]) == BAD_CONFIGURATION


def test_months_and_gaps_are_refused(tmp_path: Path) -> None:
    words = invented(tmp_path / "s", "definitions", lambda numbers, worlds: worlds / 64.0)
    found = stored.open_study("definitions", words)
    with pytest.raises(ConfigError, match="this is a month"):
        found.values("first_lead_month.us")
    found.table.loc[7, "share.d1.2035"] = np.nan
    with pytest.raises(RunError, match=r"1 of \d+ runs have no number \(first: point 0\)"):
        found.values("share.d1.2035")


@pytest.mark.parametrize("study", ["global_sensitivity", "scenario_discovery"])
def test_too_few_samples_are_refused_by_the_method(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {
        "global_sensitivity": "study.design.trajectories=2",
        "scenario_discovery": "study.design.points=40",
    }
    words = invented(tmp_path / "s", study, strict, few[study])
    assert main(["analyse", study, *words, "--out", str(tmp_path / "out")]) == FAILED
    assert "too few samples" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
