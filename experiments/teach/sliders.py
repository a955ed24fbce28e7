"""What the page can change: its words from sliders.yaml, its numbers from the records of the parameters."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from experiments.catalogue import Record
from experiments.compose import base_catalogue
from experiments.conf_files import options
from experiments.errors import MISSING, ConfigError, nearest
from experiments.figures.german import GERMAN
from experiments.figures.names import DEFINITIONS
from experiments.figures.quantities import CAPTIONS, UNITS
from experiments.readers import exactly

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


@cache
def words() -> Mapping[str, Any]:
    """Return sliders.yaml, checked.

    Raises: ConfigError on the first name that there is not.
    """
    from omegaconf import OmegaConf

    given = exactly(
        "sliders", OmegaConf.to_container(OmegaConf.load(FILE)), ("main", "advanced", "switches", "presets")
    )
    if len(given["main"]) > MOST_MAIN:
        raise ConfigError("sliders.main", len(given["main"]), f"expected at most {MOST_MAIN}")
    catalogue = base_catalogue()
    for key in (*given["main"], *given["advanced"]):
        if key not in catalogue:
            raise ConfigError("sliders", key, "no such parameter", nearest(key, catalogue))
    for name in given["presets"]:
        if name not in options("scenario"):
            raise ConfigError("sliders.presets", name, "no such scenario", nearest(name, options("scenario")))
    return given


@cache
def spans() -> Mapping[str, tuple[float, float]]:
    """Return by parameter from where to where its slider goes."""
    found = {}
    for group in ("main", "advanced"):
        for key, word in words()[group].items():
            record = base_catalogue()[key]
            if word.get("span") == "limits" or record.low is None or record.high is None:
                found[key] = (record.minimum, record.maximum)
            else:
                found[key] = (record.low, record.high)
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


def override(
    scenario: str, values: Mapping[str, float], switches: Mapping[str, bool], worlds: int, months: int
) -> list[str]:
    """Return the words after `uncontested run` that give the same numbers."""
    return [
        f"scenario={scenario}",
        "consumers=cohort",
        f"worlds={worlds}",
        f"months={months}",
        "responses=[passive]",
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
        "definitions": {key: {"en": name, "de": GERMAN.get(name, name)} for key, name in DEFINITIONS.items()},
        "captions": {
            name: dict(zip(("en", "de"), CAPTIONS[name], strict=True))
            for name in dict.fromkeys(series.partition(".")[0] for series in FANS)
        },
    }


def _slider(key: str, word: Mapping[str, str], group: str) -> dict[str, Any]:
    record: Record = base_catalogue()[key]
    low, high = spans()[key]
    central = record.value
    if isinstance(central, Mapping):
        central = sum(central.values()) / len(central)
    return {
        "key": key,
        "group": group,
        "name": {"en": word["en"], "de": word["de"]},
        "low": low,
        "high": high,
        "prior": [record.low, record.high],
        "central": central,
        "log": record.scale == "log" and low > 0.0,
        "unit": {"en": record.unit, "de": UNITS.get(record.unit, record.unit)},
        "kind": record.kind,
        "tag": record.tag,
        "source": " ".join(record.source.split()),
    }
