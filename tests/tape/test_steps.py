"""Laws that nobody wrote, steps in any order, have NumPy's bits when they are played."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.units import ratio
from tests.tape.played import ROW, assert_played, needs_machine

pytestmark = needs_machine

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
