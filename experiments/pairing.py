"""Compare two runs world by world: who leads where, what changed, and which keys differ."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from experiments.build import NOT_RESULTS
from experiments.errors import ConfigError
from experiments.find import find, manifest_of, name_of
from experiments.summary import HEADLINE, Z_95, wilson

LEADERS = ("us", "mixed", "cn")
PASSIVE = "passive"
_OFFLINE = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}

Words = npt.NDArray[np.object_]


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
    """Worlds in both runs; of two samples, the smaller number."""
    changes: Mapping[int, Mapping[tuple[str, str], int]]
    """Year -> (leader in the first, in the second) -> worlds; empty unless paired."""
    shifts: Mapping[int, Mapping[str, Shift]]
    keys: Sequence[tuple[str, str, str]]
    """Keys that differ, with both values."""
    code: str
    """What to know about the code of both; empty if it is the same."""


def compare_runs(first: str, second: str, response: str = PASSIVE, definition: str = HEADLINE) -> Comparison:
    """Compare two runs by their names or paths under one response.

    Raises: ConfigError if one cannot be read, or no horizon and response are in both.
    """
    folders = find(first), find(second)
    manifests = tuple(manifest_of(folder) for folder in folders)
    tables = [leaders(folder, response, definition) for folder in folders]
    years = sorted(set(tables[0][1]) & set(tables[1][1]))
    if not years:
        raise ConfigError("compare", second, f"no horizon has been reached by both runs under {response}")
    places = [{key: row for row, key in enumerate(keys)} for keys, _ in tables]
    common = [key for key in tables[0][0] if key in places[1]]
    paired = bool(common) and manifests[0]["seed"] == manifests[1]["seed"]
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
        shifts[year] = {bloc: shift(bloc, one, other, paired=paired) for bloc in LEADERS}
    return Comparison(
        names=(first, second) if first != second else (name_of(folders[0]), name_of(folders[1])),
        folders=folders,
        response=response,
        paired=paired,
        worlds=len(common) if paired else min(len(keys) for keys, _ in tables),
        changes=changes,
        shifts=shifts,
        keys=sorted(
            differing(*(manifest["configuration"] for manifest in manifests)),
            key=lambda one: one[0].startswith(("roster.", "start.")),
        ),
        code=code_difference(*manifests),
    )


def leaders(
    folder: Path, response: str, definition: str
) -> tuple[list[tuple[int, int, str]], dict[int, Words]]:
    """Return the keys of a run's worlds and, by year, who leads in each. Shapes: (world,).

    Raises: ConfigError if the table cannot be read or lacks the response.
    """
    import duckdb

    file = str(folder / "worlds.parquet")
    try:
        with duckdb.connect(config=_OFFLINE) as connection:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [file]).fetchall()
            columns = {
                int(name.rpartition(".")[2]): name
                for name, *_ in described
                if name.startswith(f"leader.{definition}.")
            }
            picked = ", ".join(["point", "world", "budget", *(f'"{name}"' for name in columns.values())])
            rows = connection.execute(
                f"SELECT {picked} FROM read_parquet(?) WHERE response = ? ORDER BY point, world, budget",
                [file, response],
            ).fetchall()
    except duckdb.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigError("run", name_of(folder), f"worlds.parquet cannot be read ({reason})") from None
    if not rows:
        raise ConfigError("--response", response, f"{name_of(folder)} has no worlds with this response")
    keys = [(row[0], row[1], row[2]) for row in rows]
    found = {}
    for place, year in enumerate(columns, 3):
        values = np.asarray([row[place] for row in rows], object)
        if all(value is not None for value in values):
            found[year] = values
    return keys, found


def shift(bloc: str, before: Words, after: Words, *, paired: bool) -> Shift:
    """Return the difference of a bloc's share with its 95 % interval.

    Paired by world, only those that changed count: the interval of a difference of two dependent shares,
    with half a world added to each cell, so that a handful of worlds is not called certain (Agresti and Min
    2005). Of two samples, it is Newcombe's (1998) from both Wilson intervals.
    """
    one, other = before == bloc, after == bloc
    share, then = float(other.mean()), float(one.mean())
    if not paired:
        low_1, high_1 = wilson(then, one.size)
        low_2, high_2 = wilson(share, other.size)
        down = np.hypot(share - low_2, high_1 - then)
        up = np.hypot(high_2 - share, then - low_1)
        return Shift(bloc, then, share, share - then - float(down), share - then + float(up))
    gained, lost, worlds = float((other & ~one).sum()), float((one & ~other).sum()), float(one.size)
    n, b, c = worlds + 2.0, gained + 0.5, lost + 0.5
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
    from experiments.errors import show

    return "(as conf has it)" if value is None else show(value)


def code_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Say whether the code or conf behind two runs differs."""
    if one["version"] != other["version"]:
        return f"versions {one['version']} and {other['version']}"
    if one.get("sources_hash") != other.get("sources_hash"):
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
