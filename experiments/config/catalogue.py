"""The base catalogue: one checked record a parameter, with its value, prior, limits, unit and source."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from experiments.config.errors import MISSING, ConfigError
from experiments.config.readers import exactly, filled, finite, number, one_of, plain
from sim.axes import BLOCS, LEVERS, TRANCHES
from sim.params import Params

TAGS = ("assumption", "policy", "shock")
KINDS = ("measured", "judged", "deep", "fixed")
SCALES = ("linear", "log")
AXES = ("bloc", "market", "class", "sector", "lever", "tranche", "industrial_maker")
"""Axes a parameter may have. Makers of industrial robots share the value of the place where they sit."""
FIXED_MEMBERS = {
    "bloc": BLOCS,
    "class": ("low", "middle", "high"),
    "sector": ("electronics", "machinery", "other"),
    "lever": LEVERS,
    "tranche": TRANCHES,
}
"""Axes that no roster can change, in their order."""
SECTIONS: dict[str, type] = get_type_hints(Params)

_RANGE = re.compile(
    r"\s*(?P<low>{0})\.\.(?P<high>{0})\s*".format(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
)


@dataclass(frozen=True)
class Range:
    """A range that a scenario or the command line writes over a value, as 20..40."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{plain(self.low)}..{plain(self.high)}"


@dataclass(frozen=True)
class Record:
    """One parameter: its central value, prior, limits and where they come from.

    The prior is low..high, absent where the parameter is fixed; minimum..maximum is what validity is tested
    against. `value` and `dimension` are mappings by member where they differ along the axis `by`.
    """

    key: str
    value: float | Mapping[str, float]
    low: float | None
    high: float | None
    minimum: float
    maximum: float
    scale: str
    by: str | None
    dimension: int | Mapping[str, int] | None
    unit: str
    kind: str
    tag: str
    equation: str
    source: str

    @property
    def members(self) -> tuple[str, ...] | None:
        """Members along the axis as far as the record itself knows them; None without an axis."""
        if self.by is None:
            return None
        return FIXED_MEMBERS.get(self.by, tuple(self.value) if isinstance(self.value, Mapping) else ())

    def expectation(self) -> str:
        """Say what may be written for this parameter."""
        text = (
            f"expected a number, or a range as 1..2, within {plain(self.minimum)}..{plain(self.maximum)} "
            f"({self.unit})"
        )
        return f"{text}, or a mapping by {self.by}" if self.by else text


Catalogue = Mapping[str, Record]


def read_catalogue(sections: Mapping[str, Any]) -> dict[str, Record]:
    """Check the composed sections of conf/parameters.yaml and return their records by key.

    Raises: ConfigError on the first record that is unknown, missing, incomplete or inconsistent.
    """
    for section in sections:
        one_of("section", section, SECTIONS)
    records = {}
    for section, record_type in SECTIONS.items():
        names = [field.name for field in fields(record_type)]
        for name, record in exactly(section, sections.get(section), names).items():
            records[f"{section}.{name}"] = read_record(f"{section}.{name}", record)
    _check_dimensions(records)
    return records


_FIELDS = {
    "value": "value",
    "low": "low",
    "high": "high",
    "min": "minimum",
    "max": "maximum",
    "scale": "scale",
    "by": "by",
    "dim": "dimension",
    "unit": "unit",
    "kind": "kind",
    "tag": "tag",
    "equation": "equation",
    "source": "source",
}
_BY_MEMBER = ("value", "dim")
"""Fields that have a number a member where a parameter has an axis."""
_OPTIONAL = ("low", "high", "by", "dim")


def read_record(key: str, given: Any) -> Record:
    """Check one record as conf writes it.

    Raises: ConfigError naming the field at fault.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(key, given, f"expected a record with {', '.join(_FIELDS)}")
    exactly(key, given, [name for name in _FIELDS if name in given or name not in _OPTIONAL])
    for name in ("unit", "source", "equation"):
        filled(f"{key}.{name}", given[name])
    for name, valid in (("tag", TAGS), ("kind", KINDS), ("scale", SCALES)):
        one_of(f"{key}.{name}", given[name], valid)
    if "by" in given:
        one_of(f"{key}.by", given["by"], AXES)
    record = Record(
        key=key,
        value=_numbers(f"{key}.value", given["value"]),
        low=number(f"{key}.low", given["low"]) if "low" in given else None,
        high=number(f"{key}.high", given["high"]) if "high" in given else None,
        minimum=number(f"{key}.min", given["min"]),
        maximum=number(f"{key}.max", given["max"]),
        scale=given["scale"],
        by=given.get("by"),
        dimension=_dimensions(f"{key}.dim", given.get("dim")),
        unit=given["unit"],
        kind=given["kind"],
        tag=given["tag"],
        equation=given["equation"],
        source=given["source"],
    )
    _check_record(record)
    return record


def as_conf(record: Record) -> dict[str, Any]:
    """Return a record the way conf writes it, in plain types; `read_record` reads it back."""
    written: dict[str, Any] = {}
    for name, field in _FIELDS.items():
        value = getattr(record, field)
        if value is not None:
            written[name] = dict(value) if name in _BY_MEMBER and isinstance(value, Mapping) else value
    return written


def _check_record(record: Record) -> None:
    key = record.key
    drawn = record.low is not None
    if drawn != (record.high is not None):
        raise ConfigError(key, MISSING, "expected both low and high, or neither")
    if drawn == (record.kind == "fixed") or drawn != (record.dimension is not None):
        raise ConfigError(
            f"{key}.kind", record.kind, "expected fixed, or low, high and dim with another kind"
        )
    if record.by is None and (isinstance(record.value, Mapping) or isinstance(record.dimension, Mapping)):
        raise ConfigError(f"{key}.by", MISSING, f"expected the axis of the members, one of {', '.join(AXES)}")
    members = record.members or ()
    if record.by in FIXED_MEMBERS and isinstance(record.value, Mapping):
        exactly(f"{key}.value", record.value, members)
    if drawn and record.by and not isinstance(record.dimension, Mapping):
        raise ConfigError(f"{key}.dim", record.dimension, "expected a dimension for each member")
    if isinstance(record.dimension, Mapping):
        exactly(f"{key}.dim", record.dimension, members)
    if record.minimum > record.maximum:
        raise ConfigError(f"{key}.min", record.minimum, f"expected at most max = {record.maximum}")
    low = record.minimum if record.low is None else record.low
    high = record.maximum if record.high is None else record.high
    central = record.value.values() if isinstance(record.value, Mapping) else [record.value]
    for value in central:
        if not record.minimum <= low <= value <= high <= record.maximum:
            raise ConfigError(f"{key}.value", value, "expected min <= low <= value <= high <= max")
    if drawn and record.scale == "log" and low <= 0:
        raise ConfigError(f"{key}.low", low, "expected above 0 on a logarithmic scale")


def _check_dimensions(records: Mapping[str, Record]) -> None:
    taken: dict[int, str] = {}
    for address, dimension in sobol_dimensions(records):
        if dimension in taken:
            raise ConfigError(
                address, dimension, f"dimension taken by {taken[dimension]}; expected one above {max(taken)}"
            )
        taken[dimension] = address


def sobol_dimensions(records: Mapping[str, Record]) -> Iterator[tuple[str, int]]:
    """Yield the address and the Sobol dimension of every drawn number."""
    for record in records.values():
        if isinstance(record.dimension, Mapping):
            for member, dimension in record.dimension.items():
                yield f"{record.key}.{member}", dimension
        elif record.dimension is not None:
            yield record.key, record.dimension


def read_setting(record: Record, key: str, given: Any) -> float | Range:
    """Check a number or a range written over a record, or over one member of it.

    Raises: ConfigError if it is neither, not finite, or outside the record's limits.
    """
    setting: Range | float
    if isinstance(given, str):
        match = _RANGE.fullmatch(given)
        if match is None:
            raise ConfigError(key, given, record.expectation())
        low, high = float(match["low"]), float(match["high"])
        if low > high:
            raise ConfigError(key, given, f"{record.expectation()}, the lower end first")
        bounds, setting = (low, high), Range(low, high)
        if record.scale == "log" and low <= 0 and low < high:
            raise ConfigError(
                key, given, f"{record.expectation()}; it is drawn on a log scale, so from above 0"
            )
    else:
        value = finite(given)
        if value is None:
            raise ConfigError(key, given, record.expectation())
        bounds, setting = (value, value), value
    if not record.minimum <= bounds[0] <= bounds[1] <= record.maximum:
        raise ConfigError(key, given, record.expectation())
    return setting


def _numbers(key: str, given: Any) -> float | dict[str, float]:
    if isinstance(given, Mapping):
        return {str(member): number(f"{key}.{member}", value) for member, value in given.items()}
    return number(key, given)


def _dimensions(key: str, given: Any) -> int | dict[str, int] | None:
    if given is None:
        return None
    if isinstance(given, Mapping):
        return {str(member): _dimension(f"{key}.{member}", value) for member, value in given.items()}
    return _dimension(key, given)


def _dimension(key: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ConfigError(key, given, "expected a Sobol dimension, an integer from 0")
    return given
