"""The law of choice compiled, where it was compiled and still is the law of `crowd_law.py` (S1.2-S1.3).

Nothing but the time depends on it: bits are equal. Who has no C compiler, or changes `crowd_law.py`, gets
that file's own arrays. UNCONTESTED_COMPILED=0 asks for them.
"""

from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np

from sim import hands
from sim.compiled import compiled
from sim.elementary import singles
from sim.markets import crowd_law
from sim.markets.crowd_law import MonthTable
from sim.markets.crowd_net import CrowdNet
from sim.markets.crowd_start import CrowdState, Options
from sim.streams import Words
from sim.units import IntArray


def law_digest() -> str:
    """Return the digest of the law as it stands, and of its logarithm and exponential."""
    return sha256(
        b"".join(Path(file).read_bytes() for file in (crowd_law.__file__, singles.__file__))
    ).hexdigest()


def _compiled() -> ModuleType | None:
    """Return the compiled kernel, or nothing where it is not wanted, not there, or not of this law."""
    kernel = compiled("sim.markets.crowd_kernel")
    return kernel if kernel is not None and law_digest() == kernel.LAW else None


_FEWEST_CHOICES: Final = 16384
"""Agents of all worlds that are worth a thread."""

_KERNEL = _compiled()
AVAILABLE = _KERNEL is not None


def chosen(net: CrowdNet, state: CrowdState, table: MonthTable, keys: Words) -> tuple[Options, IntArray]:
    """Do as `crowd_law.chosen` does. Raises: RuntimeError where nothing is compiled."""
    if _KERNEL is None:
        raise RuntimeError("the law of choice is not compiled here; use crowd_law.chosen")
    kernel = _KERNEL
    held, classes, markets, worlds = state.heads.shape
    agents = len(net.slot)
    sharing = min(hands.many(), max(1, agents * worlds // _FEWEST_CHOICES))
    grown = np.zeros((sharing, worlds, held, classes, markets), np.int64)
    holds = state.holds.copy()

    def choose(hand: int) -> None:
        kernel.month(
            labs=held // 2 - 1,
            cells=classes * markets,
            links=len(net.neighbour),
            from_turn=agents * hand // sharing,
            to_turn=agents * (hand + 1) // sharing,
            log2_terms=singles.LOG2_TERMS,
            exp2_terms=singles.EXP2_TERMS,
            threshold=table.threshold,
            likeliest=table.likeliest,
            plain=table.plain,
            habit=table.habit,
            free_share=table.free_share,
            beta=table.beta,
            epsilon=table.epsilon,
            key=keys,
            luck=net.turns.luck,
            turn=net.turns.agent,
            cell=net.turns.cell,
            neighbour=net.seen,
            before=state.holds,
            weight_people=state.weight_people,
            voice=state.voice,
            after=holds,
            change=grown[hand],
        )

    hands.share(choose, sharing)
    return holds, np.ascontiguousarray(np.moveaxis(grown.sum(0), 0, -1))
