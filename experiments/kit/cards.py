"""The cards: words from cards.yaml, numbers from the table of parameters."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from experiments.config.build import RunPlan
from experiments.config.catalogue import Record
from experiments.config.conf_files import options
from experiments.config.errors import ConfigError
from experiments.config.readers import exactly, one_of, plain
from experiments.kit.strategies import both_languages, load_yaml
from experiments.kit.tunnel import SCENARIOS
from experiments.sweeping.factors import record_of

FILE = Path(__file__).parent / "cards.yaml"
DRIVERS, SHOCKS = 14, 8
CONFIDENCE = {
    "measured": {"en": "measured", "de": "gemessen"},
    "judged": {"en": "judged", "de": "geschätzt"},
    "deep": {"en": "nobody knows", "de": "niemand weiß es"},
    "fixed": {"en": "fixed", "de": "festgelegt"},
}


@cache
def load_cards() -> Mapping[str, Any]:
    """Return the words of all cards, checked.

    Raises: ConfigError on the first that is incomplete, or names a scenario that there is not.
    """
    return read_cards(load_yaml(FILE))


def read_cards(given: Any) -> Mapping[str, Any]:
    """Check the words of cards.

    Raises: ConfigError on the first at fault.
    """
    cards = dict(exactly("cards", given, ("scenarios", "drivers", "shocks")))
    exactly("cards.scenarios", cards["scenarios"], SCENARIOS)
    for kind in ("scenarios", "shocks"):
        for name, card in cards[kind].items():
            key = f"cards.{kind}.{name}"
            one_of(key, name, options("scenario"))
            exactly(key, card, ("title", "story"))
            both_languages(f"{key}.title", card["title"])
            both_languages(f"{key}.story", card["story"])
    cards["drivers"] = {
        name: {"against": [], **card} if isinstance(card, Mapping) else card
        for name, card in cards["drivers"].items()
    }
    for name, card in cards["drivers"].items():
        key = f"cards.drivers.{name}"
        exactly(key, card, ("title", "keys", "fact", "against"))
        for one in card["against"]:
            one_of(f"{key}.against", one, card["keys"])
        both_languages(f"{key}.title", card["title"])
        both_languages(f"{key}.fact", card["fact"])
    for kind, count in (("drivers", DRIVERS), ("shocks", SHOCKS)):
        if len(cards[kind]) != count:
            raise ConfigError(f"cards.{kind}", len(cards[kind]), f"expected {count} cards")
    return cards


def records_of(card: Mapping[str, Any], plan: RunPlan) -> list[tuple[str, Record]]:
    """Return the records of a driver's parameters.

    Raises: ConfigError if one is no parameter, or none of them has a range.
    """
    found = [(str(key), record_of(str(key), plan, "cards.drivers")) for key in card["keys"]]
    for key, record in found:
        if record.low is None:
            raise ConfigError("cards.drivers", key, "expected a parameter with a range")
    return found


def number_of(record: Record, key: str) -> str:
    """Return a parameter's value as text, of the member that a key names."""
    value = record.value
    if isinstance(value, Mapping):
        member = key.rpartition(".")[2]
        return plain(float(value[member])) if member in value else str(dict(value))
    return plain(float(value))
