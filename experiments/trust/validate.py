"""Hold the model against 2023-2025: `uncontested validate`. It fails where a gate fails.

The hindcast runs with the parameters that were fitted to 2023 and 2024; 2025 tests it. Stylised facts are
looked for in the hindcast and in a run forward from the end of 2025.
"""

import csv
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.cli.options import parse, whole
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.design import draw
from experiments.config.errors import ConfigError
from experiments.runs import store, terminal
from experiments.runs.manifest import version
from experiments.trust import facts
from experiments.trust import posterior as tables
from experiments.trust.checks import FORWARD, Check, all_checks
from experiments.trust.forecasts import Comparison, compare, needed_series, read_forecasts
from experiments.trust.hindcast import CHUNK_WORLDS, hindcast_plan, simulate_many
from experiments.trust.observed import read_points as own_points
from experiments.trust.scores import GateResult, Score, judge, score
from experiments.trust.targets import (
    OBSERVATIONS,
    TARGETS,
    Point,
    Target,
    Targets,
    inside,
    load,
    read_points,
    read_targets,
)
from sim.units import Array, IntArray

WORLDS = 256
FORWARD_MONTHS = 180
OPTIONS = {
    "--worlds": "a number of worlds",
    "--observations": "a table of observed points (CSV)",
    "--uncertainty": "prior or posterior",
    "--output": "a folder",
    "--docs": "",
}
FAILED, PASSED = 1, 0
PAGE = "validation.md"
FIGURE = "hindcast.png"
FORECASTS_FIGURE = "forecasts.png"


@dataclass(frozen=True)
class Validation:
    """What validation found."""

    plan: RunPlan
    targets: Targets
    scores: tuple[Score, ...]
    facts: Mapping[str, float]
    gates: tuple[GateResult, ...]
    worlds: int
    series: Mapping[str, Array]
    """Hindcast series by name, (month, world)."""
    compared: tuple[Comparison, ...]
    """Published forecasts beside the worlds forward."""
    checks: tuple[Check, ...]
    own: tuple[str, ...]
    """Series that observations of one's own were given for."""


def validate_command(arguments: Sequence[str]) -> int:
    """Validate, show the table and write the page; return 0 where every gate is passed.

    Raises: ConfigError on options, targets or observations at fault.
    """
    _, given = parse(arguments, (), OPTIONS)
    if "--help" in given:
        print(HELP)
        return PASSED
    began = time.perf_counter()
    folder = store.output_folder(given.get("--output", ""), "validate", time.localtime())
    observations = own_points(given.get("--observations", ""))
    worlds = whole("--worlds", given.get("--worlds", str(WORLDS)), 8, 65536)
    found = validate(worlds, given.get("--uncertainty", "posterior"), observations)
    with store.RunFolder(folder, may_be_renamed="--output" not in given) as made:
        write_all(found, made.part)
        final = made.publish()
    from experiments.trust.validation_page import show

    show(found, store.shown_path(final), time.perf_counter() - began)
    if "--docs" in given:
        for name in (PAGE, FIGURE, FORECASTS_FIGURE):
            shutil.copy(final / name, Path("docs") / name)
    return PASSED if all(gate.passed for gate in found.gates) else FAILED


HELP = """uncontested validate [--worlds N] [--uncertainty prior|posterior] [--observations mine.csv]
                     [--output DIR] [--docs]

Run the hindcast of 2023-2025, compare it with what was observed, and hold it against the gates that were
written before the fit. The exit status is 1 where a gate fails. --docs also writes docs/validation.md.

A table of your own has the columns series, date (2025-03 or 2025), value, unit, source and, if known, low
and high."""


def validate(worlds: int, uncertainty: str, more: Sequence[Mapping[str, str]] = ()) -> Validation:
    """Run hindcast and forward worlds and score them."""
    plan = hindcast_plan(f"worlds={worlds}", f"uncertainty={uncertainty}")
    units = recorded_units(plan)
    own = [{"unit": units.get(row["series"], "?"), **row} for row in more]
    points = read_points([*load(OBSERVATIONS)["points"], *own], OBSERVATIONS.name)
    targets = read_targets(TARGETS, points, plan.start.month, plan.months, units)
    if more:
        targets = with_own(targets, points[-len(more) :], plan)
    forward = plan_from_config(
        compose_run(
            [f"worlds={worlds}", f"months={FORWARD_MONTHS}", f"uncertainty={uncertainty}",
             "responses=[passive]", "consumers=cohort"]
        )
    )  # fmt: skip
    needed = {
        kind: [n for fact in facts.FACTS if fact.of == kind for n in fact.needs]
        for kind in ("hindcast", "forward")
    }
    names = list(dict.fromkeys([target.series for target in targets.series] + needed["hindcast"]))
    published = read_forecasts()
    ahead = list(dict.fromkeys([*needed["forward"], *needed_series(published), *FORWARD]))
    chunks, ahead_ids = -(-worlds // CHUNK_WORLDS), np.arange(worlds)
    with terminal.meter(plan.months * chunks, f"Hindcast of {worlds:,} worlds") as meter:
        ids, drawn = fitted_worlds(plan)
        back = _named(names, simulate_many(plan, ids, drawn, names, meter.show))
    with terminal.meter(forward.months * chunks, f"{worlds:,} worlds forward") as meter:
        on = _named(
            ahead, simulate_many(forward, ahead_ids, forward.values_for(ahead_ids), ahead, meter.show)
        )
    scores = score(targets, back, plan.start.month)
    shares = facts.shares({"hindcast": back, "forward": on})
    gates = judge(scores, facts.held(shares, targets.gates.least_fact_share), targets.gates)
    compared = compare(published, on, forward.start.month)
    checks = all_checks(back, on, forward.drawn(ahead_ids), compared)
    given = tuple(dict.fromkeys(row["series"] for row in more))
    return Validation(plan, targets, scores, shares, gates, worlds, back, compared, checks, given)


def fitted_worlds(plan: RunPlan) -> tuple[IntArray, Array]:
    """Return the worlds of a hindcast and their parameters: those that fitted, where there is a posterior.

    Shapes: -> (world,), (column, world).
    """
    if plan.posterior is None:
        ids = np.arange(plan.worlds)
        return ids, plan.values_for(ids)
    table = tables.load(tables.FOLDER / tables.HINDCAST)
    rows = np.arange(plan.worlds) * len(table.values) // plan.worlds
    ids = table.worlds[rows]
    drawn = draw(plan.seed, plan.table.columns, ids)
    return ids, table.rows_over(plan.table.columns, drawn, rows)


def _named(names: Sequence[str], table: Array) -> dict[str, Array]:
    return dict(zip(names, table, strict=True))


def recorded_units(plan: RunPlan) -> dict[str, str]:
    """Return the unit of every series that a plan records."""
    from sim.context import Context
    from sim.recorder import declare

    ids, response = plan.columns(np.arange(1))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    declared = declare(Context(plan.axes, params, plan.start, settings, plan.history))
    return {one.name: one.unit for one in declared}


def with_own(targets: Targets, own: Sequence[Point], plan: RunPlan) -> Targets:
    """Add series of one's own that no target has, as reports.

    Raises: ConfigError on a date outside the hindcast.
    """
    for point in own:
        if not inside(point, plan.start.month, plan.months):
            expected = (
                f"expected a date within the {plan.months} months from {plan.start.month}, its first left out"
            )
            raise ConfigError(f"observations {point.series} date", point.date, expected)
    known = {target.series for target in targets.series}
    more = tuple(
        Target(name, "report", 0.3, (), tuple(p for p in own if p.series == name))
        for name in dict.fromkeys(point.series for point in own if point.series not in known)
    )
    return replace(targets, series=(*targets.series, *more))


def write_all(found: Validation, folder: Path) -> None:
    """Write the table, the page and the figure of a validation."""
    from experiments.figures.forecasts import draw_forecasts
    from experiments.figures.hindcast import draw_hindcast
    from experiments.figures.origin import Origin
    from experiments.trust.validation_page import page

    with (folder / "scores.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["series", "role", "date", "fitted", "observed", "low", "median", "high", "ln_error", "inside",
             "naive", "ln_naive_error", "unit", "source"]
        )  # fmt: skip
        for one in found.scores:
            writer.writerow(
                [one.target.series, one.target.role, one.point.date, one.fitted, one.point.centre, one.low,
                 one.median, one.high, one.ln_error, one.inside, one.naive, one.ln_naive_error,
                 one.point.unit, one.point.source]
            )  # fmt: skip
    (folder / PAGE).write_text(page(found), encoding="utf-8")
    draw_hindcast(found.targets, found.series, found.plan, folder / FIGURE, found.own)
    command = f"uncontested validate --worlds {found.worlds}"
    made = Origin(version(), found.plan.config_hash, str(found.plan.seed), command)
    for language in ("en", "de"):
        draw_forecasts(found.compared, found.worlds, made, folder, language)
