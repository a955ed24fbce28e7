"""What compute does and who leases it, against hand calculation and a bracketed multiplier (S5)."""

import numpy as np
from scipy.optimize import brentq

from sim.physics import compute


def arr(*values):
    return np.array(values, dtype=np.float64)


def table(uses):
    return np.stack([uses.enterprise_h100e, uses.paid_h100e, uses.free_h100e, uses.training_h100e])


def by_multiplier(total, weight, cap):
    """Find min(cap, weight·v) with the given sum by bracketing v: the oracle of one world."""
    cap = np.where(weight > 0.0, cap, 0.0)
    if cap.sum() <= total:
        return cap
    v = brentq(lambda v: np.minimum(cap, weight * np.exp(v)).sum() - total, -80.0, 80.0, xtol=1e-14)
    return np.minimum(cap, weight * np.exp(v))


def test_only_what_has_power_counts():
    got = compute.powered_h100e(arr(10.0, 10.0, 10.0, 0.0), arr(0.0, 0.4, 3.0, 1.0))
    np.testing.assert_array_equal(got, [0.0, 4.0, 10.0, 0.0])


def test_uses_in_their_order_by_hand():
    # Plenty; too little for the free tier; too little for those who pay; nothing; nobody asks.
    capacity = arr(100.0, 50.0, 20.0, 0.0, 10.0)[None]
    enterprise, paid, free = (
        arr(30, 30, 30, 30, 0)[None],
        arr(10, 10, 10, 10, 0)[None],
        arr(20, 20, 20, 20, 0)[None],
    )
    got = table(compute.allocate(capacity, enterprise, paid, free))[:, 0]
    expected = [[30, 30, 15, 0, 0], [10, 10, 5, 0, 0], [20, 10, 0, 0, 0], [40, 0, 0, 0, 10]]
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_a_lab_can_keep_compute_for_training():
    got = table(compute.allocate(arr(50.0), arr(30.0), arr(10.0), arr(20.0), np.array(0.2)))
    np.testing.assert_allclose(got[:, 0], [30.0, 10.0, 0.0, 10.0], rtol=1e-14)


def test_served_share_by_hand():
    got = compute.served_share(arr(5.0, 0.0, 0.0, 3.0), arr(10.0, 4.0, 0.0, 3.0))
    np.testing.assert_array_equal(got, [0.5, 0.0, 1.0, 1.0])


def test_leases_by_hand():
    # One cloud: proportional; one tenant wants less and leaves it to the others; no bid; all satisfied.
    capacity = arr(12.0, 12.0, 12.0, 12.0)[None]
    bid = np.array([[1, 1, 0, 1], [2, 2, 0, 2], [1, 1, 0, 0]], dtype=np.float64)[:, None]
    wanted = np.array([[99, 99, 9, 1], [99, 2, 9, 2], [99, 99, 9, 9]], dtype=np.float64)[:, None]
    got = compute.share_leases(capacity, bid, wanted)[:, 0]
    np.testing.assert_allclose(got, [[3, 5, 0, 1], [6, 2, 0, 2], [3, 5, 0, 0]], rtol=1e-14)


def test_leases_have_one_multiplier_per_cloud():
    rng = np.random.default_rng(13)
    capacity = rng.lognormal(2, 1, (3, 30))
    bid, wanted = rng.lognormal(0, 2, (5, 3, 30)), rng.lognormal(1, 2, (5, 3, 30))
    bid[rng.random(bid.shape) < 0.3] = 0.0
    got = compute.share_leases(capacity, bid, wanted)
    for cloud in range(3):
        for w in range(30):
            expected = by_multiplier(capacity[cloud, w], bid[:, cloud, w], wanted[:, cloud, w])
            np.testing.assert_allclose(got[:, cloud, w], expected, rtol=1e-12)
