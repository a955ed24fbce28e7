"""The declared series of a run: name, unit, meaning, and how each is read off a step.

Names are `<quantity>_<unit>[.<entity>[.<region>]]`. After a quantity of firms (users, accelerators, compute,
revenue) `us` and `cn` mean the bloc; after a quantity of places (power, factories, people) they mean the
place. Where one quantity has both, the places' version has a name of its own, `..._at_site_...`.
A lab that is not in the market has no price, quota or runway: the value is NaN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np

from sim.acts.books import building_usd
from sim.acts.compute import query_compute_h100e
from sim.axes import BLOCS, CONSTRAINTS, FREE, PAID, US, sum_by_bloc
from sim.context import Context
from sim.dimensions import lag_months, lag_shares, two_shares
from sim.month import Month
from sim.plans import Plans
from sim.state import State
from sim.units import HOURS_PER_YEAR, LN10, MILLION, MONTHS_PER_YEAR, Array, ratio

KINDS: Final = ("stock", "flow", "price", "share", "code")
WHENS: Final = ("month-end", "mean", "sum")
TERAWATT_HOURS_PER_GIGAWATT_YEAR: Final = HOURS_PER_YEAR / 1e3
SHADOWS: Final = {
    "power": "shadow_power_usd_per_gw_month",
    "chips": "shadow_chips_usd_per_h100e",
    "capital": "shadow_capital_usd_per_million_usd",
    "demand": "shadow_demand_usd_per_h100e_month",
    "parts": "shadow_parts_usd_per_robot",
}
"""Series of the shadow value of each constraint; the unit of one more is in its name."""


class Bound(Protocol):
    """What binds each bloc (`sim.constraint.Constraint`). Shapes: (bloc, world), (constraint, bloc, world)."""

    @property
    def code(self) -> Array:
        """Index into `sim.axes.CONSTRAINTS`."""
        ...

    @property
    def shadow_usd(self) -> Array:
        """Gain from one more unit."""
        ...


@dataclass(frozen=True)
class Series:
    """One column of a run, as the code book lists it."""

    name: str
    unit: str
    kind: str
    """One of `KINDS`."""
    when: str
    """How the steps of a month make its value: one of `WHENS`."""
    definition: str
    equation: str


@dataclass(frozen=True)
class Step:
    """What a series is read off: one step, before, in and after it."""

    ctx: Context
    before: State
    plans: Plans
    month: Month
    bound: Bound
    after: State

    @cached_property
    def monthly_users(self) -> Array:
        """Monthly users in millions. Shapes: (lab, tier, market, world)."""
        users: Array = self.after.users * (self.ctx.params.consumers.overlap_factor / MILLION)
        return users

    @cached_property
    def lab_users(self) -> Array:
        """Monthly users in millions, both tiers. Shapes: (lab, market, world)."""
        users: Array = self.monthly_users.sum(1)
        return users

    @cached_property
    def fleet_by_owner(self) -> Array:
        """Accelerators held. Shapes: (owner, site, world)."""
        held: Array = self.after.fleet.h100e.sum(1)
        return held

    @cached_property
    def bloc_users(self) -> Array:
        """Monthly users of each bloc's assistants in millions. Shapes: (bloc, market, world)."""
        return self.by_lab_bloc(self.lab_users)

    @cached_property
    def revenue_usd(self) -> Array:
        """Revenue of the step. Shapes: (lab, world)."""
        return self.month.books.revenue_usd * self.ctx.dt

    @cached_property
    def lag(self) -> Array:
        """Months by which China is behind. Shapes: (world,)."""
        return lag_months(self.ctx, self.after.frontier_orders)

    @cached_property
    def weights(self) -> Array:
        """Users of the markets where a lab may offer, all alike where it has none. Shapes: as lab_users."""
        opened = ~self.ctx.axes.labs.barred[:, :, None]
        held = self.lab_users * opened
        weight = np.where(held.sum(1)[:, None] > 0.0, held, opened * 1.0)
        return ratio(weight, np.broadcast_to(weight.sum(1)[:, None], weight.shape))

    def by_lab_bloc(self, values: Array) -> Array:
        """Sum over the labs of each bloc."""
        return sum_by_bloc(values, self.ctx.axes.labs.bloc)

    def by_owner_bloc(self, values: Array) -> Array:
        """Sum over the owners of each bloc."""
        return sum_by_bloc(values, self.ctx.axes.owner_bloc)

    def present(self, values: Array) -> Array:
        """Return NaN for labs that are not in the market. Shapes: (lab, ..., world)."""
        alive = self.after.labs.alive > 0.0
        middle = (1,) * (values.ndim - 2)
        return np.where(alive.reshape(alive.shape[0], *middle, alive.shape[1]), values, np.nan)


@dataclass(frozen=True)
class Block:
    """Series of one quantity that are read off a step together, one row an entry of `entities`."""

    quantity: str
    unit: str
    kind: str
    when: str
    definition: str
    equation: str
    entities: tuple[str, ...]
    """What follows the quantity's name, joined by a dot; an empty text for nothing."""
    values: Callable[[Step], Array]
    """Shapes: -> (entity, world)."""

    @property
    def series(self) -> tuple[Series, ...]:
        """Return the block's series, in the order of its rows."""
        names = (f"{self.quantity}.{entity}" if entity else self.quantity for entity in self.entities)
        shared = (self.unit, self.kind, self.when, self.definition, self.equation)
        return tuple(Series(name, *shared) for name in names)


def crossed(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Return every pair of two axes as `first.second`, the second running faster."""
    return tuple(f"{one}.{other}" for one in first for other in second)


def flat(values: Array) -> Array:
    """Return a table of two axes as rows. Shapes: (first, second, world) -> (first * second, world)."""
    return values.reshape(-1, values.shape[-1])


def blocks(ctx: Context) -> tuple[Block, ...]:
    """Return every block of series that these axes have, in the order in which they are stored."""
    return (
        *user_blocks(ctx),
        *lab_blocks(ctx),
        *chip_blocks(ctx),
        *compute_blocks(ctx),
        *power_blocks(ctx),
        *robot_blocks(ctx),
        *orbit_blocks(ctx),
        *policy_blocks(),
        *outcome_blocks(),
    )


def user_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return users of assistants and non-users (S1)."""
    labs, places = ctx.axes.labs.names, ctx.axes.markets.names
    people = ctx.start.markets.population_million[:, None]
    unit, count = "million people", "people who use several count with each"
    return (
        Block(
            "active_users_million", unit, "stock", "month-end",
            f"Monthly users of the lab's assistant, free and paying, in all places; {count}.",
            "S1.5", labs, lambda s: s.lab_users.sum(1),
        ),
        Block(
            "active_users_million", unit, "stock", "month-end",
            f"Monthly users of the lab's assistant in the place, free and paying; {count}.",
            "S1.5", crossed(labs, places), lambda s: flat(s.lab_users),
        ),
        Block(
            "active_users_million", unit, "stock", "month-end",
            f"Monthly users of the assistants of the bloc's labs (bloc us or cn), in all places; {count}.",
            "D1", BLOCS, lambda s: s.bloc_users.sum(1),
        ),
        Block(
            "bloc_users_million", unit, "stock", "month-end",
            f"Monthly users of the assistants of the bloc's labs (first name: bloc, second: place); {count}.",
            "D1", crossed(BLOCS, places), lambda s: flat(s.bloc_users),
        ),
        Block(
            "paying_users_million", unit, "stock", "month-end",
            "Monthly users of the lab's assistant who pay for it, in all places.",
            "S1.6", labs, lambda s: s.monthly_users[:, PAID].sum(1),
        ),
        Block(
            "nonusers_million", unit, "stock", "month-end",
            "People of the place who use no assistant: population less people with a primary assistant.",
            "S1.3", places, lambda s: people - s.after.users.sum(0).sum(0) / MILLION,
        ),
    )  # fmt: skip


def lab_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return money, prices and skill of AI labs (S2-S4, S6)."""
    names, places = ctx.axes.labs.names, ctx.axes.markets.names
    lab, market = np.nonzero(~ctx.axes.labs.barred)
    served = tuple(f"{names[i]}.{places[m]}" for i, m in zip(lab, market, strict=True))
    quota_unit = "queries a day"
    return (
        Block(
            "revenue_usd", "USD", "flow", "sum",
            "Revenue of the lab in the month from subscriptions, advertising and tokens.",
            "S4", names, lambda s: s.revenue_usd,
        ),
        Block("cash_usd", "USD", "stock", "month-end", "Cash of the lab.", "S3.4", names,
              lambda s: s.after.labs.cash_usd),
        Block(
            "subscription_price_usd_per_month", "USD per month", "price", "month-end",
            "Price of the lab's subscription, mean over places weighted by users; none if it left the market.",
            "S3.3", names, lambda s: s.present((s.after.labs.price_usd * s.weights).sum(1)),
        ),
        Block(
            "subscription_price_usd_per_month", "USD per month", "price", "month-end",
            "Price of the lab's subscription in the place; none if it left the market.",
            "S3.3", served, lambda s: s.present(s.after.labs.price_usd)[lab, market],
        ),
        Block(
            "free_quota_per_day", quota_unit, "stock", "month-end",
            "Free quota of the lab, mean over places weighted by users; none if it left the market.",
            "S3.2", names, lambda s: s.present((s.after.labs.quota_per_day * s.weights).sum(1)),
        ),
        Block(
            "free_quota_per_day", quota_unit, "stock", "month-end",
            "Free quota of the lab in the place; none if it left the market.",
            "S3.2", served, lambda s: s.present(s.after.labs.quota_per_day)[lab, market],
        ),
        Block(
            "runway_months", "months", "stock", "month-end",
            "Months for which cash and undrawn credit last at the month's burn; none if it left the market.",
            "S3.4", names, lambda s: s.present(s.after.labs.runway_months),
        ),
        Block(
            "capability_orders", "orders of magnitude", "stock", "month-end",
            "Effective training compute of the lab's own models above the frontier of the start.",
            "S6", names, lambda s: s.after.labs.capability_orders,
        ),
        Block(
            "labs_alive", "labs", "stock", "month-end", "Labs of the bloc that are in the market.",
            "S4", BLOCS, lambda s: s.by_lab_bloc(s.after.labs.alive),
        ),
        Block(
            "serving_cost_usd_per_h100e_month", "USD per H100e-month", "price", "month-end",
            "Cost of a served H100e for a month, mean over the bloc's labs.",
            "S3.1", BLOCS, lambda s: mean_by_lab_bloc(s, s.month.compute.serving_cost_usd),
        ),
        Block(
            "query_cost_usd_per_month", "USD per month", "price", "month-end",
            "Cost of one query a day over a month on the models served, mean over the bloc's labs.",
            "S3.1", BLOCS, lambda s: mean_by_lab_bloc(s, query_cost_usd(s)),
        ),
        Block(
            "constant_quality_query_cost_usd_per_month", "USD per month", "price", "month-end",
            "Cost of one query a day over a month at the quality of the start, mean over the bloc's labs.",
            "S3.1", BLOCS, lambda s: mean_by_lab_bloc(s, constant_quality_query_cost_usd(s)),
        ),
        Block(
            "ai_revenue_usd", "USD", "flow", "sum",
            "Revenue of the bloc's labs in the month.", "D4", BLOCS, lambda s: s.by_lab_bloc(s.revenue_usd),
        ),
        Block(
            "enterprise_market_usd", "USD", "flow", "sum",
            "What firms of the place pay in the month for tokens and for hosting open weights.",
            "S2", places,
            lambda s: s.month.adoption.enterprise_revenue_usd.sum(0) + s.month.adoption.hosting_usd,
        ),
    )  # fmt: skip


def mean_by_lab_bloc(step: Step, values: Array) -> Array:
    """Return the mean over a bloc's labs, 0 without labs. Shapes: (lab, world) -> (bloc, world)."""
    return ratio(step.by_lab_bloc(values), step.by_lab_bloc(np.ones_like(values)))


def query_cost_usd(step: Step) -> Array:
    """Return the cost of one query a day over a month on today's models (S3.1). Shapes: -> (lab, world)."""
    return query_compute_h100e(step.ctx, step.before) * step.month.compute.serving_cost_usd


def constant_quality_query_cost_usd(step: Step) -> Array:
    """Return the cost of one query a day over a month at the capability of the start's frontier (S3.1).

    Better algorithms reach it with a smaller model, which is cheaper to serve. Shapes: -> (lab, world).
    """
    orders = -step.ctx.params.labs.serving_scale_exponent * step.before.labs.capability_orders
    return query_cost_usd(step) * 10.0**orders


def chip_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return accelerators in use, made, traded and priced (S7)."""
    axes = ctx.axes
    makers = axes.chip_makers
    n_labs, n_makers = len(axes.labs.names), len(makers.names)
    first_merchant = int(np.argmax(makers.merchant)) if makers.merchant.any() else -1

    def by_maker(step: Step) -> Array:
        by_origin = step.after.fleet.h100e.sum(2).sum(0)
        held = by_origin[:n_makers].copy()
        if first_merchant >= 0:
            held[first_merchant] += by_origin[-1]
        return held

    def imported(step: Step, sold: Array) -> Array:
        foreign = (axes.owner_bloc[:, None] != makers.bloc[None])[:, :, None]
        return step.by_owner_bloc((sold * foreign).sum(1))

    return (
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use that labs and clouds of the bloc own, wherever they stand.",
            "S5", BLOCS, lambda s: s.by_owner_bloc(s.fleet_by_owner.sum(1)),
        ),
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use that the cloud owns, leased ones included.",
            "S5", axes.clouds.names, lambda s: s.fleet_by_owner[n_labs:].sum(1),
        ),
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use by maker; those of the merchant maker include the smuggled ones.",
            "S7", makers.names, by_maker,
        ),
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use that came past the licences, also counted with their maker.",
            "S7.3", axes.origins[-1:], lambda s: s.after.fleet.h100e[:, -1].sum(1).sum(0)[None],
        ),
        Block(
            "accelerators_at_site_h100e", "H100e", "stock", "month-end",
            "Accelerators that stand in the place, or in orbit.", "S5", ctx.sites,
            lambda s: s.fleet_by_owner.sum(0),
        ),
        Block(
            "chip_output_h100e", "H100e", "flow", "sum", "Accelerators that the maker made in the month.",
            "S7.1", makers.names, lambda s: s.month.chips.made_h100e,
        ),
        Block(
            "chip_price_usd_per_h100e", "USD per H100e", "price", "month-end",
            "Price of the maker's accelerators, without tariffs and smugglers' premia.",
            "S7.3", makers.names, lambda s: s.after.chips.price_usd,
        ),
        Block(
            "chips_imported_h100e", "H100e", "flow", "sum",
            "Accelerators of the rival's makers that the bloc's owners bought under licence in the month.",
            "S7.3", BLOCS, lambda s: imported(s, s.month.chips.sold_h100e),
        ),
        Block(
            "chips_smuggled_h100e", "H100e", "flow", "sum",
            "Accelerators that came to the bloc's owners past the rival's licences in the month.",
            "S7.3", BLOCS, lambda s: s.by_owner_bloc(s.month.chips.smuggled_h100e.sum(1)),
        ),
    )  # fmt: skip


def compute_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return powered compute and rents (S5)."""
    def at_site(step: Step) -> Array:
        powered: Array = (step.month.chips.fleet_h100e.sum(1) * step.month.compute.powered_share).sum(0)
        return powered

    return (
        Block(
            "powered_compute_h100e", "H100e", "stock", "mean",
            "Powered compute by the bloc (us or cn) of who used it: labs, and other tenants of its clouds.",
            "D2", BLOCS, lambda s: s.after.compute_by_user,
        ),
        Block(
            "powered_compute_at_site_h100e", "H100e", "stock", "mean",
            "Powered compute in the place, or in orbit, whoever used it.", "D2b", ctx.sites, at_site,
        ),
        Block(
            "rent_usd_per_h100e_month", "USD per H100e-month", "price", "mean",
            "Rent of the cloud's compute.", "S5", ctx.axes.clouds.names, lambda s: s.month.compute.rent_usd,
        ),
    )  # fmt: skip


def power_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return power for AI by place, and all electricity (S8)."""
    places = ctx.axes.markets.names
    return (
        Block(
            "powered_gw", "GW", "stock", "mean",
            "Power at the meter that AI data centres of the place got.", "S8", places,
            lambda s: s.month.power.served_gw,
        ),
        Block(
            "held_gw", "GW", "stock", "mean",
            "Power at the meter that all accelerators in the place needed at the start of the month.",
            "S8", places, lambda s: s.month.power.need_gw,
        ),
        Block(
            "power_queue_gw", "GW", "stock", "month-end",
            "Grid power for AI that is ordered in the place and not connected.", "S8", places,
            lambda s: s.month.power.queue_gw,
        ),
        Block(
            "power_price_usd_per_mwh", "USD per MWh", "price", "mean",
            "All-in price of power for AI data centres of the place, from the grid and behind the meter.",
            "S8", places, lambda s: s.month.power.price_usd_per_mwh,
        ),
        Block(
            "dark_share", "share", "share", "mean",
            "Share of the power need of the place's accelerators that is not served.", "S8", places,
            lambda s: 1.0 - s.month.power.powered_share,
        ),
        Block(
            "electricity_generation_twh_per_year", "TWh per year", "flow", "mean",
            "Electricity that everybody in the place used, at a yearly rate.", "S8", places,
            lambda s: TERAWATT_HOURS_PER_GIGAWATT_YEAR
            * (s.month.power.other_load_gw - s.month.power.unserved_gw + s.month.power.served_gw),
        ),
    )  # fmt: skip


def robot_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return humanoids, conventional robots and manufacturing (S9, S10)."""
    makers, places = ctx.axes.robot_makers, ctx.axes.markets.names
    return (
        Block(
            "humanoid_shipments", "robots", "flow", "sum",
            "Humanoids that the maker shipped in the month, pilots included.", "S9.6", makers.names,
            lambda s: s.month.robots.shipped_units,
        ),
        Block(
            "humanoid_shipments", "robots", "flow", "sum",
            "Humanoids that all makers shipped in the month, pilots included.", "S9.6", ("world",),
            lambda s: s.month.robots.shipped_units.sum(0)[None],
        ),
        Block(
            "humanoid_unit_cost_usd", "USD", "price", "month-end", "Cost of making one of the maker's humanoids.",
            "S9.1", makers.names, lambda s: s.after.robots.unit_cost_usd,
        ),
        Block(
            "humanoids_working", "robots", "stock", "month-end",
            "Humanoids at productive work in the place: in factories and on their makers' own lines.",
            "S9.2", places, lambda s: s.month.robots.humanoids_working,
        ),
        Block(
            "robot_labour_workers", "workers", "stock", "month-end",
            "Useful labour of humanoids by the bloc (us or cn) of their maker, in workers' worth.",
            "D3", BLOCS, lambda s: s.after.robot_labour,
        ),
        Block(
            "robot_labour_at_site_workers", "workers", "stock", "month-end",
            "Useful labour of humanoids in the place, in workers' worth.", "D3b", places,
            lambda s: s.month.robots.labour_workers.sum(0),
        ),
        Block(
            "industrial_robots", "robots", "stock", "month-end", "Conventional industrial robots in the place.",
            "S9.6", places, lambda s: s.after.robots.industrial_units.sum(0),
        ),
        Block(
            "industrial_robots", "robots", "stock", "month-end", "Conventional industrial robots everywhere.",
            "S9.6", ("world",), lambda s: s.after.robots.industrial_units.sum(1).sum(0)[None],
        ),
        Block(
            "dark_factory_share", "share", "share", "month-end",
            "Share of the place's plants that run on machines throughout.", "S9.6", places,
            lambda s: s.after.robots.dark_share,
        ),
        Block(
            "manufacturing_output_usd", "USD", "flow", "sum", "Manufacturing value added of the place in the month.",
            "S10", places, lambda s: s.month.feedback.output_usd_per_year * (s.ctx.dt / MONTHS_PER_YEAR),
        ),
    )  # fmt: skip


def orbit_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return orbital data centres (S11)."""
    names = ctx.axes.orbital_operators.names
    return (
        Block(
            "orbital_gw", "GW", "stock", "month-end", "Nominal power of the operator's satellites.", "S11", names,
            lambda s: s.after.orbit.vintage_gw.sum(0),
        ),
        Block(
            "launch_cost_usd_per_kg", "USD per kg", "price", "mean", "Cost at which the operator launches a kg.",
            "S11", names, lambda s: s.month.orbit.costs.launch_usd_per_kg,
        ),
    )  # fmt: skip


def policy_blocks() -> tuple[Block, ...]:
    """Return what governments do and what blocs spend (S12, section 6)."""
    return (
        Block(
            "stringency", "share", "share", "month-end",
            "Controls of the bloc's government towards the rival, 0 none to 1 all.", "S12", BLOCS,
            lambda s: s.after.policy.stringency,
        ),
        Block(
            "tariff_share", "share of price", "share", "month-end",
            "Tariff of the bloc on the rival's robots.", "S12", BLOCS, lambda s: s.after.policy.tariff,
        ),
        Block(
            "retaliation", "share", "share", "month-end",
            "What the bloc does to the rival's equipment and parts lead times.", "S12", BLOCS, retaliation,
        ),
        Block(
            "escalation", "share", "share", "month-end",
            "Controls above the announced schedule, plus half the tariff above the start's, plus retaliation.",
            "F1", BLOCS, escalation,
        ),
        Block(
            "reacting", "0 or 1", "code", "month-end",
            "Whether the bloc's government has begun to react by the end of the month.", "S12", BLOCS,
            lambda s: (s.after.policy.reaction_month >= 0.0) * 1.0,
        ),
        Block(
            "subsidy_usd", "USD", "flow", "sum",
            "Subsidies that the bloc's government paid in the month, all levers.", "S12", BLOCS,
            lambda s: s.month.policy.subsidy_usd.sum(0),
        ),
        Block(
            "free_tier_subsidy_usd", "USD", "flow", "sum",
            "Subsidies for free tiers that the bloc's government paid in the month.", "S12", BLOCS,
            lambda s: s.month.policy.free_tier_usd,
        ),
        Block(
            "paid_goods_loss_usd", "USD", "flow", "sum",
            "Serving cost of subscriptions and tokens above their revenue, summed over the bloc's labs that lose.",
            "F2", BLOCS, paid_goods_loss_usd,
        ),
        Block(
            "free_tier_loss_usd", "USD", "flow", "sum",
            "Serving cost of free tiers above advertising, summed over the bloc's labs that lose.",
            "F2", BLOCS, free_tier_loss_usd,
        ),
        Block(
            "effort_usd", "USD", "flow", "sum",
            "Accelerators and buildings bought by the bloc's labs and clouds, and subsidies of its government.",
            "F3", BLOCS, effort_usd,
        ),
        Block(
            "blockade", "0 or 1", "code", "month-end", "Whether a blockade holds up chips.", "S12", ("",),
            lambda s: s.month.policy.blockade[None],
        ),
    )  # fmt: skip


def retaliation(step: Step) -> Array:
    """Return what each bloc does to the rival: the table keeps what each suffers. Shapes: -> (bloc, world)."""
    return step.after.policy.retaliation[::-1]


def escalation(step: Step) -> Array:
    """Return the rise of controls, tariffs and retaliation over the schedule (F1). Shapes: -> (bloc, world)."""
    scheduled = np.stack([step.ctx.by_world(plan.scheduled) for plan in step.plans.governments])
    controls = np.maximum(step.after.policy.stringency - scheduled, 0.0)
    tariff = np.maximum(step.after.policy.tariff - step.ctx.params.policy.tariff_on_rival_robots, 0.0)
    return controls + 0.5 * tariff + retaliation(step)


def paid_goods_loss_usd(step: Step) -> Array:
    """Return what paying users and firms cost above what they pay, by bloc (F2). Shapes: -> (bloc, world)."""
    uses, books = step.month.compute.uses, step.month.books
    hours = (uses.paid_h100e + uses.enterprise_h100e) * step.ctx.dt
    cost = hours * step.month.compute.serving_cost_usd
    return step.by_lab_bloc(np.maximum(cost - books.subscriptions_usd - books.tokens_usd, 0.0))


def free_tier_loss_usd(step: Step) -> Array:
    """Return what free tiers cost above what advertising earns, by bloc (F2). Shapes: -> (bloc, world)."""
    cost = step.month.compute.uses.free_h100e * step.ctx.dt * step.month.compute.serving_cost_usd
    return step.by_lab_bloc(np.maximum(cost - step.month.books.ads_usd, 0.0))


def effort_usd(step: Step) -> Array:
    """Return what a bloc spends on compute and subsidies (F3). Shapes: -> (bloc, world)."""
    bought = step.month.chips.paid_usd.sum(1) + building_usd(step.ctx, step.month.chips)
    return step.by_owner_bloc(bought) + step.month.policy.subsidy_usd.sum(0)


def outcome_blocks() -> tuple[Block, ...]:
    """Return dimensions, foundation and what binds (section 6)."""
    share = "share of both blocs"
    return (
        Block(
            "capability_lag_months", "months", "stock", "month-end",
            "Months since the best US lab had the capability that the best Chinese one has now; "
            "negative where China is ahead.",
            "S6", ("",), lambda s: s.lag[None],
        ),
        Block(
            "foundation_share", share, "share", "month-end",
            "Share of deployments and derivatives that rest on the bloc's open weights.", "S2", BLOCS,
            lambda s: two_shares(s.after.foundation),
        ),
        Block(
            "share", share, "share", "month-end",
            "Share of the US bloc in the dimension of the month; d3 also where robots are still few.",
            "section 6", DIMENSIONS, monthly_shares,
        ),
        Block(
            "binding_constraint_code", "code", "code", "month-end",
            "What binds the bloc most: " + ", ".join(f"{i} {name}" for i, name in enumerate(CONSTRAINTS)) + ".",
            "section 4", BLOCS, lambda s: s.bound.code,
        ),
        *(shadow_block(row) for row in range(1, len(CONSTRAINTS))),
    )  # fmt: skip


DIMENSIONS: Final = ("d1", "d2", "d3", "d4", "d5", "d6", "d7")
"""Dimensions of leading (section 6)."""


def monthly_shares(step: Step) -> Array:
    """Return the share of the US bloc in D1-D7 this month. Shapes: -> (dimension, world)."""
    output = sum_by_bloc(step.month.feedback.output_usd_per_year, step.ctx.axes.markets.bloc)
    both = (
        two_shares(step.bloc_users.sum(1)),
        two_shares(step.after.compute_by_user),
        two_shares(step.after.robot_labour),
        two_shares(step.by_lab_bloc(step.revenue_usd)),
        lag_shares(step.lag),
        two_shares(step.after.foundation),
        two_shares(output),
    )
    return np.stack([one[US] for one in both])


def shadow_block(row: int) -> Block:
    """Return the shadow value of one constraint."""
    name = CONSTRAINTS[row]
    unit = SHADOWS[name].partition("_usd_per_")[2].replace("_", " ")
    return Block(
        SHADOWS[name], f"USD per {unit}", "price", "mean",
        f"What one more {unit} would earn the bloc in the month, 0 where {name} costs it nothing.",
        "section 4", BLOCS, lambda s: s.bound.shadow_usd[row],
    )  # fmt: skip
