"""Stylised facts: what a model of this race must show whatever its numbers, and how often it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.units import Array, BoolArray

Table = Mapping[str, Array]
"""Series by name, each (month, world)."""

LAG_MONTHS = (4.0, 14.0)
PAYING_SHARE = (0.03, 0.10)
PRICE_FALL = (9.0, 900.0)
CONCENTRATED = 0.15
"""Herfindahl index above which a market counts as moderately concentrated (US merger guidelines, 2010)."""
BUST = 0.2
"""Fall of a bloc's yearly AI investment or loss of a lab that counts as a bust."""
FLAT = 1.05
"""Yearly flows that rise by less than this factor do not rise."""
POSSIBLE = 0.01
"""Share of worlds in which something that is only possible has to be seen."""
YEAR = 12


@dataclass(frozen=True)
class Fact:
    """A stylised fact: in which worlds it holds."""

    name: str
    meaning: str
    of: str
    """hindcast or forward"""
    needs: tuple[str, ...]
    """Series, an entity left out for all of a quantity."""
    holds: Callable[[Table], BoolArray]
    possible: bool = False
    """Whether it only has to be possible: seen in POSSIBLE of the worlds."""


def _total(table: Table, prefix: str, entities: tuple[str, ...]) -> Array:
    total: Array = np.sum([np.nan_to_num(table[f"{prefix}.{entity}"]) for entity in entities], axis=0)
    return total


LABS = (
    "openai",
    "google",
    "anthropic",
    "xai",
    "meta",
    "bytedance",
    "alibaba",
    "deepseek",
    "moonshot",
    "tencent",
)
BLOCS = ("us", "cn")
PLACES = ("us", "allies", "cn", "row")


def s_shaped(table: Table) -> BoolArray:
    """Say where users' yearly additions peak inside the run: neither in its first year nor in its last."""
    users = _total(table, "active_users_million", BLOCS)
    yearly = np.diff(users[YEAR - 1 :: YEAR], axis=0)
    peak = yearly.argmax(0)
    return np.asarray((peak < len(yearly) - 1) & (users[-1] > 1.2 * users[YEAR - 1]))


def few_pay(table: Table) -> BoolArray:
    """Say where 3 to 10 % of ChatGPT's users pay at the end of the hindcast."""
    share = table["paying_users_million.openai"][-1] / table["active_users_million.openai"][-1]
    return np.asarray((share >= PAYING_SHARE[0]) & (share <= PAYING_SHARE[1]))


def cheaper(table: Table) -> BoolArray:
    """Say where the cost of constant quality fell by a factor of 9 to 900 a year."""
    cost = table["constant_quality_query_cost_usd_per_month.us"]
    years = (len(cost) - 1) / YEAR
    fall = (cost[0] / cost[-1]) ** (1.0 / years)
    return np.asarray((fall >= PRICE_FALL[0]) & (fall <= PRICE_FALL[1]))


def lagging(table: Table) -> BoolArray:
    """Say where Chinese models were 4 to 14 months behind on average in the hindcast's last two years."""
    lag = table["capability_lag_months"][-2 * YEAR :].mean(0)
    return np.asarray((lag >= LAG_MONTHS[0]) & (lag <= LAG_MONTHS[1]))


def concentrated(table: Table) -> BoolArray:
    """Say where the Herfindahl index of users over labs is above 0.15 at the end of the hindcast."""
    users = np.stack([np.nan_to_num(table[f"active_users_million.{lab}"][-1]) for lab in LABS])
    share = users / users.sum(0)
    return np.asarray((share**2).sum(0) > CONCENTRATED)


def booms_and_busts(table: Table) -> BoolArray:
    """Say where a lab leaves, or a bloc's AI revenue falls by a fifth within a year."""
    labs = _total(table, "labs_alive", BLOCS)
    left = (np.diff(labs, axis=0) < 0.0).any(0)
    revenue = np.stack([table[f"ai_revenue_usd.{bloc}"] for bloc in BLOCS])
    fell = (revenue[:, YEAR:] < (1.0 - BUST) * revenue[:, :-YEAR]).any((0, 1))
    return np.asarray(left | fell)


def dark_chips(table: Table) -> BoolArray:
    """Say where American accelerators stand without power in some month of 2026 or 2027."""
    return np.asarray((table["dark_share.us"][: 2 * YEAR] > 0.01).any(0))


def exports_not_rising(table: Table) -> BoolArray:
    """Say where the licensed flow of accelerators to China rose in neither year of the hindcast."""
    flow = table["chips_imported_h100e.cn"]
    yearly = flow[: 3 * YEAR].reshape(3, YEAR, -1).sum(1)
    return np.asarray((yearly[1:] <= FLAT * yearly[:-1]).all(0))


def pilots_first(table: Table) -> BoolArray:
    """Say where more humanoids were in pilots than at work at the end of the hindcast."""
    working = _total(table, "humanoids_working", PLACES)[-1]
    shipped = table["humanoid_shipments.world"].sum(0)
    return np.asarray(working < 0.5 * shipped)


FACTS: tuple[Fact, ...] = (
    Fact("s_shape", "users grow along an S: additions peak inside the run", "forward",
         tuple(f"active_users_million.{b}" for b in BLOCS), s_shaped),
    Fact("few_pay", "3 to 10 % of ChatGPT's users pay", "hindcast",
         ("paying_users_million.openai", "active_users_million.openai"), few_pay),
    Fact("cheaper", "the cost of constant quality falls 9 to 900 times a year", "hindcast",
         ("constant_quality_query_cost_usd_per_month.us",), cheaper),
    Fact("lag", "Chinese models are 4 to 14 months behind", "hindcast", ("capability_lag_months",), lagging),
    Fact("few_firms", "a few assistants have most users", "hindcast",
         tuple(f"active_users_million.{lab}" for lab in LABS), concentrated),
    Fact("boom_and_bust", "booms end in busts: a lab leaves, or AI revenue falls by a fifth", "forward",
         tuple(f"{n}.{b}" for n in ("labs_alive", "ai_revenue_usd") for b in BLOCS), booms_and_busts,
         possible=True),
    Fact("dark_chips", "American accelerators wait for power", "forward", ("dark_share.us",), dark_chips),
    Fact("exports", "licensed exports to China do not rise", "hindcast", ("chips_imported_h100e.cn",),
         exports_not_rising),
    Fact("pilots", "humanoids are in pilots before they work", "hindcast",
         ("humanoid_shipments.world", *(f"humanoids_working.{place}" for place in PLACES)), pilots_first),
)  # fmt: skip
"""The facts of the model page."""


def shares(tables: Mapping[str, Table]) -> dict[str, float]:
    """Return in which share of worlds each fact holds; worlds without a number hold none."""
    found: dict[str, Any] = {}
    for fact in FACTS:
        with np.errstate(invalid="ignore", divide="ignore"):  # what cannot be told does not hold
            found[fact.name] = float(fact.holds(tables[fact.of]).mean())
    return found


def held(found: Mapping[str, float], least: float) -> int:
    """Count the facts that hold in at least that share of worlds, or are possible where that is all."""
    return sum(found[fact.name] >= (POSSIBLE if fact.possible else least) for fact in FACTS)
