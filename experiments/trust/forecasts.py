"""Set what the model has for the years to come beside what others have published for the same year.

Nothing here is fitted: the figures of conf/forecasts.yaml are read after the runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.config.conf_files import CONF
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly, number, one_of
from experiments.trust.targets import load
from sim.outcome import month_index
from sim.units import MONTHS_PER_YEAR, Array

FORECASTS: Final = CONF / "forecasts.yaml"
BAND: Final = (0.05, 0.5, 0.95)
MEASURES: Final = ("sum", "largest")
WHEN: Final = ("end", "mean")
_LIMITS: Final = ("value", "low", "high")


@dataclass(frozen=True)
class Quantity:
    """What of the model stands beside a forecast."""

    name: str
    title: str
    unit: str
    measure: str
    when: str
    factor: float
    series: tuple[str, ...]
    besides: float
    """Added to the model's: what the forecasts hold and the model leaves out."""
    above: str
    """Why the model's median may lie above."""
    below: str

    def read(self, table: Mapping[str, Array], first_month: str, year: int) -> Array:
        """Return the quantity of every world in a year. Shapes: series (month, world) -> (world,).

        NaN where the run does not reach the year.
        """
        december = month_index(first_month, f"{year}-12")
        rows = np.stack([table[name] for name in self.series])
        if not 0 <= december < rows.shape[1]:
            return np.full(rows.shape[2], np.nan)
        combined = rows.sum(0) if self.measure == "sum" else rows.max(0)
        months = int(MONTHS_PER_YEAR) if self.when == "mean" else 1
        at = combined[max(0, december + 1 - months) : december + 1].mean(0)
        found: Array = self.factor * at + self.besides
        return found


@dataclass(frozen=True)
class Forecast:
    """A published figure: a value, one or two limits, or both."""

    of: Quantity
    by: str
    published: str
    year: int
    value: float
    """NaN where not given, as are the limits."""
    low: float
    high: float
    source: str

    @property
    def centre(self) -> float:
        """Return the value, or the geometric mean of the limits where there is none, or the only limit."""
        known = [one for one in (self.low, self.high) if np.isfinite(one)]
        return self.value if np.isfinite(self.value) else float(np.exp(np.mean(np.log(known))))


@dataclass(frozen=True)
class Comparison:
    """A forecast beside the worlds of a run."""

    forecast: Forecast
    quantiles: tuple[float, float, float]
    worlds: int

    @property
    def verdict(self) -> str:
        """Say where the model's median lies, or `no value`: inside, above or below.

        Inside means between the forecast's limits; where it has none on that side, that its value lies in the
        90 % band of the worlds.
        """
        low, median, high = self.quantiles
        if not np.isfinite(median):
            return "no value"
        said = self.forecast
        # A limit that nobody gave is no limit: a comparison with NaN is false.
        under = said.low if np.isfinite(said.low) else said.value
        over = said.high if np.isfinite(said.high) else said.value
        if median < under and (np.isfinite(said.low) or high < under):
            return "below"
        if median > over and (np.isfinite(said.high) or low > over):
            return "above"
        return "inside"

    @property
    def reason(self) -> str:
        """Say why the model lies where it does, empty if inside."""
        return {"above": self.forecast.of.above, "below": self.forecast.of.below}.get(self.verdict, "")


@cache
def read_forecasts(path: Path = FORECASTS) -> tuple[Forecast, ...]:
    """Return the published forecasts.

    Raises: ConfigError naming the entry that is wrong.
    """
    content = exactly(path.name, load(path), ("quantities", "forecasts"))
    quantities = {name: _quantity(name, entry) for name, entry in content["quantities"].items()}
    return tuple(_forecast(place, entry, quantities) for place, entry in enumerate(content["forecasts"]))


def _quantity(name: str, given: Any) -> Quantity:
    key = f"quantities.{name}"
    fields = ("title", "unit", "measure", "when", "factor", "series", "besides", "above", "below")
    entry = exactly(key, given, fields)
    besides = exactly(f"{key}.besides", entry["besides"], ("value", "source"))
    return Quantity(
        name,
        entry["title"],
        entry["unit"],
        one_of(f"{key}.measure", entry["measure"], MEASURES),
        one_of(f"{key}.when", entry["when"], WHEN),
        number(f"{key}.factor", entry["factor"], 0.0, 1e12),
        tuple(entry["series"]),
        number(f"{key}.besides.value", besides["value"], 0.0, 1e12),
        entry["above"],
        entry["below"],
    )


def _forecast(place: int, given: Any, quantities: Mapping[str, Quantity]) -> Forecast:
    key = f"forecasts[{place}]"
    limits = {name: given.get(name, np.nan) for name in _LIMITS}
    entry = exactly(
        key, {name: part for name, part in given.items() if name not in _LIMITS},
        ("of", "by", "published", "year", "source"),
    )  # fmt: skip
    if entry["of"] not in quantities:
        raise ConfigError(
            f"{key}.of", entry["of"], f"expected one of {', '.join(quantities)}",
            nearest(str(entry["of"]), quantities),
        )  # fmt: skip
    value, low, high = (
        float("nan") if limit != limit else number(f"{key}.{name}", limit, 0.0, 1e12)
        for name, limit in limits.items()
    )
    if not np.isfinite([value, low, high]).any():
        raise ConfigError(f"{key}.value", MISSING, "expected a value, low or high")
    known = [one for one in (low, value, high) if np.isfinite(one)]
    if known != sorted(known):
        raise ConfigError(key, known, "expected low <= value <= high")
    return Forecast(
        quantities[entry["of"]], entry["by"], str(entry["published"])[:7], int(entry["year"]), value, low,
        high, entry["source"],
    )  # fmt: skip


def needed_series(forecasts: Sequence[Forecast]) -> list[str]:
    """Return the series that a comparison reads, each once."""
    return list(dict.fromkeys(name for one in forecasts for name in one.of.series))


def compare(
    forecasts: Sequence[Forecast], table: Mapping[str, Array], first_month: str
) -> tuple[Comparison, ...]:
    """Compare forecasts with the worlds of a run. Shapes: series (month, world)."""
    found = []
    for one in forecasts:
        values = one.of.read(table, first_month, one.year)
        values = values[np.isfinite(values)]
        low, median, high = np.quantile(values, BAND).tolist() if values.size else (np.nan,) * 3
        found.append(Comparison(one, (low, median, high), int(values.size)))
    return tuple(found)
