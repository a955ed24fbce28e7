"""What is said of a sweep: before it runs (`--plan`) and when it has ended."""

import sys
from pathlib import Path
from typing import IO

from experiments.runs.store import shown_path
from experiments.sweeping import parts
from experiments.sweeping.folder import free_megabytes
from experiments.sweeping.plan import SweepPlan
from experiments.sweeping.progress import duration
from experiments.sweeping.running import Ended, estimate

_SHOWN_FAILURES = 3


def plan_lines(plan: SweepPlan, folder: Path, stored: int, workers: int) -> list[str]:
    """Say what a sweep would run: runs, minutes, megabytes, design and factors."""
    total = len(set(plan.run_ids))
    new = total - stored
    needed = estimate(plan, new, workers)
    study = plan.study
    lines = [
        f"{study.title}",
        f"{study.question}",
        "",
        f"runs        {total:,}: {len(plan.points):,} points × {study.replications:,} worlds × "
        f"{' '.join(study.responses)} × budgets {' '.join(study.budgets)}",
    ]
    if stored:
        lines.append(f"stored      {stored:,}; {new:,} to run")
    lines += [
        f"time        about {duration(60.0 * needed.minutes)} by {workers} workers",
        f"size        about {needed.megabytes:,.1f} MB; {free_megabytes(folder):,.0f} MB are free",
        f"design      {study.design.describe()}",
    ]
    for place, factor in enumerate(plan.factors):
        lines.append(f"{'factors' if place == 0 else '':<11} {factor.name}: {factor.describe()}")
    lines += [
        f"records     {len(plan.outcomes)} outcomes and {len(plan.series)} series a run",
        f"headline    {study.headline.sentence}, response {study.headline.response}",
        f"folder      {folder}",
    ]
    return lines


def report(ended: Ended, command: str, stream: IO[str] | None = None) -> None:
    """Say how a sweep ended and what to do next."""
    out = stream or sys.stdout
    total = len(set(ended.plan.run_ids))
    shown = shown_path(ended.folder.absolute())
    print(
        f"{ended.stored:,} of {total:,} runs are stored, {ended.computed:,} of them computed now in "
        f"{duration(ended.seconds)}.",
        file=out,
    )
    if ended.answer.runs:
        headline = ended.plan.study.headline
        print(
            f"{headline.sentence} in {100 * ended.answer.share:.1f} ± "
            f"{100 * ended.answer.standard_error:.1f} % of {ended.answer.runs:,} runs "
            f"(response {headline.response}; ± standard error). "
            "A share counts sampled worlds of one model; it is no forecast.",
            file=out,
        )
    if ended.precise:
        print("Stopped: the headline is as precise as stop_at_standard_error asks for.", file=out)
    if ended.failed:
        print(f"{ended.failed:,} runs failed:", file=out)
        for name, why in failures(ended.folder, ended.plan.record_hash)[:_SHOWN_FAILURES]:
            print(f"  {name}: {why}", file=out)
        print("  The others are not touched by it; retry_failed=true runs these again.", file=out)
    if ended.interrupted:
        print(f"Interrupted. The same command goes on where it stopped:\n  {command}", file=out)
    print(f"Files    {shown}", file=out)
    print(f'Next     uncontested query "select count(*) from worlds" --of {shown}', file=out)
    print(f"         uncontested export {shown} --csv", file=out)


def failures(folder: Path, record: str) -> list[tuple[str, str]]:
    """Return the failed runs of a sweep with the last line of why."""
    import duckdb

    files = [str(part.path) for part in parts.parts_in(folder, record) if part.kind == parts.RUNS]
    if not files:
        return []
    rows = duckdb.execute(
        "SELECT run_id, world, response, error FROM read_parquet(?, union_by_name = true) WHERE status = ?",
        [files, parts.FAILED],
    ).fetchall()
    return [
        (f"run {name} (world {world}, {response})", last_line(error)) for name, world, response, error in rows
    ]


def last_line(error: str) -> str:
    """Return what a traceback ends with."""
    lines = [line for line in error.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
