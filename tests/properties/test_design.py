"""The draws of a world depend on its own address and on nothing else, and fill space evenly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc, triang

from experiments.config.design import (
    BITS,
    LARGEST_ATTEMPT,
    LARGEST_WORLD,
    WORLD_BITS,
    Column,
    direction_vectors,
    draw,
    nested_scramble,
    sobol_words,
    unit_points,
)

SEED = 7
COLUMNS = [
    Column("chips.leakage", 0.0, 0.12, 0.05, False, 32),
    Column("chips.node_ceiling_x_max", 8.0, 120.0, None, True, 35),
    Column("chips.wafer_growth.us", 0.25, 1.0, 0.5, True, 33),
    Column("power.pue.us", 1.1, 1.4, None, False, None),
]
ids = st.lists(st.integers(0, LARGEST_WORLD), min_size=1, max_size=9)


def uniform(key: str, dimension: int | None) -> Column:
    return Column(key, 0.0, 1.0, None, False, dimension)


def test_points_before_scrambling_are_those_of_scipy() -> None:
    vectors = direction_vectors()
    index = np.broadcast_to(np.arange(512, dtype=np.uint64), (len(vectors), 512))
    expected = qmc.Sobol(len(vectors), scramble=False, bits=BITS).random(512).T * 2**BITS
    assert np.array_equal(sobol_words(vectors, index), expected.astype(np.uint64))


def test_attempts_are_later_points_of_the_same_sequence() -> None:
    vectors = direction_vectors()[:7]
    engine = qmc.Sobol(7, scramble=False, bits=BITS).fast_forward(3 << WORLD_BITS)
    index = np.broadcast_to(np.arange(16, dtype=np.uint64) + (3 << WORLD_BITS), (7, 16))
    expected = engine.random(16).T * 2**BITS
    assert np.array_equal(sobol_words(vectors, index), expected.astype(np.uint64))


@given(words=st.lists(st.integers(0, 2**BITS - 1), min_size=2, max_size=2), key=st.integers(0, 2**64 - 1))
def test_scrambling_keeps_exactly_the_shared_first_bits(words: list[int], key: int) -> None:
    before = np.asarray([words], np.uint64)
    after = nested_scramble(before, np.asarray([[key]], np.uint64))
    assert int(before[0, 0] ^ before[0, 1]).bit_length() == int(after[0, 0] ^ after[0, 1]).bit_length()


@pytest.mark.parametrize("dimension", [0, 1, 35, 211, None])
def test_each_column_puts_one_world_in_each_equal_part(dimension: int | None) -> None:
    points = unit_points(SEED, [uniform("a", dimension)], np.arange(256))
    assert np.array_equal(np.sort((points * 256).astype(int)[0]), np.arange(256))


@given(world_ids=ids, attempt=st.integers(0, LARGEST_ATTEMPT), data=st.data())
def test_a_world_is_the_same_in_any_batch_and_order(
    world_ids: list[int], attempt: int, data: st.DataObject
) -> None:
    batch = np.asarray(world_ids, np.int64)
    together = draw(SEED, COLUMNS, batch, attempt)
    order = np.asarray(data.draw(st.permutations(range(len(world_ids)))))
    assert np.array_equal(draw(SEED, COLUMNS, batch[order], attempt), together[:, order])
    for place, world in enumerate(world_ids):
        alone = draw(SEED, COLUMNS, np.asarray([world]), np.asarray([attempt]))
        assert np.array_equal(alone[:, 0], together[:, place])


@pytest.mark.parametrize("size", [1, 7, 256])
def test_a_world_has_the_same_bits_among_more_worlds(size: int) -> None:
    many = draw(SEED, COLUMNS, np.arange(1000))
    assert np.array_equal(draw(SEED, COLUMNS, np.arange(size)), many[:, :size])


@given(
    dimensions=st.lists(st.none() | st.integers(100, 511), max_size=6),
    place=st.integers(0, len(COLUMNS)),
)
def test_a_new_parameter_or_range_moves_no_other(dimensions: list[int | None], place: int) -> None:
    new = [uniform(f"new.{number}", dimension) for number, dimension in enumerate(dimensions)]
    columns = [*COLUMNS[:place], *new, *COLUMNS[place:]]
    kept = [row for row, column in enumerate(columns) if column in COLUMNS]
    worlds = np.arange(33)
    assert np.array_equal(draw(SEED, columns, worlds)[kept], draw(SEED, COLUMNS, worlds))


def test_attempt_may_differ_between_worlds() -> None:
    worlds, attempts = np.asarray([4, 5, 4]), np.asarray([0, 2, 1])
    mixed = draw(SEED, COLUMNS, worlds, attempts)
    for place, (world, attempt) in enumerate(zip(worlds, attempts, strict=True)):
        assert np.array_equal(mixed[:, place], draw(SEED, COLUMNS, np.asarray([world]), int(attempt))[:, 0])
    assert (mixed[:, 0] != mixed[:, 2]).all()


def test_seed_and_key_each_change_a_column() -> None:
    worlds = np.arange(64)
    first = unit_points(1, [uniform("a", 3), uniform("b", 3)], worlds)
    assert (first[0] != first[1]).all()
    assert (first != unit_points(2, [uniform("a", 3), uniform("b", 3)], worlds)).all()


def test_columns_without_a_dimension_are_independent_of_one_another() -> None:
    """Of n = 4096 worlds the correlation of two independent columns has a standard error of 1/64 at most.

    Largest of 21 pairs, beyond 4.5 standard errors with probability 21 * 7e-6 for independent columns.
    """
    columns = [uniform(f"p{number}", None) for number in range(6)] + [uniform("s", 0)]
    correlation = np.corrcoef(unit_points(SEED, columns, np.arange(4096)))
    assert np.abs(correlation - np.eye(7)).max() < 4.5 / 64


def test_triangular_quantiles_are_those_of_scipy() -> None:
    """Both are a few roundings from exact; a square root doubles the relative error at most."""
    column = COLUMNS[0]
    assert column.mode is not None
    u = unit_points(SEED, [column], np.arange(512))[0]
    width = column.high - column.low
    expected = triang((column.mode - column.low) / width, column.low, width).ppf(u)
    np.testing.assert_allclose(draw(SEED, [column], np.arange(512))[0], expected, rtol=0, atol=32 * 2**-53)


def test_log_columns_are_the_linear_ones_of_the_logarithm() -> None:
    """The exponential magnifies the absolute rounding of the logarithm, a few units of 2^-53 times ln 120."""
    for column in COLUMNS[1:3]:
        mode = None if column.mode is None else float(np.log(column.mode))
        low, high = float(np.log(column.low)), float(np.log(column.high))
        linear = Column(column.key, low, high, mode, False, column.dimension)
        expected = np.exp(draw(SEED, [linear], np.arange(512)))
        np.testing.assert_allclose(draw(SEED, [column], np.arange(512)), expected, rtol=64 * 2**-53)


@given(
    low=st.floats(1e-9, 1e9),
    width=st.floats(0, 1e9),
    at=st.floats(0, 1),
    log=st.booleans(),
    uniformly=st.booleans(),
)
def test_draws_stay_inside_their_limits(
    low: float, width: float, at: float, log: bool, uniformly: bool
) -> None:
    high = low + width
    mode = None if uniformly else min(low + at * width, high)
    values = draw(SEED, [Column("a", low, high, mode, log, 5)], np.arange(128))
    assert np.isfinite(values).all()
    assert ((low <= values) & (values <= high)).all()


def test_no_columns_give_no_rows() -> None:
    assert draw(SEED, [], np.arange(5)).shape == (0, 5)


@pytest.mark.parametrize(
    ("world", "attempt"), [(-1, 0), (LARGEST_WORLD + 1, 0), (0, -1), (0, LARGEST_ATTEMPT + 1)]
)
def test_addresses_outside_the_sequence_are_refused(world: int, attempt: int) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        draw(SEED, COLUMNS, np.asarray([world]), attempt)
