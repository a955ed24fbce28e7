"""How the consumers of a crowd choose, as arrays: the law (S1.2-S1.3).

Activation is synchronous: all choose from what stood at the month's start. Inside, a table has a row an
option and a column a chooser, in float32; heads and voices are whole numbers and are counted exactly.
`crowd_kernel.c` says the same compiled, with the same bits; it stands aside once this file has changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim import streams
from sim.elementary.singles import Singles, exp2, log2
from sim.markets.choice import NON_USE
from sim.markets.crowd_net import CrowdNet
from sim.markets.crowd_start import CrowdState, Options, Voices
from sim.streams import Words
from sim.units import IntArray

_BLOCK: Final = 65536
"""Agents handled at once: few enough for the processor's cache, enough to outweigh the cost of a call."""
_CHOOSERS: Final = 16384
"""Choosers whose options are weighed at once: a row an option, so that fewer fill the cache."""
_HALF: Final = np.uint64(32)
_DRAW: Final = np.float32(2.0**-24)


@dataclass(frozen=True)
class MonthTable:
    """Hold one month's deterministic part per cell (class, market, world), flat, in float32.

    Rows are what is held: the options, then unaware.
    """

    threshold: Words
    """(held, cell) flat: probability of choosing this month, times 2^32"""
    likeliest: Words
    """(world,): the highest word that may make anybody choose"""
    plain: Singles
    """(1 + lab, cell): value of non-use, then of every lab, for whom does not hold it, as powers of 2"""
    habit: Singles
    """(held, cell) flat: how many times as much non-use or the lab weighs for whom holds it"""
    free_share: Singles
    """(1 + lab + held, cell) flat: share of the free tier among who comes to a lab, then among its holders"""
    beta: Singles
    """(world,)"""
    epsilon: Singles
    """(world,)"""


@dataclass(frozen=True)
class Choosers:
    """Hold who chooses, as places in the month's tables. Shapes: (chooser,)."""

    code: IntArray
    """what is held: an option, or 1 + 2·labs for unaware"""
    row: IntArray
    """its row in a table of non-use and labs; the unaware do without"""
    cell: IntArray
    """class, market and world, flat"""
    held: IntArray
    """held and cell, flat"""
    world: IntArray
    draw: Singles
    """in (0, 1]"""


def lab_of(code: IntArray) -> IntArray:
    """Return the row of what is held in a table of non-use and labs. Shapes: any, kept."""
    return (code + 1) >> 1


def voiced(holds: Options, voice: Voices, labs: int) -> Voices:
    """Return each agent's voice in the lane of what it holds: non-use, a lab, or the last for the unaware.

    Shapes: holds, voice (agent,) -> (agent, lane); rows of a power of two of lanes are fetched faster.
    """
    lanes = 2 ** (1 + labs).bit_length()
    lane_of = np.full(256, lanes - 1)
    lane_of[: 1 + 2 * labs] = lab_of(np.arange(1 + 2 * labs))
    table = np.zeros((len(holds), lanes), np.uint16)
    at = np.arange(0, table.size, lanes)
    at += lane_of.take(holds)
    table.reshape(-1)[at] = voice
    return table


def heard(table: Voices, links: Iterable[IntArray], choosers: int, labs: int) -> Singles:
    """Return the voices for non-use and for every lab among the aware people whom each chooser sees.

    Shapes: table (agent, lane), links of (chooser,) agents seen -> (1 + lab, chooser).
    """
    total = np.zeros((choosers, table.shape[1]), np.uint16)
    row = np.empty_like(total)
    for seen in links:
        # Whom links name is there, so nothing is clipped; but NumPy need not copy what it fetches.
        total += table.take(seen, axis=0, out=row, mode="clip")
    return total.T[: 1 + labs].astype(np.float32, order="C")


def lab_weights(table: MonthTable, who: Choosers, voices: Singles) -> Singles:
    """Return what non-use and every lab weigh for each chooser: e^V, and e^V (s + ε)^β (S1.3).

    With s = n/t, n of t voices for a lab, all are multiplied by t^β: e^V t^β, and e^V (n + εt)^β.
    Shapes: voices (1 + lab, chooser), overwritten -> the same shape.
    """
    everybody = voices[0]
    for of_lab in voices[1:]:
        everybody += of_lab
    # Who sees nobody sees no share of anybody.
    np.maximum(everybody, np.float32(1.0), out=everybody)
    voices[1:] += everybody * table.epsilon.take(who.world)
    beta, plain, weight = table.beta.take(who.world), table.plain.take(who.cell, axis=1), voices
    for row, seen in enumerate(voices):
        # The logarithm of nothing bars a lab that nobody around uses, if ε is 0.
        weight[row] = exp2(log2(seen) * beta + plain[row])
    own = who.row * len(who.row)
    own += np.arange(len(who.row))
    weight.reshape(-1)[own] *= table.habit.take(who.held)
    return weight


def pick(table: MonthTable, who: Choosers, weight: Singles) -> Options:
    """Return the option at each chooser's place on the line of all options' weights, laid end to end.

    Shapes: weight (1 + lab, chooser), overwritten -> (chooser,).
    """
    ends, (rows, choosers), cells = weight, weight.shape, table.plain.shape[1]
    for row in range(1, rows):
        ends[row] += ends[row - 1]
    place = who.draw * ends[-1]
    passed = (ends[:-1] < place).sum(0, dtype=np.uint8)
    at = passed.astype(np.int64)
    end = at * choosers
    end += np.arange(choosers)
    own = at == who.row
    at *= cells
    at += who.cell
    free = table.free_share.take(np.where(own, who.held + rows * cells, at))
    before = ends.take(np.maximum(end - choosers, 0))
    paid = place - before > free * (ends.take(end) - before)
    option: Options = 2 * passed - (passed > 0) + paid
    return option


def chosen(net: CrowdNet, state: CrowdState, table: MonthTable, keys: Words) -> tuple[Options, IntArray]:
    """Return what all hold after a month's choices, and by how many heads each place has grown.

    One 64-bit word per agent and month, at a fixed address, decides both: its upper half whether the agent
    chooses, its lower half what. Shapes: keys (world,) -> (world, agent), and as the state's heads.
    """
    labs, worlds, agents = len(state.heads) // 2 - 1, len(keys), len(net.slot)
    cells = table.plain.shape[1]
    many = min(max(1, _BLOCK // agents), worlds)
    # Blocks of worlds are alike: of which world somebody is, and of which cell.
    world_at = np.repeat(np.arange(many), agents)
    cell_at = np.tile((net.payer_class * net.markets + net.market) * worlds, many) + world_at
    code_of = np.minimum(np.arange(256), 1 + 2 * labs)
    row_of = np.append(lab_of(np.arange(1 + 2 * labs)), NON_USE)
    holds = state.holds.copy()
    moves: list[tuple[IntArray, IntArray, IntArray]] = []
    for first in range(0, worlds, many):
        part = slice(first, min(first + many, worlds))
        before, after = state.holds[part].reshape(-1), holds[part].reshape(-1)
        weight_people = state.weight_people[part].reshape(-1)
        voices_of = voiced(before, state.voice[part].reshape(-1), labs)
        for start in range(0, agents, _BLOCK):
            words = streams.mix(streams.joined(keys[part, None], net.luck[start : start + _BLOCK]))
            may = np.flatnonzero(words <= table.likeliest[part, None])
            for low in range(0, len(may), _CHOOSERS):
                at = may[low : low + _CHOOSERS]
                word = words.take(at)
                at += start
                code = code_of.take(before.take(at))
                cell = cell_at.take(at)
                cell += first
                held = code * cells
                held += cell
                due = np.flatnonzero((word >> _HALF) < table.threshold.take(held))
                if len(due) < len(at):
                    word = word.take(due)
                    at, code, cell, held = (one.take(due) for one in (at, code, cell, held))
                world = world_at.take(at)
                begin = world * agents
                agent = at - begin
                world += first
                who = Choosers(code, row_of.take(code), cell, held, world, _drawn(word))
                seen = (np.add(link.take(agent), begin) for link in net.neighbour)
                option = pick(table, who, lab_weights(table, who, heard(voices_of, seen, len(at), labs)))
                moved = np.flatnonzero(option != code)
                mover, chosen, cell = at.take(moved), option.take(moved), cell.take(moved)
                moves.append((held.take(moved), chosen * np.int64(cells) + cell, weight_people.take(mover)))
                after[mover] = chosen
    return holds, _change(moves, state.heads.shape)


def _drawn(word: Words) -> Singles:
    """Return the place in (0, 1] that the lower half of a word draws."""
    draw = (word.astype(np.uint32) >> np.uint32(8)).astype(np.float32)
    draw *= _DRAW
    draw += _DRAW
    return draw


def _change(moves: Sequence[tuple[IntArray, IntArray, IntArray]], shape: tuple[int, ...]) -> IntArray:
    """Return by how many heads each place has grown: who moved left one place and came to another.

    Exact, because float64 holds every whole number below 2^53.
    """
    if not moves:
        return np.zeros(shape, np.int64)
    left, come, people = (np.concatenate(part) for part in zip(*moves, strict=True))
    places = int(np.prod(shape))
    grown = np.bincount(come, people, places) - np.bincount(left, people, places)
    return grown.reshape(shape).astype(np.int64)
