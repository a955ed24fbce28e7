"""Series of AI: users, labs, accelerators, compute and power."""

from typing import Final

import numpy as np

from sim.axes import BLOCS, PAID
from sim.context import Context
from sim.elementary import power
from sim.series import Block, Step, crossed, flat
from sim.units import HOURS_PER_YEAR, MEGAWATTS_PER_GIGAWATT, MILLION, Array, ratio

TERAWATT_HOURS_PER_GIGAWATT_YEAR: Final = HOURS_PER_YEAR / MEGAWATTS_PER_GIGAWATT
"""A GW all year long makes this many TWh; a TWh is as many GWh as a GW is MW."""


def ai_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return the blocks of this file, in the order in which they are stored."""
    return (
        *user_blocks(ctx),
        *lab_blocks(ctx),
        *chip_blocks(ctx),
        *compute_blocks(ctx),
        *power_blocks(ctx),
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
            "Price of the lab's subscription, mean over the places where it offers, by users; else none.",
            "S3.3", names, lambda s: s.mean_offer(s.after.labs.price_usd),
        ),
        Block(
            "subscription_price_usd_per_month", "USD per month", "price", "month-end",
            "Price of the lab's subscription in the place; none where it does not offer.",
            "S3.3", crossed(names, places), lambda s: flat(s.where_offered(s.after.labs.price_usd)),
        ),
        Block(
            "free_quota_per_day", quota_unit, "stock", "month-end",
            "Free quota of the lab, mean over the places where it offers, by users; else none.",
            "S3.2", names, lambda s: s.mean_offer(s.after.labs.quota_per_day),
        ),
        Block(
            "free_quota_per_day", quota_unit, "stock", "month-end",
            "Free quota of the lab in the place; none where it does not offer.",
            "S3.2", crossed(names, places), lambda s: flat(s.where_offered(s.after.labs.quota_per_day)),
        ),
        Block(
            "runway_months", "months", "stock", "month-end",
            "Months for which cash and undrawn credit last at the month's burn; none if it left the market.",
            "S3.4", names,
            lambda s: np.where(s.after.labs.alive > 0.0, s.after.labs.runway_months, np.nan),
        ),
        Block(
            "capability_orders", "orders of magnitude", "stock", "month-end",
            "Effective training compute of the lab's own models above the frontier of the start.",
            "S6", names, lambda s: s.after.labs.capability_orders,
        ),
        Block(
            "training_share", "share", "share", "mean",
            "Part of the lab's compute that develops models, experiments included; the rest serves.",
            "S5", names, lambda s: ratio(s.month.compute.uses.training_h100e, s.month.compute.capacity_h100e),
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
            "S3.1", BLOCS, lambda s: mean_by_lab_bloc(s, s.query_cost_usd),
        ),
        Block(
            "constant_quality_query_cost_usd_per_month", "USD per month", "price", "month-end",
            "Cost of one query a day over a month at the quality of the start, lowest of the bloc's labs.",
            "S3.1", BLOCS, lambda s: lowest_by_lab_bloc(s, constant_quality_query_cost_usd(s)),
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
    """Return the mean over a bloc's labs in the market, 0 without. Shapes: (lab, world) -> (bloc, world)."""
    return ratio(step.by_lab_bloc(values * step.labs_present), step.count_present)


def lowest_by_lab_bloc(step: Step, values: Array) -> Array:
    """Return the lowest of a bloc's labs in the market, 0 without. Shapes: (lab, world) -> (bloc, world)."""
    labs = step.ctx.axes.labs.bloc
    present = np.where(step.labs_present > 0.0, values, np.inf)
    lowest = np.array([present[labs == bloc].min(0, initial=np.inf) for bloc in range(len(BLOCS))])
    return np.where(np.isfinite(lowest), lowest, 0.0)


def constant_quality_query_cost_usd(step: Step) -> Array:
    """Return the cost of one query a day over a month at the capability of the start's frontier (S3.1).

    Better algorithms reach it with a smaller model, which is cheaper to serve. Shapes: -> (lab, world).
    """
    orders = -step.ctx.params.labs.serving_scale_exponent * step.before.labs.capability_orders
    return step.query_cost_usd * power(10.0, orders)


def chip_blocks(ctx: Context) -> tuple[Block, ...]:
    """Return accelerators in use, made, traded and priced (S7)."""
    axes = ctx.axes
    makers = axes.chip_makers
    n_labs, n_makers = len(axes.labs.names), len(makers.names)
    first_merchant = int(np.argmax(makers.merchant)) if makers.merchant.any() else -1
    foreign = (axes.owner_bloc[:, None] != makers.bloc[None])[:, :, None]

    def by_maker(step: Step) -> Array:
        by_origin = step.fleet_by_origin.sum(0)
        held: Array = by_origin[:n_makers].copy()
        if first_merchant >= 0:
            held[first_merchant] += by_origin[-1]
        return held

    def licensed(step: Step) -> Array:
        return step.by_owner_bloc((step.fleet_by_origin[:, :n_makers] * foreign).sum(1))

    def imported(step: Step, sold: Array) -> Array:
        return step.by_owner_bloc((sold * foreign).sum(1))

    return (
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use that labs and clouds of the bloc own, wherever they stand.",
            "S5", BLOCS, lambda s: s.by_owner_bloc(s.fleet_by_owner.sum(1)),
        ),
        Block(
            "accelerators_h100e", "H100e", "stock", "month-end",
            "Accelerators in use that the lab's firm owns, those of its other business included.",
            "S5", axes.labs.names, lambda s: s.fleet_by_owner[:n_labs].sum(1),
        ),
        Block(
            "accelerators_licensed_h100e", "H100e", "stock", "month-end",
            "Accelerators of the rival's makers that the bloc's owners hold under licence.",
            "S7.3", BLOCS, licensed,
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
            "S7.3", axes.origins[-1:], lambda s: s.fleet_by_origin[:, -1].sum(0)[None],
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
        powered: Array = (step.month.chips.held_h100e * step.month.compute.powered_share).sum(0)
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
