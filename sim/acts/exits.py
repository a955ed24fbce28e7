"""Act 11: labs long without cash and credit are wound up; machines move, debt is lost (S4; decision 16)."""

from dataclasses import dataclass

import numpy as np

from sim.acts.books import BooksOutcome
from sim.acts.capability import entering
from sim.acts.chips import ChipOutcome
from sim.axes import CN, US
from sim.context import Context
from sim.ledger import Ledger
from sim.markets.capital import distressed_months_step, leaves_market
from sim.state import State
from sim.units import Array, ratio, somewhere


@dataclass(frozen=True)
class ExitOutcome:
    """Who is left, and whose machines are whose. Shapes: (lab, world), (owner, origin, site, world)."""

    alive: Array
    leaves: Array
    distressed_months: Array
    cash_usd: Array
    debt_usd: Array
    written_off_usd: Array
    """(lab, world): claims that lenders lose."""
    fleet_h100e: Array
    fleet_gw: Array


def act(ctx: Context, state: State, ledger: Ledger, books: BooksOutcome, chips: ChipOutcome) -> ExitOutcome:
    """Wind up labs in lasting distress; new entrants begin in their month (S4).

    The machines go to the clouds of the bloc in proportion to what they run, so that none vanishes.
    """
    undrawn = np.maximum(books.lab_credit_limit_usd - books.lab_debt_usd, 0.0)
    distressed = distressed_months_step(state.labs.distressed_months, books.lab_cash_usd, undrawn, ctx.dt)
    alive = state.labs.alive > 0.0
    stand_alone = ~ctx.axes.labs.parent_owned[:, None]
    leaves = leaves_market(distressed, stand_alone, alive, ctx.params.capital.distress_limit)
    gone = leaves.astype(np.float64)
    h100e, gw = chips.fleet_h100e, chips.fleet_gw
    if somewhere(leaves):
        h100e, gw = handed_over(ctx, h100e, gw, gone)
    released = books.lab_cash_usd * gone
    ledger.pay("equity_loans", "labs", released.sum(0))
    ledger.receive("equity_loans", "capital", (books.lab_cash_usd * gone).sum(0))
    enters = entering(ctx, state.months + ctx.dt)[:, None]
    now = np.where(leaves, 0.0, np.where(enters, 1.0, state.labs.alive))
    return ExitOutcome(
        alive=now,
        leaves=gone,
        # Who is not in the market cannot be in distress: an entrant starts with none.
        distressed_months=np.where(leaves | ~alive, 0.0, distressed),
        cash_usd=books.lab_cash_usd - released,
        debt_usd=books.lab_debt_usd * (1.0 - gone),
        written_off_usd=books.lab_debt_usd * gone,
        fleet_h100e=h100e,
        fleet_gw=gw,
    )


def handed_over(ctx: Context, h100e: Array, gw: Array, gone: Array) -> tuple[Array, Array]:
    """Hand the machines of labs that leave to the clouds of their bloc, in proportion to what these run.

    Shapes: tables (owner, origin, site, world), gone (lab, world) -> the tables after.
    """
    n_labs = len(ctx.axes.labs.names)
    clouds = ctx.axes.clouds
    weight = h100e[n_labs:].sum((1, 2))
    h100e, gw = h100e.copy(), gw.copy()
    for bloc in (US, CN):
        own_clouds = clouds.bloc == bloc
        # A bloc without a cloud leaves its machines to those of others.
        heirs = np.flatnonzero(own_clouds if own_clouds.any() else clouds.bloc != bloc)
        labs = ctx.axes.labs.bloc == bloc
        # An empty cloud inherits too: what is wound up has to stand somewhere.
        own = np.maximum(weight[heirs], 1.0)
        part = ratio(own, own.sum(0))
        for table in (h100e, gw):
            left = (table[:n_labs][labs] * gone[labs][:, None, None]).sum(0)
            for k, heir in enumerate(heirs):
                table[n_labs + heir] += left * part[k]
    keep = 1.0 - gone
    h100e[:n_labs] *= keep[:, None, None]
    gw[:n_labs] *= keep[:, None, None]
    return h100e, gw
