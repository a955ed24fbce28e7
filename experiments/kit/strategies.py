"""Roles with their goals and strategies with their levers, read as strictly as everything in conf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.build import RunPlan
from experiments.config.conf_files import CONF, options
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly, filled, flag, integer, number, one_of
from experiments.sweeping.factors import record_of, rows_of, split_address
from sim.units import Array

LANGUAGES = ("en", "de")
GROUP = "strategy"
ROLES = CONF / "roles.yaml"
BETTER = ("high", "low", "even")
HOW = ("set", "times", "plus")
FULL_WEIGHT = 10
HOLD = "hold"
"""What a role does that changes nothing; every role has it."""
HOLD_TITLE = {"en": "Hold", "de": "Abwarten"}
HOLD_WHY = {"en": "Change nothing.", "de": "Nichts ändern."}


@dataclass(frozen=True)
class Goal:
    """What a role is after: the mean of series over the last year, or their share in these and the rest."""

    own: tuple[str, ...]
    rest: tuple[str, ...]
    better: str
    weight: int
    text: Mapping[str, str]

    @property
    def series(self) -> tuple[str, ...]:
        """Return every series that the goal needs."""
        return (*self.own, *self.rest)

    def value(self, means: Mapping[str, Array]) -> Array:
        """Return how good it is: more is better. Shapes: (case,).

        A share of nothing is one half. For `even` it is minus the distance from one half.
        """
        own = sum((means[name] for name in self.own), np.zeros(()))
        if not self.rest:
            value = np.asarray(own / len(self.own))
        else:
            both = own + sum((means[name] for name in self.rest), np.zeros(()))
            value = np.divide(own, both, out=np.full(np.shape(both), 0.5), where=both > 0.0)
        if self.better == "even":
            return -np.abs(value - 0.5)
        return value if self.better == "high" else -value


@dataclass(frozen=True)
class Role:
    """Who plays."""

    name: str
    title: Mapping[str, str]
    main: bool
    """Whether it is one of the roles of the 90-minute lesson."""
    goals: tuple[Goal, ...]


@dataclass(frozen=True)
class Change:
    """What happens to a parameter, which stays within its limits: set, multiplied, or something is added."""

    key: str
    how: str
    by: float

    def cells(self, plan: RunPlan) -> list[tuple[str, str, int | None]]:
        """Return section, name and row of every number that it changes; no row for one without an axis."""
        section, name = split_address(self.key)[0].split(".")
        rows = rows_of(self.key, plan)
        return [(section, name, row) for row in ((None,) if rows is None else rows)]

    def applied(self, before: Array, plan: RunPlan) -> Array:
        """Return the values after the change. Shapes: any, kept."""
        record = plan.catalogue[split_address(self.key)[0]]
        after = {"set": np.full_like(before, self.by), "times": before * self.by, "plus": before + self.by}
        limited: Array = np.clip(after[self.how], record.minimum, record.maximum)
        return limited


@dataclass(frozen=True)
class Strategy:
    """What a role may do."""

    name: str
    role: str
    title: Mapping[str, str]
    why: Mapping[str, str]
    changes: tuple[Change, ...]


def read_roles(given: Any) -> dict[str, Role]:
    """Check the roles.

    Raises: ConfigError on the first that is incomplete, or whose weights do not add up.
    """
    if not isinstance(given, Mapping) or not given:
        raise ConfigError("roles", given, "expected a mapping from roles to their title and goals")
    roles = {}
    for name, written in given.items():
        key = f"roles.{name}"
        record = exactly(key, written, ("title", "main", "goals"))
        if not isinstance(record["goals"], Sequence) or isinstance(record["goals"], str):
            raise ConfigError(f"{key}.goals", record["goals"], "expected a list of goals")
        goals = tuple(_goal(f"{key}.goals.{place}", one) for place, one in enumerate(record["goals"]))
        total = sum(goal.weight for goal in goals)
        if total != FULL_WEIGHT:
            raise ConfigError(f"{key}.goals", total, f"expected weights that add up to {FULL_WEIGHT}")
        title = both_languages(f"{key}.title", record["title"])
        roles[str(name)] = Role(str(name), title, flag(f"{key}.main", record["main"]), goals)
    return roles


def _goal(key: str, given: Any) -> Goal:
    record = exactly(key, given, ("own", "rest", "better", "weight", "text"))
    names = {}
    for part in ("own", "rest"):
        written = record[part]
        listed = isinstance(written, Sequence) and not isinstance(written, str)
        if not listed or (part == "own" and not written):
            raise ConfigError(f"{key}.{part}", written, "expected a list of series")
        names[part] = tuple(filled(f"{key}.{part}", name) for name in written)
    better = one_of(f"{key}.better", record["better"], BETTER)
    if better == "even" and not names["rest"]:
        raise ConfigError(f"{key}.rest", [], "expected series: only a share can be even")
    weight = integer(f"{key}.weight", record["weight"], 1, FULL_WEIGHT)
    return Goal(names["own"], names["rest"], better, weight, both_languages(f"{key}.text", record["text"]))


def both_languages(key: str, given: Any) -> dict[str, str]:
    """Return a text in every language.

    Raises: ConfigError if one is missing.
    """
    record = exactly(key, given, LANGUAGES)
    return {language: filled(f"{key}.{language}", record[language]) for language in LANGUAGES}


def read_strategy(name: str, given: Any, roles: Mapping[str, Role], plan: RunPlan) -> Strategy:
    """Check a strategy against the roles and the parameters there are.

    Raises: ConfigError on the first key that is unknown, out of its limits or changed twice.
    """
    key = f"{GROUP}.{name}"
    record = exactly(key, given, ("role", "title", "why", *HOW, "basis"))
    filled(f"{key}.basis", record["basis"])
    changes: list[Change] = []
    taken: dict[tuple[str, str, int | None], str] = {}
    for how in HOW:
        where = f"{key}.{how}"
        if not isinstance(record[how], Mapping):
            raise ConfigError(where, record[how], "expected a mapping from parameters to numbers")
        for address, written in record[how].items():
            change = _change(where, str(address), how, written, plan)
            for cell in change.cells(plan):
                if cell in taken:
                    expected = f"already changed as {taken[cell]}; expected each parameter once"
                    raise ConfigError(f"{where}.{address}", written, expected)
                taken[cell] = f"{how}.{address}"
            changes.append(change)
    if not changes:
        raise ConfigError(key, MISSING, f"changes nothing; expected a parameter below {', '.join(HOW)}")
    return Strategy(
        name=name,
        role=one_of(f"{key}.role", record["role"], roles),
        title=both_languages(f"{key}.title", record["title"]),
        why=both_languages(f"{key}.why", record["why"]),
        changes=tuple(changes),
    )


def _change(where: str, address: str, how: str, written: Any, plan: RunPlan) -> Change:
    key = f"{where}.{address}"
    known = "." in address and split_address(address)[0] in plan.catalogue
    if not known:
        near = nearest(address, plan.catalogue)
        raise ConfigError(key, written, "no such parameter", f"{where}.{near}")
    record = record_of(address, plan, key)
    limits = {"set": (record.minimum, record.maximum), "times": (0.0, 100.0)}.get(how, (-np.inf, np.inf))
    return Change(address, how, number(key, written, *limits))


def load_roles() -> dict[str, Role]:
    """Return the roles of conf."""
    return read_roles(load_yaml(ROLES))


def load_strategies(
    roles: Mapping[str, Role], plan: RunPlan, config_dir: str | None = None
) -> dict[str, Strategy]:
    """Return the strategies of conf and of a folder of one's own, by name.

    Raises: ConfigError on the first file at fault.
    """
    folders = [CONF]
    if config_dir is not None:
        own = Path(config_dir).absolute()
        if not own.is_dir():
            raise ConfigError("--config-dir", config_dir, f"expected a folder with {GROUP}/")
        for name in set(options(GROUP)) & set(options(GROUP, [own])):
            expected = f"{GROUP}={name} exists already; expected another name"
            raise ConfigError("--config-dir", own / GROUP / f"{name}.yaml", expected)
        folders.append(own)
    found = {}
    for folder in folders:
        for name in options(GROUP, [folder]):
            written = load_yaml(folder / GROUP / f"{name}.yaml")
            found[name] = read_strategy(name, written, roles, plan)
    if HOLD in found:
        raise ConfigError(f"{GROUP}.{HOLD}", MISSING, "every role has it already; expected another name")
    return found


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises: ConfigError if it cannot be read.
    """
    from omegaconf import OmegaConf

    try:
        return OmegaConf.to_container(OmegaConf.load(path))
    except Exception as error:  # a file may be anything: unreadable, not YAML, with a broken interpolation
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(path.stem, path, f"cannot be read ({reason})") from None
