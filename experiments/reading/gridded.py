"""The tables of a run or a sweep as an xarray dataset over their keys, and that as a netCDF file.

A few variables are read at a time, so that a file may be larger than the memory. Where each response has one
budget, the budget is told beside the response and is no dimension of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.config.errors import MISSING, ConfigError, RunError, nearest
from experiments.runs.store import Entry

KEYS = ("point", "world", "response", "budget")
MONTH = "month"
NO_VALUES = (*KEYS, MONTH, "run_id")
"""Columns that say where a value belongs."""
PACKED = {"zlib": True, "complevel": 1}
MOST_NUMBERS, MOST_VARIABLES = 16_000_000, 100
"""Read at a time."""


def require(key: str) -> Any:
    """Return xarray; `key` is what asked for it.

    Raises: ConfigError naming the remedy where it is not installed.
    """
    try:
        import h5netcdf  # noqa: F401  # is it installed?
        import h5py  # noqa: F401  # is it installed?
        import xarray
    except ImportError:
        expected = 'expected xarray, h5netcdf and h5py to be installed: pip install ".[netcdf]"'
        raise ConfigError(key, MISSING, expected) from None
    return xarray


class Grid:
    """The tables of a run or a sweep over the axes of their keys."""

    def __init__(self, tables: Any, book: Sequence[Entry], title: str) -> None:
        self._tables, self._title = tables, title
        self._book = {one.column: one for one in book}
        self.series, self.worlds = (self._columns(table) for table in ("series", "worlds"))
        keys = tables.sql(f"SELECT DISTINCT {', '.join(KEYS)} FROM worlds").df()
        self._budgets = keys.groupby("response")["budget"].agg(["nunique", "min"])
        single = bool((self._budgets["nunique"] == 1).all())
        self.axes: dict[str, npt.NDArray[Any]] = {
            key: np.unique(keys[key]) for key in KEYS if not (single and key == "budget")
        }
        places = [np.searchsorted(axis, keys[key]) for key, axis in self.axes.items()]
        keys["cell_"] = np.ravel_multi_index(places, self._shape)
        tables.register("cells_", keys)
        self._months: list[str] = []
        if self.series:
            found = tables.sql("SELECT DISTINCT month FROM series ORDER BY month").fetchall()
            self._months = [month for (month,) in found]

    def variables(self, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield columns of either table by name, as arrays over the axes; empty where there is no run.

        Raises: ConfigError naming the nearest where there is no such column.
        """
        for name in names:
            if name not in self.series and name not in self.worlds:
                valid = [*self.series, *self.worlds]
                raise ConfigError("column", name, "no column has this name", nearest(name, valid))
        for table, known in (("series", self.series), ("worlds", self.worlds)):
            own = [name for name in names if name in known]
            for first in range(0, len(own), self._at_a_time):
                yield from self._read(table, own[first : first + self._at_a_time])

    def dataset(self, names: Sequence[str]) -> Any:
        """Return columns of either table as a dataset."""
        xarray = require("xarray")
        coordinates: dict[str, Any] = dict(self.axes)
        if "budget" not in self.axes:
            spent = self._budgets["min"].loc[self.axes["response"]]
            coordinates["budget"] = ("response", spent.to_numpy(object))
        if self._months:
            coordinates[MONTH] = np.asarray(self._months, "datetime64[ns]")
        return xarray.Dataset(dict(self.variables(names)), coords=coordinates, attrs={"title": self._title})

    def write(self, path: Path, on_variables: Callable[[int], None]) -> None:
        """Write all columns of both tables as netCDF; hears how many variables are written.

        Raises: RunError if it cannot be written; nothing is left then.
        """
        names = [*self.series, *self.worlds]
        part = path.with_name(f".{path.name}")
        try:
            for first in range(0, len(names), self._at_a_time):
                chosen = names[first : first + self._at_a_time]
                some = self.dataset(chosen)
                packed = {
                    name: {"zlib": True, "complevel": 1} for name in chosen if some[name].dtype.kind == "f"
                }
                some.to_netcdf(part, mode="a" if first else "w", engine="h5netcdf", encoding=packed)
                on_variables(first + len(chosen))
            part.rename(path)
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror or error})") from None
        finally:
            part.unlink(missing_ok=True)

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes.values())

    @property
    def _at_a_time(self) -> int:
        numbers = int(np.prod(self._shape)) * max(1, len(self._months))
        return int(np.clip(MOST_NUMBERS // numbers, 1, MOST_VARIABLES))

    def _columns(self, table: str) -> list[str]:
        found = self._tables.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = ?", [table]
        )
        return [name for (name,) in found.fetchall() if name not in NO_VALUES]

    def _read(self, table: str, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield some columns of one table, each spread over the axes. Shapes: -> (axes..., month)."""
        listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        month = f", list_position({self._months}, month) - 1 AS place_" if table == "series" else ""
        found = self._tables.sql(
            f"SELECT cell_{month}, {listed} FROM {table} JOIN cells_ USING ({', '.join(KEYS)})"
        ).fetchnumpy()
        shape, dimensions, where = [*self._shape], [*self.axes], found["cell_"]
        if table == "series":
            shape, dimensions = [*shape, len(self._months)], [*dimensions, MONTH]
            where = where * len(self._months) + found["place_"]
        for name in names:
            values: Any = np.ma.asarray(found[name])
            if values.dtype.kind in "iu":
                values = values.astype(np.float64)
            missing = np.nan if values.dtype.kind == "f" else ""
            spread = np.full(int(np.prod(shape)), missing, values.dtype)
            spread[where] = values.filled(missing)
            attributes = {}
            if (entry := self._book.get(name)) is not None:
                attributes = {"units": entry.unit, "long_name": entry.definition}
            yield name, (dimensions, spread.reshape(shape), attributes)
