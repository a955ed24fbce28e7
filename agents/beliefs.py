"""Rules of thumb that several minds share: budgets kept, sellers compared, sites chosen."""

import numpy as np

from sim.elementary import power
from sim.markets.capital import committed_orders
from sim.units import Array, ratio, share_over_first


def seller_shares(price: Array, appeal: Array, sensitivity: Array) -> Array:
    """Split a budget over sellers, more to the cheap, the proven and those that delivered (S7.3).

    Shapes: broadcast to (seller, ..., world), summing to 1 where any seller is open.
    Source: decision 14 (an iso-elastic split; the literature leaves it open).
    """
    weight = np.where(appeal > 0.0, appeal * power(np.maximum(price, 1e-9), -sensitivity), 0.0)
    return share_over_first(weight)


def sites_with_room(site_share: Array, room_share: Array) -> Array:
    """Tilt the usual places of new accelerators towards those that can expect power (S8).

    Shapes: broadcast to (site, ..., world), summing to 1. Without room anywhere the usual places stay.
    """
    tilted = site_share * room_share
    total = tilted.sum(0)
    return np.where(total > 0.0, ratio(tilted, total), site_share)


def powered_part(site_share: Array, room_share: Array) -> Array:
    """Return the part of new accelerators that can expect power at the usual places (S8).

    Owners order fewer chips when chips stay dark. Shapes: broadcast to (site, ..., world) -> (..., world).
    """
    part: Array = (site_share * room_share).sum(0)
    return part


def chip_share(price_ratio: Array, power_ratio: Array, share_at_start: Array) -> Array:
    """Return the part of spending on accelerators and buildings that buys accelerators (S4, S7.3).

    With s the share of the start, p an accelerator's price and k its power per H100e over the start's:
    s p/(s p + (1 - s) k). Buildings are sized by power and do not get cheaper when chips do.

    Shapes: broadcast.
    """
    chips = share_at_start * price_ratio
    return ratio(chips, chips + (1.0 - share_at_start) * power_ratio)


def kept_commitment(wanted_usd: Array, previous_usd: Array, kept_per_month: Array, dt: float) -> Array:
    """Return spending a month that falls no faster than signed contracts allow (S4). Shapes: broadcast."""
    return committed_orders(wanted_usd, previous_usd, kept_per_month, dt)


def expected_return_factor(return_ratio: Array, steepness: Array) -> Array:
    """Scale an investment budget by what its return is expected to be against its cost (S4).

    1 at break-even and above, falling to 0 as the return falls. Shapes: any.
    """
    return power(return_ratio.clip(0.0, 1.0), steepness)
