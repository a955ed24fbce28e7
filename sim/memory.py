"""What many ask for is computed once: laws of a run, of a month's start, of the same tables.

The answers are sealed. A month's are kept with its state, and only for states that the month script made: a
state that is still being built, as at the start, is asked anew each time.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from hashlib import blake2b
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

import numpy as np

from sim.context import Context
from sim.state import State

Answer = TypeVar("Answer")
Which = TypeVarTuple("Which")
Inputs = ParamSpec("Inputs")


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


def known_by_inputs(
    most: int,
) -> Callable[[Callable[Inputs, Answer]], Callable[Inputs, Answer]]:
    """Keep the last answers of a costly law of tables, for who asks it the same again, as a page does.

    The answers are sealed.
    """

    def keeping(law: Callable[Inputs, Answer]) -> Callable[Inputs, Answer]:
        kept: OrderedDict[bytes, Answer] = OrderedDict()

        @wraps(law)
        def answer(*given: Inputs.args, **named: Inputs.kwargs) -> Answer:
            key = digest_of((*given, *sorted(named.items())))
            if key not in kept:
                kept[key] = seal(law(*given, **named))
                if len(kept) > most:
                    kept.popitem(last=False)
            kept.move_to_end(key)
            return kept[key]

        return answer

    return keeping


def digest_of(value: Any) -> bytes:
    """Return a digest of numbers, tables, and records and tuples of them."""
    digest = blake2b(digest_size=16)

    def add(one: Any) -> None:
        if isinstance(one, np.ndarray):
            digest.update(f"{one.dtype.str}{one.shape}".encode())
            digest.update(np.ascontiguousarray(one).data)
        elif isinstance(one, tuple):
            digest.update(f"({len(one)}".encode())
            for part in one:
                add(part)
        elif is_dataclass(one):
            add(tuple(vars(one).items()))
        else:
            digest.update(repr(one).encode())

    add(value)
    return digest.digest()


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
