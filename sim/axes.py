"""Names along each axis of the tables: who and where, in a fixed order, read from the roster."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from sim.units import Array, BoolArray, IntArray

BLOCS = ("us", "cn")
US, CN = 0, 1
SMUGGLED = "nvidia_smuggled"
"""Origin of merchant chips that reached a barred bloc outside the licences; counted apart."""
FREE, PAID = 0, 1
CONSTRAINTS = ("none", "power", "chips", "capital", "demand", "parts")
RESPONSES = ("passive", "us_resists", "cn_resists")
LEVERS = ("sanctions", "grid", "free_tiers", "parts", "fabs_hbm", "orbit")
TRANCHES = ("base", "middle", "peak")


@dataclass(frozen=True)
class Labs:
    """AI labs and the traits that never change in a run. Shapes: (lab,) or (lab, ...)."""

    names: tuple[str, ...]
    bloc: IntArray
    home_site: IntArray
    parent_owned: BoolArray
    group_budget_share: Array
    own_chip_share: Array
    lab_fleet_share: Array
    """Share of its own accelerators that the lab uses; the rest serves its group's other business."""
    open_weights: BoolArray
    entry_month: IntArray
    barred: BoolArray
    """(lab, market): barred from a market by its government at the start."""
    site_share: Array
    """(lab, site)"""


@dataclass(frozen=True)
class Clouds:
    """Compute providers. Shapes: (cloud,) or (cloud, ...)."""

    names: tuple[str, ...]
    bloc: IntArray
    group_budget_share: Array
    site_share: Array
    """(cloud, site)"""


@dataclass(frozen=True)
class ChipMakers:
    """Makers of AI accelerators. Shapes: (maker,) or (owner, maker)."""

    names: tuple[str, ...]
    bloc: IntArray
    merchant: BoolArray
    """Sells to anyone, so that export licences apply; the others sell to `buyers` only."""
    in_house: BoolArray
    """Makes for those who own it, at a transfer price."""
    buyers: BoolArray
    """(owner, maker): which labs and clouds may buy, apart from export controls."""


@dataclass(frozen=True)
class RobotMakers:
    """Makers of humanoid robots. Shapes: (maker,)."""

    names: tuple[str, ...]
    bloc: IntArray
    design: IntArray
    """Index into the robot designs of conf: 0 the Optimus class, 1 the AgiBot class."""
    entry_month: IntArray
    ships_outside: BoolArray


@dataclass(frozen=True)
class IndustrialMakers:
    """Makers of conventional industrial robots, by place. Shapes: (maker,)."""

    names: tuple[str, ...]
    site: IntArray
    bloc: IntArray


@dataclass(frozen=True)
class OrbitalOperators:
    """Operators of orbital data centres. Shapes: (operator,)."""

    names: tuple[str, ...]
    bloc: IntArray
    start_month: IntArray


@dataclass(frozen=True)
class Markets:
    """Markets and sites: one list of places serves both. Shapes: (market,)."""

    names: tuple[str, ...]
    bloc: IntArray
    """Bloc a place counts with in results; -1 for third markets."""
    host: BoolArray
    """(market, bloc): whether labs of a bloc may run or lease compute there, licences apart."""
    income: Array
    """Income per head relative to the United States."""
    home: IntArray
    """(bloc,): index of each bloc's own market."""


@dataclass(frozen=True)
class Axes:
    """All axes of a run. Owners of accelerators are the labs, then the clouds."""

    labs: Labs
    clouds: Clouds
    chip_makers: ChipMakers
    robot_makers: RobotMakers
    industrial_makers: IndustrialMakers
    orbital_operators: OrbitalOperators
    markets: Markets

    @property
    def owners(self) -> tuple[str, ...]:
        """Names of the owners of accelerators: labs, then clouds."""
        return self.labs.names + self.clouds.names

    @cached_property
    def owner_bloc(self) -> IntArray:
        """Bloc of each owner; -1 for owners of third countries."""
        return np.concatenate([self.labs.bloc, self.clouds.bloc])

    @property
    def origins(self) -> tuple[str, ...]:
        """Names of the origins of accelerators: chip makers, then smuggled ones."""
        return (*self.chip_makers.names, SMUGGLED)


def members_of(bloc: IntArray) -> Array:
    """Return the 0/1 table (bloc, member) of who belongs to which bloc.

    Shapes: (member,) -> (bloc, member).
    """
    return _members(bloc.tobytes())


@cache
def _members(bloc: bytes) -> Array:
    """Return the table of `members_of`, computed once. Shapes: the bytes of (member,) -> (bloc, member)."""
    table: Array = (np.arange(len(BLOCS))[:, None] == np.frombuffer(bloc, np.int64)).astype(np.float64)
    table.flags.writeable = False
    return table


def sum_by_bloc(amounts: Array, bloc: IntArray) -> Array:
    """Sum a table over its members by bloc. Shapes: (member, ..., world) -> (bloc, ..., world)."""
    us, cn = rows_by_bloc(bloc.tobytes())
    sums = np.empty((len(BLOCS), *amounts.shape[1:]))
    np.add.reduce(amounts[us], 0, None, sums[US])
    np.add.reduce(amounts[cn], 0, None, sums[CN])
    return sums


def sums_by_bloc(tables: Sequence[Array], bloc: IntArray) -> Array:
    """Sum several tables of the same members by bloc at once.

    Shapes: (member, ..., world) each -> (table, bloc, ..., world).
    """
    us, cn = rows_by_bloc(bloc.tobytes())
    rows: Array = np.array(tables)
    sums: Array = np.empty((len(rows), len(BLOCS), *rows.shape[2:]))
    np.add.reduce(rows[:, us], 1, out=sums[:, US])
    np.add.reduce(rows[:, cn], 1, out=sums[:, CN])
    return sums


def best_by_bloc(values: Array, bloc: IntArray, least: float = -np.inf) -> Array:
    """Return each bloc's largest value, at least `least`. Shapes: (member, world) -> (bloc, world)."""
    us, cn = rows_by_bloc(bloc.tobytes())
    best: Array = np.array([values[us].max(0, initial=least), values[cn].max(0, initial=least)])
    return best


@cache
def rows_by_bloc(bloc: bytes) -> tuple[slice | IntArray, slice | IntArray]:
    """Return the members of each bloc, as a slice where they stand together: no copy is made to sum them.

    Shapes: the bytes of (member,) -> a slice or (member,) per bloc.
    """
    found: list[slice | IntArray] = []
    for index in range(len(BLOCS)):
        rows = np.flatnonzero(np.frombuffer(bloc, np.int64) == index)
        together = rows.size > 0 and rows[-1] - rows[0] + 1 == rows.size
        found.append(slice(int(rows[0]), int(rows[-1]) + 1) if together else rows)
    us, cn = found
    return us, cn
