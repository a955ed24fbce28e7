"""Read a run's folder through DuckDB: quantiles by month, single worlds, sums by year, counts of outcomes."""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from experiments.figures.forms import number
from experiments.figures.manner import say
from experiments.figures.names import REGIONS, bloc_of, ordered
from experiments.figures.tables import (
    MONTHS_PER_YEAR,
    QUANTILES,
    Array,
    Fan,
    Observation,
    date_position,
    month_position,
)
from experiments.figures.titles import BLOC_NAMES, Tally

SINGLE_WORLDS: Final = 3
KEY: Final = ("point", "world", "response", "budget", "month")


class MissingSeriesError(LookupError):
    """A figure asks for a column that the run did not record."""


def _finite(column: str) -> str:
    """Return SQL for a column as a number, NULL where it is not finite: DuckDB sorts NaN on top."""
    quoted = '"' + column.replace('"', '""') + '"'
    return f"CASE WHEN isfinite(CAST({quoted} AS DOUBLE)) THEN CAST({quoted} AS DOUBLE) END"


@dataclass(frozen=True)
class Run:
    """An opened run: where it lies, which columns it has, and what made it."""

    folder: Path
    connection: duckdb.DuckDBPyConnection = field(repr=False)
    series_columns: tuple[str, ...] = field(repr=False)
    outcome_columns: tuple[str, ...] = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    response: str
    budget: str
    blocs: Mapping[str, str] = field(repr=False)
    bloc_names: Mapping[str, str] = field(repr=False)
    months: tuple[str, ...] = field(repr=False)
    worlds: int
    points: int
    history: "Run | None" = field(default=None, repr=False)
    only: frozenset[str] = field(default=frozenset(), repr=False)
    """Firms and places asked for; empty for all."""
    units: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Unit of a column, as the run's code book has it."""
    definitions: Mapping[str, str] = field(default_factory=dict, repr=False)
    numbers: tuple[str, ...] = field(default=(), repr=False)
    """Columns of worlds.parquet that hold numbers."""

    @property
    def start(self) -> float:
        """Return where the simulation starts on the time axis: the beginning of its first month."""
        return month_position(self.months[0]) - 0.5 / MONTHS_PER_YEAR

    @property
    def end(self) -> float:
        """Return the end of the last month on the time axis."""
        return month_position(self.months[-1]) + 0.5 / MONTHS_PER_YEAR

    @property
    def years(self) -> tuple[int, ...]:
        """Return the calendar years of which the run holds all twelve months."""
        counts: dict[int, int] = {}
        for month in self.months:
            counts[int(month[:4])] = counts.get(int(month[:4]), 0) + 1
        return tuple(year for year, count in counts.items() if count == MONTHS_PER_YEAR)

    @property
    def sample(self) -> str:
        """Return how many worlds there are, in words."""
        if self.worlds == 1:
            return say("the one sampled world")
        return say("{worlds} sampled worlds", worlds=number(self.worlds, 9))

    @property
    def reading(self) -> str:
        """Return how to read a fan, for subtitles."""
        if self.worlds == 1:
            return say("Line: the one sampled world.")
        return say(
            "Line: median; bands: 50 and 90\u202f% of {sample}; thin lines: single worlds.",
            sample=self.sample,
        )

    def need(self, column: str) -> str:
        """Return SQL for a recorded series.

        Raises: MissingSeriesError naming the series and the nearest recorded one.
        """
        if column not in self.series_columns:
            near = difflib.get_close_matches(column, self.series_columns, n=1, cutoff=0.0)
            hint = f"nearest: {near[0]!r}" if near else "it records none"
            raise MissingSeriesError(
                f"series {column!r} is not in {self.folder / 'series.parquet'} ({hint}); "
                "record it in the run, or draw only the figures that do not need it"
            )
        return _finite(column)

    def total(self, columns: Sequence[str]) -> str:
        """Return SQL for the sum of recorded series, NULL where one of them has no value."""
        return "(" + " + ".join(self.need(column) for column in columns) + ")"

    def entities(self, quantity: str, depth: int = 1, *, required: bool = True) -> list[tuple[str, ...]]:
        """List the entities (and regions, at depth 2) for which `quantity` is recorded.

        Raises: MissingSeriesError if there is none and one is required.
        """
        found = []
        for column in self.series_columns:
            head, *rest = column.split(".")
            if head == quantity and len(rest) == depth and self._wanted(rest):
                found.append(tuple(rest))
        if not found and required:
            self.need(quantity + ".*" * depth)
        return found

    def _wanted(self, entities: Sequence[str]) -> bool:
        """Say whether a series is of the firms and places asked for; a choice of one kind keeps the other."""
        places = self.only & frozenset(REGIONS)
        firms = self.only - places
        *first, last = entities
        if first:
            return (not firms or first[0] in firms or first[0] in BLOC_NAMES) and (
                not places or last in places
            )
        if last in REGIONS:
            return not places or last in places
        return not firms or last in firms or last == "world"

    def firms(self, quantity: str) -> list[str]:
        """List the firms for which `quantity` is recorded, US bloc first; regions and the world are no firms.

        Raises: MissingSeriesError if there is none.
        """
        found = [name for (name,) in self.entities(quantity) if name != "world" and name not in REGIONS]
        if not found:
            self.need(f"{quantity}.<firm>")
        return ordered(found, self.blocs)

    def sites(self, quantity: str) -> list[str]:
        """List the regions for which `quantity` is recorded, in the usual order.

        Raises: MissingSeriesError if there is none.
        """
        found = {name for (name,) in self.entities(quantity)}
        known = [region for region in REGIONS if region in found]
        if not known:
            self.need(f"{quantity}.us")
        return known

    def bloc(self, firm: str) -> str:
        """Return the bloc of a firm."""
        return bloc_of(firm, self.blocs)

    def fans(self, expressions: Mapping[str, str]) -> dict[str, Fan]:
        """Return quantiles over worlds by month of each SQL expression over the series."""
        names = list(expressions)
        inner = ", ".join(
            f"count(e{i}) AS n{i}, quantile_cont(e{i}, {list(QUANTILES.values())}) AS q{i}"
            for i in range(len(names))
        )
        columns = ", ".join(f"({expressions[name]}) AS e{i}" for i, name in enumerate(names))
        return self._unpack(
            f"WITH chosen AS (SELECT month, {columns} FROM series),"
            f" grouped AS (SELECT month, {inner} FROM chosen GROUP BY month)",
            "month",
            names,
        )

    def yearly_fans(self, expressions: Mapping[str, str]) -> dict[str, Fan]:
        """Return quantiles over worlds of each expression's sum over every complete calendar year."""
        names = list(expressions)
        # A sum over fewer than twelve values is not a year's sum: NULL.
        sums = ", ".join(
            f"CASE WHEN count({sql}) = {MONTHS_PER_YEAR} THEN sum({sql}) END AS e{i}"
            for i, sql in enumerate(expressions.values())
        )
        inner = ", ".join(
            f"count(e{i}) AS n{i}, quantile_cont(e{i}, {list(QUANTILES.values())}) AS q{i}"
            for i in range(len(names))
        )
        return self._unpack(
            f"WITH chosen AS (SELECT left(month, 4) AS year, {sums} FROM series GROUP BY point, world, year"
            f" HAVING count(*) = {MONTHS_PER_YEAR}),"
            f" grouped AS (SELECT year, {inner} FROM chosen GROUP BY year)",
            "year",
            names,
        )

    def _unpack(self, common: str, by: str, names: Sequence[str]) -> dict[str, Fan]:
        """Run a query that groups quantile lists and spread them into arrays."""
        picked = ", ".join(
            f"n{i}, " + ", ".join(f"q{i}[{k + 1}] AS q{i}_{k}" for k in range(len(QUANTILES)))
            for i in range(len(names))
        )
        table = self.connection.execute(
            f"{common} SELECT {by}, {picked} FROM grouped ORDER BY {by}"
        ).fetchnumpy()
        at = tuple(str(value) for value in table[by])
        x = np.array([date_position(value) for value in at], dtype=np.float64)
        return {
            name: Fan(
                at,
                x,
                {key: _plain(table[f"q{i}_{k}"]) for k, key in enumerate(QUANTILES)},
                np.asarray(table[f"n{i}"], dtype=np.int64),
            )
            for i, name in enumerate(names)
        }

    def singles(self, expressions: Mapping[str, str]) -> dict[str, list[tuple[str, tuple[str, ...], Array]]]:
        """Return the first three worlds of the design by month: (label "point/world", months, values)."""
        names = list(expressions)
        columns = ", ".join(f"({expressions[name]}) AS e{i}" for i, name in enumerate(names))
        table = self.connection.execute(
            "WITH picked AS"
            f" (SELECT DISTINCT point, world FROM series ORDER BY point, world LIMIT {SINGLE_WORLDS})"
            f" SELECT point, world, month, {columns} FROM series SEMI JOIN picked USING (point, world)"
            " ORDER BY point, world, month"
        ).fetchnumpy()
        labels = [f"{point}/{world}" for point, world in zip(table["point"], table["world"], strict=True)]
        order = list(dict.fromkeys(labels))
        index = {label: np.array([one == label for one in labels]) for label in order}
        months = np.asarray(table["month"]).astype(str)
        return {
            name: [
                (label, tuple(months[index[label]]), _plain(table[f"e{i}"])[index[label]]) for label in order
            ]
            for i, name in enumerate(names)
        }

    def by_world(self, expressions: Mapping[str, str], month: str) -> dict[str, Array]:
        """Return each expression's value in one month, one entry per world."""
        columns = ", ".join(f"({expression}) AS e{i}" for i, expression in enumerate(expressions.values()))
        table = self.connection.execute(
            f"SELECT {columns} FROM series WHERE month = ? ORDER BY point, world", [month]
        ).fetchnumpy()
        return {name: _plain(table[f"e{i}"]) for i, name in enumerate(expressions)}

    def by_year(self, expressions: Mapping[str, str]) -> dict[int, dict[str, Array]]:
        """Return each expression's sum over every complete calendar year, one entry per world."""
        sums = ", ".join(
            f"CASE WHEN count({expression}) = {MONTHS_PER_YEAR} THEN sum({expression}) END AS e{i}"
            for i, expression in enumerate(expressions.values())
        )
        table = self.connection.execute(
            f"SELECT left(month, 4) AS year, {sums} FROM series GROUP BY point, world, year"
            f" HAVING count(*) = {MONTHS_PER_YEAR} ORDER BY year, point, world"
        ).fetchnumpy()
        years = np.asarray(table["year"]).astype(str)
        return {
            int(year): {name: _plain(table[f"e{i}"])[years == year] for i, name in enumerate(expressions)}
            for year in np.unique(years)
        }

    def lead_by_year(self, us: str, cn: str, lead_share: float) -> dict[int, Tally]:
        """Count worlds by who holds more than `lead_share` of both blocs' sum over each complete year."""
        tallies = {}
        for year, values in self.by_year({"us": us, "cn": cn}).items():
            both = values["us"] + values["cn"]
            share = np.divide(values["us"], both, out=np.full_like(both, np.nan), where=both > 0.0)
            leads_us = int(np.count_nonzero(share > lead_share))
            leads_cn = int(np.count_nonzero(1.0 - share > lead_share))
            tallies[year] = Tally(leads_us, share.size - leads_us - leads_cn, leads_cn)
        return tallies

    def codes(self, column: str, known: int) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
        """Count worlds by month and by code 0 to known - 1: months and (code, month) counts.

        Raises: ValueError naming a code outside the range.
        """
        expression = self.need(column)
        table = self.connection.execute(
            f"WITH chosen AS (SELECT month, {expression} AS code FROM series)"
            " SELECT month, code, count(*) AS n FROM chosen WHERE code IS NOT NULL GROUP BY month, code"
        ).fetchnumpy()
        counts = np.zeros((known, len(self.months)), dtype=np.int64)
        place = {month: i for i, month in enumerate(self.months)}
        for month, code, n in zip(table["month"], table["code"], table["n"], strict=True):
            if code != int(code) or not 0 <= code < known:
                raise ValueError(
                    f"{column} holds {code:g} in {month}; expected a whole code from 0 to {known - 1}"
                )
            counts[int(code), place[str(month)]] = n
        return self.months, counts

    def outcomes(self) -> dict[tuple[str, int], dict[str, int]]:
        """Count worlds by outcome (us, mixed, cn, open) by definition and year; no value counts as open.

        Raises: MissingSeriesError if the run has no outcome, ValueError naming an unknown outcome.
        """
        found: dict[tuple[str, int], str] = {}
        for column in self.outcome_columns:
            parts = column.split(".")
            if len(parts) == 3 and parts[0] == "leader" and parts[2].isdigit():
                found[parts[1], int(parts[2])] = column
        if not found:
            raise MissingSeriesError(
                f"no outcome such as leader.w1.2040 is in {self.folder / 'worlds.parquet'}; "
                "evaluate the outcomes in the run, or leave the figure 'outcome' out"
            )
        # One query for all: a query a column would bind every column of the table as often.
        told = ", ".join(
            f"histogram(coalesce(nullif(nullif(lower(CAST(\"{column}\" AS VARCHAR)), 'nan'), ''), 'open'))"
            for column in found.values()
        )
        histograms = self.connection.execute(f"SELECT {told} FROM worlds").fetchall()[0]
        result = {}
        for (key, column), histogram in zip(found.items(), histograms, strict=True):
            counts = dict.fromkeys(("us", "mixed", "cn", "open"), 0)
            for name, n in (histogram or {}).items():
                if name not in counts:
                    raise ValueError(f"{column} holds {name!r}; expected us, mixed, cn or open")
                counts[name] = n
            result[key] = counts
        return result

    def effective_worlds(self, column: str, value: str) -> float:
        """Return the number of independent worlds behind the share of `column` = `value`.

        Worlds of one design point share their parameters, so with several points the points are the clusters
        (design effect, Kish 1965); with one point the worlds differ by seed only and count one each.
        """
        if self.points < 2 or self.points == self.worlds:
            return float(self.worlds)
        table = self.connection.execute(
            f'SELECT count(*) AS n, count_if(lower(CAST("{column}" AS VARCHAR)) = ?) AS hits'
            " FROM worlds GROUP BY point ORDER BY point",
            [value],
        ).fetchnumpy()
        size, hits = (np.asarray(table[name], dtype=np.float64) for name in ("n", "hits"))
        share = hits.sum() / size.sum()
        residual = hits - share * size
        variance = self.points / (self.points - 1) * float((residual**2).sum()) / float(size.sum()) ** 2
        if variance <= 0.0:
            return float(self.points)
        return float(np.clip(share * (1.0 - share) / variance, self.points, self.worlds))

    def provenance(self) -> dict[str, str]:
        """Return what made the run, as text: version, configuration hash, seed and command."""
        command = self.manifest["command"]
        return {
            "version": str(self.manifest["version"]),
            "configuration_hash": str(self.manifest["configuration_hash"]),
            "seed": str(self.manifest["seed"]),
            "command": command if isinstance(command, str) else shlex.join(str(part) for part in command),
        }

    def footer(self, *notes: str, observed: Sequence[Observation] = ()) -> str:
        """Write the footer: notes, what the spread is, the run, and the sources of the points drawn."""
        made = self.provenance()
        study = self.manifest.get("study")
        points = say("{points} design points, ", points=number(self.points, 9)) if self.points > 1 else ""
        lines = [
            " ".join(note for note in notes if note),
            say(
                "Ranges show the spread of parameters and random seeds inside one model; they are not "
                "real-world probabilities."
            ),
            say(
                "Run: uncontested {version}, configuration {configuration}, seed {seed}, {points}{sample}, "
                "response {response}."
                if study is None
                else "Sweep {study}: uncontested {version}, runs {configuration}, seed {seed}, "
                "{points}{sample}, response {response}.",
                study=study or "",
                version=made["version"],
                configuration=made["configuration_hash"][:12],
                seed=made["seed"],
                points=points,
                sample=self.sample,
                response=self.response,
            ),
        ]
        sources = list(dict.fromkeys(point.source for point in observed))
        if sources:
            listed = "; ".join(sources)
            lines.append(
                say("Observed (circles with ranges; grey: before the simulation): {listed}.", listed=listed)
            )
        return "\n".join(line for line in lines if line)


def _plain(values: Any) -> Array:
    """Turn a column, masked where NULL, into floats with NaN there."""
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
