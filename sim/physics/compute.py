"""Laws of compute: what is powered, who leases it, and what it does (S5). The unit is the H100e.

Every function is pure; the lab or owner axis leads, the world axis is last.
"""

from dataclasses import dataclass

import numpy as np

from sim.quantity import water_fill
from sim.units import Array, ratio


@dataclass(frozen=True)
class ComputeUses:
    """Hold what a lab's powered compute does, H100e; the four uses sum to the capacity.

    Shapes: all (lab, world).
    """

    enterprise_h100e: Array
    paid_h100e: Array
    free_h100e: Array
    training_h100e: Array


def powered_h100e(held_h100e: Array, powered_share: Array) -> Array:
    """Return the accelerators that have power, K_eff = K·min(1, power/need) (S5).

    Shapes: (..., site, world), the share broadcasting.
    """
    powered: Array = held_h100e * np.clip(powered_share, 0.0, 1.0)
    return powered


def allocate(
    capacity_h100e: Array,
    enterprise_h100e: Array,
    paid_h100e: Array,
    free_h100e: Array,
    minimum_training_share: Array | float = 0.0,
) -> ComputeUses:
    """Serve enterprises and paying users first, then free users; the rest trains (S5).

    Enterprises and paying users share a shortage in proportion to their demand. A lab may keep a share of its
    compute for training before it serves anyone.

    Shapes: capacity (lab, world), the demands broadcast to it.
    """
    room = capacity_h100e * (1.0 - minimum_training_share)
    due = enterprise_h100e + paid_h100e
    scale = np.where(due > room, ratio(room, np.where(due > room, due, 0.0)), 1.0)
    enterprise = np.minimum(enterprise_h100e * scale, room)
    paid = np.minimum(paid_h100e, room - enterprise)
    free = np.minimum(free_h100e, room - enterprise - paid)
    return ComputeUses(enterprise, paid, free, capacity_h100e - enterprise - paid - free)


def served_share(use_h100e: Array, demand_h100e: Array) -> Array:
    """Return the share of a demand that was served, 1 where nothing was demanded (S5). Shapes: broadcast."""
    share: Array = np.where(demand_h100e > 0.0, ratio(use_h100e, demand_h100e), 1.0)
    return share


def share_leases(capacity_h100e: Array, bid_usd: Array, wanted_h100e: Array) -> Array:
    """Lease each cloud's compute in proportion to money bid, nobody more than wanted (S5).

    What one tenant does not want goes to the others that bid; a bid of 0, as without a licence, gets nothing.

    Shapes: capacity (cloud, world), bid and wanted (lab, cloud, world) -> (lab, cloud, world).
    """
    return water_fill(
        np.maximum(capacity_h100e, 0.0), np.maximum(bid_usd, 0.0), np.maximum(wanted_h100e, 0.0)
    )
