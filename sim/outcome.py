"""Who leads, by which definition, with or without a fight; evaluated from the recorded series (section 6).

Every rule asks the same of both blocs, with each bloc's own numbers: exchanging the blocs exchanges the
results to the last bit. A column is `<quantity>.<what>.<year>`; a horizon that the run does not reach is NaN.

D1-D5 follow firms, all of the US bloc's at home in the United States: they are the same with and without
allies. Places differ: D2b, D3b, D3c, D7 and so W10 are given with allies and, as `us_only`, without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.axes import BLOCS, CN, US
from sim.context import Context
from sim.dimensions import HEADLINE, LAG_SCALE_MONTHS, two_shares
from sim.elementary import log
from sim.memory import seal
from sim.series import DIMENSIONS, Series
from sim.settings import OutcomeRules
from sim.streams import uniform
from sim.units import MILLION, MONTHS_PER_YEAR, Array, BoolArray, logistic

LEADERS: Final = ("us", "cn", "mixed", "open")
"""What a code in a `leader` column means; open: the dimension is still too small to call."""
MIXED, OPEN = 2.0, 3.0
PERCENT: Final = 100.0
WEIGHTS_SEED: Final = 0
"""The random weights are the same in every run."""

Columns = Mapping[str, Array]
"""Column -> (world,)."""


@dataclass(frozen=True)
class Record:
    """Recorded series by name, in float64."""

    rows: Mapping[str, int]
    data: npt.NDArray[np.float32]

    def one(self, name: str) -> Array:
        """Return a series. Shapes: -> (month, world). Raises: KeyError naming the series."""
        if name not in self.rows:
            raise KeyError(f"series {name!r} is not recorded; the outcomes need it (sim.series)")
        series: Array = self.data[self.rows[name]].astype(np.float64)
        return series

    def both(self, quantity: str) -> Array:
        """Return a quantity of both blocs. Shapes: -> (bloc, month, world)."""
        return np.stack([self.one(f"{quantity}.{bloc}") for bloc in BLOCS])

    def sum_over(self, names: Sequence[str]) -> Array:
        """Return the sum of some series, 0 of none. Shapes: -> (month, world)."""
        total = np.zeros(self.data.shape[1:])
        for name in names:
            total = total + self.one(name)
        return total

    def by_place(self, quantity: str, places: Sequence[Sequence[str]]) -> Array:
        """Return a quantity summed over each bloc's places. Shapes: -> (bloc, month, world)."""
        return np.stack([self.sum_over([f"{quantity}.{place}" for place in own]) for own in places])


def evaluate(
    ctx: Context, rules: OutcomeRules, series: Sequence[Series], data: npt.NDArray[np.float32]
) -> dict[str, Array]:
    """Return the outcomes of every column of a record: shares, leaders, first leads, fights (section 6).

    Shapes: data (series, month, world) -> column -> (world,). `world` holds the ids.
    """
    record = Record({one.name: row for row, one in enumerate(series)}, data)
    shares, is_open = dimension_shares(ctx, rules, record)
    found: dict[str, Array] = {"world": ctx.settings.world_ids.astype(np.float64)}
    found.update(first_leads(rules, shares, is_open))
    efforts = np.cumsum(record.both("effort_usd"), axis=1)
    reacting, fights = record.both("reacting"), fights_by_month(rules, record)
    for horizon in rules.horizons:
        year, at = horizon[:4], month_index(ctx.settings.start_month, horizon)
        reached = rules.window_months - 1 <= at < data.shape[1]

        def column(name: str, values: Array | BoolArray, year: str = year, reached: bool = reached) -> None:
            found[f"{name}.{year}"] = np.where(reached, values, np.nan)

        month = at if reached else 0
        now = {name: table[:, month] for name, table in shares.items()}
        still_open = is_open[month]
        for name, table in now.items():
            column(f"share.{name}", table[US])
        for name, leader in leaders(rules, now, still_open, rules.lead_share).items():
            column(f"leader.{name}", leader)
        for share in rules.lead_share_tests:
            for name, leader in leaders(rules, now, still_open, float(share)).items():
                column(f"leader_test.{name}_{in_percent(float(share))}", leader)
        strict = single(now["d2"], rules.compute_share_test)
        column(f"leader_test.w2_{in_percent(rules.compute_share_test)}", strict)
        us_only = {**now, "d7": now["d7_us_only"]}
        column("leader_us_only.w10", leader_w10(us_only, still_open, rules.lead_share))
        for bloc in range(len(BLOCS)):
            column(f"effort_usd.{BLOCS[bloc]}", efforts[bloc, month])
            column(f"reacted.{BLOCS[bloc]}", reacting[bloc, month])
            for name, fought in fights.items():
                column(f"{name}.{BLOCS[bloc]}", np.asarray(fought[bloc, : month + 1].any(0)))
    return found


def month_index(first: str, month: str) -> int:
    """Return how many months after the first one a month comes, both as 2026-01.

    >>> month_index("2026-01", "2030-12")
    59
    """
    (year, number), (first_year, first_number) = (
        (int(part) for part in text.split("-")) for text in (month, first)
    )
    return (year - first_year) * int(MONTHS_PER_YEAR) + number - first_number


def in_percent(share: float) -> str:
    """Return a share as it stands in a column's name.

    >>> in_percent(0.55), in_percent(0.025)
    ('55', '2.5')
    """
    return f"{share * PERCENT:g}"


def trailing_mean(values: Array, window: int) -> Array:
    """Return the mean over the window of months that ends at each month, NaN before the first one.

    Shapes: (..., month, world), kept.
    """
    months = values.shape[-2]
    mean = np.full(values.shape, np.nan)
    ends = months - window + 1
    if ends > 0:
        # Added in the order of the months, so that a world's bits do not depend on its batch.
        total = np.zeros((*values.shape[:-2], ends, values.shape[-1]))
        for offset in range(window):
            total = total + values[..., offset : offset + ends, :]
        mean[..., window - 1 :, :] = total / window
    return mean


# ---- dimensions ---------------------------------------------------------------------------------------


def dimension_shares(ctx: Context, rules: OutcomeRules, record: Record) -> tuple[dict[str, Array], BoolArray]:
    """Return each bloc's share in every dimension over the trailing window, and where D3 is open.

    Shares are of means over the window; D5 is Λ of the mean lead over its scale.
    Shapes: dimension -> (bloc, month, world), (month, world).
    """
    markets = ctx.axes.markets
    third = [name for name, bloc in zip(markets.names, markets.bloc, strict=True) if bloc < 0]
    allied = [
        [name for name, of in zip(markets.names, markets.bloc, strict=True) if of == bloc]
        for bloc in range(len(BLOCS))
    ]
    alone = [[markets.names[markets.home[bloc]]] for bloc in range(len(BLOCS))]
    amounts = {
        "d1": record.both("active_users_million"),
        "d1b": np.stack(
            [record.sum_over([f"bloc_users_million.{bloc}.{m}" for m in third]) for bloc in BLOCS]
        ),
        "d2": record.both("powered_compute_h100e"),
        "d3": record.both("robot_labour_workers"),
        "d4": record.both("ai_revenue_usd"),
        "d6": record.both("foundation_share"),
    }
    by_place = {
        "d2b": "powered_compute_at_site_h100e",
        "d3b": "robot_labour_at_site_workers",
        "d3c": "industrial_robots",
        "d7": "manufacturing_output_usd",
    }
    for name, quantity in by_place.items():
        amounts[name] = record.by_place(quantity, allied)
        amounts[f"{name}_us_only"] = record.by_place(quantity, alone)
    window = rules.window_months
    means = {name: trailing_mean(values, window) for name, values in amounts.items()}
    shares = {name: two_shares(mean) for name, mean in means.items()}
    lead = trailing_mean(record.one("capability_lag_months"), window) / LAG_SCALE_MONTHS
    shares["d5"] = np.stack([logistic(lead), logistic(-lead)])
    workers = ctx.start.markets.manufacturing_workers_million.sum() * MILLION
    is_open = ~(means["d3"].sum(0) >= rules.robots_open_below * workers)
    return shares, is_open


# ---- definitions of a lead ----------------------------------------------------------------------------


def leaders(
    rules: OutcomeRules, shares: Columns, robots_open: BoolArray, lead_share: float
) -> dict[str, Array]:
    """Return who leads by each definition, as codes of `LEADERS` (section 6).

    Shapes: shares dimension -> (bloc, world), robots_open (world,) -> definition -> (world,).
    """
    valued = np.stack([settled(shares, name, robots_open) for name in HEADLINE])
    return {
        "w1": leader_w1(shares, robots_open, lead_share),
        "w2": single(shares["d2"], lead_share),
        "w3": single(shares["d1b"], lead_share),
        "w4": np.where(robots_open, OPEN, single(shares["d3"], lead_share)),
        "w5": single(valued.sum(0) / len(valued), lead_share),
        "w6": by_count(shares, robots_open, HEADLINE, lead_share, least=4, most_of_other=1),
        "w7": leader_w7(rules, valued, lead_share),
        "w8": single(shares["d4"], lead_share),
        "w10": leader_w10(shares, robots_open, lead_share),
    }


def settled(shares: Columns, name: str, robots_open: BoolArray) -> Array:
    """Return a dimension's shares, one half for both while it is open. Shapes: -> (bloc, ..., world)."""
    return np.where(robots_open, 0.5, shares[name]) if name == "d3" else shares[name]


def code(us_leads: BoolArray, cn_leads: BoolArray) -> Array:
    """Return codes of `LEADERS`: a bloc leads alone, else it is mixed. Shapes: any, kept."""
    return np.where(us_leads & ~cn_leads, float(US), np.where(cn_leads & ~us_leads, float(CN), MIXED))


def single(shares: Array, lead_share: float) -> Array:
    """Return who holds more than the share that makes a lead. Shapes: (bloc, ..., world) -> (..., world)."""
    return code(shares[US] > lead_share, shares[CN] > lead_share)


def by_count(
    shares: Columns,
    robots_open: BoolArray,
    names: Sequence[str],
    lead_share: float,
    *,
    least: int,
    most_of_other: int,
) -> Array:
    """Return who leads in at least so many dimensions while the other leads in at most so many.

    Shapes: dimension -> (bloc, ..., world) -> (..., world).
    """
    counts = np.stack([settled(shares, name, robots_open) > lead_share for name in names]).sum(0)
    leads = (counts >= least) & (counts[::-1] <= most_of_other)
    return code(leads[US], leads[CN])


def leader_w1(shares: Columns, robots_open: BoolArray, lead_share: float) -> Array:
    """Return who leads at least 3 of D1-D5 while the other leads at most 1: the headline (W1).

    Shapes: shares a column (bloc, world), robots_open (world,) -> (world,).
    """
    return by_count(shares, robots_open, HEADLINE, lead_share, least=3, most_of_other=1)


def leader_w10(shares: Columns, robots_open: BoolArray, lead_share: float) -> Array:
    """Return who leads at least 4 of D1-D7 while the other leads at most 2 (W10).

    Shapes: shares a column (bloc, world), robots_open (world,) -> (world,).
    """
    return by_count(shares, robots_open, DIMENSIONS, lead_share, least=4, most_of_other=2)


def leader_w7(rules: OutcomeRules, valued: Array, lead_share: float) -> Array:
    """Return who leads by the weighted mean share in nearly all of many random weightings (W7).

    Shapes: (dimension, bloc, world) -> (world,).
    """
    weights = random_weights(rules.random_weights)
    leads = []
    for bloc in range(len(BLOCS)):
        mean = np.zeros((rules.random_weights, valued.shape[-1]))
        for weight, share in zip(weights, valued[:, bloc], strict=True):
            mean += weight[:, None] * share
        leads.append((mean > lead_share).sum(0) > rules.random_weights_lead * rules.random_weights)
    return code(leads[US], leads[CN])


@cache
def random_weights(draws: int) -> Array:
    """Return weights on D1-D5 from a flat Dirichlet distribution, the same in every run, unwritable.

    Exponentials over their sum. Shapes: -> (dimension, draw), summing to 1 over dimensions.
    """
    numbers = np.arange(draws, dtype=np.int64)
    exponential = -log(uniform(WEIGHTS_SEED, numbers, "outcome_weights", HEADLINE, 0))
    return seal(exponential / exponential.sum(0))


def first_leads(rules: OutcomeRules, shares: Columns, is_open: BoolArray) -> dict[str, Array]:
    """Return the months from the start to the first window in which each bloc leads by W1, NaN for never."""
    leader = leader_w1(shares, is_open, rules.lead_share)
    found = {}
    for bloc, name in enumerate(BLOCS):
        leads = leader == bloc
        found[f"first_lead_month.{name}"] = np.where(leads.any(0), leads.argmax(0) + 1.0, np.nan)
    return found


# ---- fights -------------------------------------------------------------------------------------------


def fights_by_month(rules: OutcomeRules, record: Record) -> dict[str, BoolArray]:
    """Return in which months each bloc fights, by kind and threshold. Shapes: -> (bloc, month, world).

    F1: controls, retaliation among them, and half the tariff, over the schedule and from zero. F2: over the
    last window, what paid goods cost above their price, what free tiers cost above their share of revenue at
    the start, and the state's money for them, over a share of AI revenue. F4: a blockade, of both.
    """
    over, level = record.both("escalation"), record.both("escalation_from_zero")
    revenue = trailing_mean(record.both("ai_revenue_usd"), rules.window_months)
    loss = loss_usd(rules, record)
    blockade = record.one("blockade") > 0.0
    found = {
        "fight.f1": over > rules.fight_escalation,
        "fight.f1_from_zero": level > rules.fight_escalation,
        "fight.f2": loss > rules.fight_loss_share * revenue,
        "fight.f4": np.stack([blockade] * len(BLOCS)),
    }
    for share in rules.fight_escalation_tests:
        found[f"fight_test.f1_{in_percent(float(share))}"] = over > share
    for share in rules.fight_loss_tests:
        found[f"fight_test.f2_{in_percent(float(share))}"] = loss > share * revenue
    return found


def loss_usd(rules: OutcomeRules, record: Record) -> Array:
    """Return what a bloc's AI services lose a month, mean over the window (F2).

    Shapes: -> (bloc, month, world).
    """
    free, revenue = record.both("free_tier_loss_usd"), record.both("ai_revenue_usd")
    usual = free[:, :1] / np.where(revenue[:, :1] > 0.0, revenue[:, :1], np.inf)
    window = rules.window_months
    beyond = np.maximum(trailing_mean(free, window) - usual * trailing_mean(revenue, window), 0.0)
    given = record.both("paid_goods_loss_usd") + record.both("free_tier_subsidy_usd")
    return trailing_mean(given, window) + beyond


def over_passive(rules: OutcomeRules, passive: Columns, other: Columns) -> dict[str, Array]:
    """Return where a bloc's effort to a horizon is above that of the same world's passive run (F3).

    Shapes: columns of `evaluate` -> `fight.f3.<bloc>.<year>` for the worlds of `other`, in their order.
    """
    matched = matching(passive, other)
    found = {}
    for name, effort in other.items():
        if name.startswith("effort_usd."):
            base = passive[name][matched]
            fought = effort > (1.0 + rules.fight_effort) * base
            column = f"fight.f3.{name.removeprefix('effort_usd.')}"
            found[column] = np.where(np.isfinite(effort), fought, np.nan)
    return found


def matching(columns: Columns, wanted: Columns) -> npt.NDArray[np.int64]:
    """Return where each wanted world stands among the columns.

    Shapes: columns (world,) -> (wanted world,).
    Raises: ValueError naming a world that is missing.
    """
    place = {float(world): at for at, world in enumerate(columns["world"])}
    missing = [float(world) for world in wanted["world"] if float(world) not in place]
    if missing:
        raise ValueError(
            f"world {missing[0]:g} is missing from a response; outcomes are compared world by world: "
            "evaluate the responses over the same worlds"
        )
    return np.asarray([place[float(world)] for world in wanted["world"]], np.int64)


# ---- without a fight ----------------------------------------------------------------------------------


def without_a_fight(
    rules: OutcomeRules,
    passive: Columns,
    us_resists: Columns | None,
    cn_resists: Columns | None,
    definition: str = "w1",
) -> dict[str, Array]:
    """Return in which sense each bloc's lead is one without a fight, 0 or 1 by world (section 6).

    `calm`: leads in the passive run, in which nobody fights (F1, F2, F4). `survives_resistance` and
    `undone_by_resistance`: that lead holds, or not, where the rival resists and has reacted by the horizon;
    `untested`: the rival has not reacted. These three add up to all leads in the passive run.
    `created_by_resistance`: leads where the rival resists, but not in the passive run. What needs a response
    that was not run is NaN.

    Shapes: columns of `evaluate`, matched by `world` -> `<sense>.<bloc>.<year>`, in the order of `passive`.
    """
    resisted = {US: cn_resists, CN: us_resists}
    found: dict[str, Array] = {"world": passive["world"]}
    for horizon in rules.horizons:
        year = horizon[:4]
        leader = passive[f"leader.{definition}.{year}"]
        reached = np.isfinite(leader)
        fought = np.zeros(leader.shape, np.bool_)
        for name in BLOCS:
            for kind in ("f1", "f2", "f4"):
                fought |= passive[f"fight.{kind}.{name}.{year}"] > 0.0
        for bloc, other in resisted.items():
            leads = leader == bloc
            senses: dict[str, Array | BoolArray] = {"calm": leads & ~fought}
            if other is None:
                senses.update(dict.fromkeys(RESISTANCE, np.full(leader.shape, np.nan)))
            else:
                at = matching(other, passive)
                holds = other[f"leader.{definition}.{year}"][at] == bloc
                reacted = other[f"reacted.{BLOCS[1 - bloc]}.{year}"][at] > 0.0
                senses.update(zip(RESISTANCE, resistance(leads, reacted, holds), strict=True))
            for sense, values in senses.items():
                found[f"{sense}.{BLOCS[bloc]}.{year}"] = np.where(reached, values, np.nan)
    return found


RESISTANCE: Final = ("survives_resistance", "undone_by_resistance", "untested", "created_by_resistance")
"""The senses that need the run in which the rival resists."""


def resistance(
    leads: BoolArray, reacted: BoolArray, holds: BoolArray
) -> tuple[BoolArray, BoolArray, BoolArray, BoolArray]:
    """Sort leads by what the rival's resistance does to them, in the order of `RESISTANCE`.

    Shapes: all of one shape.
    """
    return leads & reacted & holds, leads & reacted & ~holds, leads & ~reacted, ~leads & holds


def uninformative(columns: Columns) -> tuple[str, ...]:
    """Return the columns that say the same of every world, and so nothing about what makes worlds differ."""
    return tuple(
        name
        for name, values in columns.items()
        if values.size > 1 and np.isfinite(values).all() and (values == values[0]).all()
    )
