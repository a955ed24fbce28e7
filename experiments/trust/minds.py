"""Rules that take the place of others in structural variants: one class each, a decision each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from agents.ai_lab import AiLab
from agents.cloud import Cloud
from sim.actors import Actor
from sim.plans import CloudPlan, LabPlan
from sim.units import Array, share_over_first
from sim.views import CloudView, LabView

MARK_UP: Final = 2.0
"""Price over cost of a subscription: what the list price of 20 USD was to its serving cost in 2025, about."""
TRIPLED: Final = 3.0


class CostPlus(AiLab):
    """A lab that asks a fixed multiple of what a subscriber costs, whatever others do and its cash is."""

    def price(self, view: LabView) -> Array:
        """Return the subscription price. Shapes: -> (market, ..., world)."""
        return MARK_UP * view.paid_cost_usd + 0.0 * view.price_usd


class EvenLab(AiLab):
    """A lab that splits its orders evenly over all who sell to it, and builds where it always did."""

    def plan(self, view: LabView) -> LabPlan:
        """Answer as others do, but for whom it orders from and where it builds."""
        usual = super().plan(view)
        return replace(
            usual,
            lease_bid_usd=evenly(usual.lease_bid_usd),
            chip_bid_usd=evenly(usual.chip_bid_usd),
            site_share=view.site_share,
        )


class EvenCloud(Cloud):
    """A cloud that splits its orders evenly over all who sell to it, and builds where it always did."""

    def plan(self, view: CloudView) -> CloudPlan:
        """Answer as others do, but for whom it orders from and where it builds."""
        usual = super().plan(view)
        return replace(usual, chip_bid_usd=evenly(usual.chip_bid_usd), site_share=view.site_share)


class TripledQuota(AiLab):
    """A lab that gives three times the free quota that its budget would settle at.

    It steers a third of the quota as others steer theirs; what the rest costs it pays all the same.
    """

    def quota(self, view: LabView, equity_usd: Array) -> Array:
        """Return the free quota. Shapes: -> (market, ..., world)."""
        third = replace(view, quota_per_day=view.quota_per_day / TRIPLED)
        return TRIPLED * super().quota(third, equity_usd)


def evenly(bid_usd: Array) -> Array:
    """Split a bid evenly over the sellers that get any of it. Shapes: (seller, ..., world), kept.

    >>> evenly(np.array([[3.0], [1.0], [0.0]])).tolist()
    [[2.0], [2.0], [0.0]]
    """
    even: Array = bid_usd.sum(0) * share_over_first((bid_usd > 0.0).astype(np.float64))
    return even


COST_PLUS: Final[Mapping[str, type[Actor]]] = {"labs": CostPlus}
EVEN: Final[Mapping[str, type[Actor]]] = {"labs": EvenLab, "clouds": EvenCloud}
