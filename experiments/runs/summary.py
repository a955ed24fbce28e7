"""What a run found, as plain data: who leads, by definition and horizon, with or without a fight.

Shares count sampled worlds. Their sampling error is that of independent draws, which is cautious here: the
worlds are spread more evenly.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.axes import BLOCS, CONSTRAINTS
from sim.outcome import LEADERS, uninformative
from sim.units import Array, IntArray

HEADLINE = "w1"
Z_95 = 1.959963984540054
PASSIVE = "passive"
SENSES = ("calm", "survives_resistance", "undone_by_resistance", "untested", "created_by_resistance")
FIGHTS = ("f1", "f2", "f3", "f4")

Outcomes = Mapping[str, Array]
"""Column of `sim.outcome` -> (world, response), in the order of the run's responses."""


def share_of(hits: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return a share of worlds, its binomial standard error and its 95 % interval.

    Shapes: hits (world,), at least one.
    """
    share = float(hits.mean())
    low, high = wilson(share, hits.size)
    error = math.sqrt(share * (1.0 - share) / hits.size)
    return {"share": share, "standard_error": error, "low_95": low, "high_95": high}


def wilson(share: float, worlds: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, which keeps a width where the standard error is 0.

    >>> [round(end, 3) for end in wilson(0.5, 256)], [round(end, 3) for end in wilson(1.0, 6)]
    ([0.439, 0.561], [0.61, 1.0])

    Source: Wilson 1927.
    """
    squared = Z_95**2 / worlds
    centre = (share + squared / 2.0) / (1.0 + squared)
    half = math.sqrt(share * (1.0 - share) * squared + squared**2 / 4.0) / (1.0 + squared)
    # At none and at all an end is the share itself; rounding must not take it past that.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def leaders(outcomes: Outcomes) -> dict[str, dict[str, Array]]:
    """Return the codes of leaders by definition and year. Shapes: (world, response)."""
    found: dict[str, dict[str, Array]] = {}
    for name, codes in outcomes.items():
        head, *rest = name.split(".")
        if head == "leader":
            definition, year = rest
            found.setdefault(definition, {})[year] = codes
    return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))


def lead_shares(outcomes: Outcomes, place: int) -> dict[str, Any]:
    """Return the shares of worlds by definition, year and leader under one response.

    A horizon that lies behind the run's last month is left out.
    """
    table: dict[str, Any] = {}
    for definition, years in leaders(outcomes).items():
        for year, codes in years.items():
            column = codes[:, place]
            if np.isfinite(column).all():
                table.setdefault(definition, {})[year] = {
                    leader: share_of(column == code) for code, leader in enumerate(LEADERS)
                }
    return table


def range_over_definitions(shares: Mapping[str, Any]) -> dict[str, Any]:
    """Return, by year and leader, the lowest and highest share over the definitions, and which they are."""
    years = sorted({year for by_year in shares.values() for year in by_year})
    table: dict[str, Any] = {}
    for year in years:
        for leader in LEADERS:
            found = [
                (by_year[year][leader]["share"], definition)
                for definition, by_year in shares.items()
                if year in by_year
            ]
            # The first of equals, so that the order of the definitions decides.
            low, high = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
            table.setdefault(year, {})[leader] = {
                "low": low[0],
                "low_definition": low[1],
                "high": high[0],
                "high_definition": high[1],
            }
    return table


def without_a_fight(senses: Mapping[str, Array]) -> dict[str, Any]:
    """Return, by year and bloc, the share of worlds in each sense of a lead without a fight.

    Shapes: senses (world,) by `<sense>.<bloc>.<year>`.
    """
    table: dict[str, Any] = {}
    for name, values in senses.items():
        sense, bloc, year = name.split(".")
        if sense in SENSES and np.isfinite(values).all():
            table.setdefault(year, {}).setdefault(bloc, {})[sense] = share_of(values > 0.0)
    return table


def fight_shares(outcomes: Outcomes, place: int) -> dict[str, Any]:
    """Return, by year, bloc and kind of fight, the share of worlds with one under a response."""
    table: dict[str, Any] = {}
    for name, values in outcomes.items():
        head, *rest = name.split(".")
        column = values[:, place]
        if head == "fight" and len(rest) == 3 and np.isfinite(column).all():
            kind, bloc, year = rest
            table.setdefault(year, {}).setdefault(bloc, {})[kind] = share_of(column > 0.0)
    return table


def binding_shares(counts: IntArray) -> dict[str, Any]:
    """Return, by bloc, in what share of world-months each constraint binds. Shapes: (bloc, constraint)."""
    totals = counts.sum(1)
    return {
        bloc: {name: float(counts[b, c] / totals[b]) for c, name in enumerate(CONSTRAINTS)}
        for b, bloc in enumerate(BLOCS)
        if totals[b]
    }


def summarise(
    *,
    scenario: str,
    title: str,
    why: str,
    responses: Sequence[str],
    budget: str,
    months: Sequence[str],
    outcomes: Outcomes,
    senses: Mapping[str, Array],
    binding: IntArray,
    conservation: Mapping[str, float],
    attempts: IntArray,
    growth_scaled: Array,
    lead_share: float,
) -> dict[str, Any]:
    """Return the content of summary.json, apart from how long it took.

    Shapes: binding (response, bloc, constraint), attempts and growth_scaled (world,).
    """
    shares = {response: lead_shares(outcomes, place) for place, response in enumerate(responses)}
    reached = sorted({year for table in shares.values() for years in table.values() for year in years})
    constant = {
        response: sorted(
            name
            for name in uninformative({name: values[:, place] for name, values in outcomes.items()})
            if name.split(".")[0] in ("leader", "fight")
        )
        for place, response in enumerate(responses)
    }
    return {
        "scenario": scenario,
        "title": title,
        "why": " ".join(why.split()),
        "worlds": int(attempts.size),
        "responses": list(responses),
        "budget": budget,
        "first_month": months[0],
        "horizon": months[-1],
        "horizons_reached": reached,
        "lead_share": lead_share,
        "shares": shares,
        "range_over_definitions": {name: range_over_definitions(table) for name, table in shares.items()},
        "without_a_fight": without_a_fight(senses),
        "fights": {response: fight_shares(outcomes, place) for place, response in enumerate(responses)},
        "uninformative": constant,
        "conservation": {law: plain(worst) for law, worst in conservation.items()},
        "binding": {response: binding_shares(binding[place]) for place, response in enumerate(responses)},
        "rejected_draws": int(attempts.sum()),
        "worlds_drawn_again": int((attempts > 0).sum()),
        "worlds_with_growth_scaled": int((growth_scaled < 1.0).sum()),
    }


def plain(value: float) -> float | None:
    """Return a number as JSON can hold it."""
    return float(value) if math.isfinite(value) else None
