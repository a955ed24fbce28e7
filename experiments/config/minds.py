"""Rules of one's own: a Python file whose MINDS take the place of minds of the roster."""

import linecache
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from experiments.config.errors import ConfigError, nearest
from sim.axes import Axes

NAME = "MINDS"
_EXPECTED = f"expected a Python file with {NAME} = {{'openai': YourClass}}: a firm, or a kind as labs"


def read_rules(path: Any) -> Any:
    """Read a file of rules into the configuration, text and all, so that a run can be made again.

    Raises: ConfigError if it cannot be read.
    """
    if path == "":
        return ""
    if not isinstance(path, str):
        raise ConfigError("rules", path, _EXPECTED)
    try:
        return {"file": Path(path).name, "code": Path(path).expanduser().read_text(encoding="utf-8")}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError("rules", path, f"cannot be read ({reason}); {_EXPECTED}") from None


def check_rules(given: Any, axes: Axes) -> tuple[str, str] | None:
    """Check what the configuration says of rules and return their file's name and text; None without.

    Raises: ConfigError if the text cannot be run, or replaces nobody.
    """
    if given == "":
        return None
    if not isinstance(given, Mapping) or set(given) != {"file", "code"}:
        raise ConfigError("rules", given, _EXPECTED)
    from agents.roster import KINDS

    rules = str(given["file"]), str(given["code"])
    firms = [name for kind in KINDS for name in getattr(getattr(axes, kind, None), "names", ())]
    valid = [*KINDS, *firms]
    for name in minds_of(rules):
        if name not in valid:
            raise ConfigError("rules", f"{NAME}[{name!r}]", "nobody of this name", nearest(str(name), valid))
    return rules


@cache
def minds_of(rules: tuple[str, str] | None) -> Mapping[str, type]:
    """Return the classes that a file of rules puts in place of others, by firm or kind.

    Raises: ConfigError naming the line at fault.
    """
    if rules is None:
        return {}
    from sim.actors import Actor

    file, code = rules
    # So that an error in it shows its own line.
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": "mine", "__file__": file}
    try:
        exec(compile(code, file, "exec"), namespace)
    except Exception as error:  # a file of one's own may raise anything
        raise ConfigError("rules", file, f"{where(error, file)}; {_EXPECTED}") from None
    found = namespace.get(NAME)
    if not isinstance(found, Mapping) or not found:
        raise ConfigError("rules", file, f"it has no {NAME}; {_EXPECTED}")
    for name, mind in found.items():
        if not (isinstance(mind, type) and issubclass(mind, Actor)):
            raise ConfigError(
                "rules", f"{NAME}[{name!r}]", "expected a class of agents, as AiLab, or one of yours"
            )
    return {str(name): mind for name, mind in found.items()}


def where(error: BaseException, file: str) -> str:
    """Say what went wrong and, if it was in this file, in which line."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    at = f"line {line}: " if line else ""
    return f"{at}{type(error).__name__}: {' '.join(str(error).split())}"
