"""Where the entries of an array lie in memory, and in which order NumPy goes through them."""

from collections.abc import Sequence

import numpy as np

from sim.tape.instructions import AnyArray
from sim.tape.symbols import Symbol, root_of


def in_turn(strides: Sequence[int]) -> list[int]:
    """Return axes as NumPy goes through them: the widest steps first; what has no steps keeps its place.

    >>> in_turn((8, 96, 32)), in_turn((0, 32, 8))
    ([1, 2, 0], [0, 1, 2])
    """
    inner_first: list[int] = []
    for axis in reversed(range(len(strides))):
        place = len(inner_first)
        for at in reversed(range(len(inner_first))):
            step, inner = abs(strides[axis]), abs(strides[inner_first[at]])
            if step and inner:
                if inner <= step:
                    break
                place = at
        inner_first.insert(place, axis)
    return inner_first[::-1]


def places_of(symbol: Symbol) -> AnyArray:
    """Return how many bytes behind the begin of its buffer each entry lies. Shapes: as the symbol."""
    shadow = symbol.shadow
    places = np.full(shadow.shape, address(shadow) - address(root_of(shadow)), np.int64)
    for axis, (extent, stride) in enumerate(zip(shadow.shape, shadow.strides, strict=True)):
        places += (np.arange(extent) * stride).reshape((-1,) + (1,) * (shadow.ndim - 1 - axis))
    return places


def is_same_view(one: AnyArray, other: AnyArray) -> bool:
    """Return whether two arrays show the same entries in the same order."""
    return address(one) == address(other) and (one.shape, one.strides) == (other.shape, other.strides)


def address(array: AnyArray) -> int:
    """Return where an array's first entry lies in memory."""
    place: int = array.__array_interface__["data"][0]
    return place
