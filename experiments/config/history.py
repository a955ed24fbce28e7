"""Read the dated inputs of a hindcast: controls by government and product launches by maker."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.config.entities import BASES
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly, filled, month_text, months_between, number, one_of
from sim.axes import BLOCS, Axes
from sim.elementary import log
from sim.history import History, no_history
from sim.units import Array

NONE = "none"
LARGEST_FACTOR = 100.0
LONGEST_RAMP = 60.0
DOCUMENTED = ("basis", "source")


def read_history(
    history: Any, axes: Axes, start_month: str, months: int, without: Collection[str] = ()
) -> History:
    """Check dated inputs and return them as tables over the months of a run.

    Controls hold from their month on. A launch multiplies a maker's performance per wafer by its factor,
    spread evenly over the months in which the new product replaces the old one; a maker with launches
    follows them alone.

    Raises: ConfigError on the first entry at fault, or if the history belongs to another start.
    """
    exactly("history", history, ("start", "controls", "launches"))
    if history["start"] == NONE:
        return no_history(len(BLOCS), len(axes.chip_makers.names))
    if month_text("history.start", history["start"]) != start_month:
        expected = f"expected the month of the start, {start_month}"
        raise ConfigError("history.start", history["start"], expected, f"start={history['start']}")
    return History(
        _stringency(history["controls"], start_month, months),
        _performance(history["launches"], axes.chip_makers.names, without, start_month, months),
    )


def _stringency(controls: Any, start_month: str, months: int) -> Array:
    """Return controls by month. Shapes: -> (month, bloc)."""
    table = np.full((months, len(BLOCS)), np.nan)
    for name, entries in _by_name("history.controls", controls):
        bloc = BLOCS.index(one_of("history.controls", name, BLOCS))
        for key, entry in _entries(f"history.controls.{name}", entries, ("month", "value")):
            from_month = _month(key, entry, start_month)
            table[from_month:, bloc] = number(f"{key}.value", entry["value"], 0.0, 1.0)
    return table


def _performance(
    launches: Any, makers: Sequence[str], without: Collection[str], start_month: str, months: int
) -> Array:
    """Return ln of the gain by launches as each month begins. Shapes: -> (month + 1, maker)."""
    table = np.full((months + 1, len(makers)), np.nan)
    for name, entries in _by_name("history.launches", launches):
        if name in without:
            continue
        if name not in makers:
            expected = "launches of nobody in the roster"
            raise ConfigError(f"history.launches.{name}", MISSING, expected, nearest(str(name), makers))
        gained = np.zeros(months + 1)
        for key, entry in _entries(f"history.launches.{name}", entries, ("month", "factor", "ramp_months")):
            first = _month(key, entry, start_month)
            factor = number(f"{key}.factor", entry["factor"], 1.0 / LARGEST_FACTOR, LARGEST_FACTOR)
            ramp = number(f"{key}.ramp_months", entry["ramp_months"], 1.0, LONGEST_RAMP)
            done = np.clip((np.arange(months + 1) - first) / ramp, 0.0, 1.0)
            gained += log(factor) * done
        table[:, makers.index(name)] = gained
    return table


def _month(key: str, entry: Mapping[str, Any], start_month: str) -> int:
    month = month_text(f"{key}.month", entry["month"])
    place = months_between(start_month, month)
    if place < 0:
        expected = f"expected {start_month} or later; what was before belongs to the start"
        raise ConfigError(f"{key}.month", month, expected)
    return place


def _by_name(key: str, given: Any) -> list[tuple[str, Any]]:
    if not isinstance(given, Mapping):
        raise ConfigError(key, given, "expected a mapping from names to dated entries")
    return list(given.items())


def _entries(key: str, given: Any, names: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigError(key, given if given is not None else MISSING, "expected a list of dated entries")
    checked = []
    for place, entry in enumerate(given):
        here = f"{key}[{place}]"
        exactly(here, entry, (*names, *DOCUMENTED))
        one_of(f"{here}.basis", entry["basis"], BASES)
        filled(f"{here}.source", entry["source"])
        checked.append((here, entry))
    return checked
