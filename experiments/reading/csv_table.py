"""A table of a run or a sweep as one CSV file: its keys, then its numbers, no digit lost.

DuckDB writes CSV, too, but a run's series are tens of millions of numbers, and over these it takes twice the
processor time of orjson, which prints many rows at once as JSON: lines of CSV but for brackets and `null`.
"""

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.config.errors import RunError
from experiments.runs.store import quoted

SINGLE = "FLOAT"
VECTORS = 2
"""Of 2,048 rows each: read at a time. Larger pieces of memory are taken from the system anew each time."""
_NOT_IN_CSV = b"[nul"
_ROWS_END = bytes.maketrans(b"]", b"\n")


def write_csv(tables: Any, name: str, path: Path, on_rows: Callable[[int], None]) -> None:
    """Write a table, one header and a line a row, fields without a value left empty.

    A number has the fewest digits that give it back in the precision stored. Columns in single precision come
    last; `on_rows` is told how many rows are written.

    Raises: RunError if a number in single precision is infinite or DuckDB fails; OSError if the file cannot
    be written.
    """
    import duckdb

    try:
        columns = [(column, kind) for column, kind, *_ in tables.execute(f"DESCRIBE {name}").fetchall()]
        numbers = [column for column, kind in columns if kind == SINGLE]
        if not numbers:
            tables.execute(f"COPY {name} TO {quoted(str(path))} (FORMAT csv, HEADER)")
            return
        keys = [column for column, kind in columns if kind != SINGLE]
        tables.execute(f"SELECT * FROM {name}")
        _write(tables, keys, numbers, path, on_rows)
    except duckdb.Error as error:
        raise RunError(f"{path.name}: {' '.join(str(error).split())}") from None


def _write(
    tables: Any, keys: Sequence[str], numbers: Sequence[str], path: Path, on_rows: Callable[[int], None]
) -> None:
    """Write what was asked of DuckDB; the next rows are read while the last are printed."""

    def read() -> tuple[list[bytes], npt.NDArray[np.float32]]:
        frame = tables.fetch_df_chunk(VECTORS)
        where = _lines(zip(*(frame[key].tolist() for key in keys), strict=True))
        return where, np.stack([frame[number].to_numpy(np.float32) for number in numbers], axis=1)

    written = 0
    with path.open("wb") as file, ThreadPoolExecutor(1) as reader:
        file.write(_lines([[*keys, *numbers]])[0] + b"\n")
        coming = reader.submit(read)
        while (rows := coming.result())[0]:
            coming = reader.submit(read)
            where, values = rows
            if np.isinf(values).any():
                column = numbers[int(np.isinf(values).any(0).argmax())]
                raise RunError(f"{column}: an infinite number, which CSV cannot hold; --parquet keeps it")
            ends = [b"\n"] * len(where)
            file.write(b"".join(chain.from_iterable(zip(where, printed(values), ends, strict=True))))
            written += len(where)
            on_rows(written)


def printed(values: npt.NDArray[np.float32]) -> list[bytes]:
    """Return rows of numbers as the ends of lines, each number after a comma, NaN as nothing.

    Shapes: values (row, column).

    >>> printed(np.array([[0.1, np.nan], [17.0, -1.5e-12]], np.float32))
    [b',0.1,', b',17.0,-1.5e-12']
    """
    import orjson

    text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)  # [[0.1,null],[17.0,-1.5e-12]]
    lines = text.translate(_ROWS_END, _NOT_IN_CSV).split(b"\n")[:-2]
    return [b"," + line for line in lines[:1]] + lines[1:]


def _lines(rows: Any) -> list[bytes]:
    """Return rows as lines of CSV, quoted where it must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode().split(b"\n")[:-1]
