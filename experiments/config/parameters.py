"""Resolve parameters: what is written over a record, else its prior, else its value; then draw them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from experiments.config.catalogue import FIXED_MEMBERS, SECTIONS, Range, Record, read_record, read_setting
from experiments.config.design import Column
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly
from sim.axes import LEVERS, Axes
from sim.params import Params
from sim.units import Array

ALL = "all"
EVERY = "*"
"""Stands in a parameter's settings for every member that is not named."""
LEVER_WEIGHTS = "policy.lever_weights"
SHARES_OF_ONE = (LEVER_WEIGHTS, "consumers.class_population_share", "robots.employment_by_sector_share")
"""Parameters whose members are shares of one whole."""
_SHARES_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Cell:
    """One number of a parameter: a value, or the row of a drawn column."""

    value: float
    row: int | None


@dataclass(frozen=True)
class ParameterTable:
    """What each parameter is in this run: fixed numbers and drawn columns.

    `cells` has one cell a scalar parameter and a tuple, in the order of the axis, where it has one.
    """

    columns: tuple[Column, ...]
    cells: Mapping[str, Cell | tuple[Cell, ...]]

    def params(self, values: Array, worlds: int) -> Params:
        """Arrange drawn values into records, read only. Shapes: values (column, world)."""

        def field(key: str) -> Array:
            cells = self.cells[key]
            if isinstance(cells, Cell):
                array = np.asarray(cells.value) if cells.row is None else values[cells.row].copy()
            else:
                array = np.empty((len(cells), worlds))
                for row, cell in enumerate(cells):
                    array[row] = cell.value if cell.row is None else values[cell.row]
            array.setflags(write=False)
            return array

        return Params(
            **{
                section: kind(**{f.name: field(f"{section}.{f.name}") for f in fields(kind)})
                for section, kind in SECTIONS.items()
            }
        )


def axis_members(record: Record, axes: Axes) -> tuple[str, ...]:
    """Return the members that a record's values are written for, in order.

    Raises: ConfigError if the record lacks one or has one too many.
    """
    places = axes.markets.names
    if record.by in FIXED_MEMBERS:
        return FIXED_MEMBERS[record.by]
    if record.by == "industrial_maker":
        needed: tuple[str, ...] = tuple(dict.fromkeys(places[site] for site in axes.industrial_makers.site))
        allowed: tuple[str, ...] = places
    else:
        needed = allowed = places
    given = tuple(record.value) if isinstance(record.value, Mapping) else needed
    for member in given:
        if member not in allowed:
            near = nearest(member, allowed)
            raise ConfigError(f"{record.key}.{member}", MISSING, f"unknown {record.by}", near)
    for member in needed:
        if member not in given:
            raise ConfigError(f"{record.key}.{member}", MISSING, f"no value for this {record.by}")
    return tuple(name for name in allowed if name in given)


def read_parameters(
    written: Any, axes: Axes, drawn: bool, budget: str
) -> tuple[dict[str, Record], ParameterTable]:
    """Check the records of a configuration and what is set over them; return both, resolved.

    With a budget of one lever, the weights of the levers put all on it.

    Raises: ConfigError on the first record or setting at fault.
    """
    keys = [f"{section}.{field.name}" for section, kind in SECTIONS.items() for field in fields(kind)]
    given = exactly("parameters", written, keys)
    records, cells, columns = {}, {}, _Columns()
    for key in keys:
        conf = dict(given[key])
        record = read_record(key, {name: value for name, value in conf.items() if name != "set"})
        settings = _settings(record, conf.get("set", {}), axes)
        if key == LEVER_WEIGHTS and budget != ALL:
            if settings:
                raise ConfigError("budget", budget, f"expected {ALL} where {LEVER_WEIGHTS} is set as well")
            settings = {lever: float(lever == budget) for lever in LEVERS}
        records[key] = record
        cells[key] = _cells(record, settings, axes, drawn, columns)
        if key in SHARES_OF_ONE:
            _check_shares(key, cells[key])
    return records, ParameterTable(tuple(columns.rows), cells)


class _Columns:
    """Collect the drawn columns; a key gets one row."""

    def __init__(self) -> None:
        self.rows: list[Column] = []
        self._row_of: dict[str, int] = {}

    def row(self, column: Column) -> int:
        if column.key not in self._row_of:
            self._row_of[column.key] = len(self.rows)
            self.rows.append(column)
        return self._row_of[column.key]


def _settings(record: Record, given: Any, axes: Axes) -> dict[str, float | Range]:
    """Check what is written over a record, by member."""
    if not isinstance(given, Mapping):
        raise ConfigError(record.key, given, record.expectation())
    members = axis_members(record, axes) if record.by else ()
    checked = {}
    for member, value in given.items():
        key = record.key if member == EVERY else f"{record.key}.{member}"
        if member != EVERY and member not in members:
            if not members:
                raise ConfigError(key, value, f"{record.key} has no members", record.key)
            expected = f"unknown; expected one of {', '.join(members)}"
            raise ConfigError(key, value, expected, f"{record.key}.{nearest(str(member), members)}")
        checked[member] = read_setting(record, key, value)
    return checked


def _cells(
    record: Record,
    settings: Mapping[str, float | Range],
    axes: Axes,
    drawn: bool,
    columns: _Columns,
) -> Cell | tuple[Cell, ...]:
    """Resolve a parameter: what is written for a member, else for all, else the prior, else the value."""

    def cell(member: str | None) -> Cell:
        value = record.value[member] if isinstance(record.value, Mapping) and member else record.value
        assert isinstance(value, (int, float))
        apart = isinstance(record.dimension, Mapping) or member in settings
        key = f"{record.key}.{member}" if member and apart else record.key
        dimension = (
            record.dimension[member or ""] if isinstance(record.dimension, Mapping) else record.dimension
        )
        setting = settings.get(member or EVERY, settings.get(EVERY))
        log = record.scale == "log"
        if isinstance(setting, Range):
            column = Column(key, setting.low, setting.high, None, log, dimension)
        elif setting is None and drawn and record.low is not None and record.high is not None:
            mode = None if record.kind == "deep" else value
            column = Column(key, record.low, record.high, mode, log, dimension)
        else:
            return Cell(float(value if setting is None else setting), None)
        return Cell(float(value), columns.row(column))

    if record.by is None:
        return cell(None)
    by_name = {member: cell(member) for member in axis_members(record, axes)}
    if record.by == "industrial_maker":
        return tuple(by_name[axes.markets.names[site]] for site in axes.industrial_makers.site)
    return tuple(by_name.values())


def _check_shares(key: str, cells: Cell | tuple[Cell, ...]) -> None:
    row = cells if isinstance(cells, tuple) else (cells,)
    if any(cell.row is not None for cell in row):
        raise ConfigError(key, MISSING, "expected fixed shares, not a range, since they add up to 1")
    total = sum(cell.value for cell in row)
    if abs(total - 1.0) > _SHARES_TOLERANCE:
        raise ConfigError(key, MISSING, f"expected shares that add up to 1, not {total:g}")
