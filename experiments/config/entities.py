"""Read who takes part and where they start: the roster into Axes, the start records into Start."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any, get_type_hints

import numpy as np

from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import (
    exactly,
    filled,
    flag,
    integer,
    month_text,
    months_between,
    number,
    one_of,
)
from sim.axes import (
    BLOCS,
    TRANCHES,
    Axes,
    ChipMakers,
    Clouds,
    IndustrialMakers,
    Labs,
    Markets,
    OrbitalOperators,
    RobotMakers,
)
from sim.start import Start
from sim.units import Array, BoolArray, IntArray

BASES = ("observed", "judgement", "derived")
DESIGNS = ("optimus", "agibot")
NO_BLOC = "none"
LATEST_MONTH = 1200

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHARES_TOLERANCE = 1e-9
_SECTIONS: dict[str, tuple[str, ...]] = {
    "labs": (
        "bloc",
        "parent_owned",
        "group_budget_share",
        "own_chip_share",
        "lab_fleet_share",
        "open_weights",
        "entry",
        "barred",
        "site_share",
    ),
    "clouds": ("bloc", "group_budget_share", "site_share"),
    "chip_makers": ("bloc", "merchant", "in_house", "buyers"),
    "robot_makers": ("bloc", "design", "entry", "ships_outside"),
    "industrial_makers": ("bloc", "site"),
    "orbital_operators": ("bloc", "start_month"),
    "markets": ("bloc", "host", "income"),
}
FIRM_SECTIONS = tuple(section for section in _SECTIONS if section != "markets")
_START_RECORDS: dict[str, type] = {
    name: kind for name, kind in get_type_hints(Start).items() if name != "month"
}


def firms_of(roster: Any) -> list[str]:
    """Return the names of every firm in a roster as composed."""
    sections = roster if isinstance(roster, Mapping) else {}
    return [
        str(name)
        for section in FIRM_SECTIONS
        if isinstance(sections.get(section), Mapping)
        for name in sections[section]
    ]


def first_month(start: Any) -> str:
    """Return the first month simulated, as the start records say it.

    Raises: ConfigError if they do not.
    """
    given = start.get("month", MISSING) if isinstance(start, Mapping) else start
    return month_text("start.month", given)


def read_axes(roster: Any, start_month: str, without: Collection[str] = ()) -> Axes:
    """Check a roster and return the axes of a run, in the roster's order, less the firms left out.

    Firms that enter after the start month have the months until then as `entry_month`, others 0.

    Raises: ConfigError on the first trait that is unknown, missing, mistyped or refers to nobody.
    """
    tables = _check_sections(roster)
    kept = {
        section: {name: traits for name, traits in entities.items() if name not in without}
        for section, entities in tables.items()
    }
    for section, entities in kept.items():
        if not entities:
            at = "without" if tables[section] else f"roster.{section}"
            raise ConfigError(at, MISSING, f"nobody is left in {section}; expected at least one")
    return _Roster(kept, start_month, without).axes()


class _Roster:
    """Read traits of checked sections into arrays."""

    def __init__(
        self, tables: Mapping[str, Mapping[str, Any]], start_month: str, without: Collection[str]
    ) -> None:
        self.tables = tables
        self.start_month = start_month
        self.without = without
        self.markets = tuple(tables["markets"])
        self.owners = (*tables["labs"], *tables["clouds"])

    def axes(self) -> Axes:
        """Return all axes."""
        markets = self._markets()
        bloc = self._indices("labs", "bloc", BLOCS)
        return Axes(
            labs=Labs(
                names=tuple(self.tables["labs"]),
                bloc=bloc,
                home_site=markets.home[bloc],
                parent_owned=self._flags("labs", "parent_owned"),
                group_budget_share=self._shares("labs", "group_budget_share"),
                own_chip_share=self._shares("labs", "own_chip_share"),
                lab_fleet_share=self._shares("labs", "lab_fleet_share"),
                open_weights=self._flags("labs", "open_weights"),
                entry_month=self._entries("labs"),
                barred=self._members("labs", "barred", self.markets),
                site_share=self._site_share("labs"),
            ),
            clouds=Clouds(
                names=tuple(self.tables["clouds"]),
                bloc=self._indices("clouds", "bloc", (*BLOCS, NO_BLOC)),
                group_budget_share=self._shares("clouds", "group_budget_share"),
                site_share=self._site_share("clouds"),
            ),
            chip_makers=ChipMakers(
                names=tuple(self.tables["chip_makers"]),
                bloc=self._indices("chip_makers", "bloc", BLOCS),
                merchant=self._flags("chip_makers", "merchant"),
                in_house=self._flags("chip_makers", "in_house"),
                buyers=self._members("chip_makers", "buyers", self.owners, every="all").T,
            ),
            robot_makers=RobotMakers(
                names=tuple(self.tables["robot_makers"]),
                bloc=self._indices("robot_makers", "bloc", BLOCS),
                design=self._indices("robot_makers", "design", DESIGNS),
                entry_month=self._entries("robot_makers"),
                ships_outside=self._flags("robot_makers", "ships_outside"),
            ),
            industrial_makers=IndustrialMakers(
                names=tuple(self.tables["industrial_makers"]),
                site=self._indices("industrial_makers", "site", self.markets),
                bloc=self._indices("industrial_makers", "bloc", BLOCS),
            ),
            orbital_operators=OrbitalOperators(
                names=tuple(self.tables["orbital_operators"]),
                bloc=self._indices("orbital_operators", "bloc", BLOCS),
                start_month=self._months("orbital_operators", "start_month"),
            ),
            markets=markets,
        )

    def _markets(self) -> Markets:
        for bloc in BLOCS:
            if bloc not in self.markets:
                near = nearest(bloc, self.markets)
                raise ConfigError(f"roster.markets.{bloc}", MISSING, "no home market of the bloc", near)
        return Markets(
            names=self.markets,
            bloc=self._indices("markets", "bloc", (*BLOCS, NO_BLOC)),
            host=self._members("markets", "host", BLOCS),
            income=np.asarray(self._each("markets", "income", lambda key, v: number(key, v, 1e-6, 1e6))),
            home=np.asarray([self.markets.index(bloc) for bloc in BLOCS], np.int64),
        )

    def _each(self, section: str, trait: str, read: Callable[[str, Any], Any]) -> list[Any]:
        return [
            read(f"roster.{section}.{name}.{trait}", traits[trait])
            for name, traits in self.tables[section].items()
        ]

    def _indices(self, section: str, trait: str, names: Sequence[str]) -> IntArray:
        """Return positions in a list of names; no bloc is -1."""
        found = self._each(section, trait, lambda key, given: one_of(key, given, names))
        return np.asarray([-1 if name == NO_BLOC else names.index(name) for name in found], np.int64)

    def _flags(self, section: str, trait: str) -> BoolArray:
        return np.asarray(self._each(section, trait, flag), np.bool_)

    def _shares(self, section: str, trait: str) -> Array:
        return np.asarray(self._each(section, trait, lambda key, v: number(key, v, 0, 1)), np.float64)

    def _months(self, section: str, trait: str) -> IntArray:
        read = self._each(section, trait, lambda key, v: integer(key, v, 0, LATEST_MONTH))
        return np.asarray(read, np.int64)

    def _entries(self, section: str) -> IntArray:
        """Return the months from the start to each entry, 0 for who is there already."""
        dates = self._each(section, "entry", month_text)
        return np.asarray([max(0, months_between(self.start_month, date)) for date in dates], np.int64)

    def _members(self, section: str, trait: str, valid: Sequence[str], every: str | None = None) -> BoolArray:
        """Return who is listed. Shapes: (entity, valid)."""

        def read(key: str, given: Any) -> list[bool]:
            if every is not None and given == every:
                return [True] * len(valid)
            also = f", or {every}" if every else ""
            if not isinstance(given, Sequence) or isinstance(given, str):
                raise ConfigError(key, given, f"expected a list of {', '.join(valid)}{also}")
            for name in given:
                if name not in self.without:
                    one_of(key, name, valid)
            return [name in given for name in valid]

        return np.asarray(self._each(section, trait, read), np.bool_)

    def _site_share(self, section: str) -> Array:
        def read(key: str, given: Any) -> list[float]:
            row = _by_member(key, given, self.markets, (), (0.0, 1.0))
            if abs(sum(row) - 1.0) > _SHARES_TOLERANCE:
                raise ConfigError(key, given, f"expected shares that add up to 1, not {sum(row):g}")
            return row

        return np.asarray(self._each(section, "site_share", read), np.float64)


def read_start(start: Any, axes: Axes, without: Collection[str] = ()) -> Start:
    """Check the start records and return them as tables (entity,) or (entity, second axis).

    Raises: ConfigError on a firm without records, records without a firm, and any field at fault.
    """
    exactly("start", start, ("month", *_START_RECORDS))
    members = {
        "market": axes.markets.names,
        "origin": axes.origins,
        "cloud": axes.clouds.names,
        "tranche": TRANCHES,
        "industrial_maker": axes.industrial_makers.names,
    }
    entities = {
        section: axes.origins if section == "origins" else getattr(axes, section).names
        for section in _START_RECORDS
    }
    tables = {
        section: _start_table(f"start.{section}", start[section], kind, entities[section], members, without)
        for section, kind in _START_RECORDS.items()
    }
    return Start(month=first_month(start), **tables)


def _start_table(
    key: str,
    given: Any,
    kind: type,
    names: Sequence[str],
    members: Mapping[str, Sequence[str]],
    without: Collection[str],
) -> Any:
    if not isinstance(given, Mapping):
        raise ConfigError(key, given, f"expected a mapping with start records of {', '.join(names)}")
    for name in given:
        if name not in names and name not in without:
            raise ConfigError(
                f"{key}.{name}", MISSING, "start records of nobody in the roster", nearest(str(name), names)
            )
    for name in names:
        if not isinstance(given.get(name), Mapping):
            raise ConfigError(
                f"{key}.{name}", given.get(name, MISSING), "the roster has it; expected its start"
            )
        exactly(f"{key}.{name}", given[name], [f.name for f in fields(kind)])
    columns = {
        field.name: [
            _start_value(f"{key}.{name}.{field.name}", given[name][field.name], field, members, without)
            for name in names
        ]
        for field in fields(kind)
    }
    return kind(**{name: np.asarray(rows, np.float64) for name, rows in columns.items()})


def _start_value(
    key: str,
    record: Any,
    field: Field[Any],
    members: Mapping[str, Sequence[str]],
    without: Collection[str],
) -> float | list[float]:
    exactly(key, record, ("value", "unit", "basis", "source"))
    for name in ("unit", "source"):
        filled(f"{key}.{name}", record[name])
    one_of(f"{key}.basis", record["basis"], BASES)
    limits = _start_limits(field.name)
    if "axis" in field.metadata:
        return _by_member(key, record["value"], members[field.metadata["axis"]], without, limits)
    return number(key, record["value"], *limits)


def _start_limits(name: str) -> tuple[float, float]:
    """Return what a start value may be, by its name: shares are 0-1, only growth and lags may be negative."""
    if name.endswith("_share"):
        return 0.0, 1.0
    if "growth" in name:
        return -1.0, math.inf
    return (-math.inf, math.inf) if name == "lag_months" else (0.0, math.inf)


def _by_member(
    key: str, given: Any, valid: Sequence[str], without: Collection[str], limits: tuple[float, float]
) -> list[float]:
    """Return values in the order of an axis; members that are not named are 0."""
    if not isinstance(given, Mapping):
        raise ConfigError(key, given, f"expected a mapping by {', '.join(valid)}")
    for member in given:
        if member not in without and member not in valid:
            expected = f"unknown; expected {', '.join(valid)}"
            raise ConfigError(f"{key}.{member}", given[member], expected, nearest(str(member), valid))
    return [number(f"{key}.{member}", given.get(member, 0.0), *limits) for member in valid]


def _check_sections(roster: Any) -> dict[str, dict[str, Any]]:
    exactly("roster", roster, tuple(_SECTIONS))
    owner: dict[str, str] = {}
    for section, traits in _SECTIONS.items():
        if not isinstance(roster[section], Mapping):
            raise ConfigError(f"roster.{section}", roster[section], "expected entities with their traits")
        for name, given in roster[section].items():
            key = f"roster.{section}.{name}"
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ConfigError(key, MISSING, "expected a name of a-z, 0-9 and _, a letter first")
            if section != "markets" and owner.setdefault(name, section) != section:
                raise ConfigError(key, MISSING, f"name taken by roster.{owner[name]}.{name}")
            exactly(key, given, traits)
    return {section: dict(roster[section]) for section in _SECTIONS}
