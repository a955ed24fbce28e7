"""A table written as CSV: every number and every empty field comes back as it was stored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from experiments.config.errors import RunError
from experiments.reading.csv_table import VECTORS, printed, write_csv

ROWS = 3 * 2048 * VECTORS + 7
"""Three times what is read at a time, and some more."""
NUMBERS = ("share.d1", "nothing", "last, with a comma")
EXTREMES = [0.0, -0.0, np.nan, 0.1, -1.5e12, 1e-45, 3.4028235e38, 16777216.0, 1 / 3]


@pytest.fixture
def tables() -> Iterator[Any]:
    """Return a connection with a table that has every kind of column, and hard values in each."""
    bits = np.arange(ROWS, dtype=np.uint32) * np.uint32(0x9E3779B1)  # over all of single precision
    share = bits.view(np.float32).copy()
    share[~np.isfinite(share)] = np.nan
    share[: len(EXTREMES)] = EXTREMES
    frame = pd.DataFrame(
        {
            "world": np.arange(ROWS, dtype=np.int32),
            "month": ["2026-01", 'a "month", quoted', "", *["2026-02"] * (ROWS - 3)],
            "share.d1": share,
            "nothing": np.full(ROWS, np.nan, np.float32),
            "last, with a comma": share[::-1],
        }
    )
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        # NaN is stored as no value, as the tables of runs have it.
        numbers = ", ".join(f"""nullif("{name}", 'nan'::FLOAT) AS "{name}\"""" for name in NUMBERS)
        connection.execute(f"CREATE TABLE series AS SELECT world, month, {numbers} FROM frame")
        connection.execute(
            "CREATE TABLE worlds AS SELECT world, month, world / 7 AS third FROM series LIMIT 9"
        )
        yield connection


def test_all_values_come_back_bit_for_bit(tables: Any, tmp_path: Path) -> None:
    shown: list[int] = []
    write_csv(tables, "series", tmp_path / "series.csv", shown.append)
    expected = tables.execute("SELECT * FROM series").df()
    found = pd.read_csv(
        tmp_path / "series.csv", keep_default_na=False, na_values={key: [""] for key in NUMBERS}
    )
    assert list(found) == list(expected)
    for name in ("world", "month"):
        assert found[name].tolist() == expected[name].tolist()
    for name in NUMBERS:
        assert found[name].isna().tolist() == expected[name].isna().tolist()
        back, stored = (table[name].dropna().to_numpy(np.float32) for table in (found, expected))
        assert back.tobytes() == stored.tobytes()
    assert shown == sorted(shown)
    assert shown[-1] == ROWS
    assert len(shown) > 3


def test_a_table_without_single_precision_is_written_too(tables: Any, tmp_path: Path) -> None:
    write_csv(tables, "worlds", tmp_path / "worlds.csv", lambda rows: None)
    found = pd.read_csv(tmp_path / "worlds.csv")
    assert found["third"].tolist() == [world / 7 for world in range(9)]


def test_an_empty_table_has_a_header(tables: Any, tmp_path: Path) -> None:
    tables.execute("DELETE FROM series")
    write_csv(tables, "series", tmp_path / "series.csv", lambda rows: None)
    assert (tmp_path / "series.csv").read_text() == 'world,month,share.d1,nothing,"last, with a comma"\n'


def test_digits_are_the_fewest_that_do() -> None:
    values = np.array([[0.1, 0.3, 1 / 3, 1e21], [np.nan, 5.0, 123456792.0, -7e-10]], np.float32)
    assert printed(values) == [b",0.1,0.3,0.33333334,1e+21", b",,5.0,123456790.0,-7e-10"]


def test_an_infinite_number_is_refused_by_name(tables: Any, tmp_path: Path) -> None:
    tables.execute("UPDATE series SET nothing = 'inf' WHERE world = 9000")
    with pytest.raises(RunError, match=r"nothing: an infinite number.*--parquet"):
        write_csv(tables, "series", tmp_path / "series.csv", lambda rows: None)
