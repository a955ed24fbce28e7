"""Sums, extremes, means, running sums and orders have NumPy's bits when they are played."""

from typing import Any

import numpy as np
import pytest

from tests.tape.played import Law, assert_played, laws_of, needs_machine

pytestmark = needs_machine


def sums(t: Any) -> Any:
    return tuple(
        one.sum(axis)
        for one in (t.x, t.turned, t.plain, t.whole, t.yes, t.small, t.zeros, t.x[::-1], t.x.swapaxes(0, 1))
        for axis in (0, 1, (0, 1), (1, 0), -2, (-3, -2))
    )


def sums_of_more_axes(t: Any) -> Any:
    one = t.deep * 1.0
    return tuple(
        table.sum(axis)
        for table in (t.deep, one, one[:, ::-1], one.swapaxes(0, 2), t.deep.copy(), one[1:, :, 1:])
        for axis in (0, 1, 2, (0, 1), (0, 2), (1, 2), (0, 1, 2))
    )


def sums_of_many(t: Any) -> Any:
    return t.many.sum(0), t.many[::-1].sum(0), t.many[::3].mean(0), t.many.reshape(4, 5, -1).sum((0, 1))


def sums_kept(t: Any) -> Any:
    return (
        t.x.sum(0, keepdims=True),
        t.x.sum((0, 1), keepdims=True),
        t.turned.sum(1, keepdims=True) + t.x,
        t.x.max(1, keepdims=True),
    )


def sums_of_spread(t: Any) -> Any:
    worlds = t.x.shape[-1]
    wide = np.broadcast_to(t.row, (5, 3, worlds))
    return wide.sum(0), wide.sum((0, 1)), wide.max(0), np.broadcast_to(t.lane, (9, worlds)).sum(0)


def reductions(t: Any) -> Any:
    into = np.zeros((3, t.x.shape[-1]))
    np.add.reduce(t.plain, axis=0, out=into[::-1])
    return (
        into,
        np.add.reduce(t.x),
        np.add.reduce(t.x, axis=1),
        np.maximum.reduce(t.plain, axis=(0, 1)),
        np.logical_or.reduce(t.yes, axis=0),
        t.x.sum(0, initial=2.5),
        t.plain.max(0, initial=3.0),
        t.plain.min((0, 1), initial=3.0),
        t.whole.max(0, initial=3),
        np.multiply.reduce(t.plain, axis=0),
    )


def largest(t: Any) -> Any:
    return tuple(
        found
        for one in (t.plain, t.x, t.turned, t.whole, t.small)
        for axis in (0, 1, (0, 1))
        for found in (one.max(axis), one.min(axis))
    )


def largest_of_more_axes(t: Any) -> Any:
    with np.errstate(invalid="ignore"):
        none = np.sqrt(t.deep)  # half of them are no numbers
    return tuple(
        found
        for table in (t.deep, none, none.swapaxes(0, 2), none[1:, :, 1:], -none)
        for axis in (0, 1, 2, (0, 1), (0, 2), (1, 2), (0, 1, 2))
        for found in (table.max(axis), table.min(axis), table.max(axis, initial=0.5))
    )


def any_and_all(t: Any) -> Any:
    found = [
        found
        for one in (t.yes, t.x > 0.0, t.whole, t.x)
        for axis in (0, 1, (0, 1))
        for found in (one.any(axis), one.all(axis))
    ]
    return *found, t.yes.max(0), t.yes.min(1), t.yes.any(1, keepdims=True)


def means(t: Any) -> Any:
    return tuple(one.mean(axis) for one in (t.x, t.turned, t.plain, t.deep) for axis in (0, 1, (0, 1)))


def means_of_counts(t: Any) -> Any:
    return t.whole.mean(0), t.yes.mean((0, 1)), t.small.mean(1)


def running_sums(t: Any) -> Any:
    return (
        np.cumsum(t.x, axis=0),
        t.turned.cumsum(0),
        t.whole.cumsum(0),
        t.yes.cumsum(axis=0),
        t.zeros.cumsum(0),
        t.many.cumsum(0),
        t.x[::-1].cumsum(0)[::-1],
        t.small.cumsum(0),
    )


def orders(t: Any) -> Any:
    return (
        np.argsort(t.x, axis=0, kind="stable"),
        t.ties.argsort(axis=0, kind="stable"),
        t.turned.argsort(0, "stable"),
        np.argsort(-t.many, axis=0, kind="stable"),
        t.ties[::-1].argsort(0, kind="stable"),
        t.row.argsort(0, kind="stable"),
        t.ties.swapaxes(0, 1).argsort(0, kind="stable"),
    )


def first_largest(t: Any) -> Any:
    return (
        np.argmax(t.ties, axis=0),
        t.ties.argmax(0),
        t.x.argmin(0),
        t.ties.argmin(0),
        t.turned.argmax(0),
        t.zeros.argmax(0),
        t.zeros.argmin(0),
        t.yes.argmax(0),
        t.yes[::-1].argmax(0),
        t.row.argmax(axis=0),
        t.many.argmin(0),
    )


@pytest.mark.parametrize("law", laws_of(vars()), ids=lambda law: law.__name__)
def test_law_has_the_bits_of_numpy(law: Law) -> None:
    assert_played(law)
