"""Run the laboratory once: `uncontested run [key=value ...]`, or `python -m experiments run` with the same.

Worlds are simulated in batches by worker processes. All that is written appears at once, at the end.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.config.build import RunPlan
from experiments.config.errors import RunError
from experiments.config.parameters import axis_members
from experiments.reading import drawing
from experiments.runs import codebook, manifest, outcome_columns, store, summary, terminal
from experiments.runs.batch import BatchResult, simulate_in_worker
from experiments.runs.crew import ALONE_COLUMNS, cores
from experiments.runs.recorded import declared
from experiments.runs.scratch import Scratch
from experiments.runs.team import Team
from experiments.trust.observed import check_series
from sim import hands
from sim.axes import RESPONSES
from sim.units import Array, IntArray

BATCH_COLUMNS = 512
"""Columns of a batch, about: with fewer, calls cost more a world; with more, a process needs more memory."""
WRITERS = 2
"""Each holds a slice of the series, and as much again several times over while it writes it."""
DRAWERS = 2
"""Processes that draw, of which the parent is one: it waits for the others anyway."""
POINT = 0
"""A single run has one point; a study numbers those of its design."""
SCRATCH = "series.scratch"


def execute(plan: RunPlan, *, quiet: bool = False, team: Team | None = None) -> Path:
    """Run a plan: simulate, store, draw, and say what came of it; return the folder that holds it.

    A quiet run says nothing at its end and does not become the latest. A team that has been hired before
    simulates if it is large enough.

    Raises: ConfigError if the output folder cannot be used, before anything is computed; RunError if the run
    fails. Whatever goes wrong, or interrupts, nothing that looks finished is left.
    """
    began, now = time.perf_counter(), time.localtime()
    if plan.config["observations"]:
        check_series(plan.config["observations"], {one.column: one.unit for one in declared(plan)})
    target = store.output_folder(plan.output_dir, plan.name or plan.scenario, now)
    with ending_on_signals(), store.RunFolder(target, may_be_renamed=not plan.output_dir) as folder:
        try:
            found, warnings = fill(plan, folder.part, now, began, team)
        except OSError as error:
            raise RunError(f"{target}: cannot be written ({error.strerror}); nothing is left of it") from None
        final = folder.publish()
    if quiet:
        return final
    if not store.point_latest_at(final):
        warnings.append(f"{store.OUTPUTS / store.LATEST} could not be made to point at this run")
    shown = store.shown_path(final)
    terminal.report(found, shown, [warning.replace(str(folder.part), str(shown)) for warning in warnings])
    return final


def fill(
    plan: RunPlan, part: Path, now: time.struct_time, began: float, team: Team | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Run a plan into a folder; return the summary, and what could not be drawn."""
    workers = worker_count(plan)
    batches = split(plan.worlds, len(plan.responses), workers)
    drawers = min(DRAWERS, plan.workers or cores()) if plan.figures else 0
    what = f"Simulating {plan.worlds:,} worlds × {len(plan.responses)} responses"
    total = plan.months * len(batches)
    with ExitStack() as stack:
        meter = stack.enter_context(terminal.meter(total, what))
        simulators = team if team and fits(team, plan, workers, len(batches)) else None
        if simulators is None and workers > 1:
            simulators = stack.enter_context(Team(workers, len(batches)))
        artists = stack.enter_context(Team(drawers - 1, 0, drawing.rehearse)) if drawers > 1 else None
        if artists and workers == 1:
            artists.start()
        waiting = simulate_all(plan, part / SCRATCH, batches, simulators, meter)
        made_by = manifest.describe_run(
            plan, time.strftime("%Y-%m-%dT%H:%M:%S%z", now), workers, len(batches)
        )
        if artists and simulators:
            with suppress(Exception):  # a figure that cannot be drawn says so itself
                drawing.rehearse()
        results = waiting()
        if simulators:
            simulators.let_go()
        if artists and workers > 1:
            artists.start()
        meter.stage("Writing tables")
        found = write_tables(plan, part, results)
        given = figure_inputs(plan, results)
        made_by["figures"] = {name: value for name, value in given.items() if name != "observed"}
        manifest.write_json(part / "manifest.json", made_by)
        warnings: list[str] = []
        if plan.figures:
            meter.stage("Drawing figures")
            warnings = draw(part, given, artists)
    found["wall_seconds"] = round(time.perf_counter() - began, 1)
    manifest.write_json(part / "summary.json", found)
    return found, warnings


def fits(team: Team, plan: RunPlan, workers: int, batches: int) -> bool:
    """Say whether a team can simulate a plan, which it cannot where one worker was asked for: the parent."""
    return workers <= team.size and batches <= team.places and plan.workers != 1


def worker_count(plan: RunPlan) -> int:
    """Return how many processes simulate; one where starting others would take longer than the work."""
    if plan.worlds * len(plan.responses) <= ALONE_COLUMNS:
        return 1
    return min(plan.workers or cores(), plan.worlds)


def split(worlds: int, responses: int, workers: int) -> list[tuple[int, int]]:
    """Split worlds into batches, from and to before: as many for each worker, none too large.

    >>> split(256, 3, 2)
    [(0, 128), (128, 256)]
    >>> split(5, 3, 2)
    [(0, 2), (2, 5)]
    """
    rounds = max(1, -(-worlds * responses // (workers * BATCH_COLUMNS)))
    count = min(worlds, workers * rounds)
    edges = [worlds * place // count for place in range(count + 1)]
    return list(pairwise(edges))


def simulate_all(
    plan: RunPlan,
    scratch: Path,
    batches: Sequence[tuple[int, int]],
    team: Team | None,
    meter: terminal.Meter,
) -> Callable[[], list[BatchResult]]:
    """Let a team begin with all batches, if there is one; return what waits for their results, or simulates.

    The results stand in the order of the worlds.
    """
    ids = np.arange(plan.worlds)
    if team is None:
        return partial(_simulate_here, plan, scratch, batches, meter)
    tasks = [
        team.submit(simulate_in_worker, plan, ids[first:end], first, scratch, place)
        for place, (first, end) in enumerate(batches)
    ]
    return partial(team.wait_for, tasks, meter.show)


def _simulate_here(
    plan: RunPlan, scratch: Path, batches: Sequence[tuple[int, int]], meter: terminal.Meter
) -> list[BatchResult]:
    from experiments.runs.simulate import simulate

    ids = np.arange(plan.worlds)
    results = []
    with hands.sharing(plan.workers or cores()):
        for place, (first, end) in enumerate(batches):
            show = terminal.counted_from(place * plan.months, meter.show)
            results.append(simulate(plan, ids[first:end], first, scratch, show))
    return results


def write_tables(plan: RunPlan, part: Path, results: Sequence[BatchResult]) -> dict[str, Any]:
    """Write both tables and their code book from the batches' results; return the summary."""
    series = results[0].series
    months = store.month_names(plan.start.month, plan.months)
    keys = store.SeriesKeys(POINT, np.arange(plan.worlds), plan.responses, budgets(plan), months)
    scratch = Scratch(part / SCRATCH, len(series), plan.worlds, len(plan.responses), plan.months)
    names = [one.name for one in series]
    outcomes = {
        name: np.concatenate([one.outcomes[name] for one in results], axis=1).T
        for name in results[0].outcomes
    }
    senses = {name: np.concatenate([one.senses[name] for one in results]) for name in results[0].senses}
    worlds = worlds_columns(plan, results, outcomes, senses, months)
    writers = min(WRITERS, plan.workers or cores())
    with ThreadPoolExecutor(1) as aside:
        written = aside.submit(store.write_worlds, part / codebook.WORLDS, worlds)
        store.write_series(part / codebook.SERIES, names, scratch, keys, writers=writers)
        written.result()
    scratch.path.unlink()
    store.write_code_book(part / "columns.csv", codebook.code_book(plan, series, worlds))
    return summary.summarise(
        scenario=plan.scenario,
        title=plan.title,
        why=plan.sentence,
        responses=plan.responses,
        budget=plan.budget,
        months=months,
        outcomes=outcomes,
        senses=senses,
        binding=np.sum([one.binding for one in results], axis=0),
        # A residual that is no number must not be lost among those that are: max of NumPy keeps it.
        conservation={
            law: float(np.max([one.worst[law] for one in results])) for law in sorted(results[0].worst)
        },
        attempts=np.concatenate([one.attempts for one in results]),
        growth_scaled=np.concatenate([one.growth_scaled for one in results]),
        lead_share=plan.outcome.lead_share,
    )


def budgets(plan: RunPlan) -> list[str]:
    """Return the budget of each response: the passive one spends nothing."""
    return ["none" if response == RESPONSES[0] else plan.budget for response in plan.responses]


def worlds_columns(
    plan: RunPlan,
    results: Sequence[BatchResult],
    outcomes: dict[str, Array],
    senses: dict[str, Array],
    months: Sequence[str],
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of worlds.parquet, a row a world and response.

    Shapes: outcomes (world, response), senses (world,) -> (world * response,). The senses compare the
    responses of a world and stand in its passive row.
    """
    responses = len(plan.responses)
    attempts = np.concatenate([one.attempts for one in results])
    columns = {
        "point": np.full(plan.worlds * responses, POINT, np.int32),
        "world": np.repeat(np.arange(plan.worlds, dtype=np.int32), responses),
        "response": np.tile(np.asarray(plan.responses, object), plan.worlds),
        "budget": np.tile(np.asarray(budgets(plan), object), plan.worlds),
    }
    for name, values in parameters(plan, attempts).items():
        columns[name] = np.repeat(np.broadcast_to(values, plan.worlds), responses)
    columns["rejected_draws"] = np.repeat(attempts.astype(np.int32), responses)
    columns["growth_scaled"] = np.repeat(np.concatenate([one.growth_scaled for one in results]), responses)
    columns.update(
        outcome_columns.stored({name: values.ravel() for name, values in outcomes.items()}, months)
    )
    passive = np.asarray(plan.responses) == RESPONSES[0]
    for name, values in senses.items():
        columns[name] = np.where(passive, values[:, None], np.nan).ravel()
    return columns


def parameters(plan: RunPlan, attempts: IntArray) -> dict[str, Array]:
    """Return every parameter by its key, drawn or not, so that the tables of all runs have the same columns.

    Shapes: attempts (world,) -> 0-d or (world,).
    """
    params = plan.params_for(np.arange(plan.worlds), attempts)
    found = {}
    for key, record in plan.catalogue.items():
        section, name = key.split(".")
        values = getattr(getattr(params, section), name)
        if record.by is None:
            found[key] = values
            continue
        if record.by == "industrial_maker":
            members = plan.axes.industrial_makers.names
        else:
            members = axis_members(record, plan.axes)
        found.update({f"{key}.{member}": row for member, row in zip(members, values, strict=True)})
    return found


def figure_inputs(plan: RunPlan, results: Sequence[BatchResult]) -> dict[str, Any]:
    """Return what the figures need beside the tables."""
    return drawing.options(plan, np.arange(plan.worlds), np.concatenate([one.attempts for one in results]))


def draw(part: Path, given: Mapping[str, Any], team: Team | None) -> list[str]:
    """Draw the figures of a folder, here and by a team if there is one; return what could not be drawn."""
    if team is None:
        return drawing.draw_some(0, 1, part, given)
    many = 1 + team.size
    tasks = [team.submit(drawing.draw_some, hand, many, part, given) for hand in range(1, many)]
    failed = drawing.draw_some(0, many, part, given)
    return [*failed, *(failure for one in team.wait_for(tasks, lambda done: None) for failure in one)]


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Turn the signals that end a program into exceptions, so that what was begun is cleared away.

    The first one counts: while it is cleared away, a second Ctrl-C must not leave half of it behind.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watched = {
        number: old
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        # A signal that is ignored stays so: nohup and shells' background jobs mean it.
        if (old := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }

    def end(number: int, frame: object) -> None:
        for one in watched:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    for number in watched:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, old in watched.items():
            signal.signal(number, old)
