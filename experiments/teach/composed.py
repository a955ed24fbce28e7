"""Configurations of what a page asks, a hundred times as fast as Hydra composes a scenario.

Hydra reads every file of conf for each scenario, half a second. A scenario of the page sets parameters and
nothing else: its values are laid over the baseline here, and a test holds every preset against Hydra's.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from experiments.config.compose import compose_values, parse_override
from experiments.config.conf_files import CONF, read_plain
from experiments.teach.sliders import usual

BASE = "baseline"


def composed(
    scenario: str, values: Mapping[str, float], switches: Mapping[str, bool], worlds: int, months: int
) -> dict[str, Any]:
    """Return the configuration of `uncontested run` with the words of `sliders.override`."""
    written = _file(scenario)
    layer = [(name, one) for name, one in written.items() if name != "scenario"]
    config = compose_values(
        [("scenario", BASE), *_usual(worlds, months), *layer, *values.items(), *switches.items()]
    )
    config["scenario"] = dict(written["scenario"])
    config["choices"]["scenario"] = scenario
    return config


@cache
def _file(scenario: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_plain(CONF / "scenario" / f"{scenario}.yaml")
    return found


@cache
def _usual(worlds: int, months: int) -> list[tuple[str, Any]]:
    return [parse_override(text) for text in usual(worlds, months)]
