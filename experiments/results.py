"""Ask what is stored, of a run or of a sweep: `uncontested query`, `export` and `status`."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.cli_options import choose, parse
from experiments.codebook import SERIES, WORLDS
from experiments.errors import MISSING, ConfigError, RunError
from experiments.find import find
from experiments.store import OUTPUTS, check_free, shown_path
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts

QUERY_HELP = """uncontested query "select ..." [--of RUN]

Ask a run or a sweep (its name, path or `latest`) with SQL. There are the tables `worlds`, a row a world and
response with parameters and outcomes, `series`, a row a month, and `series_long`, a row a month and series.

Examples:
  uncontested query "select response, avg((\\"leader.w1.2035\\" = 'us')::int) from worlds group by all"
  uncontested query "select max(month), count(*) from series" --of power_price_or_availability"""
EXPORT_HELP = """uncontested export RUN --csv|--parquet [--output DIR]

Write both tables of a run or a sweep into a folder, exports/<name> unless told otherwise."""
STATUS_HELP = """uncontested status [SWEEP]

Show what sweeps have run: how many of their runs are stored, which failed and why, and how large they are."""
KEYS = ("point", "world", "response", "budget", "month", "run_id")
_SETTINGS: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def query_command(arguments: Sequence[str]) -> int:
    """Print the answer to a question in SQL as CSV.

    Raises: ConfigError if there is no such run; RunError if the question cannot be answered.
    """
    import duckdb

    words, given = parse(arguments, ("SQL",), {"--of": "a run or a sweep"})
    if "--help" in given:
        print(QUERY_HELP)
        return 0
    with opened(folder_of(given.get("--of", "latest"))) as tables:
        try:
            answer = tables.execute(words[0])
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow([column[0] for column in answer.description or ()])
            while rows := answer.fetchmany(4096):
                writer.writerows(rows)
        except duckdb.Error as error:
            raise RunError(f"query: {' '.join(str(error).split())}") from None
    return 0


def export_command(arguments: Sequence[str]) -> int:
    """Write both tables of a run or a sweep as CSV or Parquet.

    Raises: ConfigError if there is no such run or the folder is taken; RunError if it cannot be written.
    """
    import duckdb

    options = {"--csv": "", "--parquet": "", "--output": "a folder"}
    words, given = parse(arguments, ("RUN",), options)
    if "--help" in given:
        print(EXPORT_HELP)
        return 0
    kinds = [kind for kind in ("csv", "parquet") if f"--{kind}" in given]
    if len(kinds) != 1:
        raise ConfigError("export", MISSING, "expected one of --csv, --parquet", "--csv")
    source = folder_of(words[0])
    target = Path(given.get("--output") or Path("exports") / source.name)
    check_free(target)
    options_of = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet, COMPRESSION zstd"}
    with opened(source) as tables:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("worlds", "series"):
            part = target / f".{name}.{kinds[0]}"
            try:
                tables.execute(f"COPY {name} TO '{part}' ({options_of[kinds[0]]})")
            except (duckdb.Error, OSError) as error:
                part.unlink(missing_ok=True)
                raise RunError(f"export: {' '.join(str(error).split())}") from None
            part.rename(target / f"{name}.{kinds[0]}")
    print(f"Files    {shown_path(target)}")
    return 0


def status_command(arguments: Sequence[str]) -> str:
    """Return what sweeps have run, failures with their reasons.

    Raises: ConfigError if there is no such sweep.
    """
    words, given = parse(arguments, ("SWEEP",), {}, optional=1)
    if "--help" in given:
        return STATUS_HELP
    place = OUTPUTS / "sweep"
    known = sorted(place.iterdir()) if place.is_dir() else []
    folders = [folder_of(words[0])] if words else [one for one in known if is_sweep(one)]
    if not folders:
        return "No sweep has been run here. uncontested sweep study=baseline_worlds --plan shows one."
    return "\n".join(line for folder in folders for line in _status(folder))


def _status(folder: Path) -> list[str]:
    plan = sweep_folder.newest_plan(folder)
    with opened(folder) as tables:
        runs = tables.sql(f"select count(*) from '{plan.runs}'").fetchall()[0][0]
        counted = dict(tables.sql("select status, count(*) from worlds group by all").fetchall())
        reasons = tables.sql(
            "select error, count(*) from worlds where status = 'failed' group by all order by 2 desc limit 3"
        ).fetchall()
    done, failed = counted.get(parts.DONE, 0), counted.get(parts.FAILED, 0)
    size = sum(parts.sizes(folder)) / 1e6
    running = ", running" if sweep_folder.is_locked(folder) else ""
    lines = [f"{folder.name}: {done:,} of {runs:,} runs stored, {failed:,} failed, {size:.1f} MB{running}"]
    return lines + [f"  {count} failed: {str(error).strip().splitlines()[-1]}" for error, count in reasons]


def is_sweep(folder: Path) -> bool:
    """Say whether a folder is a sweep's."""
    return folder.is_dir() and bool(sweep_folder.plans_in(folder))


def folder_of(text: str) -> Path:
    """Return the folder of a run or a sweep by its name or path, or of the latest run.

    Raises: ConfigError naming the nearest that there is.
    """
    place = OUTPUTS / "sweep"
    for folder in (Path(text).expanduser(), place / text):
        if is_sweep(folder):
            return folder
    sweeps = [one.name for one in place.iterdir() if is_sweep(one)] if place.is_dir() else []
    if not Path(text).exists() and sweeps:
        from difflib import get_close_matches

        if get_close_matches(text, sweeps, 1):
            choose("sweep", text, sweeps)
    return find(text)


def opened(folder: Path) -> Any:
    """Return a connection with the tables of a run or a sweep, to be used as a context."""
    import duckdb

    tables = duckdb.connect(config=_SETTINGS)
    if is_sweep(folder):
        plan = sweep_folder.newest_plan(folder)
        found = parts.parts_in(folder)
        runs = _list([part.path for part in found if part.kind == parts.RUNS])
        series = _list([part.path for part in found if part.kind == parts.SERIES])
        if not runs:
            raise RunError(f"{folder}: no run of this sweep is stored yet")
        tables.execute(
            "CREATE VIEW worlds AS SELECT planned.point, runs.* "
            f"FROM read_parquet({runs}, union_by_name=true) runs "
            f"JOIN (SELECT run_id, point FROM '{plan.runs}') planned USING (run_id) "
            # A run that failed and was done when tried again counts once, as done.
            "QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY status) = 1"
        )
        if series:
            tables.execute(
                "CREATE VIEW series AS SELECT point, world, response, budget, series.* "
                f"FROM read_parquet({series}, union_by_name=true) series "
                f"JOIN '{plan.runs}' planned USING (run_id)"
            )
    else:
        tables.execute(f"CREATE VIEW worlds AS SELECT * FROM '{folder / WORLDS}'")
        tables.execute(f"CREATE VIEW series AS SELECT * FROM '{folder / SERIES}'")
    _long(tables)
    return tables


def _long(tables: Any) -> None:
    """Add a view with a row a month and series."""
    names = [row[0] for row in tables.sql("select column_name from information_schema.columns "
                                          "where table_name = 'series'").fetchall()]  # fmt: skip
    values = [name for name in names if name not in KEYS]
    if values:
        listed = ", ".join(f'"{name}"' for name in values)
        tables.execute(f"CREATE VIEW series_long AS UNPIVOT series ON {listed} INTO NAME series VALUE value")


def _list(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{path}'" for path in paths) + "]" if paths else ""
