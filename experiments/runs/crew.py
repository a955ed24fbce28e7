"""Who simulates: processes that are there, with all they need imported, when a run has been composed.

Only the standard library is imported here, so that they start before anything else.
"""

import os
from collections.abc import Sequence

from experiments.runs.team import Team

ALONE_COLUMNS = 32
"""So few columns are done by one process before another would have started."""
_MOST_RESPONSES = 3
_PLACES = 4096
"""Batches of which a team that is hired before a run is composed can tell how far they are."""


def hired(overrides: Sequence[str]) -> Team:
    """Return a team that imports what simulates while the run is still being composed.

    How many it takes is guessed from what was typed: a wrong guess costs a second and changes no result.
    """
    typed = dict(text.split("=", 1) for text in overrides if "=" in text)
    worlds = typed.get("worlds", "")
    few = worlds.isdecimal() and int(worlds) * _MOST_RESPONSES <= ALONE_COLUMNS
    team = Team(1 if few else cores(), _PLACES, get_ready)
    if typed.get("workers") != "1":
        team.start()
    return team


def cores() -> int:
    """Return how many cores this process may use, which in a container can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_ready() -> None:
    """Import what simulates, Mesa among it."""
    import experiments.runs.simulate  # noqa: F401  # to have it imported
