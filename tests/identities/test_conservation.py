"""Every law of conservation holds in every scenario, under every response, to 1e-9."""

from pathlib import Path

import numpy as np
import pytest

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.conf_files import options
from experiments.runs.batch import simulate_in_worker
from experiments.runs.cases import cases_of
from experiments.runs.command import SCRATCH, split
from experiments.runs.simulate import feasible_model
from experiments.runs.team import Team
from sim.axes import RESPONSES
from sim.invariants import LAWS
from sim.model import forget

TOLERANCE = 1e-9
"""Largest relative residual: sums over some thousand terms of 180 months leave 1e-12 at most."""
SCENARIOS = options("scenario")
WORKERS = 2


def plan_of(*overrides: str) -> RunPlan:
    plan = plan_from_config(compose_run(list(overrides)))
    assert plan.responses == RESPONSES
    assert plan.consumers == "agents"
    return plan


def broken(worst: dict[str, float]) -> dict[str, float]:
    """Return the laws that do not hold; what is no number holds nowhere."""
    assert set(worst) == set(LAWS)
    return {law: residual for law, residual in worst.items() if not residual <= TOLERANCE}


@pytest.mark.parametrize(
    "overrides",
    [
        ("scenario=article",),
        ("scenario=blockade",),
        ("scenario=orbit_early", "orbit.start_month_us=0", "orbit.start_month_cn=0"),
        ("scenario=baseline", "steps_per_month=2"),
    ],
    ids=" ".join,
)
def test_laws_hold(overrides: tuple[str, ...]) -> None:
    """A few worlds over two years, in what stretches most: tight power, lost chips, orbit, half steps."""
    plan = plan_of("worlds=8", "months=24", *overrides)
    model, _ = feasible_model(plan, cases_of(plan, np.arange(plan.worlds)))
    model.run()
    worst = dict(model.worst.items())
    forget(model)
    assert broken(worst) == {}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_starts(scenario: str) -> None:
    """Two worlds can start and keep the laws for a quarter, also where a scenario opens a market."""
    plan = plan_from_config(
        compose_run(
            [f"scenario={scenario}", "worlds=2", "months=3", "consumers=cohort", "responses=[passive]"]
        )
    )
    model, _ = feasible_model(plan, cases_of(plan, np.arange(2)))
    model.run()
    found = broken(dict(model.worst.items()))
    forget(model)
    assert found == {}


@pytest.mark.full
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_laws_hold_at_full_size(scenario: str, tmp_path: Path) -> None:
    """256 worlds, all responses, to the horizon, as a run simulates them."""
    plan = plan_of("worlds=256", "months=180", f"scenario={scenario}")
    ids = np.arange(plan.worlds)
    batches = split(plan.worlds, len(plan.responses), WORKERS)
    with Team(WORKERS, len(batches)) as team:
        tasks = [
            team.submit(simulate_in_worker, plan, ids[first:end], first, tmp_path / SCRATCH, place)
            for place, (first, end) in enumerate(batches)
        ]
        results = team.wait_for(tasks, lambda _: None)
    (tmp_path / SCRATCH).unlink()
    worst = {law: max(result.worst[law] for result in results) for law in results[0].worst}
    assert sum(result.world_ids.size for result in results) == plan.worlds
    assert broken(worst) == {}
