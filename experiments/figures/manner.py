"""How a figure speaks: its language, and whether its title is the finding or says plainly what is drawn.

Every text of a figure passes through `say`, which translates a template before it is filled in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from experiments.figures.german import GERMAN

LANGUAGES: Final = ("en", "de")
TITLES: Final = ("finding", "plain")

_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])
_title: ContextVar[str] = ContextVar("title", default=TITLES[0])


@contextmanager
def manner(language: str = LANGUAGES[0], title: str = TITLES[0]) -> Iterator[None]:
    """Draw in a language and with a kind of title inside a `with` block."""
    spoken, titled = _language.set(language), _title.set(title)
    try:
        yield
    finally:
        _language.reset(spoken)
        _title.reset(titled)


def language() -> str:
    """Return the language spoken now."""
    return _language.get()


def say(template: str, **values: object) -> str:
    """Return a text in the language spoken now, with values filled in.

    Raises: KeyError if nobody has translated it; a test looks up every template of the figures.
    """
    text = template if language() == "en" else GERMAN[template]
    return text.format(**values) if values else text


def say_known(text: str) -> str:
    """Return a text that came with the data in the language spoken now if it is known, else as it is."""
    return GERMAN.get(text, text) if language() != "en" else text


def headline(finding: str, plain: str) -> str:
    """Return the title as asked for: the finding, or what is drawn."""
    return finding if _title.get() == "finding" else plain
