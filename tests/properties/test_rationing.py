"""What every rationing of chips must keep: conservation, order, bounds, exact corners (S7.3)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.markets.rationing import ration_with_caps, wanted_chips
from sim.physics.chips import legal_export_limit, smuggling_limit

BUYERS, WORLDS, GROUPS = 5, 3, 3
GROUP = np.array([0, 0, 1, 1, 2])
# Five buyers: at most a dozen roundings of 2^-53 on terms that do not cancel.
RELATIVE = 1e-12


def amounts(shape):
    """Zeros and sizes from a fraction of a chip to far beyond any world, each cell on its own."""
    size = st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.floats(1e3, 1e60))
    return hnp.arrays(np.float64, shape, elements=size, fill=st.nothing())


buyers, groups, worlds = amounts((BUYERS, WORLDS)), amounts((GROUPS, WORLDS)), amounts((WORLDS,))


def by_bisection(bids, caps, supply):
    """Find the common share of one world by halving an interval: the oracle of the exact solution."""
    total = np.array([bids[g == GROUP].sum() for g in range(GROUPS)])
    ceiling = np.array([min(1.0, c / t) if t > 0.0 else 1.0 for c, t in zip(caps, total, strict=True)])

    def sold(share):
        return (total * np.minimum(share, ceiling)).sum()

    low, high = 0.0, 1.0
    if sold(1.0) <= supply:
        low = 1.0
    for _ in range(400):  # a share may be as small as 1e-67, and is wanted to 1e-9 of itself
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sold(middle) <= supply else (low, middle)
    return bids * np.minimum(low, ceiling)[GROUP]


@given(bids=buyers, caps=groups, supply=worlds)
def test_capped_rationing_conserves_and_keeps_every_bound(bids, caps, supply):
    chips = ration_with_caps(bids, GROUP, caps, supply)
    assert np.isfinite(chips).all()
    assert (chips >= 0.0).all()
    assert (chips <= bids).all()
    taken = np.stack([chips[g == GROUP].sum(0) for g in range(GROUPS)])
    asked = np.stack([bids[g == GROUP].sum(0) for g in range(GROUPS)])
    assert (taken <= caps * (1.0 + RELATIVE)).all()
    most = np.minimum(caps, asked).sum(0)
    np.testing.assert_allclose(chips.sum(0), np.minimum(supply, most), rtol=RELATIVE)
    assert (taken[caps == 0.0] == 0.0).all()


@given(bids=buyers, caps=groups, supply=worlds)
def test_capped_rationing_equals_bisection(bids, caps, supply):
    chips = ration_with_caps(bids, GROUP, caps, supply)
    for world in range(WORLDS):
        expected = by_bisection(bids[:, world], caps[:, world], supply[world])
        # Where bids differ by more than 2^53 the small ones are below the rounding of the sum.
        scale = max(supply[world], 1e-6)
        np.testing.assert_allclose(chips[:, world], expected, rtol=1e-9, atol=1e-12 * scale)


@given(bids=buyers, caps=groups, supply=worlds)
def test_chips_within_a_group_are_proportional_to_bids(bids, caps, supply):
    chips = ration_with_caps(bids, GROUP, caps, supply)
    for group in range(GROUPS):
        got, bid = chips[group == GROUP], bids[group == GROUP]
        # Cross products, so that a zero bid needs no division.
        np.testing.assert_allclose(got[:, None] * bid[None], got[None] * bid[:, None], rtol=RELATIVE)


@given(bids=buyers, caps=groups, supply=worlds, more=worlds)
def test_more_supply_or_a_higher_cap_gives_the_gaining_group_no_less(bids, caps, supply, more):
    before = ration_with_caps(bids, GROUP, caps, supply)
    slack = RELATIVE * supply
    assert (ration_with_caps(bids, GROUP, caps, supply + more) >= before * (1.0 - RELATIVE) - slack).all()
    lifted = caps.copy()
    lifted[1] += more
    after = ration_with_caps(bids, GROUP, lifted, supply)
    foreign = GROUP == 1
    assert (after[foreign] >= before[foreign] * (1.0 - RELATIVE) - slack).all()
    assert (after[~foreign] <= before[~foreign] * (1.0 + RELATIVE) + slack).all()


@given(bids=buyers, supply=worlds, eta=st.floats(0.0, 30.0))
def test_free_trade_is_free(bids, supply, eta):
    """At x = 0 the legal limit is the supply, and the caps change no bit."""
    limit = legal_export_limit(supply, np.array(0.0), np.array(eta))
    capped = ration_with_caps(bids, GROUP, np.stack([supply, limit, supply]), supply)
    asked = np.stack([bids[g == GROUP].sum(0) for g in range(GROUPS)])
    uncapped = ration_with_caps(bids, GROUP, np.maximum(asked, 1.0), supply)
    np.testing.assert_array_equal(capped, uncapped)


@given(bids=buyers, supply=worlds, eta=st.floats(0.0, 30.0))
def test_full_controls_without_leakage_export_nothing(bids, supply, eta):
    full, none = np.array(1.0), np.array(0.0)
    caps = np.stack(
        [supply, legal_export_limit(supply, full, np.array(eta)), smuggling_limit(supply, full, none)]
    )
    chips = ration_with_caps(bids, GROUP, caps, supply)
    assert (chips[GROUP > 0] == 0.0).all()
    home = bids[GROUP == 0].sum(0)
    np.testing.assert_allclose(chips.sum(0), np.minimum(supply, home), rtol=RELATIVE)


@given(bids=buyers, caps=groups, supply=worlds, order=st.permutations(range(WORLDS)))
def test_the_order_of_worlds_changes_no_bit(bids, caps, supply, order):
    def pick(array):
        return np.ascontiguousarray(array[..., order])

    np.testing.assert_array_equal(
        ration_with_caps(pick(bids), GROUP, pick(caps), pick(supply)),
        ration_with_caps(bids, GROUP, caps, supply)[:, order],
    )


def test_freed_supply_goes_to_the_others_by_hand():
    # 100 chips, 80 wanted at home and 120 abroad: proportional is 40 and 60; a cap of 20 leaves 80 for home.
    chips = ration_with_caps(
        np.array([[80.0, 80.0], [120.0, 120.0]]),
        np.array([0, 1]),
        np.array([[100.0, 100.0], [20.0, 100.0]]),
        np.array([100.0, 100.0]),
    )
    np.testing.assert_allclose(chips, [[80.0, 40.0], [20.0, 60.0]], rtol=1e-14)


def test_nothing_is_lost_where_small_groups_stand_beside_one_of_2_to_the_53():
    # What is left for the last group is all rounding; without the bound of the caps the share became zero.
    large = 2.0**53
    bids = np.repeat(np.array([large + 2.0, 1.0, 1.0, 1.0, 1.0])[:, None], 2, axis=1)
    caps = np.repeat(np.array([large + 2.0, 1.0, 1.0])[:, None], 2, axis=1)
    supply = np.full(2, large + 4.0)
    chips = ration_with_caps(bids, GROUP, caps, supply)
    np.testing.assert_allclose(chips.sum(0), supply, rtol=RELATIVE)


def test_wanted_chips():
    wanted = wanted_chips(np.array([[6.0, 0.0, 6.0]]), np.array([3.0, 0.0, 0.0]))
    np.testing.assert_array_equal(wanted, [[2.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ration_with_caps(-np.ones((1, 2)), np.array([0]), np.ones((1, 2)), np.ones(2)), "bid_chips"),
        (lambda: ration_with_caps(np.ones((1, 2)), np.array([0]), -np.ones((1, 2)), np.ones(2)), "cap_chips"),
        (lambda: ration_with_caps(np.ones((1, 2)), np.array([0]), np.ones((1, 2)), -np.ones(2)), "supply"),
        (lambda: ration_with_caps(np.ones((1, 2)), np.array([1]), np.ones((1, 2)), np.ones(2)), "group"),
    ],
)
def test_what_cannot_be_rationed_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=rf"^{name}: got .* expected"):
        call()
