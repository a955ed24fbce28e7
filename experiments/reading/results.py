"""Ask what is stored, of a run or of a sweep: `uncontested query`, `export` and `status`."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.cli.options import parse
from experiments.config.errors import MISSING, ConfigError, RunError, nearest
from experiments.reading.gridded import Grid, require
from experiments.reading.stored import folder_of, is_sweep, selects, sweeps, title_of
from experiments.runs.recorded import code_book
from experiments.runs.store import OFFLINE, Entry, RunFolder, check_free, quoted, shown_path, write_code_book
from experiments.runs.terminal import meter

QUERY_HELP = """uncontested query "select ..." [--of RUN]

Ask a run or a sweep (its name, path or `latest`) with SQL. There are the tables `worlds`, a row a world and
response with parameters and outcomes, `series`, a row a month, and `series_long`, a row a month and series.

Examples:
  uncontested query "select response, avg((\\"leader.w1.2035\\" = 'us')::int) from worlds group by all"
  uncontested query "select max(month), count(*) from series" --of power_price_or_availability"""
EXPORT_HELP = """uncontested export RUN --csv|--parquet|--netcdf [--output DIR]

Write both tables of a run or a sweep, and the code book of their columns, into a folder, exports/<name>
unless told otherwise. --netcdf writes one file over point, world, response and month.

In CSV, a field is empty where there is no value, and a number has the fewest digits that give back what is
stored: series in single precision, parameters and outcomes in double. A few series are a smaller file:
uncontested query "select world, response, month, \"share.d1\" from series" --of RUN > share.csv"""
STATUS_HELP = """uncontested status [SWEEP]

Show what sweeps have run: how many of their runs are stored, which failed and why, how large they are, and
what is stored and not used: damaged parts, runs of other code, or of another design."""
KEYS = ("point", "world", "response", "budget", "month", "run_id")


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
            if answer is None:  # an empty text or a comment asks nothing
                expected = 'expected a question, as "select count(*) from worlds"'
                raise ConfigError("query", words[0], expected)
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow([column[0] for column in answer.description or ()])
            while rows := answer.fetchmany(4096):
                writer.writerows(rows)
        except duckdb.Error as error:
            raise RunError(f"query: {' '.join(str(error).split())}") from None
    return 0


def export_command(arguments: Sequence[str]) -> int:
    """Write both tables of a run or a sweep as CSV, Parquet or netCDF.

    Raises: ConfigError if there is no such run, the folder is taken or xarray is missing; RunError if a file
    cannot be written.
    """
    options = {"--csv": "", "--parquet": "", "--netcdf": "", "--output": "a folder"}
    words, given = parse(arguments, ("RUN",), options)
    if "--help" in given:
        print(EXPORT_HELP)
        return 0
    kinds = [kind for kind in ("csv", "parquet", "netcdf") if f"--{kind}" in given]
    if len(kinds) != 1:
        raise ConfigError("export", MISSING, "expected one of --csv, --parquet, --netcdf", "--csv")
    if kinds == ["netcdf"]:
        require("--netcdf")
    source = folder_of(words[0])
    target = Path(given.get("--output") or Path("exports") / source.name)
    check_free(target)
    with opened(source) as tables, RunFolder(target) as made:
        try:
            if kinds == ["netcdf"]:
                _export_netcdf(tables, source, made.part)
            else:
                _export_tables(tables, source, made.part, kinds[0])
            write_code_book(made.part / "columns.csv", code_book_of(source, tables))
        except OSError as error:
            raise RunError(f"{target}: cannot be written ({error.strerror or error})") from None
        made.publish()
    print(f"Files    {shown_path(target)}")
    return 0


def _export_tables(tables: Any, source: Path, target: Path, kind: str) -> None:
    import duckdb

    from experiments.reading.csv_table import write_csv

    for name in selects(source):
        path = target / f"{name}.{kind}"
        try:
            if kind == "csv":
                rows = tables.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
                with meter(rows, f"Export of {path.name}") as shown:
                    write_csv(tables, name, path, shown.show)
            else:
                tables.execute(f"COPY {name} TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.Error as error:
            raise RunError(f"export: {' '.join(str(error).split())}") from None


def _export_netcdf(tables: Any, source: Path, target: Path) -> None:
    grid = Grid(tables, code_book_of(source, tables), title_of(source))
    with meter(len(grid.series) + len(grid.worlds), "Export") as shown:
        grid.write(target / f"{title_of(source)}.nc", shown.show)


def code_book_of(folder: Path, tables: Any) -> list[Entry]:
    """Return what the columns of a run or a sweep mean."""
    if not is_sweep(folder):
        return code_book(folder)
    from experiments.sweeping.replan import columns_of, stored_plan

    return columns_of(stored_plan(folder), [row[0] for row in tables.sql("DESCRIBE worlds").fetchall()])


def status_command(arguments: Sequence[str]) -> str:
    """Return what sweeps have run, failures with their reasons.

    Raises: ConfigError if there is no such sweep.
    """
    words, given = parse(arguments, ("SWEEP",), {}, optional=1)
    if "--help" in given:
        return STATUS_HELP
    folders = [sweep_of(words[0])] if words else sweeps()
    from experiments.sweeping.status import status_lines

    if not folders:
        return "No sweep has been run here. uncontested sweep study=baseline_worlds --plan shows one."
    return "\n".join(line for folder in folders for line in status_lines(folder))


def sweep_of(text: str) -> Path:
    """Return the folder of a sweep.

    Raises: ConfigError if there is no such sweep.
    """
    folder = folder_of(text)
    if not is_sweep(folder):
        names = [one.name for one in sweeps()]
        raise ConfigError("sweep", text, "is a run; expected a sweep", nearest(text, names))
    return folder


def opened(folder: Path) -> Any:
    """Return a connection with the tables of a run or a sweep, to be used as a context."""
    import duckdb

    tables = duckdb.connect(config=OFFLINE)
    for name, select in selects(folder).items():
        tables.execute(f"CREATE VIEW {name} AS {select}")
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
