"""A study so small that it can be run many times, and how its store is read."""

from pathlib import Path

import duckdb

from experiments.cli import main
from experiments.sweeping import parts

SMALL = (
    "study=power_price_or_availability",
    "study.design.levels=2",
    "study.factors.power.power_price_us=[0.05,0.1]",
    "study.factors.power.permitting_speed_us=[1,2]",
    "study.headline.outcome=leader.w1.2030",
    "consumers=cohort",
    "months=60",
)
"""Four points to the first horizon."""


def sweep(folder: Path, *more: str, replications: int = 2) -> int:
    return main(["sweep", *SMALL, f"study.replications={replications}", f"sweep_dir={folder}", *more])


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every stored row in the order of its run; the units may differ with the workers."""
    found = parts.parts_in(folder)
    assert all(parts.content_hash(part.path).startswith(part.content) for part in found)
    rows = {}
    with duckdb.connect() as tables:
        for kind, order in ((parts.RUNS, "run_id"), (parts.SERIES, "run_id, month")):
            files = [str(part.path) for part in found if part.kind == kind]
            asked = f"select * from read_parquet(?, union_by_name=true) order by {order}"
            rows[kind] = tables.execute(asked, [files]).fetchall()
    return rows
