"""What can go wrong before and during a run, said in one line that names key, value and remedy."""

from collections.abc import Iterable
from difflib import get_close_matches


class ConfigError(Exception):
    """A configuration that cannot be run; nothing has been written."""

    def __init__(self, key: str, value: object, expected: str, nearest: str | None = None) -> None:
        self.key = key
        self.nearest = nearest
        given = f"{key}={show(value)}" if value is not MISSING else key
        hint = f". Nearest valid name: {nearest}" if nearest else ""
        super().__init__(printable(f"{given}: {expected}{hint}."))


class RunError(Exception):
    """A run that failed; the message says what is left of it."""


MISSING = object()
"""Stands for the value of a key that has none."""
_LONGEST = 80
LARGEST_WHOLE = 1e15
"""Whole numbers below it are written without an exponent."""


def printable(text: str) -> str:
    """Return text on one line, with escapes for what cannot be printed."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def show(value: object) -> str:
    """Return a value as one short line of text, the way it would be written in YAML."""
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE:
        text = str(int(value))
    else:
        text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the valid name most like the one given, or None where there is no valid name.

    A key's last part counts by itself too, so that a forgotten section is found.
    """
    names = list(valid)
    by_end: dict[str, str] = {}
    for candidate in names:
        by_end.setdefault(candidate.rpartition(".")[2], candidate)
    if name in by_end:
        return by_end[name]
    found = get_close_matches(name, names, n=1, cutoff=0.0)
    return found[0] if found else None
