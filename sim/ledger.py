"""Double entry: every flow of money has a payer and a payee, entered from each side's own tables (section 5).

The payer's amount and the payee's are computed apart, so that their difference is a test and no definition.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.units import Array

SECTORS: Final = (
    "households",
    "other_firms",
    "labs",
    "clouds",
    "chips",
    "power",
    "robots",
    "orbit",
    "capital",
    "governments",
)
FLOWS: Final = (
    "subscriptions",
    "tokens_ads",
    "compute_rent",
    "accelerators",
    "electricity",
    "orbital_capacity",
    "robots",
    "inputs_building",
    "wages",
    "taxes_tariffs",
    "subsidies",
    "equity_loans",
    "dividends_interest",
    "consumption",
    "saving",
)
_FLOW: Final = {name: row for row, name in enumerate(FLOWS)}
_SECTOR: Final = {name: row for row, name in enumerate(SECTORS)}


@dataclass(frozen=True)
class Ledger:
    """One month's flows. Shapes: (flow, sector, world) each."""

    paid_usd: Array
    received_usd: Array

    def pay(self, flow: str, payer: str, amount_usd: Array) -> None:
        """Enter what a sector says it paid. Shapes: (world,)."""
        entry = self.paid_usd[_FLOW[flow], _SECTOR[payer]]
        entry += amount_usd

    def receive(self, flow: str, payee: str, amount_usd: Array) -> None:
        """Enter what a sector says it received. Shapes: (world,)."""
        entry = self.received_usd[_FLOW[flow], _SECTOR[payee]]
        entry += amount_usd

    def changes_usd(self) -> dict[str, Array]:
        """Return every sector's change in cash, the sum of its column. Shapes: sector -> (world,)."""
        return dict(zip(SECTORS, self.received_usd.sum(0) - self.paid_usd.sum(0), strict=True))

    def row_residuals(self) -> Array:
        """Return what each flow's payers and payees disagree about, relative to its size.

        Shapes: (flow, world).
        """
        paid, received = self.paid_usd.sum(1), self.received_usd.sum(1)
        size = np.maximum(np.maximum(np.abs(paid), np.abs(received)), 1.0)
        residuals: Array = np.abs(paid - received) / size
        return residuals


def open_ledger(worlds: int) -> Ledger:
    """Return an empty ledger for a month."""
    shape = (len(FLOWS), len(SECTORS), worlds)
    return Ledger(np.zeros(shape), np.zeros(shape))
