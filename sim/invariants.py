"""Conservation laws as relative residuals, callable after any step (section 5).

A balance compares two sums, a bound one amount with its limit; both are relative to the amounts that enter,
so that a residual of 1e-9 means the same for robots and for dollars. Payer and payee, maker and buyer, table
and flow are read from their own books, never one from the other.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from sim.acts.fleet import all_owners_gw, all_owners_h100e
from sim.axes import PAID
from sim.context import Context
from sim.ledger import FLOWS, SECTORS, Ledger
from sim.month import Month
from sim.physics.chips import legal_export_limit, smuggling_limit, survivors
from sim.physics.robot_output import OUTPUT_LIMITS
from sim.state import State
from sim.units import MILLION, TINY, Array, ratio

MONEY_LAWS: Final = tuple(f"money_{flow}" for flow in FLOWS)
"""Each flow's payers and payees agree."""
CASH_LAWS: Final = tuple(f"cash_{sector}" for sector in SECTORS)
"""Each sector's change in cash is the sum of its column."""
LAWS: Final = (
    *MONEY_LAWS,
    *CASH_LAWS,
    "price_times_units",
    "loans_claims",
    "cash_floor",
    "chips_made",
    "exports_within_licences",
    "smuggling_within_leakage",
    "fleet_accelerators",
    "fleet_power",
    "energy_served",
    "compute_uses",
    "compute_powered",
    "robots_stock",
    "robots_made",
    "robots_output",
    "machines_stock",
    "people",
    "shares",
    "shares_sum",
    "launch_mass",
    "queue",
)


def balance(left: list[Array], right: list[Array]) -> Array:
    """Return |Σ left − Σ right| over the sum of all amounts, 0 where there is nothing.

    Amounts too small for a float of full length count as nothing: they have no digits left to agree in.
    Shapes: (..., world) each -> (world,), the largest over what leads.
    """
    gap, size = left[0].copy(), np.abs(left[0])
    for term in left[1:]:
        gap += term
        size += np.abs(term)
    for term in right:
        gap -= term
        size += np.abs(term)
    return worst_of(ratio(np.abs(gap), np.where(size < TINY, 0.0, size)))


def excess(amount: Array, limit: Array) -> Array:
    """Return how far an amount is above its limit, relative to the larger. Shapes: as `balance`."""
    over = np.maximum(amount - limit, 0.0)
    return worst_of(ratio(over, np.maximum(np.abs(amount), np.abs(limit))))


def worst_of(residual: Array) -> Array:
    """Return the largest residual of each world, NaN if one is; no rows, as of no makers, break no law.

    Shapes: (..., world) -> (world,).
    """
    worst: Array = residual.reshape(-1, residual.shape[-1]).max(0, initial=0.0)
    return worst


def residuals(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Return the relative residual of every law after a step (section 5); what is no number is infinite.

    Shapes: law -> (world,).
    """
    return dict(zip(LAWS, residual_table(ctx, before, month, after), strict=True))


def residual_table(ctx: Context, before: State, month: Month, after: State) -> Array:
    """Return the residuals of `residuals`, a row a law. Shapes: -> (law, world)."""
    found: dict[str, Array] = {}
    for part in (money, loans, chips, compute, robots, people, launches_and_queue):
        found.update(part(ctx, before, month, after))
    table = np.stack([found[law] for law in LAWS])
    table[np.isnan(table)] = np.inf
    return table


def money(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check rows and columns of the table of flows, prices times units, and cash."""
    ledger = month.ledger
    rows = ledger.row_residuals()
    found = {name: rows[i] for i, name in enumerate(MONEY_LAWS)}
    change = ledger.received_usd.sum(0) - ledger.paid_usd.sum(0)
    (old, old_size), (new, new_size) = sums_of(accounts(before)), sums_of(accounts(after))
    columns = ratio(np.abs(new - old - change), old_size + new_size + turnover_usd(ledger))
    found.update(zip(CASH_LAWS, columns, strict=True))
    price = after.chips.price_usd
    smuggled = month.chips.smuggled_h100e * (1.0 + ctx.params.chips.smuggling_premium)
    accelerators = ((month.chips.sold_h100e + smuggled) * price).sum(1).sum(0)
    paying = after.users[:, PAID] * (ctx.params.consumers.overlap_factor * ctx.dt)
    subscriptions = (paying * after.labs.price_usd).sum(1).sum(0)
    let = (month.compute.leased_h100e.sum(0) + month.compute.tenant_h100e) * after.fleet.rent_usd
    paid = ledger.paid_usd
    found["price_times_units"] = np.maximum(
        np.maximum(
            balance([accelerators], [paid[FLOWS.index("accelerators")].sum(0)]),
            balance([subscriptions], [paid[FLOWS.index("subscriptions")].sum(0)]),
        ),
        balance([let.sum(0) * ctx.dt], [paid[FLOWS.index("compute_rent")].sum(0)]),
    )
    return found


def accounts(state: State) -> dict[str, Array]:
    """Return each sector's accounts, in the order of `SECTORS`. Shapes: sector -> (account, world)."""
    firms = {
        "labs": state.labs.cash_usd,
        "clouds": state.fleet.cloud_cash_usd,
        "chips": state.chips.cash_usd,
        "robots": state.robots.cash_usd,
        "orbit": state.orbit.cash_usd,
    }
    return {s: firms[s] if s in firms else getattr(state.cash, s)[None] for s in SECTORS}


def sums_of(tables: dict[str, Array]) -> tuple[Array, Array]:
    """Return the sums of tables and of their amounts without signs. Shapes: -> two of (table, world)."""
    whole = np.concatenate(list(tables.values()))
    rows = np.cumsum([0, *(len(table) for table in tables.values())])
    sums, sizes = (
        np.stack([table[first:end].sum(0) for first, end in pairwise(rows)])
        for table in (whole, np.abs(whole))
    )
    return sums, sizes


def turnover_usd(ledger: Ledger) -> Array:
    """Return all that each sector paid and received. Shapes: -> (sector, world)."""
    turnover: Array = np.abs(ledger.paid_usd).sum(0) + np.abs(ledger.received_usd).sum(0)
    return turnover


def loans(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check that labs owe what lenders lent and did not write off, and that no firm is below its credit.

    What labs owe follows their own books; what was lent is what the table of flows says they received, less
    equity, less what they paid back and what wound-up labs handed over.
    """
    ledger, row, labs = month.ledger, FLOWS.index("equity_loans"), SECTORS.index("labs")
    handed_over = month.books.lab_cash_usd - month.exits.cash_usd
    owed = balance(
        [
            after.labs.debt_usd.sum(0),
            ledger.paid_usd[row, labs],
            month.books.lab_equity_usd.sum(0),
            month.exits.written_off_usd.sum(0),
        ],
        [before.labs.debt_usd.sum(0), ledger.received_usd[row, labs], handed_over.sum(0)],
    )
    turnover = turnover_usd(ledger)
    old, new = accounts(before), accounts(after)
    floors = [
        ratio(
            np.maximum(-new[sector], 0.0).max(0, initial=0.0),
            np.abs(old[sector]).sum(0) + turnover[SECTORS.index(sector)],
        )
        for sector in ("labs", "clouds", "chips", "robots", "orbit")
    ]
    # A credit line can be cut below what is owed; nothing more can be drawn on it then.
    line = np.maximum(month.books.lab_credit_limit_usd, before.labs.debt_usd)
    floors.append(excess(after.labs.debt_usd, line))
    return {"loans_claims": owed, "cash_floor": np.stack(floors).max(0)}


def chips(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check that chips and the fleet add up and that exports and smuggling stay within their limits."""
    made, rules, makers = month.chips, ctx.params.chips, ctx.axes.chip_makers
    supply = made.made_h100e + before.chips.inventory_h100e
    rival = (ctx.axes.owner_bloc[:, None] == 1 - makers.bloc[None])[:, :, None]
    exported, leaked = (made.sold_h100e * rival).sum(0), made.smuggled_h100e.sum(0)
    merchant = makers.merchant[:, None]
    barred = np.where(merchant, month.policy.stringency[makers.bloc], 1.0)
    bought = np.concatenate([made.sold_h100e, made.smuggled_h100e.sum(1)[:, None]], axis=1)
    life = rules.fleet_life
    return {
        "chips_made": balance(
            [supply], [made.sold_h100e.sum(0), made.smuggled_h100e.sum(0), after.chips.inventory_h100e]
        ),
        "exports_within_licences": excess(
            exported, legal_export_limit(supply, barred, rules.legal_export_eta)
        ),
        "smuggling_within_leakage": excess(leaked, smuggling_limit(supply, barred, rules.leakage) * merchant),
        "fleet_accelerators": np.maximum(
            balance(
                [all_owners_h100e(ctx, after)],
                [survivors(all_owners_h100e(ctx, before), life, ctx.dt), made.new_fleet_h100e.sum(0)],
            ),
            balance([made.new_fleet_h100e.sum(2)], [bought]),
        ),
        "fleet_power": balance(
            [all_owners_gw(ctx, after)],
            [survivors(all_owners_gw(ctx, before), life, ctx.dt), made.new_fleet_gw.sum(0)],
        ),
    }


def compute(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check that energy served is there, and that compute is used, powered and held in that order.

    Served is what all accelerators draw that stand at the end, new ones too. A lab runs on its part of its
    group's machines and on leases; the group's own business runs on the rest.
    """
    used, n_labs = month.compute, len(ctx.axes.labs.names)
    held = month.chips.held_h100e
    powered = (held * used.powered_share).sum(1)
    places = len(ctx.axes.markets.names)
    on_ground = month.chips.held_gw[:, :places] * used.powered_share[:, :places]
    drawn = on_ground.sum(0) * ctx.params.power.pue
    part = ctx.axes.labs.lab_fleet_share[:, None]
    own = (part * powered[:n_labs] + used.leased_h100e.sum(1)) * before.labs.alive
    uses = used.uses
    let = used.leased_h100e.sum(0) + used.tenant_h100e
    return {
        "energy_served": np.maximum(
            excess(drawn, month.power.available_gw), balance([drawn], [month.power.served_gw])
        ),
        "compute_uses": balance(
            [uses.enterprise_h100e, uses.paid_h100e, uses.free_h100e, uses.training_h100e], [own]
        ),
        "compute_powered": np.maximum(
            excess(let, powered[n_labs:]), excess(used.powered_owner_h100e, held.sum(1))
        ),
    }


def robots(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check humanoids by maker and conventional robots by maker and place."""
    old, new, made = before.robots, after.robots, month.robots
    limits = made.limit_units
    hard = np.stack([limits[OUTPUT_LIMITS.index(name)] for name in ("line", "parts", "power")]).min(0)
    return {
        "robots_stock": balance(
            [humanoids(after), made.retired_units], [humanoids(before), made.sold_units, made.kept_units]
        ),
        "robots_made": balance(
            [made.made_units, old.inventory_units], [made.sold_units, made.kept_units, new.inventory_units]
        ),
        "robots_output": excess(made.made_units, hard),
        "machines_stock": balance(
            [new.industrial_units, made.retired_industrial], [old.industrial_units, made.installed_industrial]
        ),
    }


def humanoids(state: State) -> Array:
    """Return all humanoids in service, by maker. Shapes: -> (maker, world)."""
    table = state.robots
    in_factories = (table.waiting_units + table.working_units).sum(2).sum(1)
    everywhere: Array = table.home_units + table.pilot_units.sum(1) + in_factories
    return everywhere


def people(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check that users and non-users are everybody, and that shares are shares."""
    population = ctx.spread(ctx.start.markets.population_million * MILLION)
    none = after.crowd.people()[0].sum(0)
    used = month.compute
    tables = (
        after.aware_share,
        after.labs.enterprise_share,
        after.labs.served_share,
        after.fleet.powered_share,
        after.chips.fill_share,
        after.power.room_share,
        after.policy.stringency,
        after.robots.dark_share,
        used.enterprise_served_share,
        used.paid_served_share,
        used.free_served_share,
        month.power.powered_share,
    )
    shares = np.concatenate([table.reshape(-1, ctx.worlds) for table in tables])
    sold = after.labs.enterprise_share.sum(0)
    return {
        "people": balance([after.users.sum(0).sum(0), none], [population]),
        "shares": worst_of(np.maximum(-shares, shares - 1.0)),
        # Where no lab may sell, there is nothing to share out.
        "shares_sum": worst_of(np.where(sold > 0.0, np.abs(sold - 1.0), 0.0)),
    }


def launches_and_queue(ctx: Context, before: State, month: Month, after: State) -> dict[str, Array]:
    """Check the mass launched, and that every GW ordered waits, is built or was withdrawn."""
    sky, grid = month.orbit, after.power
    return {
        "launch_mass": excess(sky.launched_kg + sky.repair_kg, sky.capacity_kg),
        "queue": balance(
            [grid.ordered_gw], [grid.stages_gw.sum(0), grid.ready_gw, grid.built_gw, grid.withdrawn_gw]
        ),
    }


class Worst:
    """The largest residual of each law so far, by world; of none if nothing is to be checked."""

    def __init__(self, ctx: Context, checks: bool = True) -> None:
        self.ctx = ctx
        self._table = ctx.full(len(LAWS) if checks else 0)
        self.residuals: dict[str, Array] = dict(zip(LAWS, self._table, strict=False))

    def check(self, before: State, month: Month, after: State) -> None:
        """Measure every law after a step."""
        if self.residuals:
            self.take(residual_table(self.ctx, before, month, after), slice(None))

    def take(self, table: Array | None, worlds: slice) -> None:
        """Take what was measured of a month of some worlds, nothing where nothing is checked.

        Shapes: table (law, world), of all worlds.
        """
        if table is not None:
            own = self._table[:, worlds]
            np.maximum(own, table[:, worlds], out=own)

    def items(self) -> Iterator[tuple[str, float]]:
        """Return each law with its largest residual over the worlds."""
        for law, residual in self.residuals.items():
            yield law, float(residual.max(initial=0.0))
