"""Every operation that tapes know has NumPy's bits when it is played, whatever the numbers and the worlds."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.units import nowhere, ratio, somewhere
from tests.tape.played import Written, assert_played, needs_machine, tables_of

pytestmark = needs_machine

ROW: Final = np.array([[0.5], [-0.0], [3.0]])
"""Fixed numbers of an axis. Shapes: (3, 1)."""
TALL: Final = np.asfortranarray(np.arange(12.0).reshape(4, 3) - 5.0)[:, :, None]
SPREAD: Final = np.lib.stride_tricks.as_strided(np.arange(24.0), (4, 3, 1), (48, 16, 8))
PICK: Final = np.array([2, 0, 2, 1])
CHOSEN: Final = np.array([True, False, True])
PAIRS: Final = (np.array([0, 3, 1]), np.array([2, 0, 0]))

OF_ONE: Final = {
    "x": (
        "abs arctan cbrt ceil cos cosh exp exp2 expm1 fabs floor isfinite isinf isnan log log10 log1p log2 "
        "logical_not negative positive reciprocal rint sign signbit sin sinh sqrt square tan tanh trunc"
    ),
    "whole": "abs exp isfinite log logical_not negative positive sign sqrt square tanh invert rint",
    "small": "abs logical_not negative positive sign square invert",
    "yes": "logical_not invert isfinite abs",
}
"""Elementwise functions of a table of each kind."""
COMPARISONS: Final = "equal not_equal less less_equal greater greater_equal"
OF_TWO: Final = {
    ("x", "y"): (
        f"{COMPARISONS} add subtract multiply divide floor_divide remainder fmod power maximum minimum "
        "fmax fmin logaddexp hypot arctan2 copysign logical_and logical_or logical_xor heaviside nextafter"
    ),
    ("x", "row"): f"{COMPARISONS} add subtract multiply divide power maximum minimum fmax",
    ("lane", "x"): "add subtract multiply divide power maximum minimum less",
    ("turned", "y"): "add subtract multiply divide power maximum minimum less",
    ("turned", "turned"): "add power maximum equal",
    ("told", "row"): "add power maximum less",
    ("shared", "x"): "add subtract multiply divide power maximum minimum less",
    ("month", "x"): "add subtract multiply divide power maximum minimum less",
    ("x", "whole"): "add multiply divide power maximum less equal",
    ("whole", "x"): "subtract divide power minimum less",
    ("x", "yes"): "add multiply maximum equal logical_and",
    ("yes", "x"): "subtract multiply divide minimum logical_or",
    ("x", "small"): "add multiply divide power less",
    ("whole", "count"): (
        f"{COMPARISONS} add subtract multiply divide floor_divide remainder fmod maximum minimum power "
        "bitwise_and bitwise_or bitwise_xor left_shift right_shift logical_and"
    ),
    ("whole", "yes"): "add multiply less maximum",
    ("whole", "small"): "add subtract multiply divide less equal maximum bitwise_and",
    ("small", "small"): f"{COMPARISONS} add subtract multiply maximum minimum bitwise_or",
    ("small", "yes"): "add multiply maximum less",
    ("yes", "perhaps"): (
        f"{COMPARISONS} logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor "
        "add multiply maximum minimum"
    ),
}
"""Elementwise functions of two tables."""


@pytest.mark.parametrize("kind", OF_ONE)
def test_functions_of_one_table(kind: str) -> None:
    for name in OF_ONE[kind].split():
        assert_named(name, lambda t, name=name: getattr(np, name)(getattr(t, kind)))


@pytest.mark.parametrize("kinds", OF_TWO, ids="-".join)
def test_functions_of_two_tables(kinds: tuple[str, str]) -> None:
    def law(t: Any, name: str) -> Any:
        one, other = (getattr(t, kind) for kind in kinds)
        if name == "power" and kinds == ("whole", "count"):
            one = abs(one)
        return getattr(np, name)(one, other)

    for name in OF_TWO[kinds].split():
        assert_named(name, lambda t, name=name: law(t, name))


def assert_named(name: str, law: Callable[[Any], Any]) -> None:
    try:
        assert_played(law)
    except Exception as error:
        error.add_note(f"np.{name}")
        raise


def added_in_place(t: Any) -> Any:
    total = t.x.copy()
    total += t.y
    total[1:] *= t.row
    total[0, 2] -= 1.5
    total[:, ::-1] /= t.row
    total[..., 1, :] **= 2
    return total


def moved_within(t: Any) -> Any:
    table = t.x.copy()
    table[1:] = table[:-1]
    table[:, 1:] += table[:, :-1]
    table[::-1] = table
    return table


def turned_within(t: Any) -> Any:
    table = t.x[:3].copy()
    table += table.swapaxes(0, 1)
    table[:] = table.swapaxes(0, 1)
    return table


def whole_in_place(t: Any) -> Any:
    count = t.whole.copy()
    count += 3
    count *= t.yes
    count[0] = t.small[0]
    count[1] = True
    flags = t.yes.copy()
    flags &= t.perhaps
    flags[2] |= t.x[2] > 0.0
    flags[3] = t.x[3]
    return count, flags


def cast_in_place(t: Any) -> Any:
    table = np.zeros((4, 3, t.x.shape[-1]))
    table += t.whole
    table[:2] = t.yes[:2]
    table[3] -= t.small[3]
    return table


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


def fixed_places(t: Any) -> Any:
    return (
        t.x[PICK],
        t.x[:, PICK[:2]],
        t.x[:, CHOSEN],
        t.x[PAIRS],
        t.x[PICK[:, None], PICK[None]],
        t.yes[PICK],
    )


def fixed_places_of_turned(t: Any) -> Any:
    return t.turned[PICK], t.turned[:, CHOSEN], t.turned[PAIRS], t.turned[::-2, PICK]


def written_to_fixed_places(t: Any) -> Any:
    table, flags, turned = t.x.copy(), t.yes.copy(), t.turned + 0.0
    table[PICK[1:]] = t.y[:3]
    table[:, CHOSEN] = 7.5
    table[PAIRS] += t.lane
    turned[:, [2, 0]] = table[:, :2]
    flags[:, CHOSEN] = t.perhaps[CHOSEN]
    count = t.whole.copy()
    count[[3, 1]] = t.yes[:2]
    return table, flags, turned, count


def written_to_a_place_twice(t: Any) -> Any:
    table = t.x.copy()
    table[[1, 1, 2]] = t.y[:3]
    return table


def moved_to_fixed_places(t: Any) -> Any:
    table = t.x.copy()
    table[[1, 2, 3]] = table[:3]
    table[[0, 1]] = table[[1, 0]]
    other = t.y.copy()
    other[[1, 3, 2]] = other[:3]
    return table, other


def slices(t: Any) -> Any:
    return t.x[::-1], t.x[1:4:2, ::-1], t.x[-1], t.x[2, 1], t.x[None, :, 0], t.x[..., 1:, :], t.x[:0]


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


def casts(t: Any) -> Any:
    return (
        t.x.astype(bool),
        t.whole.astype(float),
        t.whole.astype(bool),
        t.whole.astype(np.int8),
        t.small.astype(float),
        t.small.astype(np.int64),
        t.small.astype(bool),
        t.yes.astype(float),
        t.yes.astype(np.int64),
        t.yes.astype(np.int8),
        np.floor(t.plain).astype(np.int64),
        t.x.astype(float),
    )


def powers(t: Any) -> Any:
    return tuple(
        one**power
        for one in (t.x, t.turned, t.plain)
        for power in (
            2,
            2.0,
            0.5,
            1,
            1.0,
            -1,
            0,
            0.0,
            3,
            1.5,
            -2,
            -0.5,
            np.inf,
            t.row,
            t.lane,
            ROW,
            ROW[:1],
            TALL,
            t.month,
        )
    )


def powers_of_numbers(t: Any) -> Any:
    return (
        2.0**t.x,
        10**t.plain,
        2**t.count,
        0.0**t.x,
        ROW**t.x,
        t.whole**2,
        t.small**2,
        t.count**3,
        t.whole**1,
    )


def chosen(t: Any) -> Any:
    return (
        np.where(t.yes, t.x, t.y),
        np.where(t.perhaps, t.x, t.lane),
        np.where(t.x > t.y, t.x, 0.0),
        np.where(t.yes, -0.0, t.x),
        np.where(t.yes, 1.0, 0),
        np.where(t.yes, 1, 0),
        np.where(t.yes, t.whole, 0.5),
        np.where(t.yes, t.small, 1),
        np.where(t.yes, t.perhaps, True),
        np.where(t.yes, t.turned, t.row),
        np.where(t.x, t.x, 1.0),
        np.where(CHOSEN[:, None], t.x, t.y),
        np.where(t.yes, ROW, t.lane),
        np.where(t.told_flags, t.told, t.shared),
        np.where(t.yes[:, ::-1], t.whole, t.small),
    )


def clipped(t: Any) -> Any:
    return (
        np.clip(t.x, 0.0, 1.0),
        np.clip(t.x, t.lane, t.row),
        np.clip(t.x, None, 1.0),
        np.clip(t.x, 0, None),
        np.clip(t.whole, 0, 3),
        np.clip(t.ties, -0.0, 0.0),
        np.clip(t.ties, 0.0, 1),
        np.clip(t.ties, t.zeros, t.zeros[::-1]),
        np.clip(t.ties, np.nan, 1.0),
        np.clip(t.zeros, t.month - t.month, 1.0),
        np.clip(t.whole, 0.5, 3),
        np.clip(t.ties, ROW, 0.0),
        np.clip(t.ties, -1.0, ROW),
        t.x.clip(0.0),
        t.x.clip(-1.0, t.lane),
    )


def copied_to(t: Any) -> Any:
    table, flags = t.x.copy(), t.yes.copy()
    np.copyto(table, t.row)
    np.copyto(table, 0.0, where=t.yes)
    np.copyto(table[1:], t.lane, where=t.perhaps)
    np.copyto(flags, t.perhaps, where=flags)
    masked = t.y.copy()
    masked[t.x > 0.0] = 4.0
    masked[1][t.perhaps] = -0.0
    return table, flags, masked


def repeated(t: Any) -> Any:
    return np.repeat(t.x, 2, axis=0), np.repeat(t.turned, [1, 0, 2], axis=1), t.row.repeat(3, axis=0)


def ratios(t: Any) -> Any:
    return (
        ratio(t.x, t.y),
        ratio(t.x, t.zeros),
        ratio(t.row, t.ties),
        ratio(1.0, t.ties),
        ratio(t.x, t.lane),
        ratio(t.turned, t.ties),
        ratio(t.count, t.ties),
        ratio(ROW, t.row),
        ratio(t.x, ROW),
    )


def lone_numbers(t: Any) -> Any:
    return (
        t.x + 1,
        1 - t.x,
        2.5 * t.x,
        1 / t.x,
        t.x // 2,
        -7 % t.x,
        t.whole + 1,
        t.whole * 0.5,
        t.whole / 2,
        t.whole // 2,
        t.whole % 3,
        t.small + 1,
        t.small * 0.5,
        t.yes + 1,
        t.yes * 2.0,
        t.yes & True,
        t.yes ^ t.perhaps,
        ~t.yes,
        -t.x,
        +t.x,
        abs(t.x),
        t.x > 0,
        t.x <= 0.0,
        np.float64(0.0) >= t.x,
        t.x == 1,
        t.x != t.y,
        t.whole == 2,
        t.small >= 3.5,
        np.float64(2.0) * t.whole,
        t.x * np.array(3),
        t.month * 2.0,
        np.maximum(t.x, 0.0),
        np.maximum(0, t.whole),
        np.minimum(1.0, t.small),
    )


def fixed_tables(t: Any) -> Any:
    return (
        t.x * ROW,
        TALL - t.x,
        TALL.sum(0) * t.row,
        t.x + TALL[::-1],
        t.x * TALL[:, [2, 0, 1]],
        t.x - SPREAD,
    )


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


def taken_by_places(t: Any) -> Any:
    worlds = t.x.shape[-1]
    world = np.arange(worlds)
    flat = t.x.reshape(-1)
    places = (t.places * 3 + np.arange(3)[:, None]) * worlds + world
    table = np.array([0.5, -0.0, np.nan, np.inf])
    return (
        flat.take(places),
        np.take(flat, places),
        np.take(table, t.places),
        np.take(np.arange(4), t.places[::-1]),
        t.whole.reshape(-1).take(places[1]),
        np.take(table, t.yes.astype(np.int64)),
    )


def taken_from_fixed_places(t: Any) -> Any:
    return np.take(t.x, PICK, axis=0), t.x.take([1, 0], axis=1), np.take(t.turned, 2, axis=1)


def put_to_places(t: Any) -> Any:
    worlds = t.x.shape[-1]
    world = np.arange(worlds)
    table = t.x.copy()
    flat = table.reshape(-1)
    places = (t.places * 3 + np.arange(3)[:, None]) * worlds + world
    flat[places] = t.row
    flat[places[1]] = 2.5
    count = np.zeros(4 * worlds, np.int64)
    count[t.places * worlds + world] = t.count
    return table, count.reshape(4, worlds), flat[::1].reshape(table.shape)


def looked_at(t: Any) -> Any:
    found = t.x * 2.0
    if somewhere(t.yes | ~t.yes):
        found = found + t.row
    if nowhere(t.yes & ~t.yes):
        found = found - 1.0
    return found


def told_and_not(t: Any) -> Any:
    return (
        t.month,
        t.shared,
        t.told,
        t.told_flags,
        t.month + t.lane,
        t.x,
        t.turned,
        t.yes,
        t.small,
        t.shared * 2.0,
    )


def gone_through(t: Any) -> Any:
    total = np.zeros(t.lane.shape)
    for row in t.x:
        for entry in row:
            total = total + entry
    return total, len(t.x) * t.lane, sum(t.row)


def with_out(t: Any) -> Any:
    into = np.empty(t.x.shape)
    np.multiply(t.x, t.row, out=into)
    np.add(into, t.y, out=into)
    other = np.zeros((4, 3, t.x.shape[-1]), bool)
    np.less(into, t.x, out=other)
    np.exp(into[:2], out=into[2:])
    np.add(t.whole[1], t.count, out=into[1])
    return into, other


def without_entries(t: Any) -> Any:
    none = t.x[:0, ::2] * t.row[::2]
    return (
        none,
        none.sum(0),
        np.concatenate([t.turned[:0], t.x[1:], none[:, [0, 0, 0]]]),
        t.yes[:, 3:].any(1),
        t.yes[:0].all((0, 1)),
    )


LAWS: Final = [
    value
    for name, value in list(vars().items())
    if getattr(value, "__module__", None) == __name__ and not name.startswith(("test_", "assert_"))
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law_has_the_bits_of_numpy(law: Callable[[Any], Any]) -> None:
    assert_played(law)


# ---------------------------------------------------------------- laws that nobody wrote

STEPS: Final[tuple[Callable[[Any, Any, Any], Any], ...]] = (
    lambda a, b, c: a + b,
    lambda a, b, c: a - b,
    lambda a, b, c: a * b,
    lambda a, b, c: ratio(a, b),
    lambda a, b, c: a / b,
    lambda a, b, c: np.maximum(a, b),
    lambda a, b, c: np.minimum(a, b),
    lambda a, b, c: np.where(a > b, c, a),
    lambda a, b, c: np.where((a <= b) & (b == c), 0.0, b),
    lambda a, b, c: np.exp(-abs(a)),
    lambda a, b, c: np.log(abs(a)) + 1.0,
    lambda a, b, c: np.sqrt(abs(a)) ** b,
    lambda a, b, c: abs(a) ** 0.5,
    lambda a, b, c: np.clip(a, 0.0, 1.0),
    lambda a, b, c: a.sum(0, keepdims=True),
    lambda a, b, c: a.sum((0, 1), keepdims=True),
    lambda a, b, c: a.max(1, keepdims=True) - b,
    lambda a, b, c: a.cumsum(0),
    lambda a, b, c: a[::-1] * 0.5,
    lambda a, b, c: np.broadcast_to(a, (4, 3, a.shape[-1])),
    lambda a, b, c: a.astype(bool) * b,
    lambda a, b, c: (a.argmax(0) - b) * 0.25,
    lambda a, b, c: np.floor(np.clip(a, -9.0, 9.0)).astype(np.int64) + b,
    lambda a, b, c: (a + np.zeros((4, 3, 1))).swapaxes(0, 1).copy().swapaxes(0, 1),
    lambda a, b, c: changed(a + np.zeros((4, 3, 1)), b, c),
    lambda a, b, c: a * ROW,
)
"""Steps from three tables that broadcast to (4, 3, world) to another one."""


def changed(table: Any, b: Any, c: Any) -> Any:
    table[-1] += 1.0
    table[:, 1:] = table[:, :-1]
    table[table > 2.0] = 2.0
    table *= b
    return table


TABLES: Final = ("x", "y", "plain", "ties", "turned", "row", "lane", "whole", "yes", "told")
PLACE: Final = st.integers(0, 30)


@given(
    st.lists(st.tuples(st.integers(0, len(STEPS) - 1), PLACE, PLACE, PLACE), min_size=1, max_size=12),
    st.sampled_from([2, 9, 33]),
)
def test_steps_in_any_order_have_the_bits_of_numpy(steps: list[tuple[int, ...]], worlds: int) -> None:
    def law(t: Any) -> Any:
        made = [getattr(t, name) * 1.0 for name in TABLES]
        made = [one[(None,) * (3 - one.ndim)] for one in made]
        for step, *places in steps:
            made.append(STEPS[step](*(made[-1 - place % len(made)] for place in places)))
        return tuple(made[len(TABLES) :])

    assert_played(law, [worlds])


@needs_machine
def test_an_entry_outside_of_its_table_is_an_error() -> None:
    outside = Written(lambda t: t.x.reshape(-1).take(t.whole + 100_000), stays=False)
    with pytest.raises(IndexError, match="outside of its table"):
        outside.play(tables_of(2), 2)
