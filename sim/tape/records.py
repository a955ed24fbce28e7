"""Records of tables, taken apart and put together without asking their constructors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from sim.tape.instructions import AnyArray


class Mark:
    """What stands in the place of a table, and is not taken apart."""


@dataclass(frozen=True)
class Made(Mark):
    """The place of a table among those that a tape makes."""

    table: int


def is_record(value: Any) -> bool:
    """Return whether a value is a record that can be taken apart."""
    return is_dataclass(value) and not isinstance(value, type | Mark)


def own(record: Any) -> dict[str, Any]:
    """Return a record's fields, without what it has cached."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def remade(record: Any, **changed: Any) -> Any:
    """Return a record of the same kind with other fields, without what it has cached."""
    return made_of(type(record), {**own(record), **changed})


def made_of(kind: type, named: dict[str, Any]) -> Any:
    """Return a record of a kind."""
    record: Any = object.__new__(kind)
    vars(record).update(named)
    return record


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a record, or a tuple of them, with every other value changed."""
    if is_record(value):
        return made_of(type(value), {name: mapped(one, change) for name, one in own(value).items()})
    if isinstance(value, tuple):
        return tuple(mapped(one, change) for one in value)
    return change(value)


def filled(template: Any, tables: Sequence[AnyArray]) -> Any:
    """Return a record with tables in the place of marks."""
    return mapped(template, lambda one: tables[one.table] if isinstance(one, Made) else one)
