"""Rationing of a fixed supply among buyers, in proportion to what they bid (S7.3)."""

from itertools import combinations

import numpy as np

from sim.units import Array, BoolArray, IntArray, nowhere, ratio


def wanted_chips(bid_usd: Array, price_usd: Array) -> Array:
    """Return the chips that a money bid asks for at the price; 0 where nothing is bid or priced (S7.3).

    Shapes: bid (buyer, ..., world), price broadcasts to it.
    """
    return ratio(bid_usd, price_usd)


def ration_with_caps(bid_chips: Array, group: IntArray, cap_chips: Array, supply: Array) -> Array:
    """Share a supply of chips in proportion to bids where groups of buyers are capped (S7.3).

    Buyer i of group g gets bid_i · min(λ, t_g): t_g = min(1, cap_g/bids of g) is what the cap leaves of each
    bid, and λ is the one share for all groups below their cap, so what a capped group leaves goes to the
    others. λ is exact: with the groups in order of t, the first k for which
    λ_k = (supply - capped amounts before k)/(bids from k on) does not exceed t_k; 1 where nobody is short.

    Shapes: bid (buyer, ..., world), group (buyer,) or (buyer, ...) of row numbers of the caps, caps
    (group, ..., world), supply (..., world) -> chips (buyer, ..., world).
    Raises: ValueError if a bid, a cap or the supply is negative, or a buyer's group has no cap.
    Source: S7.3. Legal and smuggled imports are two groups of the same foreign buyers.
    """
    _refuse_negative("bid_chips", bid_chips)
    _refuse_negative("cap_chips", cap_chips)
    _refuse_negative("supply", supply)
    groups = cap_chips.shape[0]
    if group.size and (group.min() < 0 or group.max() >= groups):
        raise ValueError(
            f"group: got {group.tolist()}, expected numbers from 0 to {groups - 1}, one per row of cap_chips;"
            " give every group a cap (its cap may be the supply)"
        )
    member = [(group == g).reshape(group.shape + (1,) * (bid_chips.ndim - group.ndim)) for g in range(groups)]
    bids = np.array([np.where(of_group, bid_chips, 0.0).sum(0) for of_group in member])
    is_capped = cap_chips < bids
    cap_share = np.where(is_capped, cap_chips / np.where(is_capped, bids, 1.0), 1.0)
    share = _common_share(bids, cap_share, is_capped, cap_chips, supply)
    limit = np.minimum(share, cap_share)
    served: Array = limit[0]
    for of_group, limit_of_group in zip(member[1:], limit[1:], strict=True):
        served = np.where(of_group, limit_of_group, served)
    return bid_chips * served


def _common_share(
    bids: Array, cap_share: Array, is_capped: BoolArray, cap_chips: Array, supply: Array
) -> Array:
    """Return the share λ of each bid that groups below their cap receive. Shapes: -> (..., world)."""
    groups = len(bids)
    rank = np.zeros(bids.shape, np.int8)
    places = np.arange(groups, dtype=np.int8).reshape(-1, *(1,) * bids.ndim)
    # The place of each group in the order of shares, by pairs: there are few groups and many worlds.
    for (before, of_earlier), (later, of_later) in combinations(zip(rank, cap_share, strict=True), 2):
        comes_first = of_earlier <= of_later
        later += comes_first
        before += ~comes_first

    at_place = rank == places
    by_share = np.where(at_place, cap_share, 0.0).sum(1)
    at_cap = np.where(at_place, np.where(is_capped, cap_chips, bids), 0.0).sum(1)
    capped_before = np.concatenate([np.zeros_like(at_cap[:1]), np.cumsum(at_cap, axis=0)[:-1]])
    # Summed in the caller's order of groups, so that caps that do not bind change no bit.
    rest = np.where(rank >= places, bids, 0.0).sum(1)
    left = np.maximum(supply - capped_before, 0.0)
    is_short = left < rest
    candidate = np.where(is_short, left / np.where(is_short, rest, 1.0), 1.0)
    # A rest that is small beside the supply leaves a candidate of rounding: the caps around it bound it.
    lowest = np.concatenate([np.zeros_like(by_share[:1]), by_share[:-1]])
    bounded = np.maximum(candidate, lowest)
    holds = is_short & (candidate <= by_share)
    share: Array = np.ones(holds.shape[1:])
    for earlier, value in zip(holds[::-1], bounded[::-1], strict=True):
        share = np.where(earlier, value, share)
    return share


def _refuse_negative(name: str, values: Array) -> None:
    """Raise a ValueError that names the array and its smallest value if that is negative."""
    if nowhere(values < 0.0):
        return
    raise ValueError(
        f"{name}: got {values.min()}, expected zero or more; clip or mend it where it is computed"
    )
