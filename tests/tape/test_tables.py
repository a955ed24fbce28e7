"""Tables that are made, shaped, joined and copied have NumPy's bits when that is played."""

from typing import Any

import numpy as np
import pytest

from tests.tape.played import ROW, Law, assert_played, laws_of, needs_machine

pytestmark = needs_machine


def written_parts(t: Any) -> Any:
    worlds = t.x.shape[-1]
    empty = np.empty((4, 3, worlds))
    empty[:2] = t.x[2:]
    empty[2:] = 0.25
    ones = np.ones((3, worlds))
    ones[1] = t.lane
    full = np.full((2, worlds), -0.0)
    full[0] += t.row[2]
    flags = np.zeros((3, worlds), bool)
    flags[1:] = t.x[0, 1:] > t.y[0, 1:]
    count = np.zeros((3, worlds), np.int64)
    count[...] = t.count
    small = np.full((4, 3, worlds), 2, np.int8)
    small[::2] = t.small[1::2]
    return empty, ones, full, flags, count, small


def like(t: Any) -> Any:
    zeros, ones = np.zeros_like(t.x), np.ones_like(t.whole)
    flags = np.zeros_like(t.x, bool)
    empty = np.empty_like(t.turned)
    empty[:] = t.turned
    flags[0] = t.yes[0]
    zeros[3] = t.y[1]
    return zeros, ones, flags, empty, empty.sum((0, 1)), np.ones_like(t.x, np.int64)


def full_of_symbol(t: Any) -> Any:
    worlds = t.x.shape[-1]
    return np.full((3, worlds), t.lane), np.full((3, worlds), t.count), np.full((3, 1), t.month)


def shapes(t: Any) -> Any:
    worlds = t.x.shape[-1]
    return (
        t.x.reshape(12, worlds),
        t.x.reshape((2, 2, 3, -1)),
        t.turned.reshape(12, worlds),
        t.x.swapaxes(0, 1),
        t.x.swapaxes(0, 1).reshape(2, 6, worlds),
        t.x.transpose(1, 0, 2),
        np.moveaxis(t.x, 0, 1),
        np.broadcast_to(t.row, (2, 3, worlds)),
        np.broadcast_to(t.shared, (4, 3, worlds)),
        *np.broadcast_arrays(t.x, t.row, t.lane, ROW),
    )


def joined(t: Any) -> Any:
    return (
        np.concatenate([t.x, t.turned]),
        np.concatenate([t.x, t.y[:, :1]], axis=1),
        np.concatenate([t.x, t.whole, t.yes], axis=-2),
        np.concatenate([t.yes, t.yes]),
        np.concatenate([t.x, np.zeros((1, 3, t.x.shape[-1]))]),
        np.concatenate((t.row[:1], t.lane[None])),
    )


def stacked(t: Any) -> Any:
    return (
        np.stack([t.row, t.x[0], t.turned[1]]),
        np.stack([t.row, t.row], axis=1),
        np.stack([t.row, t.count, t.perhaps], axis=-2),
        np.array([t.lane, t.row[0], t.lane * 2.0]),
        np.array([[t.lane, t.row[1]], [t.x[0, 0], t.y[1, 1]]]),
        np.array([t.lane, np.zeros(t.lane.shape)]),
        np.array([t.perhaps[0], t.yes[0, 0]]),
    )


def copies(t: Any) -> Any:
    return (
        np.array(t.x),
        np.array(t.whole, float),
        np.array(t.turned).sum((0, 1)),
        t.turned.copy().sum((0, 1)),
        np.asarray(t.x),
        np.asarray(t.yes, np.float64),
        np.asarray([t.lane, t.lane]),
        np.ascontiguousarray(t.turned).sum((0, 1)),
        np.ascontiguousarray(t.x),
        t.turned.astype(float).sum((0, 1)),
    )


def copy_of_the_same_type(t: Any) -> Any:
    table = t.x.copy()
    other = table.astype(float)
    other += 1.0
    return table, other


def repeated(t: Any) -> Any:
    return np.repeat(t.x, 2, axis=0), np.repeat(t.turned, [1, 0, 2], axis=1), t.row.repeat(3, axis=0)


def without_entries(t: Any) -> Any:
    none = t.x[:0, ::2] * t.row[::2]
    return (
        none,
        none.sum(0),
        np.concatenate([t.turned[:0], t.x[1:], none[:, [0, 0, 0]]]),
        t.yes[:, 3:].any(1),
        t.yes[:0].all((0, 1)),
    )


@pytest.mark.parametrize("law", laws_of(vars()), ids=lambda law: law.__name__)
def test_law_has_the_bits_of_numpy(law: Law) -> None:
    assert_played(law)
