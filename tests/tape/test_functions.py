"""Elementwise functions have NumPy's bits when they are played, whatever the kinds of tables and numbers."""

from typing import Any, Final

import numpy as np
import pytest

from sim.units import nowhere, ratio, somewhere
from tests.tape.played import CHOSEN, ROW, Law, assert_played, laws_of, needs_machine

pytestmark = needs_machine

TALL: Final = np.asfortranarray(np.arange(12.0).reshape(4, 3) - 5.0)[:, :, None]
SPREAD: Final = np.lib.stride_tricks.as_strided(np.arange(24.0), (4, 3, 1), (48, 16, 8))
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


def assert_named(name: str, law: Law) -> None:
    try:
        assert_played(law)
    except Exception as error:  # whatever goes wrong is told with the function's name
        error.add_note(f"np.{name}")
        raise


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
        np.where(CHOSEN[:, None], t.x, 0.5),
        np.where(CHOSEN[:, None], ROW, t.y),
        np.where(CHOSEN[:, None], t.yes, t.perhaps),
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


def with_out(t: Any) -> Any:
    into = np.empty(t.x.shape)
    np.multiply(t.x, t.row, out=into)
    np.add(into, t.y, out=into)
    other = np.zeros((4, 3, t.x.shape[-1]), bool)
    np.less(into, t.x, out=other)
    np.exp(into[:2], out=into[2:])
    np.add(t.whole[1], t.count, out=into[1])
    return into, other


def looked_at(t: Any) -> Any:
    found = t.x * 2.0
    if somewhere(t.yes | ~t.yes):
        found = found + t.row
    if nowhere(t.yes & ~t.yes):
        found = found - 1.0
    return found


def gone_through(t: Any) -> Any:
    total = np.zeros(t.lane.shape)
    for row in t.x:
        for entry in row:
            total = total + entry
    return total, len(t.x) * t.lane, sum(t.row)


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


@pytest.mark.parametrize("law", laws_of(vars()), ids=lambda law: law.__name__)
def test_law_has_the_bits_of_numpy(law: Law) -> None:
    assert_played(law)
