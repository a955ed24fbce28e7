"""What `uncontested status` says of a sweep: what is stored, what failed, and what is stored and not used."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts
from experiments.sweeping.identity import code_hash
from experiments.sweeping.report import last_line

_SHOWN: Final = 3


def status_lines(folder: Path) -> list[str]:
    """Return how many runs of a sweep's newest plan are stored, and why others are not."""
    plan = sweep_folder.newest_plan(folder)
    told = plan.read()
    checked = parts.check_parts(folder, told["record_hash"], bool(told["record"]["series"]))
    sound = _runs_of(checked)
    rows: list[tuple[str, str | None]] = []
    with duckdb.connect() as tables:
        wanted = "(SELECT DISTINCT run_id FROM read_parquet(?))"
        planned = tables.execute(f"SELECT count(*) FROM {wanted}", [str(plan.runs)]).fetchall()[0][0]
        if sound:
            # A run that failed and was done when tried again counts once, as done.
            rows = tables.execute(
                "SELECT min(status), arg_min(error, status) FROM read_parquet(?, union_by_name = true)"
                f" SEMI JOIN {wanted} USING (run_id) GROUP BY run_id",
                [sound, str(plan.runs)],
            ).fetchall()
    reasons = Counter(last_line(error or "") for status, error in rows if status == parts.FAILED)
    failed = reasons.total()
    running = ", running" if sweep_folder.is_locked(folder) else ""
    return [
        f"{folder.name}: {len(rows) - failed:,} of {planned:,} runs stored, {failed:,} failed, "
        f"{sum(parts.sizes(folder)) / 1e6:.1f} MB{running}",
        *(f"  {count:,} failed: {why}" for why, count in reasons.most_common(_SHOWN)),
        *(f"  {line}" for line in _stale(folder, told, checked, len(rows))),
    ]


def _stale(folder: Path, told: Mapping[str, Any], checked: parts.Checked, used: int) -> Iterator[str]:
    """Say what is stored and not used, and what the same command would do about it."""
    if told["code_hash"] != code_hash():
        yield "code or pinned packages have changed since: the same command computes all runs again"
    if checked.damaged:
        again = "the same command sets them aside and computes their runs again"
        yield f"{len(checked.damaged):,} damaged parts: {again}"
    others = 0
    for record in {part.record for part in parts.parts_in(folder)}:
        own = record == told["record_hash"]
        if files := _runs_of(checked if own else parts.check_parts(folder, record, has_series=False)):
            asked = "SELECT count(DISTINCT run_id) FROM read_parquet(?, union_by_name = true)"
            others += duckdb.execute(asked, [files]).fetchall()[0][0]
    if others > used:
        yield f"{others - used:,} more runs are stored, of another design, record or code: not used now"


def _runs_of(checked: parts.Checked) -> list[str]:
    return [str(part.path) for part in checked.sound if part.kind == parts.RUNS]
