"""Read one value of a configuration: return it checked, or say what was expected."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.config.errors import LARGEST_WHOLE, MISSING, ConfigError, nearest, show

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def exactly(key: str, given: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """Return a mapping that has these names and no other.

    Raises: ConfigError naming the first that is unknown or missing.
    """
    listed = show(", ".join(names))
    if not isinstance(given, Mapping):
        raise ConfigError(key, given, f"expected a mapping with {listed}")
    for name in given:
        if name not in names:
            near = nearest(f"{key}.{name}", [f"{key}.{n}" for n in names])
            raise ConfigError(f"{key}.{name}", given[name], f"unknown; expected {listed}", near)
    for name in names:
        if name not in given:
            raise ConfigError(f"{key}.{name}", MISSING, "missing; expected in every configuration")
    return given


def filled(key: str, given: Any) -> str:
    """Return text that is not empty.

    Raises: ConfigError if it is none.
    """
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(key, given, "expected text")
    return given


def one_of(key: str, given: Any, valid: Any) -> str:
    """Return a name that must be one of a few.

    Raises: ConfigError naming the nearest valid one.
    """
    names = list(valid)
    if not isinstance(given, str) or given not in names:
        near = nearest(given, names) if isinstance(given, str) else None
        raise ConfigError(key, given, f"expected one of {', '.join(names)}", near)
    return given


def number(key: str, given: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Return a finite number inside limits.

    Raises: ConfigError if it is none.
    """
    value = finite(given)
    if value is None or not low <= value <= high:
        limits = "" if low == -math.inf and high == math.inf else f" within {plain(low)}..{plain(high)}"
        raise ConfigError(key, given, f"expected a finite number{limits}")
    return value


def plain(value: float) -> str:
    """Return the shortest text of a number, without a fraction where it is whole."""
    whole = float(value).is_integer() and abs(value) < LARGEST_WHOLE
    return str(int(value)) if whole else repr(value)


def finite(given: Any) -> float | None:
    """Return a finite number as float, None for anything else."""
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    try:
        value = float(given)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def flag(key: str, given: Any) -> bool:
    """Return true or false.

    Raises: ConfigError if it is neither.
    """
    if not isinstance(given, bool):
        raise ConfigError(key, given, "expected true or false")
    return given


def integer(key: str, given: Any, low: int, high: int) -> int:
    """Return an integer inside limits.

    Raises: ConfigError if it is none.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
        raise ConfigError(key, given, f"expected an integer within {low}..{high}")
    return given


def month_text(key: str, given: Any) -> str:
    """Return a month written as 2026-01.

    Raises: ConfigError if it is none.
    """
    if not isinstance(given, str) or not _MONTH.fullmatch(given):
        raise ConfigError(key, given, "expected a month as 2026-01")
    return given


def months_between(first: str, later: str) -> int:
    """Return how many months after the first month a later one is, negative before it.

    >>> months_between("2023-01", "2024-03")
    14
    """
    (year, month), (year_later, month_later) = (
        tuple(int(part) for part in text.split("-")) for text in (first, later)
    )
    return 12 * (year_later - year) + month_later - month
