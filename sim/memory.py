"""What many ask for and nobody changes is computed once: a law of the run, or of a month's start.

The answers are sealed. A month's are kept with its state, and only for states that the month script made: a
state that is still being built, as at the start, is asked anew each time.
"""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

import numpy as np

from sim.context import Context
from sim.state import State

Answer = TypeVar("Answer")
Which = TypeVarTuple("Which")


def once_a_run(law: Callable[[Context, *Which], Answer]) -> Callable[[Context, *Which], Answer]:
    """Compute a law of the context once, and once for each of what else it is asked about."""

    @wraps(law)
    def answer(ctx: Context, *which: *Which) -> Answer:
        asked = (law, *which)
        if asked not in ctx.known:
            ctx.known[asked] = seal(law(ctx, *which))
        found: Answer = ctx.known[asked]
        return found

    return answer


def once_a_month(law: Callable[[Context, State], Answer]) -> Callable[[Context, State], Answer]:
    """Compute a law of a month's start once a state."""

    @wraps(law)
    def answer(ctx: Context, state: State) -> Answer:
        known: dict[Any, Any] | None = getattr(state, "known", None)
        if known is None:
            return law(ctx, state)
        if law not in known:
            known[law] = seal(law(ctx, state))
        found: Answer = known[law]
        return found

    return answer


def remember(state: State, law: Callable[[Context, State], Answer], answer: Answer) -> None:
    """Keep what a law of a month's start would answer, where it has been computed already."""
    if state.known is not None:
        state.known[law.__wrapped__] = seal(answer)  # type: ignore[attr-defined]  # set by `wraps`


def seal(answer: Answer) -> Answer:
    """Make an array, or the arrays of a record or tuple, unwritable, and return it."""
    if isinstance(answer, np.ndarray):
        answer.setflags(write=False)
    elif isinstance(answer, tuple):
        for part in answer:
            seal(part)
    elif is_dataclass(answer):
        for part in vars(answer).values():
            seal(part)
    return answer
