"""Factors of a study: what a design varies, where each may lie, and what it sets in a run.

A factor is a parameter, several parameters that move together (`times`), or anything else that a run takes
(a scenario, a setting, a start value). The first two are numbers that a batch holds side by side; the last
makes runs of its own kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.config.build import RUN_KEYS, RunPlan
from experiments.config.catalogue import Range, Record, read_setting
from experiments.config.conf_files import GROUPS, parameter_keys
from experiments.config.design import Column, quantiles
from experiments.config.errors import MISSING, ConfigError, nearest, show
from experiments.config.parameters import EVERY, SHARES_OF_ONE, axis_members
from experiments.config.readers import exactly, finite, number, one_of
from sim.units import Array

SPECIFICATION = ("values", "range", "prior", "times", "levels", "scale")
PRIOR = "prior"
MOST_LEVELS = 1000
NOT_FACTORS = ("worlds", "responses", "budget", "workers", "name", "output")
"""Keys of a run that a study sets otherwise, or that move no result."""


@dataclass(frozen=True)
class Factor:
    """What a design varies. A choice has values of any kind; a number has values or a distribution."""

    name: str
    targets: Mapping[str, float]
    """Address of a parameter -> what the factor is multiplied by there; empty for a choice."""
    values: tuple[Any, ...]
    """Levels named one by one; empty where the factor has a range or a prior."""
    column: Column | None
    """Distribution over the range; None where the values are named."""
    levels: int | None
    """Levels of a range in a grid, if it says so itself."""

    @property
    def is_choice(self) -> bool:
        """Whether it picks something that is no parameter."""
        return not self.targets

    def at(self, unit: Array) -> list[Any]:
        """Return the values at points of the unit interval, ends included. Shapes: (point,) -> list."""
        if self.column is not None:
            return [float(value) for value in quantiles(self.column, unit)]
        places = np.minimum((unit * len(self.values)).astype(np.int64), len(self.values) - 1)
        return [self.values[place] for place in places]

    def grid(self, levels: int) -> tuple[Any, ...]:
        """Return the levels in a grid: those named, or as many between the ends of the range."""
        if self.column is None:
            return self.values
        count = self.levels or levels
        return tuple(self.at(np.linspace(0.0, 1.0, count) if count > 1 else np.asarray([0.5])))

    def describe(self) -> str:
        """Say in a few words what it varies over."""
        if self.column is None:
            over = show(", ".join(show(value) for value in self.values))
        else:
            over = f"{Range(self.column.low, self.column.high)}"
            over += " (prior)" if self.column.mode is not None else " (log)" if self.column.log else ""
        moved = [f"{weight:g} × {key}" for key, weight in self.targets.items() if key != self.name]
        return f"{over}{', times ' + ', '.join(moved) if moved else ''}"


def read_factors(given: Any, plan: RunPlan) -> tuple[Factor, ...]:
    """Check the factors of a study against a plan of its base run.

    Raises: ConfigError on the first that does not exist or leaves its parameter's bounds.
    """
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        raise ConfigError("study.factors", given, "expected a mapping from factors to values or ranges")
    named = {str(name): written for name, written in given.items() if name != EVERY}
    factors = tuple(
        read_factor(name, written, place, plan) for place, (name, written) in enumerate(named.items())
    )
    if EVERY in given:
        factors += _all_drawn(given[EVERY], factors, plan)
    taken: dict[tuple[str, str | None], str] = {}
    for factor in factors:
        for address in factor.targets:
            for cell in cells_of(address, plan):
                if cell in taken:
                    expected = f"sets {address}, which {taken[cell]} sets as well; expected it in one factor"
                    raise ConfigError(f"study.factors.{factor.name}", MISSING, expected)
                taken[cell] = factor.name
    return factors


def read_factor(name: str, given: Any, place: int, plan: RunPlan) -> Factor:
    """Check one factor; `place` is its number in the study.

    Raises: ConfigError if it does not exist or leaves its parameter's bounds.
    """
    key = f"study.factors.{name}"
    written = _written(key, given)
    if "times" in written:
        targets = _times(key, written["times"], plan)
    elif is_parameter(name):
        targets = {name: 1.0}
        record_of(name, plan, key)
    elif is_choice(name):
        return _choice(name, key, written)
    else:
        valid = [*parameter_keys(), *GROUPS, *(one for one in RUN_KEYS if one not in NOT_FACTORS)]
        expected = "no such parameter, choice or setting; a factor of another name needs times"
        near = nearest(name, valid)
        raise ConfigError(key, written, expected, f"study.factors.{near}" if near else None)
    values, column = _numbers(name, key, written, targets, place, plan)
    levels = written.get("levels")
    if levels is not None and (
        isinstance(levels, bool) or not isinstance(levels, int) or not 1 <= levels <= MOST_LEVELS
    ):
        raise ConfigError(f"{key}.levels", levels, f"expected an integer within 1..{MOST_LEVELS}")
    return Factor(name, targets, values, column, levels)


def _all_drawn(given: Any, named: Sequence[Factor], plan: RunPlan) -> tuple[Factor, ...]:
    """Return a factor for every number that the base draws and no named factor sets, as it is drawn there."""
    if given != PRIOR:
        raise ConfigError(f"study.factors.{EVERY}", given, f"expected {PRIOR}, for all that is drawn")
    own = {cell for factor in named for address in factor.targets for cell in cells_of(address, plan)}
    drawn = [column for column in plan.table.columns if own.isdisjoint(cells_of(column.key, plan))]
    return tuple(
        Factor(
            column.key,
            {column.key: 1.0},
            (),
            replace(column, key=f"study.{column.key}", dimension=place),
            None,
        )
        for place, column in enumerate(drawn, len(named))
    )


def is_parameter(name: str) -> bool:
    """Say whether a name starts as the key of a parameter does."""
    section = name.partition(".")[0]
    return "." in name and section in {key.partition(".")[0] for key in parameter_keys()}


def is_choice(name: str) -> bool:
    """Say whether a name is something else that a run takes."""
    head = name.partition(".")[0]
    if name in NOT_FACTORS or head in NOT_FACTORS:
        return False
    return name in GROUPS or name in RUN_KEYS or (head in ("start", "roster", "outcome", "uncertainty"))


def record_of(address: str, plan: RunPlan, key: str) -> Record:
    """Return the record of a parameter, which may be addressed by member.

    Raises: ConfigError naming the nearest one if there is none.
    """
    section_and_name, member = split_address(address)
    record = plan.catalogue.get(section_and_name)
    if record is None:
        near = nearest(address, plan.catalogue)
        raise ConfigError(
            key if key.endswith(address) else f"{key}.{address}",
            MISSING,
            "no such parameter",
            f"study.factors.{near}" if key.endswith(address) else near,
        )
    if section_and_name in SHARES_OF_ONE:
        raise ConfigError(key, MISSING, f"{section_and_name} holds shares of one whole; expected another")
    if member is not None:
        members = axis_members(record, plan.axes) if record.by else ()
        if member not in members:
            expected = f"expected one of {', '.join(members)}" if members else "it has no members"
            near = f"{section_and_name}.{nearest(member, members)}" if members else section_and_name
            raise ConfigError(key, MISSING, f"{section_and_name} has no member {member}; {expected}", near)
    return record


def split_address(address: str) -> tuple[str, str | None]:
    """Split an address into section and name, and the member if any.

    >>> split_address("chips.wafer_growth.us"), split_address("power.spare_draw")
    (('chips.wafer_growth', 'us'), ('power.spare_draw', None))
    """
    section, name, *member = address.split(".", 2)
    return f"{section}.{name}", member[0] if member else None


def cells_of(address: str, plan: RunPlan) -> list[tuple[str, str | None]]:
    """Return the numbers that an address stands for: parameter and member."""
    key, member = split_address(address)
    record = plan.catalogue[key]
    if member is not None or record.by is None:
        return [(key, member)]
    return [(key, one) for one in axis_members(record, plan.axes)]


def rows_of(address: str, plan: RunPlan) -> tuple[int, ...] | None:
    """Return which rows of a parameter's table an address stands for; None where it has no axis."""
    key, member = split_address(address)
    record = plan.catalogue[key]
    if record.by is None:
        return None
    if record.by == "industrial_maker":
        places = plan.axes.markets.names
        sites = [places[site] for site in plan.axes.industrial_makers.site]
        return tuple(row for row, site in enumerate(sites) if member in (None, site))
    members = axis_members(record, plan.axes)
    return tuple(row for row, one in enumerate(members) if member in (None, one))


def axis_names(key: str, rows: tuple[int, ...] | None, plan: RunPlan) -> list[str]:
    """Return the names of a parameter's rows, as tables of worlds have them."""
    record = plan.catalogue[key]
    if rows is None:
        return [key]
    if record.by == "industrial_maker":
        members: Sequence[str] = plan.axes.industrial_makers.names
    else:
        members = axis_members(record, plan.axes)
    return [f"{key}.{members[row]}" for row in rows]


def _written(key: str, given: Any) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        for name in given:
            if name not in SPECIFICATION:
                near = nearest(str(name), SPECIFICATION)
                expected = f"unknown; expected {', '.join(SPECIFICATION)}"
                raise ConfigError(f"{key}.{name}", given[name], expected, f"{key}.{near}")
        if sum(name in given for name in ("values", "range", PRIOR)) != 1:
            raise ConfigError(key, given, "expected one of values, range and prior: true")
        return given
    if isinstance(given, Sequence) and not isinstance(given, str):
        return {"values": given}
    if given == PRIOR:
        return {PRIOR: True}
    if isinstance(given, str) and ".." in given:
        return {"range": given}
    if isinstance(given, (str, int, float)):
        return {"values": [given]}
    raise ConfigError(key, given, "expected values as [1, 2, 4], a range as 1..4, or prior")


def _choice(name: str, key: str, written: Mapping[str, Any]) -> Factor:
    exactly(key, written, ["values"])
    values = written["values"]
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ConfigError(key, values, "expected a list of values, as [baseline, article]")
    return Factor(name, {}, tuple(values), None, None)


def _times(key: str, given: Any, plan: RunPlan) -> dict[str, float]:
    if not isinstance(given, Mapping) or not given:
        raise ConfigError(f"{key}.times", given, "expected parameters, each with what it is multiplied by")
    targets = {}
    for address, weight in given.items():
        if not is_parameter(str(address)):
            near = nearest(str(address), parameter_keys())
            raise ConfigError(f"{key}.times.{address}", weight, "no such parameter", near)
        record_of(str(address), plan, f"{key}.times")
        targets[str(address)] = number(f"{key}.times.{address}", weight)
    return targets


def _numbers(
    name: str, key: str, written: Mapping[str, Any], targets: Mapping[str, float], place: int, plan: RunPlan
) -> tuple[tuple[float, ...], Column | None]:
    """Return a factor's values or its distribution, inside the bounds of all that it sets."""
    single = next(iter(targets)) if list(targets) == [name] else None
    if PRIOR in written:
        return (), _prior(key, single, plan, place)
    if "range" in written:
        low, high = _range(key, written["range"])
        log = _is_log(key, written, single, plan, low)
        _check(key, written["range"], (low, high), targets, plan)
        return (), Column(f"study.{name}", low, high, None, log, place)
    values = written["values"]
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ConfigError(key, values, "expected a list of numbers, as [1, 2, 4]")
    numbers = []
    for value in values:
        one = finite(value)
        if one is None:
            raise ConfigError(key, value, "expected numbers")
        _check(key, value, (one,), targets, plan)
        numbers.append(one)
    return tuple(numbers), None


def _prior(key: str, address: str | None, plan: RunPlan, place: int) -> Column:
    name, member = split_address(address) if address else ("", None)
    record = plan.catalogue.get(name)
    value = record.value if record else None
    value = value.get(member or "") if isinstance(value, Mapping) else value
    if record is None or record.low is None or record.high is None or value is None:
        raise ConfigError(key, PRIOR, "expected a range or values; this has no prior of its own")
    mode = None if record.kind == "deep" else float(value)
    return Column(f"study.{address}", record.low, record.high, mode, record.scale == "log", place)


def _range(key: str, given: Any) -> tuple[float, float]:
    low, _, high = str(given).partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise ConfigError(key, given, "expected a range as 1..4") from None
    if not ends[0] < ends[1]:
        raise ConfigError(key, given, "expected a range as 1..4, the lower end first")
    return ends


def _is_log(key: str, written: Mapping[str, Any], single: str | None, plan: RunPlan, low: float) -> bool:
    scale = written.get("scale")
    if scale is None:
        record = plan.catalogue[split_address(single)[0]] if single else None
        return record is not None and record.scale == "log" and low > 0.0
    if one_of(f"{key}.scale", scale, ("linear", "log")) == "log" and low <= 0.0:
        raise ConfigError(key, written["range"], "expected above 0 on a logarithmic scale")
    return bool(scale == "log")


def _check(
    key: str, given: Any, values: Sequence[float], targets: Mapping[str, float], plan: RunPlan
) -> None:
    """Check that what a factor sets lies within the bounds of validity."""
    for address, weight in targets.items():
        record = plan.catalogue[split_address(address)[0]]
        for value in values:
            if not record.minimum <= value * weight <= record.maximum:
                named = "" if key.endswith(address) else f" for {address}"
                raise ConfigError(key, given, f"{record.expectation()}{named}")
            read_setting(record, address, value * weight)
