"""What is stored of a sweep is verified bit by bit, exported, and read from Python."""

import errno
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments
from experiments.cli.main import BAD_CONFIGURATION, FAILED, OK, main
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.reading import csv_table
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import identity, parts, status, verify
from experiments.sweeping.factors import read_factors
from experiments.sweeping.replan import stored_plan
from tests.sweep.faults import pretend
from tests.sweep.small import Here, planned, run_with, words

KEYS = ["point", "world", "response", "budget"]


@pytest.fixture
def here_again(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Let runs be verified in this process."""
    executor = Here()
    monkeypatch.setattr(verify, "LocalExecutor", lambda *given: executor)
    return executor


def test_a_plan_is_read_as_it_was_made(tmp_path: Path) -> None:
    choices = ("study.factors.scenario=[baseline,article]", "study.responses=[passive,us_resists]")
    _, plan = planned(tmp_path, *choices)
    described = sweep_folder.describe(plan, planned(tmp_path, *choices)[0].written, {}, "a command")
    (tmp_path / sweep_folder.PLANS).mkdir()
    sweep_folder.write_plan(tmp_path, plan, described)
    again = stored_plan(tmp_path)
    assert again.run_ids == plan.run_ids
    assert again.points == plan.points
    assert again.record_hash == plan.record_hash


def test_a_table_is_read_from_the_store_when_its_file_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("power.power_price_us,scenario\n0.05,baseline\n0.1,article\n")
    folder = tmp_path / "sweep"
    (folder / sweep_folder.PLANS).mkdir(parents=True)
    given = ("study.factors=null", "study.design={kind: table, file: " + str(file) + "}")
    request, plan = planned(folder, *given)
    sweep_folder.write_plan(folder, plan, sweep_folder.describe(plan, request.written, {}, "a command"))
    file.unlink()
    assert stored_plan(folder).run_ids == plan.run_ids


def test_a_star_stands_for_every_number_that_is_drawn() -> None:
    base = plan_from_config(compose_run(["worlds=1"]))
    both = {"times": {"power.spare_draw": 2.0}, "range": "0.1..0.2"}
    given = {"*": "prior", "chips.leakage": [0.01, 0.02], "both": both}
    factors = {one.name: one for one in read_factors(given, base)}
    drawn = [column.key for column in base.table.columns]
    assert set(factors) == {*drawn, "both"} - {"power.spare_draw"}
    assert factors["chips.leakage"].values == (0.01, 0.02)
    column = next(one for one in base.table.columns if one.key == "chips.hbm_growth_cn")
    ends = factors["chips.hbm_growth_cn"].at(np.asarray([0.0, 1.0]))
    assert ends == pytest.approx([column.low, column.high], rel=1e-12)
    with pytest.raises(ConfigError, match=r"study\.factors\.\*=0\.5: expected prior"):
        read_factors({"*": 0.5}, base)


def test_runs_are_the_same_again(
    simulated: Path, here_again: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(simulated), "--runs", "3", "--seed", "5"]) == OK
    assert (
        "3 of 8 runs run again, drawn with seed 5: all are the same, bit for bit." in capsys.readouterr().out
    )
    first = here_again.computed.copy()
    assert main(["verify", str(simulated), "--runs", "3", "--seed", "5"]) == OK
    assert here_again.computed == [*first, *first], "the same sample"


@pytest.mark.usefixtures("here_again")
@pytest.mark.parametrize("kind", [parts.RUNS, parts.SERIES])
def test_one_bit_that_differs_is_found_and_its_run_named(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    import duckdb

    folder = tmp_path / "altered"
    shutil.copytree(simulated, folder)
    part = next(part for part in parts.parts_in(folder) if part.kind == kind)
    with duckdb.connect() as tables:
        table = tables.execute("select * from read_parquet(?)", [str(part.path)]).fetchnumpy()
    column = "growth_scaled" if kind == parts.RUNS else "share.d1"
    values = np.ma.getdata(table[column]).copy()
    values[-1] = np.nextafter(values[-1], values.dtype.type(9))
    part.path.unlink()
    parts.write_part(folder, kind, part.record, part.unit, "SELECT * FROM this", {**table, column: values})
    assert main(["verify", str(folder)]) == FAILED
    said = capsys.readouterr().out
    assert "8 of 8 runs run again" in said
    assert "1 differ" in said
    assert f"  {table['run_id'][-1]}: {column}\n" in said


def test_other_code_is_said_before_anything_is_run(
    simulated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "code_hash", lambda: "other")
    assert main(["verify", str(simulated)]) == BAD_CONFIGURATION
    assert "computed by other code or packages" in capsys.readouterr().err
    assert main(["verify", str(simulated), "--runs", "0"]) == BAD_CONFIGURATION
    assert main(["verify", "nosuch"]) == BAD_CONFIGURATION


def test_a_sweep_is_run_and_read_from_python(here: Here, simulated: Path, tmp_path: Path) -> None:
    found = experiments.sweep(*words(tmp_path / "python"))
    assert len(here.computed) == len(found.worlds) == 8
    assert repr(found) == "<sweep python: 8 of 8 runs>"
    same = experiments.load(str(simulated))
    order = ["run_id"]
    pd.testing.assert_frame_equal(
        *(one.worlds.sort_values(order, ignore_index=True) for one in (found, same))
    )
    assert len(same.series) == 8 * 12
    assert list(same.points.columns) == ["power.power_price_us", "power.permitting_speed_us"]
    assert sorted(set(same.worlds["point"])) == list(same.points.index)
    assert set(same.worlds.columns) <= set(same.columns["column"]), "the code book has every column"
    assert same.query("select count(*) as n from series_long where series = 'share.d1'")["n"][0] == 96
    assert same.manifest["study"]["name"] == "power_price_or_availability"
    for wrong in ("", "select nothing from worlds"):
        with pytest.raises(RunError, match="query: "):
            same.query(wrong)
    difference = experiments.compare(found, same)
    assert difference.worlds == 8
    assert all(shift.difference == 0.0 for one in difference.shifts.values() for shift in one.values())


def test_xarray_has_every_number_in_its_place(simulated: Path) -> None:
    found = experiments.load(str(simulated))
    grid = found.xarray("share.d1", "leader.w1.2026")
    assert grid["share.d1"].dims == ("point", "world", "response", "month")
    assert grid["share.d1"].attrs["units"] == "share"
    assert grid["budget"].dims == ("response",), "each response has one budget"
    for row in found.series.itertuples():
        place = {"point": row.point, "world": row.world, "response": row.response, "month": f"{row.month}-01"}
        assert grid["share.d1"].sel(place).item() == found.series.loc[row.Index, "share.d1"]
    for _, one in found.worlds.iterrows():
        place = {key: one[key] for key in ("point", "world", "response")}
        assert grid["leader.w1.2026"].sel(place).item() == one["leader.w1.2026"]
    assert set(found.xarray().data_vars) == set(found.series.columns) - {*KEYS, "month", "run_id"}
    with pytest.raises(ConfigError, match=r"Nearest valid name: share\.d1\."):
        found.xarray("share.d11")


def test_a_netcdf_file_is_read_by_xarray(simulated: Path, tmp_path: Path) -> None:
    import xarray

    target = tmp_path / "out"
    assert main(["export", str(simulated), "--netcdf", "--output", str(target)]) == OK
    assert sorted(path.name for path in target.iterdir()) == ["columns.csv", "simulated.nc"]
    table = experiments.load(str(simulated))
    with xarray.open_dataset(target / "simulated.nc", engine="h5netcdf") as file:
        values = file["share.d3"].stack(row=["point", "world", "month"]).isel(response=0).values
        expected = table.series.sort_values(["point", "world", "month"])["share.d3"].to_numpy()
        assert values.tobytes() == expected.tobytes()
        assert file["power.power_price_us"].attrs["units"]
        assert {*table.series.columns, *table.worlds.columns} - {"run_id"} <= {*file.variables}


def test_points_budgets_and_missing_runs_keep_their_places(tmp_path: Path) -> None:
    """Two points that come to the same share their runs; budgets become an axis; what failed is empty."""
    given = (
        "study.factors.power.power_price_us=[0.05,0.05]",
        "study.factors.power.permitting_speed_us=[1]",
        "study.responses=[passive,us_resists]",
        "study.budgets=[all,sanctions]",
    )
    run_with(tmp_path / "twice", Here(pretend), *given, replications=1)
    found = experiments.load(str(tmp_path / "twice"))
    assert len(found.worlds) == 2 * 3, "each point, although they share their runs"
    assert found.worlds["run_id"].nunique() == 3
    share = found.xarray("share.d1")["share.d1"]
    assert share.dims == ("point", "world", "response", "budget", "month")
    assert share.sel(response="passive", budget="all").isnull().all()
    assert share.sel(response="us_resists", budget="sanctions").notnull().all()
    assert (share[0] == share[1]).sum() == 3 * 12


@pytest.mark.parametrize("missing", ["xarray", "h5netcdf", "h5py"])
def test_what_is_not_installed_is_said_with_the_remedy(
    simulated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    missing: str,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    target = tmp_path / "out"
    assert main(["export", str(simulated), "--netcdf", "--output", str(target)]) == BAD_CONFIGURATION
    assert 'pip install ".[netcdf]"' in capsys.readouterr().err
    assert not target.exists()
    with pytest.raises(ConfigError, match=r"\.\[netcdf\]"):
        experiments.load(str(simulated)).xarray("share.d1")


def test_code_of_another_hash_names_other_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned(tmp_path)[1].run_ids
    monkeypatch.setattr(identity, "code_hash", lambda: "other")
    assert not set(before) & set(planned(tmp_path)[1].run_ids)


def test_what_is_stored_and_not_used_is_said(
    pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "stale"
    shutil.copytree(pretended, folder)
    # Two points fewer, and another series: of the eight runs stored, the first four are the design's own.
    run_with(folder, Here(pretend), "study.factors.power.power_price_us=[0.05]")
    assert main(["status", str(folder)]) == OK
    assert "4 of 4 runs stored, 0 failed" in (said := capsys.readouterr().out)
    assert "4 more runs are stored" in said
    run_with(folder, Here(pretend), "study.record.series=[share.d1]")
    assert main(["status", str(folder)]) == OK
    assert "8 of 8 runs stored, 0 failed" in (said := capsys.readouterr().out)
    assert "8 more runs are stored" in said
    assert "changed" not in said
    monkeypatch.setattr(status, "code_hash", lambda: "another")
    assert main(["status", str(folder)]) == OK
    assert "have changed since: the same command computes all runs again" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [parts.RUNS, parts.SERIES])
def test_a_damaged_part_is_said_and_never_read(
    pretended: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(pretended, folder)
    path = next(part.path for part in parts.parts_in(folder) if part.kind == kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert main(["status", str(folder)]) == OK
    said = capsys.readouterr().out
    assert "6 of 8 runs stored" in said
    # Runs without their series count as damaged too.
    assert f"{1 if kind == parts.RUNS else 2} damaged part" in said
    for command in (
        ["query", "select count(*) from worlds", "--of", str(folder)],
        ["export", str(folder), "--csv", "--output", str(tmp_path / "out")],
        ["plot", str(folder), "fan", "--series", "share.d1"],
        ["compare", str(folder), str(pretended)],
        ["explain", str(folder)],
    ):
        assert main(command) == FAILED
        assert f"{path.name}: damaged" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_export_that_fails_on_the_way_leaves_nothing(
    pretended: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(values: object) -> list[bytes]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(csv_table, "printed", full)
    target = tmp_path / "new" / "out"
    assert main(["export", str(pretended), "--csv", "--output", str(target)]) == FAILED
    assert f"{target}: cannot be written (No space left on device)" in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "neither a file, nor the folders made for it"


def test_a_sweep_is_cited_by_its_runs(pretended: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", str(pretended)]) == OK
    said = capsys.readouterr().out
    assert "study power_price_or_availability, 8 runs at 4 points, seed 1, runs " in said
    assert "  uncontested sweep\n" in said, "the command that repeats it"


def test_a_world_of_a_sweep_is_explained_at_its_point(
    pretended: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(pretended)]) == BAD_CONFIGURATION
    error = capsys.readouterr().err
    series = error.partition("give the sweep ")[2].rstrip(".\n")
    assert series.startswith("study.record.series=[binding_constraint_code.*")
    # What the refusal names is enough.
    folder = tmp_path / "bound"
    run_with(folder, Here(), series, replications=1)
    assert main(["explain", str(folder)]) == OK
    assert "What bound China in most worlds:" in capsys.readouterr().out
    assert main(["explain", str(folder), "--world", "0", "--point", "3"]) == OK
    said = capsys.readouterr().out
    assert "point 3 of 4: power.permitting_speed_us 2, power.power_price_us 0.1" in said
    assert (folder / "figures" / "explain-world-0-point-3.png").is_file()
    for wrong, named in (
        ("--point 4 --world 0", "--point=4: the run has points 0 to 3"),
        ("--point 1", "--world"),
    ):
        assert main(["explain", str(folder), *wrong.split()]) == BAD_CONFIGURATION
        assert named in capsys.readouterr().err
