"""Modules in C, which are there where set-up found a compiler; NumPy computes the same bits without them."""

import os
from importlib import import_module
from types import ModuleType


def compiled(name: str) -> ModuleType | None:
    """Return a compiled module, or nothing where it is not there or UNCONTESTED_COMPILED=0 asks for NumPy."""
    if os.environ.get("UNCONTESTED_COMPILED") == "0":
        return None
    try:
        return import_module(name)
    except ImportError:  # nothing was compiled here, or for another Python
        return None
