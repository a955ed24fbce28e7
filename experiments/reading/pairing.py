"""Compare two runs or sweeps world by world: who leads where, what changed, and which keys differ."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.config.build import NOT_RESULTS
from experiments.config.errors import ConfigError
from experiments.reading.stored import done, folder_of, made_by, points_of, title_of
from experiments.runs.summary import HEADLINE, Z_95, wilson

LEADERS = ("us", "mixed", "cn")
PASSIVE = "passive"
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

Words = npt.NDArray[np.object_]
Key = tuple[tuple[tuple[str, Any], ...], int, str]
"""A world: the factors of its design point with their values, its number, the budget of the response."""


@dataclass(frozen=True)
class Shift:
    """How a bloc's share of worlds differs between two runs, in points of a share."""

    bloc: str
    before: float
    after: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Return the second run's share less the first's."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side at each horizon that both have reached."""

    names: tuple[str, str]
    folders: tuple[Path, Path]
    response: str
    paired: bool
    """Whether the same worlds are in both; else the shares of two samples are compared."""
    worlds: int
    """Worlds in both runs, one a design point; of two samples, the smaller number."""
    points: int
    """Points of the design in both; 1 for runs."""
    changes: Mapping[int, Mapping[tuple[str, str], int]]
    """Year -> (leader in the first, in the second) -> worlds; empty unless paired."""
    shifts: Mapping[int, Mapping[str, Shift]]
    keys: Sequence[tuple[str, str, str]]
    """Keys that differ, with both values."""
    code: str
    """What to know about the code of both; empty if it is the same."""


def compare_runs(first: str, second: str, response: str = PASSIVE, definition: str = HEADLINE) -> Comparison:
    """Compare two runs or sweeps by their names or paths under one response.

    Worlds of a sweep are the same where the factors' values, the number and the seed are.

    Raises: ConfigError if one cannot be read, or no horizon and response are in both.
    """
    folders = folder_of(first), folder_of(second)
    manifests = tuple(made_by(folder) for folder in folders)
    tables = [leaders(folder, response, definition) for folder in folders]
    years = sorted(set(tables[0][1]) & set(tables[1][1]))
    if not years:
        raise ConfigError("compare", second, f"no horizon has been reached by both runs under {response}")
    places = [{key: row for row, key in enumerate(keys)} for keys, _ in tables]
    common = [key for key in tables[0][0] if key in places[1]]
    paired = bool(common) and manifests[0]["seed"] == manifests[1]["seed"]
    sizes = [
        len({key[1] for key in keys}) for keys in ((common, common) if paired else (places[0], places[1]))
    ]
    changes: dict[int, dict[tuple[str, str], int]] = {}
    shifts: dict[int, dict[str, Shift]] = {}
    for year in years:
        one, other = tables[0][1][year], tables[1][1][year]
        if paired:
            one = one[[places[0][key] for key in common]]
            other = other[[places[1][key] for key in common]]
            changes[year] = {}
            for pair in zip(one, other, strict=True):
                changes[year][pair] = changes[year].get(pair, 0) + 1
        shifts[year] = {bloc: shift(bloc, one, other, sizes, paired=paired) for bloc in LEADERS}
    return Comparison(
        names=(first, second) if first != second else (title_of(folders[0]), title_of(folders[1])),
        folders=folders,
        response=response,
        paired=paired,
        worlds=len(common) if paired else min(len(keys) for keys, _ in tables),
        points=len({key[0] for key in common})
        if paired
        else max(len({key[0] for key in place}) for place in places),
        changes=changes,
        shifts=shifts,
        keys=sorted(
            differing(*(manifest["configuration"] for manifest in manifests)),
            key=lambda one: one[0].startswith(("roster.", "start.")),
        ),
        code=code_difference(*manifests),
    )


def leaders(folder: Path, response: str, definition: str) -> tuple[list[Key], dict[int, Words]]:
    """Return the keys of a run's worlds and, by year, who leads in each. Shapes: (world,).

    Raises: ConfigError if the table cannot be read or lacks the definition or the response.
    """
    import duckdb

    name = title_of(folder)
    try:
        table = done(folder)["worlds"]
        with duckdb.connect(config=_OFFLINE) as connection:
            described = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            columns = {
                int(column.rpartition(".")[2]): column
                for column in described
                if column.startswith(f"leader.{definition}.")
            }
            if not columns:
                known = sorted({one.split(".")[1] for one in described if one.startswith("leader.")})
                has = f"it has {', '.join(known)}" if known else "it has recorded no leader"
                raise ConfigError("compare", name, f"has no leader.{definition}; {has}")
            picked = ", ".join(["point", "world", "budget", *(f'"{column}"' for column in columns.values())])
            rows = connection.execute(
                f"SELECT {picked} FROM ({table}) WHERE response = ? ORDER BY point, world, budget", [response]
            ).fetchall()
        factors = points_of(folder)
    except duckdb.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigError("run", name, f"its tables cannot be read ({reason})") from None
    if not rows:
        raise ConfigError("--response", response, f"{name} has no worlds with this response")
    keys: list[Key] = [(factors.get(row[0], ()), row[1], row[2]) for row in rows]
    found = {}
    for place, year in enumerate(columns, 3):
        values = np.asarray([row[place] for row in rows], object)
        if all(value is not None for value in values):
            found[year] = values
    return keys, found


def shift(bloc: str, before: Words, after: Words, worlds: Sequence[int] = (), *, paired: bool) -> Shift:
    """Return the difference of a bloc's share with its 95 % interval.

    Paired by world, only those that changed count: the interval of a difference of two dependent shares,
    with half a world added to each cell, so that a handful of worlds is not called certain (Agresti and Min
    2005). Of two samples, it is Newcombe's (1998) from both Wilson intervals. `worlds` says how many worlds
    are behind both, where several points of a design share them: a world then counts once, as though its
    points told the same, which makes the interval rather too wide than too narrow.
    """
    one, other = before == bloc, after == bloc
    first, second = worlds or (one.size, other.size)
    share, then = float(other.mean()), float(one.mean())
    if not paired:
        low_1, high_1 = wilson(then, first)
        low_2, high_2 = wilson(share, second)
        down = np.hypot(share - low_2, high_1 - then)
        up = np.hypot(high_2 - share, then - low_1)
        return Shift(bloc, then, share, share - then - float(down), share - then + float(up))
    gained, lost = (float(moved.mean()) * first for moved in (other & ~one, one & ~other))
    n, b, c = first + 2.0, gained + 0.5, lost + 0.5
    centre = (b - c) / n
    half = Z_95 * float(np.sqrt(max(0.0, (b + c) - (b - c) ** 2 / n))) / n
    return Shift(bloc, then, share, max(-1.0, centre - half), min(1.0, centre + half))


def differing(one: Any, other: Any, above: str = "") -> list[tuple[str, str, str]]:
    """Return the keys at which two configurations differ, with both values; names and places left out."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        found = []
        for key in dict.fromkeys([*one, *other]):
            if above == "" and key in (*NOT_RESULTS, "scenario", "choices"):
                continue
            inner = f"{above}.{key}" if above else str(key)
            found += differing(one.get(key), other.get(key), inner)
        return found
    if one == other:
        return []
    key = above.removeprefix("parameters.").replace(".set.*", "").replace(".set", "")
    return [(key, _text(one), _text(other))]


def _text(value: Any) -> str:
    from experiments.config.errors import show

    return "(as conf has it)" if value is None else show(value)


def code_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Say whether the code or conf behind two runs differs."""
    if one["version"] != other["version"]:
        return f"versions {one['version']} and {other['version']}"
    # A sweep's hash is that of the code alone, a run's that of code and conf: unlike, they say nothing.
    alike = ("study" in one) == ("study" in other)
    key = "sources_hash" if alike else "commit"
    if one.get(key) != other.get(key):
        return "the code or conf changed between the two"
    return ""


def write_changes(comparison: Comparison, path: Path) -> Path:
    """Write who changed leader as a tidy CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["year", "first", "second", "worlds"])
        for year, changes in comparison.changes.items():
            for (before, after), worlds in sorted(changes.items()):
                writer.writerow([year, before, after, worlds])
    return path
