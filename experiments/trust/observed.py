"""Read observed points of one's own, to be drawn over the simulated series."""

import csv
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.config.errors import ConfigError, nearest

NEEDED = ("series", "date", "value", "source")
COLUMNS = (*NEEDED, "low", "high", "unit")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?)?", re.ASCII)


def read_points(path: Any) -> list[dict[str, str]]:
    """Read a CSV with series, date, value and source, and low, high, unit if known; none from an empty name.

    Raises: ConfigError naming the line at fault.
    """
    if path == "":
        return []
    if not isinstance(path, str):
        raise ConfigError("observations", path, f"expected a CSV file with {', '.join(COLUMNS)}")
    try:
        with Path(path).expanduser().open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV text"
        raise ConfigError("observations", path, f"cannot be read ({reason})") from None
    if not rows:
        raise ConfigError("observations", path, f"expected lines with {', '.join(NEEDED)}")
    return [_point(path, line, row) for line, row in enumerate(rows, 2)]


def _point(path: str, line: int, row: dict[Any, Any]) -> dict[str, str]:
    point = {name: row[name].strip() for name in COLUMNS if isinstance(row.get(name), str)}
    for name in NEEDED:
        if not point.get(name):
            raise ConfigError("observations", path, f"line {line} lacks {name}; expected {', '.join(NEEDED)}")
    if not _DATE.fullmatch(point["date"]):
        raise ConfigError(
            "observations", path, f"line {line}: date {point['date']}, expected 2027 or 2027-06"
        )
    for name in ("value", "low", "high"):
        if point.get(name) and not _finite(point[name]):
            raise ConfigError("observations", path, f"line {line}: {name} {point[name]}, expected a number")
    return point


def check_series(points: Iterable[Mapping[str, str]], units: Mapping[str, str]) -> None:
    """Check that points are of series that there are, in their unit where the file says one.

    Raises: ConfigError naming the first at fault.
    """
    from experiments.trust.targets import fits

    for point in points:
        name, unit = point["series"], point.get("unit", "")
        if name not in units:
            expected = "no such series is recorded; uncontested list series shows all"
            raise ConfigError("observations series", name, expected, nearest(name, units))
        if unit and units[name] and not fits(unit, units[name]):
            raise ConfigError(f"observations {name} unit", unit, f"expected {units[name]}")


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
