"""Small runs, and the tables that they leave."""

from pathlib import Path

import duckdb
import numpy as np

from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run

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
