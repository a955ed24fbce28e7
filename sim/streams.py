"""Random numbers with an address: (seed, world id, decision, entity, tick).

A draw is a hash of its address, so it does not depend on how many worlds, firms or decisions there are,
on their order, or on the worker. Adding any of them moves nobody else's luck (decision 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from sim.elementary import normal_quantile
from sim.units import Array, IntArray

Words = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def mix(word: Words) -> Words:
    """Scramble 64-bit words so that neighbouring inputs give unrelated outputs; what overflows is dropped.

    Shapes: any, at least one axis, since NumPy warns where a lone number overflows.
    Source: finalizer of SplitMix64 (Steele, Lea and Flood 2014).
    """
    word = (word ^ (word >> np.uint64(30))) * _MIX_A
    word ^= word >> np.uint64(27)
    word *= _MIX_B
    word ^= word >> np.uint64(31)
    return word


def scattered(right: Words) -> Words:
    """Return what the address part `right` adds to a key, the same for every key."""
    return mix(right ^ _GOLDEN) * _MIX_B


def combine(left: Words, right: Words) -> Words:
    """Fold the address part `right` into the key `left`, not symmetrically."""
    return joined(left, scattered(right))


def joined(left: Words, part: Words) -> Words:
    """Fold a scattered part of an address into the key `left`, as `combine` does with the part itself."""
    return mix(left + _GOLDEN) + part


@cache
def name_word(name: str) -> int:
    """Return the 64-bit word of a name, the same on every machine."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


@cache
def decision_key(seed: int, decision: str) -> Words:
    """Return the key of a decision under a seed. Shapes: -> (1,)."""
    key = combine(np.asarray([seed], np.uint64), np.asarray([name_word(decision)], np.uint64))
    key.flags.writeable = False
    return key


def world_keys(seed: int, world_ids: npt.NDArray[np.int64], decision: str, tick: int) -> Words:
    """Return one key per world for a decision in a tick. Shapes: (world,) -> (world,)."""
    timed = combine(decision_key(seed, decision), np.asarray([tick + 1], np.uint64))
    return mix(combine(timed, world_ids.astype(np.uint64)))


def uniform(
    seed: int, world_ids: npt.NDArray[np.int64], decision: str, entities: Sequence[str], tick: int
) -> Array:
    """Draw uniforms in (0, 1), one per entity and world.

    Shapes: world_ids (world,) -> (entity, world).
    """
    drawn: Array = uniforms(seed, world_ids, {decision: entities}, range(tick, tick + 1))[decision][0]
    return drawn


def uniforms(
    seed: int, world_ids: npt.NDArray[np.int64], entities: Mapping[str, Sequence[str]], ticks: range
) -> dict[str, Array]:
    """Draw uniforms in (0, 1) for several decisions of some ticks at once, one per entity and world.

    Shapes: entities of each decision, world_ids (world,) -> decision -> (tick, entity, world).
    """
    rows = address_rows(seed, tuple((decision, tuple(some)) for decision, some in entities.items()))
    timed = combine(rows.decisions, np.arange(ticks.start + 1, ticks.stop + 1, dtype=np.uint64)[:, None])
    keys = mix(combine(timed[..., None], world_ids.astype(np.uint64)))
    # What a key alone gives is scrambled once, not once an entity.
    words = mix(mix(keys + _GOLDEN)[:, rows.decision_of] + rows.entities)
    table = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT
    return {decision: table[:, some] for decision, some in rows.part.items()}


@dataclass(frozen=True)
class AddressRows:
    """The parts of addresses that no tick and no world changes, a row an entity of a decision."""

    decisions: Words
    """(decision,)"""
    decision_of: IntArray
    """(row,)"""
    entities: Words
    """(row, 1), scattered"""
    part: dict[str, slice]
    """Rows of each decision."""


@cache
def address_rows(seed: int, entities: tuple[tuple[str, tuple[str, ...]], ...]) -> AddressRows:
    """Return the fixed parts of the addresses of some decisions' entities."""
    sizes = [len(some) for _, some in entities]
    ends = np.cumsum(sizes).tolist()
    names = np.asarray([name_word(name) for _, some in entities for name in some], np.uint64)
    return AddressRows(
        decisions=np.concatenate([decision_key(seed, decision) for decision, _ in entities]),
        decision_of=np.repeat(np.arange(len(sizes)), sizes),
        entities=scattered(names)[:, None],
        part={
            decision: slice(end - size, end)
            for (decision, _), size, end in zip(entities, sizes, ends, strict=True)
        },
    )


def normal(
    seed: int, world_ids: npt.NDArray[np.int64], decision: str, entities: Sequence[str], tick: int
) -> Array:
    """Draw standard normals, one per entity and world. Shapes: as `uniform`."""
    return normal_quantile(uniform(seed, world_ids, decision, entities, tick))


def uniform_slots(keys: Words, slots: Words) -> npt.NDArray[np.float32]:
    """Draw float32 uniforms in [0, 1) for numbered members of a crowd.

    Shapes: keys broadcast against slots -> their common shape. A slot is a member's permanent number.
    """
    words = mix(combine(keys, slots))
    return (words >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)
