"""Act 2: governments act; what they do reaches the other submodels as factors and money (S12)."""

from dataclasses import dataclass

import numpy as np

from sim.acts.shocks import Shocks
from sim.axes import BLOCS, CN, LEVERS, US, members_of
from sim.context import Context
from sim.elementary import power
from sim.markets.capital import sentiment_step
from sim.memory import once_a_run
from sim.plans import Plans
from sim.state import PolicyTable, State
from sim.units import BILLION, MONTHS_PER_YEAR, Array, BoolArray

THOUSAND = 1e3


@dataclass(frozen=True)
class PolicyOutcome:
    """What governments did. Shapes: (bloc, world) unless said; a bloc's row is what it gets or suffers."""

    stringency: Array
    """Of the bloc's government towards the rival."""
    suffered: Array
    """Stringency of the rival towards the bloc."""
    tariff: Array
    equipment_factor: Array
    """Factor up to 1 on the growth of wafers and parts, from the rival's retaliation."""
    chip_output_factor: Array
    """Factor up to 1 on chip output, from a blockade."""
    parts_units_per_month: Array
    fab_share_per_month: Array
    """Share of the start's wafers and memory added by subsidies."""
    orbit_gw_per_year: Array
    """Launchable power added this month."""
    free_tier_usd: Array
    subsidy_usd: Array
    """(lever, bloc, world)"""
    blockade: Array
    """(world,): 1 in a blockade."""
    sentiment: Array
    table: PolicyTable


def act(ctx: Context, state: State, plans: Plans, shocks: Shocks) -> PolicyOutcome:
    """Carry out the governments' plans and the blockade hazard (S12)."""
    policy, old = ctx.params.policy, state.policy
    acted = plans.governments
    stringency = np.array([plan.stringency for plan in acted])
    rise = np.array([plan.rise for plan in acted])
    subsidy = np.stack([plan.subsidy_usd for plan in acted], axis=1)
    suffered = stringency[::-1].copy()
    lead = 1.0 / (1.0 + policy.retaliation_lead_time * rise[::-1])

    begins = shocks.blockade < 1.0 - power(1.0 - policy.blockade_hazard, ctx.dt / MONTHS_PER_YEAR)
    left = np.where(begins & (old.blockade_months <= 0.0), policy.blockade_length, old.blockade_months)
    blockade = (left > 0.0).astype(np.float64)
    chip_factor = np.ones((len(BLOCS), ctx.worlds))
    chip_factor[US] = 1.0 - policy.blockade_chip_loss * blockade

    capital = ctx.params.capital
    subsidy[LEVERS.index("fabs_hbm")] += state_subsidy_usd(ctx)
    subsidy *= takers(ctx)[..., None]
    by_lever = dict(zip(LEVERS, subsidy, strict=True))
    sentiment = sentiment_step(
        old.sentiment,
        shocks.sentiment,
        ctx.dt,
        persistence_per_month=capital.sentiment_persistence,
        sd=capital.sentiment_sd,
    )
    table = PolicyTable(
        stringency=stringency,
        tariff=np.array([ctx.by_world(plan.tariff) for plan in acted]),
        below_months=np.array([plan.below_months for plan in acted]),
        reaction_month=np.array([plan.reaction_month for plan in acted]),
        rise=rise,
        subsidy_usd=subsidy,
        blockade_months=np.maximum(left - ctx.dt, 0.0),
        sentiment=sentiment,
        feedback=old.feedback,
        resists=old.resists,
    )
    return PolicyOutcome(
        stringency=stringency,
        suffered=suffered,
        tariff=table.tariff,
        equipment_factor=lead,
        chip_output_factor=chip_factor,
        parts_units_per_month=by_lever["parts"]
        / (policy.lever_parts_cost * BILLION)
        * (THOUSAND / MONTHS_PER_YEAR),
        fab_share_per_month=by_lever["fabs_hbm"] / (policy.lever_fab_cost * BILLION),
        orbit_gw_per_year=by_lever["orbit"] / (policy.lever_orbit_cost * BILLION),
        free_tier_usd=by_lever["free_tiers"],
        subsidy_usd=subsidy,
        blockade=blockade,
        sentiment=sentiment,
        table=table,
    )


@once_a_run
def state_subsidy_usd(ctx: Context) -> Array:
    """Return what states give their fabs in a step whatever happens (S12). Shapes: -> (bloc, world)."""
    capital = ctx.params.capital
    yearly = ctx.by_bloc(capital.state_subsidy_us, capital.state_subsidy_cn)
    return yearly * (BILLION / MONTHS_PER_YEAR * ctx.dt)


@once_a_run
def takers(ctx: Context) -> Array:
    """Return 1 where a bloc has an industry to subsidise, else 0 (S12). Shapes: -> (lever, bloc)."""
    table = np.ones((len(LEVERS), len(BLOCS)))
    makers, labs = (
        np.bincount(firms.bloc, minlength=len(BLOCS)) > 0 for firms in (ctx.axes.chip_makers, ctx.axes.labs)
    )
    # What sanctions cost goes to the chip makers that lose sales by them.
    table[[LEVERS.index("sanctions"), LEVERS.index("fabs_hbm")]] = makers
    table[LEVERS.index("free_tiers")] = labs
    return table


def third_country_access(ctx: Context, stringency: Array) -> Array:
    """Return the share of each cloud that labs of each bloc may rent (S5).

    At home a lab may rent all; a rival's or a third country's cloud on the sites that host its bloc, rivals'
    as far as its government's controls leave it, third countries' as far as their licences do.
    Shapes: stringency (bloc, world) -> (lab bloc, cloud, world).
    """
    owner = ctx.axes.clouds.bloc
    licence = np.where((owner < 0)[:, None], 1.0, 1.0 - stringency[owner])
    access = hosting_share(ctx) * licence
    access[CN] *= ctx.params.policy.third_country_hosting
    return np.where(clouds_at_home(ctx), 1.0, access)


@once_a_run
def clouds_at_home(ctx: Context) -> BoolArray:
    """Return whether a cloud is of a bloc. Shapes: -> (bloc, cloud, 1)."""
    at_home: BoolArray = members_of(ctx.axes.clouds.bloc)[:, :, None] > 0.0
    return at_home


@once_a_run
def hosting_share(ctx: Context) -> Array:
    """Return the part of each cloud on sites that host a bloc's labs (S5). Shapes: -> (bloc, cloud, 1)."""
    site_share, host = ctx.axes.clouds.site_share, ctx.axes.markets.host
    admitted = [[(site * host[:, bloc]).sum() for site in site_share] for bloc in range(len(BLOCS))]
    return np.array(admitted, np.float64)[:, :, None]
