"""Payments between sectors, and what a maker does with its profit (section 5)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sim.ledger import Ledger
from sim.units import Array


@dataclass(frozen=True)
class Payment:
    """One flow of a step, seen from either side's own books. Shapes: (world,)."""

    flow: str
    payer: str
    payee: str
    paid_usd: Array
    received_usd: Array


def enter(ledger: Ledger, payments: Iterable[Payment]) -> None:
    """Enter payments on both sides of the ledger."""
    for payment in payments:
        ledger.pay(payment.flow, payment.payer, payment.paid_usd)
        ledger.receive(payment.flow, payment.payee, payment.received_usd)


@dataclass(frozen=True)
class Settlement:
    """Taxes, payouts and fresh equity of firms in a step. Shapes: as the cash."""

    tax_usd: Array
    dividend_usd: Array
    equity_usd: Array
    cash_usd: Array


def settle(
    cash_usd: Array, revenue_usd: Array, cost_usd: Array, tax_rate: Array, payout_share: Array
) -> Settlement:
    """Tax profits, pay a share out, and raise equity where cash would fall below zero (section 5).

    Shapes: cash, revenue and cost (firm, world).
    """
    profit = np.maximum(revenue_usd - cost_usd, 0.0)
    tax = tax_rate * profit
    dividend = payout_share * (profit - tax)
    left = cash_usd + revenue_usd - cost_usd - tax - dividend
    equity = np.maximum(-left, 0.0)
    return Settlement(tax, dividend, equity, np.maximum(left, 0.0))
