"""Worlds have the same bits however a run is split; those that cannot start are drawn again by themselves."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.config.build import RunPlan
from experiments.config.errors import RunError
from experiments.runs import command as running
from experiments.runs import crew, simulate
from experiments.runs.cases import cases_of
from experiments.runs.scratch import Scratch
from tests.batch.runs import SMALL, plan_of, same, table


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
