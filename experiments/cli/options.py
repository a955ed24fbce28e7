"""Read a command's words and options, and say which nearest one was meant where there is none."""

from collections.abc import Mapping, Sequence

from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import integer


def parse(
    arguments: Sequence[str], words: Sequence[str], options: Mapping[str, str], optional: int = 0
) -> tuple[list[str], dict[str, str]]:
    """Separate a command's words from its options and check that all are known.

    `words` names the words expected, of which the last `optional` may be left out; `options` maps each option
    to what its value is, or to nothing for one without a value.

    Raises: ConfigError on the first word or option that is unknown, missing or too many.
    """
    found: list[str] = []
    given: dict[str, str] = {}
    waiting = iter(arguments)
    for argument in waiting:
        if not argument.startswith("-") or argument == "-":
            found.append(argument)
            continue
        name, equals, value = argument.partition("=")
        name = "--help" if name == "-h" else name
        if name != "--help" and name not in options:
            listed = ", ".join([*options, "--help"])
            raise ConfigError(name, MISSING, f"no such option; expected {listed}", nearest(name, options))
        takes = options.get(name, "")
        if takes and not equals:
            value = next(waiting, "")
        if takes and not value:
            raise ConfigError(name, MISSING, f"expected {takes} after it")
        if equals and not takes:
            raise ConfigError(name, value, f"expected {name} alone, without a value")
        given[name] = value
    if "--help" not in given:
        if len(found) < len(words) - optional:
            raise ConfigError(words[len(found)], MISSING, f"missing; expected {' '.join(words)}")
        if len(found) > len(words):
            listed = " ".join(words) if words else "options only"
            raise ConfigError(found[len(words)], MISSING, f"one word too many; expected {listed}")
    return found, given


def choose(key: str, given: str, valid: Sequence[str]) -> str:
    """Return a word that must be one of a few.

    Raises: ConfigError naming the nearest valid one.
    """
    if given not in valid:
        raise ConfigError(key, given, f"expected one of {', '.join(valid)}", nearest(given, valid))
    return given


def whole(name: str, text: str, low: int, high: int) -> int:
    """Return a whole number written on the command line.

    Raises: ConfigError if it is none, or out of limits.
    """
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(name, text, f"expected a whole number within {low}..{high}")
    return integer(name, int(text), low, high)
