"""Records of tables, taken apart and put together without asking their constructors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from sim.tape.program import AnyArray

Build = Callable[[Sequence[AnyArray]], Any]


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
    record = object.__new__(kind)
    vars(record).update(named)
    return record


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a record, or a tuple of them, with every other value changed."""
    if is_record(value):
        return made_of(type(value), {name: mapped(one, change) for name, one in own(value).items()})
    if isinstance(value, tuple):
        return tuple(mapped(one, change) for one in value)
    return change(value)


def builder(template: Any) -> Build | None:
    """Return what builds a record with tables in the place of marks; nothing if it has no marks."""
    if isinstance(template, Made):
        table = template.table
        return lambda tables: tables[table]
    if isinstance(template, tuple):
        builds = [builder(one) for one in template]
        if not any(builds):
            return None
        parts = list(zip(template, builds, strict=True))
        return lambda tables: tuple(build(tables) if build else one for one, build in parts)
    if not is_record(template):
        return None
    named = vars(template)
    marks = [(name, one.table) for name, one in named.items() if isinstance(one, Made)]
    inner = [
        (name, build)
        for name, one in named.items()
        if not isinstance(one, Made) and (build := builder(one)) is not None
    ]
    if not marks and not inner:
        return None
    kind = type(template)

    def build_record(tables: Sequence[AnyArray]) -> Any:
        record = object.__new__(kind)
        into = record.__dict__
        into.update(named)
        for name, place in marks:
            into[name] = tables[place]
        for name, build in inner:
            into[name] = build(tables)
        return record

    return build_record
