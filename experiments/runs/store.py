"""Store a run: a folder that appears at once or not at all, its two Parquet tables and their code book."""

import csv
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from experiments.config.errors import ConfigError, RunError
from experiments.runs.parquet import Joined
from experiments.runs.scratch import Scratch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OUTPUTS = Path("outputs")
LATEST = "latest"
PARQUET = "COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 20480"
"""Of the settings tried among the fastest and the smallest."""
WRITTEN_LAST = "manifest.json"
"""The file that marks a run as finished where its files cannot appear at once."""
OFFLINE: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
"""No extension is ever fetched: Parquet is built in, and a run must not wait for a network."""
ALONE: dict[str, Any] = {**OFFLINE, "threads": 1}
"""One thread does a query: two are no faster, and hold all that waits to be brought into its order."""

Columns = Mapping[str, npt.NDArray[Any]]


class RunFolder:
    """A folder in the making: it takes its name when all is in it, and leaves nothing if it fails.

    Used as a context: write into `part`, then call `publish`. Without that, `part` is removed at the end.
    """

    def __init__(self, final: Path, *, may_be_renamed: bool = False) -> None:
        self.final = Path(os.path.abspath(final))
        self._may_be_renamed = may_be_renamed
        # An empty folder that exists already is filled: it may be a mount point, which nothing can replace.
        self._inside = self.final.is_dir() and not may_be_renamed
        place = self.final if self._inside else self.final.parent
        self.part = place / f".{self.final.name}.part-{os.getpid()}"
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        """Make the folder to write into.

        Raises: RunError if it cannot be made.
        """
        try:
            for folder in reversed([self.part, *self.part.parents]):
                if not folder.is_dir():
                    folder.mkdir()
                    self._made.append(folder)
        except OSError as error:
            self._undo()
            raise RunError(f"{self.part.parent}: cannot be written to ({error.strerror})") from None
        return self

    def publish(self) -> Path:
        """Give the folder its name and return it.

        A name that another run has taken meanwhile gets a number, if the name may be changed.

        Raises: RunError if the folder cannot be put into place.
        """
        if self._may_be_renamed:
            self.final = free_name(self.final)
        try:
            if self._inside:
                for entry in sorted(self.part.iterdir(), key=lambda entry: entry.name == WRITTEN_LAST):
                    entry.rename(self.final / entry.name)
                self.part.rmdir()
            else:
                self.part.rename(self.final)
        except OSError as error:
            raise RunError(f"{self.final}: cannot be put into place ({error.strerror})") from None
        self._made = []
        return self.final

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was made, unless it has been published."""
        self._undo()

    def _undo(self) -> None:
        for folder in reversed(self._made):
            if folder == self.part:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                # Somebody else's run may be in it by now.
                with suppress(OSError):
                    folder.rmdir()


def output_folder(output_dir: str, name: str, now: time.struct_time) -> Path:
    """Return the folder that a run will leave, having made sure that it can.

    Raises: ConfigError if output.dir is taken or cannot be written to; nothing is made.
    """
    if output_dir:
        folder = Path(output_dir).expanduser()
        check_free(folder)
    else:
        folder = OUTPUTS / "run" / f"{time.strftime('%Y-%m-%d_%H-%M-%S', now)}_{name}"
        _check_writable(folder)
    return folder


def free_name(folder: Path) -> Path:
    """Return a folder's name, with a number if it is taken."""
    name, count = folder, 1
    while name.exists():
        count += 1
        name = folder.with_name(f"{folder.name}_{count}")
    return name


def check_free(folder: Path) -> None:
    """Check that a folder named by the user can take a run.

    Raises: ConfigError if it cannot.
    """
    if folder.is_dir():
        if any(folder.iterdir()):
            expected = "expected a new or an empty folder; this one has something in it"
            raise ConfigError("output.dir", folder, expected)
    elif folder.exists() or folder.is_symlink():
        raise ConfigError("output.dir", folder, "expected a folder, and this is none")
    _check_writable(folder)


def _check_writable(folder: Path) -> None:
    above = next(place for place in [folder, *folder.absolute().parents] if place.exists())
    if not above.is_dir():
        raise ConfigError("output.dir", folder, f"expected a folder, and {above} is none")
    if not os.access(above, os.W_OK | os.X_OK):
        raise ConfigError(
            "output.dir", folder, f"expected a folder that can be written to; {above} cannot be"
        )


def shown_path(folder: Path) -> Path:
    """Return a folder as a person would write it from here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def point_latest_at(folder: Path, outputs: Path = OUTPUTS) -> bool:
    """Make outputs/latest a relative link to a run, at once; return whether that was possible."""
    link, new = outputs / LATEST, outputs / f".{LATEST}-{os.getpid()}"
    try:
        outputs.mkdir(exist_ok=True)
        if link.exists() and not link.is_symlink():
            return False
        new.symlink_to(os.path.relpath(folder.resolve(), outputs.resolve()))
        new.replace(link)
    except OSError:
        with suppress(OSError):
            new.unlink()
        return False
    return True


def month_names(start_month: str, months: int) -> list[str]:
    """Return the months of a run as 2026-01.

    >>> month_names("2026-11", 3)
    ['2026-11', '2026-12', '2027-01']
    """
    year, month = (int(part) for part in start_month.split("-"))
    counts = [12 * year + month - 1 + passed for passed in range(months)]
    return [f"{count // 12}-{count % 12 + 1:02d}" for count in counts]


def write_series(
    path: Path, names: Sequence[str], scratch: Scratch, keys: "SeriesKeys", *, writers: int
) -> None:
    """Write series.parquet: a row a world, response and month, in this order; NaN becomes an empty value.

    Each writer is a thread that holds no more than a slice of rows. It writes it into a file beside the
    table, to which it is added in its turn.

    Shapes: names (series,).
    Raises: RunError if it cannot be written; OSError if the disk is full.
    """
    import duckdb

    def write_slice(rows: tuple[int, int]) -> Path:
        part = path.with_name(f".{path.name}.part-{rows[0]}")
        with connection.cursor() as one:
            series = dict(zip(names, scratch.read(*rows), strict=True))
            _copy(one, part, keys.select, {**keys.columns(*rows), **series})
        return part

    with (
        duckdb.connect(config=ALONE) as connection,
        ThreadPoolExecutor(writers) as pool,
        path.open("wb") as file,
    ):
        table = Joined(file)
        for part in pool.map(write_slice, scratch.slices):
            table.add(part)
            part.unlink()
        table.close()


@dataclass(frozen=True)
class SeriesKeys:
    """The key of series.parquet: which point, worlds, responses, budgets of the responses, and months."""

    point: int
    world_ids: npt.NDArray[np.int64]
    responses: Sequence[str]
    budgets: Sequence[str]
    months: Sequence[str]

    def columns(self, start: int, stop: int) -> Columns:
        """Return numbers that stand for the keys of some rows. Shapes: (row,)."""
        cases, months = np.divmod(np.arange(start, stop), len(self.months))
        worlds, responses = np.divmod(cases, len(self.responses))
        return {
            "world_": self.world_ids[worlds].astype(np.int32),
            "response_": responses.astype(np.int16),
            "month_": months.astype(np.int16),
        }

    @property
    def select(self) -> str:
        """Return the query that puts the keys themselves in their place."""
        return (
            f"SELECT CAST({self.point} AS INTEGER) AS point, world_ AS world,"
            f" {list_of(self.responses)}[response_ + 1] AS response,"
            f" {list_of(self.budgets)}[response_ + 1] AS budget,"
            f" {list_of(self.months)}[month_ + 1] AS month, * EXCLUDE (world_, response_, month_) FROM this"
        )


def write_worlds(path: Path, columns: Columns) -> None:
    """Write worlds.parquet: a row a world and response; NaN and None become an empty value.

    Raises: RunError if it cannot be written.
    """
    copy_to(path, "SELECT * FROM this", dict(columns))


def copy_to(path: Path, select: str, table: Columns) -> None:
    """Write what a query makes of columns, named `this` in it, to a Parquet file.

    Raises: RunError if it cannot be written.
    """
    import duckdb

    with duckdb.connect(config=ALONE) as connection:
        _copy(connection, path, select, table)


def _copy(connection: "DuckDBPyConnection", path: Path, select: str, table: Columns) -> None:
    import duckdb

    try:
        connection.register("this", dict(table))
        connection.execute(f"COPY ({select}) TO {quoted(str(path))} (FORMAT parquet, {PARQUET})")
    except duckdb.IOException as error:
        raise RunError(f"{path}: cannot be written ({' '.join(str(error).split())})") from None


def list_of(words: Sequence[str]) -> str:
    """Return words as a list in SQL."""
    return f"[{', '.join(quoted(word) for word in words)}]"


def quoted(word: str) -> str:
    """Return text as a literal in SQL."""
    escaped = word.replace("'", "''")
    return f"'{escaped}'"


@dataclass(frozen=True)
class Entry:
    """A line of the code book columns.csv."""

    file: str
    column: str
    unit: str
    kind: str
    when: str
    definition: str
    equation: str


def write_code_book(path: Path, entries: Sequence[Entry]) -> None:
    """Write the code book of both tables."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Entry)])
        writer.writerows(astuple(entry) for entry in entries)
