"""Open a run's or a sweep's folder for drawing one response and one budget."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from experiments.config.errors import ConfigError
from experiments.figures.data import KEY, Run
from experiments.figures.manner import say
from experiments.figures.names import BLOCS
from experiments.figures.titles import BLOC_NAMES
from experiments.reading.stored import done, is_sweep, made_by
from experiments.runs.store import OFFLINE

HELD_ROWS = 20480
"""So few rows of series are held in memory; every question to a file asks for its columns' types anew."""


def _choose_budget(
    connection: duckdb.DuckDBPyConnection, select: str, where: str, response: str, budget: str | None
) -> str:
    """Return the one budget of the response.

    Raises: ValueError naming the response or budget asked for and those that are stored.
    """
    pairs = connection.execute(
        f"SELECT DISTINCT CAST(response AS VARCHAR), CAST(budget AS VARCHAR) FROM ({select}) ORDER BY 1, 2"
    ).fetchall()
    budgets = [one for name, one in pairs if name == response]
    if not budgets:
        raise ValueError(
            f"response {response!r} is not in {where}; it has {sorted({name for name, _ in pairs})}"
        )
    if budget is None and len(budgets) == 1:
        return str(budgets[0])
    if budget is None or str(budget) not in budgets:
        raise ValueError(f"budget {budget!r} of response {response!r} in {where}: choose one of {budgets}")
    return str(budget)


def _months_and_rows(connection: duckdb.DuckDBPyConnection, select: str) -> tuple[bool, int]:
    """Say whether months are stored as 2026-01, and how many rows there are.

    To cut months takes longer than most questions about a run.
    """
    kind, longest, rows = connection.execute(
        f"SELECT typeof(any_value(month)), max(length(CAST(month AS VARCHAR))), count(*) FROM ({select})"
    ).fetchall()[0]
    return kind == "VARCHAR" and longest == len("2026-01"), int(rows)


def _code_book(folder: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the code book by column: a run's own, or what a sweep's configuration declares; may be empty."""
    if is_sweep(folder):
        from experiments.config.build import plan_from_config
        from experiments.runs.recorded import declared

        try:
            entries = declared(plan_from_config(dict(manifest["configuration"])))
        except ConfigError:  # written by another version
            return {}
        return {one.column: {"unit": one.unit, "definition": one.definition} for one in entries}
    file = folder / "columns.csv"
    if not file.is_file():
        return {}
    with file.open(newline="", encoding="utf-8") as stream:
        return {row["column"]: row for row in csv.DictReader(stream)}


def _manifest(folder: Path) -> dict[str, Any]:
    """Return what made a run or a sweep.

    Raises: FileNotFoundError or KeyError naming the file or key that is missing.
    """
    if is_sweep(folder):
        return made_by(folder)
    for name in ("series.parquet", "worlds.parquet", "manifest.json"):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder / name} is missing: a run's folder holds it; give the folder of a run"
            )
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for key in ("version", "configuration_hash", "seed", "command"):
        if key not in manifest:
            raise KeyError(f"{folder / 'manifest.json'} lacks {key!r}: it says what made the run; run again")
    return manifest


def load_run(
    folder: str | Path,
    response: str = "passive",
    budget: str | None = None,
    hindcast: str | Path | None = None,
    blocs: Mapping[str, str] | None = None,
    bloc_names: Mapping[str, str] | None = None,
    months: tuple[str, str] | None = None,
    only: Iterable[str] = (),
) -> Run:
    """Open a run's or a sweep's folder for drawing one response (and one budget).

    `hindcast` names a second run that covers months before the first; its bands are drawn in the history.
    `blocs` adds firms that the roster got later, `bloc_names` replaces the names of the two blocs. `months`
    keeps a period, its first and last month; `only` keeps some firms and places.

    Raises: FileNotFoundError, ValueError or KeyError naming the file, column or key that is missing.
    """
    folder = Path(folder)
    manifest = _manifest(folder)
    # No extension is ever fetched: a figure must not wait for a network.
    connection = duckdb.connect(config={**OFFLINE, "threads": 1})
    # A file's list of columns is read once, not at every question.
    connection.execute("SET parquet_metadata_cache = true")
    tables = done(folder)
    if "series" not in tables:
        raise ValueError(f"{folder.name} has recorded no series; name some in its study's record")
    columns = {}
    for name, select in tables.items():
        chosen = _choose_budget(connection, select, f"{name} of {folder}", response, budget)
        described = connection.execute(f"DESCRIBE {select}").fetchall()
        columns[name] = [row[0] for row in described]
        wanted = response.replace("'", "''"), chosen.replace("'", "''")
        kind, month, period = "VIEW", "", ""
        if name == "series":
            as_is, rows = _months_and_rows(connection, select)
            if not as_is:
                month = " REPLACE (left(CAST(month AS VARCHAR), 7) AS month)"
            if rows <= HELD_ROWS:
                kind = "TEMP TABLE"
        if name == "series" and months is not None:
            first, last = (text.replace("'", "''") for text in months)
            period = f" AND left(CAST(month AS VARCHAR), 7) BETWEEN '{first}' AND '{last}'"
        connection.execute(
            f"CREATE {kind} {name} AS SELECT *{month} FROM ({select})"
            f" WHERE CAST(response AS VARCHAR) = '{wanted[0]}' AND CAST(budget AS VARCHAR) = '{wanted[1]}'"
            f"{period}"
        )
    found = connection.execute("SELECT DISTINCT month FROM series ORDER BY month").fetchall()
    if not found and months is not None:
        span = connection.execute(f"SELECT min(month), max(month) FROM ({tables['series']})")
        raise ValueError(f"no month lies in {' to '.join(months)}; {folder.name} has {span.fetchall()[0]}")
    worlds, points = connection.execute(
        "SELECT count(*), count(DISTINCT point) FROM (SELECT DISTINCT point, world FROM worlds)"
    ).fetchall()[0]
    book = _code_book(folder, manifest)
    history = None if hindcast is None else load_run(hindcast, blocs=blocs, bloc_names=bloc_names)
    return Run(
        folder=folder,
        connection=connection,
        series_columns=tuple(name for name in columns["series"] if name not in KEY),
        outcome_columns=tuple(name for name in columns["worlds"] if name not in KEY),
        manifest=manifest,
        response=response,
        budget=chosen,
        blocs={**BLOCS, **(blocs or {})},
        bloc_names={**{bloc: say(name) for bloc, name in BLOC_NAMES.items()}, **(bloc_names or {})},
        months=tuple(str(month) for (month,) in found),
        worlds=int(worlds),
        points=int(points),
        history=history,
        only=frozenset(only),
        units={name: row["unit"] for name, row in book.items()},
        definitions={name: row["definition"] for name, row in book.items()},
        numbers=tuple(
            name
            for name, kind, *_ in connection.execute("DESCRIBE SELECT * FROM worlds").fetchall()
            if name not in KEY and kind in ("DOUBLE", "FLOAT", "INTEGER", "BIGINT")
        ),
    )
