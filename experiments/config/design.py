"""Draw uncertain parameters: a Sobol sequence, scrambled by name, so that world k never moves.

A draw's address is (seed, world id, attempt, key of the parameter). It does not depend on how many worlds or
other parameters are drawn with it. SciPy's Sobol engine is not used at run time: it steps from point to point
and takes half a second to import; the tests compare with it.

Of 200 and more columns, some pairs are far from independent in few worlds: of the 22,366 pairs of the first
212, 85 correlate beyond 0.5 in 256 worlds, none in 512. Say which parameter matters from 512 worlds on.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sim.elementary import exp, log
from sim.streams import combine, mix, name_word
from sim.units import Array, IntArray

Words = npt.NDArray[np.uint64]

BITS = 32
WORLD_BITS = 20
LARGEST_WORLD = 2**WORLD_BITS - 1
LARGEST_ATTEMPT = 2 ** (BITS - WORLD_BITS) - 1
_DIRECTIONS_FILE = Path(__file__).parent / "sobol_directions.csv"
_ONE = np.uint64(1)
_TOP_BIT = np.uint64(63)
_ODD = np.uint64(0x9E3779B97F4A7C15)
_TO_UNIT = 2.0**-BITS


@dataclass(frozen=True)
class Column:
    """One number drawn a world: triangular with a mode, else uniform; over the logarithm if `log`.

    The key is the address of the draw. Without a Sobol dimension of its own, a column takes the first
    dimension in an order shuffled by its key.
    """

    key: str
    low: float
    high: float
    mode: float | None
    log: bool
    dimension: int | None


def draw(seed: int, columns: Sequence[Column], world_ids: IntArray, attempt: IntArray | int = 0) -> Array:
    """Draw a value for each column and world.

    A world rejected at its start is drawn again with the next attempt, which is a Sobol point of its own.

    Shapes: world_ids (world,), attempt broadcasts against it -> (column, world).
    Raises: ValueError if an id or an attempt is negative or too large.
    """
    return all_quantiles(columns, unit_points(seed, columns, world_ids, attempt))


def all_quantiles(columns: Sequence[Column], points: Array) -> Array:
    """Return quantiles of columns' distributions. Shapes: points in (0, 1) (column, world) -> the same."""
    values = np.empty_like(points)
    for row, (column, u) in enumerate(zip(columns, points, strict=True)):
        values[row] = quantiles(column, u)
    return values


def unit_points(
    seed: int, columns: Sequence[Column], world_ids: IntArray, attempt: IntArray | int = 0
) -> Array:
    """Return the points in (0, 1) behind a draw. Shapes: as `draw`.

    Source: Sobol 1967; Joe and Kuo 2008 (directions); Owen 1995 (nested scrambling); Burley 2020 (scrambling
    by a hash; shuffled order for columns beyond the dimensions).
    """
    shape = (len(columns), np.asarray(world_ids).size)
    if not columns:
        return np.empty(shape)
    index = np.broadcast_to(_sobol_index(world_ids, attempt), shape).copy()
    keys = combine(np.asarray([seed], np.uint64), _words([column.key for column in columns]))[:, None]
    own = np.asarray([column.dimension is not None for column in columns])
    if not own.all():
        index[~own] = nested_scramble(index[~own], mix(keys[~own]))
    vectors = direction_vectors()[[column.dimension or 0 for column in columns]]
    words = nested_scramble(sobol_words(vectors, index), keys)
    return (words.astype(np.float64) + 0.5) * _TO_UNIT


def sobol_words(vectors: Words, index: Words) -> Words:
    """Return Sobol points as 32-bit integers, in Gray-code order.

    Shapes: vectors (column, bit), index (column, world) -> (column, world).
    """
    gray = index ^ (index >> _ONE)
    words = np.zeros_like(gray)
    for bit in range(int(gray.max(initial=0)).bit_length()):
        words ^= ((gray >> np.uint64(bit)) & _ONE) * vectors[:, bit, None]
    return words


def nested_scramble(words: Words, keys: Words) -> Words:
    """Flip each bit of 32-bit words by a coin that depends on the key and on all higher bits.

    Words that share their first n bits still do so, which keeps how evenly a net fills space.

    Shapes: words (column, world), keys (column, 1). Source: Owen 1995.
    """
    scrambled = np.zeros_like(words)
    for level in range(BITS):
        shift = np.uint64(BITS - 1 - level)
        node = (words >> shift >> _ONE) | np.uint64(1 << level)
        coin = mix(keys + node * _ODD) >> _TOP_BIT
        scrambled |= (((words >> shift) & _ONE) ^ coin) << shift
    return scrambled


@cache
def direction_vectors() -> Words:
    """Return the direction vectors of every dimension, read only. Shapes: (dimension, bit).

    With m_1..m_s from the table and a primitive polynomial of degree s with inner coefficients a_1..a_{s-1},
    m_i = 2 a_1 m_{i-1} ^ ... ^ 2^{s-1} a_{s-1} m_{i-s+1} ^ 2^s m_{i-s} ^ m_{i-s} and v_i = m_i 2^{32-i}.
    Source: Joe and Kuo 2008; Bratley and Fox 1988.
    """
    rows = [[1 << (BITS - 1 - bit) for bit in range(BITS)]]
    with _DIRECTIONS_FILE.open(newline="") as table:
        for line in csv.DictReader(table):
            s, a = int(line["degree"]), int(line["coefficients"])
            m = [int(word) for word in line["initial"].split()]
            for i in range(s, BITS):
                new = m[i - s] ^ (m[i - s] << s)
                for k in range(1, s):
                    if a >> (s - 1 - k) & 1:
                        new ^= m[i - k] << k
                m.append(new)
            rows.append([word << (BITS - 1 - bit) for bit, word in enumerate(m)])
    vectors = np.asarray(rows, np.uint64)
    vectors.setflags(write=False)
    return vectors


def _sobol_index(world_ids: IntArray, attempt: IntArray | int) -> Words:
    """Return the Sobol index of worlds: the id in the low 20 bits, the attempt above."""
    ids, attempts = np.asarray(world_ids, np.int64), np.asarray(attempt, np.int64)
    if ids.size and not (ids.min() >= 0 and ids.max() <= LARGEST_WORLD):
        raise ValueError(f"world ids must lie in 0..{LARGEST_WORLD}, not {ids.min()}..{ids.max()}")
    if attempts.size and not (attempts.min() >= 0 and attempts.max() <= LARGEST_ATTEMPT):
        raise ValueError(f"attempts must lie in 0..{LARGEST_ATTEMPT}, not {attempts.min()}..{attempts.max()}")
    index: Words = (ids + (attempts << WORLD_BITS)).astype(np.uint64)
    return index


def _words(keys: Sequence[str]) -> Words:
    return np.asarray([name_word(key) for key in keys], np.uint64)


def quantiles(column: Column, u: Array) -> Array:
    """Return the quantiles u of a column's distribution, inside its limits. Shapes: (world,)."""
    if column.low == column.high:
        return np.full_like(u, column.low)
    scale = log if column.log else np.asarray
    a, b = float(scale(column.low)), float(scale(column.high))
    if column.mode is None:
        values = a + u * (b - a)
    else:
        c = float(scale(column.mode))
        rising = a + np.sqrt(u * (b - a) * (c - a))
        falling = b - np.sqrt((1.0 - u) * (b - a) * (b - c))
        values = np.where(u * (b - a) < c - a, rising, falling)
    return np.clip(exp(values) if column.log else values, column.low, column.high)
