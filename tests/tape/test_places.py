"""Parts of a table that are read and written have NumPy's bits when that is played."""

from typing import Any, Final

import numpy as np
import pytest

from tests.tape.played import CHOSEN, Law, Written, assert_played, laws_of, needs_machine, tables_of

pytestmark = needs_machine

PICK: Final = np.array([2, 0, 2, 1])
PAIRS: Final = (np.array([0, 3, 1]), np.array([2, 0, 0]))


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


def slices(t: Any) -> Any:
    return t.x[::-1], t.x[1:4:2, ::-1], t.x[-1], t.x[2, 1], t.x[None, :, 0], t.x[..., 1:, :], t.x[:0]


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


@pytest.mark.parametrize("law", laws_of(vars()), ids=lambda law: law.__name__)
def test_law_has_the_bits_of_numpy(law: Law) -> None:
    assert_played(law)


def test_an_entry_outside_of_its_table_is_an_error() -> None:
    outside = Written(lambda t: t.x.reshape(-1).take(t.whole + 100_000), stays=False)
    with pytest.raises(IndexError, match="outside of its table"):
        outside.play(tables_of(2), 2)
