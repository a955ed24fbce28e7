"""What the page can change: words from sliders.yaml and the kit's cards, numbers from the parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from experiments.config.catalogue import Record
from experiments.config.compose import base_catalogue
from experiments.config.conf_files import options
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly
from experiments.figures.german import GERMAN
from experiments.figures.names import DEFINITIONS
from experiments.figures.quantities import UNITS
from experiments.kit.cards import load_cards
from experiments.kit.puzzles import load_puzzles
from experiments.sweeping.factors import split_address

FILE = Path(__file__).parent / "sliders.yaml"
MOST_MAIN = 6
FANS = (
    "active_users_million.us",
    "active_users_million.cn",
    "powered_gw.us",
    "powered_gw.cn",
    "held_gw.us",
    "held_gw.cn",
    "humanoids_working.us",
    "humanoids_working.cn",
)
"""Series the page draws."""


@dataclass(frozen=True)
class Driver:
    """A card of the kit as an axis: sliders that go from end to end of their ranges together."""

    name: str
    title: Mapping[str, str]
    ends: Mapping[str, tuple[float, float]]
    """Key of a slider -> its value at the low end of the axis and at the high end."""


@cache
def words() -> Mapping[str, Any]:
    """Return sliders.yaml with the titles of cards filled in, checked.

    Raises: ConfigError on the first name that there is not, is missing or stands twice.
    """
    from omegaconf import OmegaConf

    given = OmegaConf.to_container(OmegaConf.load(FILE))
    return read_words(given)


def read_words(written: Any) -> Mapping[str, Any]:
    """Check the words of the page and fill in those of the cards.

    Raises: ConfigError on the first at fault.
    """
    given = exactly("sliders", written, ("main", "advanced", "switches", "presets"))
    if len(given["main"]) > MOST_MAIN:
        raise ConfigError("sliders.main", len(given["main"]), f"expected at most {MOST_MAIN}")
    catalogue = base_catalogue()
    titles = {next(iter(ends)): card["title"] for card, ends in _moved() if len(ends) == 1}
    found: dict[str, Any] = {"switches": given["switches"]}
    for group in ("main", "advanced"):
        found[group] = {}
        for key, word in given[group].items():
            if split_address(key)[0] not in catalogue:
                raise ConfigError("sliders", key, "no such parameter", nearest(key, catalogue))
            if (key in titles) == ("en" in word):
                expected = "its card names it" if key in titles else "expected a name in en and de"
                raise ConfigError(f"sliders.{group}.{key}", MISSING, expected)
            found[group][key] = {**word, **titles.get(key, {})}
    cards = load_cards()
    scenarios = {name: card["title"] for name, card in cards["scenarios"].items()}
    baseline, *others = given["presets"].items()
    found["presets"] = {
        **{name: {**word, "kind": "scenario"} for name, word in (baseline, *scenarios.items(), *others)},
        **{name: {**card["title"], "kind": "shock"} for name, card in cards["shocks"].items()},
    }
    for name in found["presets"]:
        if name not in options("scenario"):
            raise ConfigError("sliders.presets", name, "no such scenario", nearest(name, options("scenario")))
    return found


def _moved() -> list[tuple[Mapping[str, Any], dict[str, bool]]]:
    """Return every driver's card with the sliders it moves, and whether each goes against the axis."""
    found = []
    for card in load_cards()["drivers"].values():
        keys = {split_address(key)[0]: False for key in card["keys"]}
        found.append((card, {**keys, **{split_address(key)[0]: True for key in card["against"]}}))
    return found


@cache
def drivers() -> tuple[Driver, ...]:
    """Return the drivers of the kit as axes.

    Raises: ConfigError if one moves what no slider moves.
    """
    found = []
    for name, (card, moved) in zip(load_cards()["drivers"], _moved(), strict=True):
        ends = {}
        for key, against in moved.items():
            if key not in spans():
                raise ConfigError(f"cards.drivers.{name}", key, "expected a slider of this name")
            record = base_catalogue()[key]
            assert record.low is not None
            assert record.high is not None
            ends[key] = (record.high, record.low) if against else (record.low, record.high)
        found.append(Driver(name, card["title"], ends))
    return tuple(found)


@cache
def spans() -> Mapping[str, tuple[float, float]]:
    """Return by parameter from where to where its slider goes.

    Raises: ConfigError if a parameter has no range and no puzzle tries it.
    """
    tried: dict[str, list[float]] = {}
    for puzzle in load_puzzles().values():
        for setting in puzzle.tried:
            for key, value in setting.items():
                tried.setdefault(key, []).append(float(value))
    found = {}
    for group in ("main", "advanced"):
        for key, word in words()[group].items():
            record = base_catalogue()[split_address(key)[0]]
            ends = [one for one in (record.low, record.high) if one is not None]
            reach = [*ends, *tried.get(key, [])]
            if word.get("span") == "limits":
                reach = [record.minimum, record.maximum]
            if not reach:
                raise ConfigError(f"sliders.{group}", key, "expected a parameter with a range")
            found[key] = (min(reach), max(reach))
    for key in tried:
        if key not in found:
            raise ConfigError("sliders", key, "a puzzle tries it; expected a slider")
    return found


def check(scenario: str, values: Mapping[str, float], switches: Mapping[str, bool]) -> None:
    """Check what is asked for against what the page can change.

    Raises: ConfigError naming the key, the value and what is expected.
    """
    if scenario not in words()["presets"]:
        expected = f"expected one of {', '.join(words()['presets'])}"
        raise ConfigError("scenario", scenario, expected, nearest(scenario, words()["presets"]))
    for key, value in values.items():
        if key not in spans():
            raise ConfigError(key, MISSING, "no slider of this name", nearest(key, spans()))
        low, high = spans()[key]
        if not low <= value <= high:
            raise ConfigError(key, value, f"expected a number within {low:g}..{high:g}")
    for key in switches:
        if key not in words()["switches"]:
            raise ConfigError(key, MISSING, "no switch of this name", nearest(key, words()["switches"]))


def usual(worlds: int, months: int) -> list[str]:
    """Return the words of a run that the page never changes."""
    return ["consumers=cohort", f"worlds={worlds}", f"months={months}", "responses=[passive]"]


def override(
    scenario: str, values: Mapping[str, float], switches: Mapping[str, bool], worlds: int, months: int
) -> list[str]:
    """Return the words after `uncontested run` that give the same numbers."""
    return [
        f"scenario={scenario}",
        *usual(worlds, months),
        *(f"{key}={value!r}" for key, value in values.items()),
        *(f"{key}={str(value).lower()}" for key, value in switches.items()),
    ]


def describe() -> dict[str, Any]:
    """Return what the page needs to draw itself: sliders, presets, names of definitions and series."""
    return {
        "sliders": [
            _slider(key, word, group)
            for group in ("main", "advanced")
            for key, word in words()[group].items()
        ],
        "switches": [{"key": key, **word} for key, word in words()["switches"].items()],
        "presets": [{"key": key, **word} for key, word in words()["presets"].items()],
        "drivers": [
            {
                "key": one.name,
                "name": dict(one.title),
                "ends": {key: list(ends) for key, ends in one.ends.items()},
            }
            for one in drivers()
        ],
        "definitions": {key: {"en": name, "de": GERMAN.get(name, name)} for key, name in DEFINITIONS.items()},
    }


def is_log(key: str) -> bool:
    """Say whether equal steps of a slider multiply its value."""
    return base_catalogue()[split_address(key)[0]].scale == "log" and spans()[key][0] > 0.0


def _slider(key: str, word: Mapping[str, str], group: str) -> dict[str, Any]:
    parameter, member = split_address(key)
    record: Record = base_catalogue()[parameter]
    low, high = spans()[key]
    central = record.value
    if isinstance(central, Mapping):
        central = central[member] if member else sum(central.values()) / len(central)
    return {
        "key": key,
        "group": group,
        "name": {"en": word["en"], "de": word["de"]},
        "low": low,
        "high": high,
        "prior": [record.low, record.high],
        "central": central,
        "log": is_log(key),
        "unit": {"en": record.unit, "de": UNITS.get(record.unit, record.unit)},
        "kind": record.kind,
        "tag": record.tag,
        "source": " ".join(record.source.split()),
    }
