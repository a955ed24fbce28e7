"""A finished run: what lies in its folder, and what its files say."""

import csv
import itertools
import json
import os
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.figures import FIGURES
from experiments.runs import command as running
from experiments.runs import store
from tests.batch.runs import plan_of, table


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunPlan, Path, str]:
    """Run two worlds to the first horizon by two workers; return plan, folder and what was printed."""
    home = tmp_path_factory.mktemp("run")
    plan = plan_of("worlds=2", "months=60", "agents_per_world=400", "name=look")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setattr(running, "ALONE_COLUMNS", 0)
        with (home / "told").open("w", encoding="utf-8") as out:
            patch.setattr(sys, "stdout", out)
            folder = running.execute(plan)
    return plan, folder, (home / "told").read_text(encoding="utf-8")


def test_run_leaves_all_files_and_a_link(finished: tuple[RunPlan, Path, str]) -> None:
    _, folder, _ = finished
    figures = [f"figures/{name}.{kind}" for name in FIGURES for kind in ("csv", "png", "txt")]
    files = ["columns.csv", "manifest.json", "series.parquet", "summary.json", "worlds.parquet"]
    found = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert sorted(found) == sorted([*figures, *files])
    assert folder.name.endswith("_look")
    outputs = folder.parents[1]
    assert os.readlink(outputs / "latest") == f"run/{folder.name}"
    assert sorted(path.name for path in outputs.rglob("*") if path.name.startswith(".")) == []


def test_rows_are_ordered_by_their_key(finished: tuple[RunPlan, Path, str]) -> None:
    plan, folder, _ = finished
    months = store.month_names("2026-01", 60)
    budgets = {"passive": "none", "us_resists": "all", "cn_resists": "all"}
    worlds = [(0, world, one, budgets[one]) for world in range(2) for one in plan.responses]
    assert plan.responses == ("passive", "us_resists", "cn_resists")
    found = duckdb.execute(f"SELECT point, world, response, budget FROM '{folder}/worlds.parquet'").fetchall()
    assert found == worlds
    found = duckdb.execute(
        f"SELECT point, world, response, budget, month FROM '{folder}/series.parquet'"
    ).fetchall()
    assert found == [(*key, month) for key, month in itertools.product(worlds, months)]


def test_code_book_lists_every_column_with_unit_and_meaning(finished: tuple[RunPlan, Path, str]) -> None:
    _, folder, _ = finished
    with (folder / "columns.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for name in ("series.parquet", "worlds.parquet"):
        columns = list(table(folder / name))
        assert [line["column"] for line in lines if line["file"] == name] == columns
        assert len(set(columns)) == len(columns)
    empty = [line["column"] for line in lines if not (line["unit"] and line["kind"] and line["definition"])]
    assert empty == []


def test_every_parameter_stands_in_the_worlds_as_drawn(finished: tuple[RunPlan, Path, str]) -> None:
    plan, folder, _ = finished
    worlds = table(folder / "worlds.parquet")
    assert (worlds["rejected_draws"] == 0).all(), "the draws below would be others"
    for key, values in plan.drawn(np.arange(2)).items():
        names = [name for name in worlds if name == key or name.startswith(f"{key}.")]
        assert names, key
        for name in names:
            assert (worlds[name] == np.repeat(values, 3)).all(), name
    params = plan.params_for(np.arange(2))
    for place, row in zip(plan.axes.markets.names, params.power.pue, strict=True):
        assert (worlds[f"power.pue.{place}"] == np.repeat(row, 3)).all(), "what is fixed stands there as well"


def test_outcomes_are_words_dates_and_numbers(finished: tuple[RunPlan, Path, str]) -> None:
    _, folder, _ = finished
    worlds = table(folder / "worlds.parquet")
    assert set(worlds["leader.w1.2030"]) <= {"us", "cn", "mixed", "open"}
    assert np.ma.getmaskarray(worlds["leader.w1.2040"]).all(), "the run ends before"
    first = np.ma.compressed(worlds["first_lead_month.us"])
    # A window of twelve months ends in the twelfth at the earliest.
    assert all("2026-12" <= month <= "2030-12" for month in first)
    calm = np.ma.getmaskarray(worlds["calm.us.2030"])
    assert (calm == (worlds["response"] != "passive")).all(), "senses stand in the passive row"


def test_summary_agrees_with_the_tables(finished: tuple[RunPlan, Path, str]) -> None:
    _, folder, _ = finished
    found = json.loads((folder / "summary.json").read_text())
    worlds = table(folder / "worlds.parquet")
    for response, definitions in found["shares"].items():
        for definition, years in definitions.items():
            assert list(years) == ["2030"]
            rows = worlds["response"] == response
            for leader, one in years["2030"].items():
                assert one["share"] == (worlds[f"leader.{definition}.2030"][rows] == leader).mean()
    series = duckdb.execute(
        f"SELECT avg(CAST(\"binding_constraint_code.us\" = 1 AS INT)) FROM '{folder}/series.parquet'"
        " WHERE response = 'passive'"
    ).fetchone()
    assert series is not None
    assert found["binding"]["passive"]["us"]["power"] == pytest.approx(series[0], abs=2.0**-50)
    assert found["conservation"]
    assert found["wall_seconds"] > 0.0


def test_manifest_says_what_made_the_run(finished: tuple[RunPlan, Path, str]) -> None:
    plan, folder, _ = finished
    found = json.loads((folder / "manifest.json").read_text())
    assert found["configuration_hash"] == plan.config_hash
    assert plan_from_config(found["configuration"]).config_hash == plan.config_hash
    assert found["command"] == plan.command_line
    assert found["seed"] == 1
    assert set(found["packages"]) >= {"mesa", "numpy", "duckdb"}
    assert len(found["sources_hash"]) == 64
    assert found["lever_table"]["file"] == "tests/levers.csv"


def test_run_tells_who_leads_and_where_it_is(finished: tuple[RunPlan, Path, str]) -> None:
    _, folder, text = finished
    assert "Baseline: 2 sampled worlds, 2026-01 to 2030-12" in text
    assert "by 2030" in text
    assert f"Files    outputs/run/{folder.name}\n" in text
    assert "Warning" not in text
