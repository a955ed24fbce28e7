"""Questions put to the model: runs, sweeps, analyses, figures and the class-room page.

From Python: `from experiments import run, sweep, load, compare`; see `experiments.api`.
"""

from importlib import import_module
from typing import Any

_INTERFACE = dict.fromkeys(("run", "sweep", "load", "compare", "Results", "Sweep"), "api")
"""What can be imported from here, and where it is; only then, since the command line must start at once."""


def __getattr__(name: str) -> Any:
    """Import a part of the interface when it is asked for."""
    if name not in _INTERFACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_INTERFACE[name]}"), name)
