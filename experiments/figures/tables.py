"""Plain tables that figures draw from: quantiles over worlds, observed points, tidy rows."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.figures.titles import Tally

Array = npt.NDArray[np.float64]

QUANTILES: Final = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
MONTHS_PER_YEAR: Final = 12


class Row(NamedTuple):
    """One number shown in a figure; a figure's CSV is a list of these."""

    panel: str
    series: str
    statistic: str
    at: str
    value: float
    unit: str
    worlds: int


class Fan(NamedTuple):
    """Quantiles over worlds by month (or year), and how many worlds had a value there."""

    at: tuple[str, ...]
    x: Array
    values: dict[str, Array]
    worlds: npt.NDArray[np.int64]

    @property
    def median(self) -> Array:
        """Return the median over worlds."""
        return self.values["median"]

    def rows(self, panel: str, series: str, unit: str) -> list[Row]:
        """List every number of the fan in tidy form."""
        return [
            Row(panel, series, name, at, float(value), unit, int(worlds))
            for name, values in self.values.items()
            for at, value, worlds in zip(self.at, values, self.worlds, strict=True)
        ]

    def where(self, keep: npt.NDArray[np.bool_]) -> "Fan":
        """Return the fan at some of its dates."""
        at = tuple(at for at, kept in zip(self.at, keep, strict=True) if kept)
        return Fan(
            at, self.x[keep], {name: values[keep] for name, values in self.values.items()}, self.worlds[keep]
        )


class Observation(NamedTuple):
    """An observed value drawn over the simulated ones."""

    series: str
    date: str
    value: float
    low: float
    high: float
    source: str

    @property
    def x(self) -> float:
        """Return the date's place on the time axis."""
        return date_position(self.date)


def month_position(month: str) -> float:
    """Return the decimal year of the middle of a month such as 2026-01."""
    year, number = month.split("-")[:2]
    return int(year) + (int(number) - 0.5) / MONTHS_PER_YEAR


def date_position(date: str) -> float:
    """Return the decimal year of a date: the middle of a year (2025) or of a month (2025-12, 2025-12-31).

    Raises: ValueError if the text is neither a year nor a year and month.
    """
    parts = str(date).split("-")
    try:
        return int(parts[0]) + 0.5 if len(parts) == 1 else month_position(str(date))
    except ValueError as error:
        raise ValueError(f"observed date {date!r}: expected a year (2025) or a month (2025-12)") from error


def observations(rows: Iterable[Mapping[str, Any]]) -> tuple[Observation, ...]:
    """Check observed points: each needs series, date, value and source; low and high may be absent.

    Raises: ValueError naming the missing key.
    """
    checked = []
    for row in rows:
        for key in ("series", "date", "value", "source"):
            if row.get(key) in (None, ""):
                raise ValueError(
                    f"observed point {dict(row)!r} lacks {key!r}: give series, date, value and source"
                )
        value = float(row["value"])
        low, high = (float(row[key]) if row.get(key) not in (None, "") else value for key in ("low", "high"))
        checked.append(
            Observation(str(row["series"]), str(row["date"]), value, low, high, str(row["source"]))
        )
    return tuple(checked)


def paired(us: Array, cn: Array) -> Tally:
    """Count the worlds in which the US bloc's value is larger, equal or smaller, where both are finite."""
    both = np.isfinite(us) & np.isfinite(cn)
    return Tally(*(int(np.count_nonzero(both & one)) for one in (us > cn, us == cn, us < cn)))
