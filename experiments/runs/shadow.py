"""Refuse to start where another package hides one of the project's own."""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from experiments.config.errors import RunError

ROOT = Path(__file__).parents[2]
PACKAGES = ("sim", "agents", "conf")


def check_packages() -> None:
    """Check that every package of the project is the one beside this file.

    Raises: RunError naming the package found instead, and the remedy.
    """
    for name in PACKAGES:
        loaded = sys.modules.get(name)
        spec = PathFinder.find_spec(name) if loaded is None else loaded.__spec__
        # An editable installation is found by a finder of its own, which stands after the path.
        spec = spec or find_spec(name)
        places = list(spec.submodule_search_locations or []) if spec else []
        if ROOT / name in [Path(place).resolve() for place in places]:
            continue
        found = places[0] if places else (spec.origin if spec else None)
        what = f"another package of that name hides it: {found}" if found else "it cannot be found"
        raise RunError(
            f"the project's package {name!r} lies in {ROOT / name}, but {what}. Start in another folder, "
            "take it off PYTHONPATH or uninstall it; an environment of the project's own (make run) is safe"
        )
