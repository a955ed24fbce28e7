"""A run from plan to folder: the same bits however split, all in its place, nothing left by failure."""

import csv
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.figures import FIGURES
from experiments.runs import batch, crew, simulate, store
from experiments.runs import command as running
from experiments.runs.cases import cases_of
from experiments.runs.scratch import Scratch
from experiments.runs.team import Team

ROOT = Path(__file__).parents[2]
SMALL = ("agents_per_world=400", "months=3", "output.figures=false")


def plan_of(*overrides: str) -> RunPlan:
    return plan_from_config(compose_run(overrides), "uncontested run " + " ".join(overrides))


def table(path: Path) -> dict[str, np.ndarray]:
    """Return a Parquet table by column, missing values as they are."""
    return duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> None:
    """Check that two tables hold the same columns, rows and bits."""
    assert list(left) == list(right)
    for name, values in left.items():
        one, other = np.ma.asarray(values), np.ma.asarray(right[name])
        assert (np.ma.getmaskarray(one) == np.ma.getmaskarray(other)).all(), name
        assert (np.ma.compressed(one) == np.ma.compressed(other)).all(), name


# ---- one run, looked at from all sides


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


# ---- the same bits however it is split


def simulated(plan: RunPlan, batches: list[list[int]], tmp_path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Simulate worlds in batches; return series by world id, and outcomes by column and world id."""
    series: dict[int, np.ndarray] = {}
    outcomes: dict[str, dict[int, np.ndarray]] = {}
    for number, ids in enumerate(batches):
        part = plan_of(*SMALL, f"worlds={len(ids)}", f"responses=[{','.join(plan.responses)}]")
        path = tmp_path / f"scratch{number}"
        result = simulate.simulate(part, np.array(ids), 0, path, lambda month: None)
        shape = (len(result.series), len(ids), len(plan.responses), plan.months)
        scratch = Scratch(path, *shape)
        record = scratch.read(0, scratch.rows).reshape(shape)
        path.unlink()
        for place, world in enumerate(ids):
            series[world] = record[:, place].copy()
            for name, values in {**result.outcomes, **result.senses}.items():
                outcomes.setdefault(name, {})[world] = values[..., place]
    order = sorted(series)
    return (
        np.stack([series[world] for world in order]),
        {name: np.stack([by_world[world] for world in order]) for name, by_world in outcomes.items()},
    )


@pytest.mark.parametrize("responses", ["passive,us_resists,cn_resists", "passive"])
def test_worlds_have_the_same_bits_in_any_batch(responses: str, tmp_path: Path) -> None:
    plan = plan_of(*SMALL, "worlds=4", f"responses=[{responses}]")
    together, outcomes = simulated(plan, [[0, 1, 2, 3]], tmp_path)
    for batches in ([[3, 1], [2, 0]], [[2], [0, 3, 1]]):
        apart, others = simulated(plan, batches, tmp_path)
        assert together.tobytes() == apart.tobytes()
        assert list(outcomes) == list(others)
        for name, values in outcomes.items():
            assert values.tobytes() == others[name].tobytes(), name


def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running, "ALONE_COLUMNS", 0)
    monkeypatch.setattr(running, "BATCH_COLUMNS", 6)
    folders = [
        running.execute(plan_of(*SMALL, "worlds=5", f"workers={workers}", f"output.dir=w{workers}"))
        for workers in (1, 2)
    ]
    made = [json.loads((folder / "manifest.json").read_text()) for folder in folders]
    assert [(one["workers"], one["batches"]) for one in made] == [(1, 3), (2, 4)]
    assert made[0]["configuration_hash"] == made[1]["configuration_hash"]
    for name in ("series.parquet", "worlds.parquet"):
        same(table(folders[0] / name), table(folders[1] / name))
    found = [json.loads((folder / "summary.json").read_text()) for folder in folders]
    for one in found:
        del one["wall_seconds"]
    assert found[0] == found[1]
    assert os.readlink("outputs/latest") == "../w2"


def test_team_hired_before_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = running.execute(plan_of(*SMALL, "worlds=2", "output.dir=here"))
    with crew.hired(["worlds=2"]) as team:
        assert (team.size, team.progress) == (1, 0)
        there = running.execute(plan_of(*SMALL, "worlds=2", "output.dir=there"), team=team)
        assert team.progress == 3, "the team has simulated"
    for name in ("series.parquet", "worlds.parquet"):
        same(table(here / name), table(there / name))


def test_team_is_used_only_where_it_is_large_enough() -> None:
    team = SimpleNamespace(size=2, places=4)
    assert running.fits(team, plan_of(), 2, 4)
    assert not running.fits(team, plan_of(), 3, 3)
    assert not running.fits(team, plan_of(), 2, 5)
    assert not running.fits(team, plan_of("workers=1"), 1, 1)


@pytest.mark.parametrize("worlds", [1, 2, 7, 255, 256, 1000])
@pytest.mark.parametrize("responses", [1, 3])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_split_covers_every_world_once(worlds: int, responses: int, workers: int) -> None:
    batches = running.split(worlds, responses, min(workers, worlds))
    covered = [world for first, end in batches for world in range(first, end)]
    assert covered == list(range(worlds))
    sizes = [end - first for first, end in batches]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1, "workers finish together"
    # A batch is rounded up to whole worlds.
    assert max(sizes) * responses < running.BATCH_COLUMNS + responses


# ---- worlds that cannot start


class Standin(SimpleNamespace):
    """Stands in for a model: Mesa's registry of models has to be able to look it up."""

    __hash__ = object.__hash__


def reject(plan: RunPlan, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Make a share of the draws infeasible, by the value of one parameter, with models that cannot run."""
    cut = float(np.quantile(plan.drawn(np.arange(4096))["consumers.habit_sigma"], share))

    def build(params: Any, axes: Any, start: Any, settings: Any, *others: Any) -> Standin:
        drawn = np.broadcast_to(params.consumers.habit_sigma, settings.world_ids.shape)
        return Standin(report=SimpleNamespace(feasible=drawn > cut), ids=settings.world_ids)

    monkeypatch.setattr(simulate, "build_model", build)


def test_infeasible_worlds_are_drawn_again_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of("worlds=40")
    reject(plan, monkeypatch, 0.9)
    ids = np.arange(40)
    model, tries = simulate.feasible_model(plan, cases_of(plan, ids))
    attempts = tries[: ids.size]
    assert (tries == np.tile(attempts, len(plan.responses))).all(), "responses of a world share its draw"
    assert model.report.feasible.all()
    assert (model.ids == np.tile(ids, 3)).all()
    # The draws of a world are spread evenly: among each 16 in a row one lies in the highest tenth.
    assert 1 < attempts.max() < 16
    values = plan.drawn(ids, attempts)["consumers.habit_sigma"]
    for world in ids[:8]:
        alone = simulate.feasible_model(plan, cases_of(plan, ids[[world]]))[1]
        assert (alone == attempts[world]).all()
        tried = plan.drawn(np.full(attempts[world] + 1, world), np.arange(attempts[world] + 1))
        assert tried["consumers.habit_sigma"][-1] == values[world]
        assert (tried["consumers.habit_sigma"][:-1] < values[world]).all(), "no feasible draw is passed over"


def test_world_that_never_starts_ends_the_run_with_its_likely_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reject(plan_of(), monkeypatch, 0.5)
    with pytest.raises(RunError) as caught:
        running.execute(plan_of("worlds=3", "consumers.habit_sigma=0.6", "power.pue=1.2"))
    assert "world 0 and 2 others: no feasible start in 20 draws" in str(caught.value)
    assert "these settings: consumers.habit_sigma=0.6. " in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# ---- what goes wrong


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
