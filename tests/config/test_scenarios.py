"""Scenario files: a sentence why, known parameters, values inside their limits, and a classroom of 2x2."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

import conf

CONF = Path(conf.__file__).parent
FILES = sorted((CONF / "scenario").glob("*.yaml"))
ASKED = [
    "baseline",
    "article",
    "no_controls",
    "full_controls",
    "us_grid_doubled",
    "energy_parity",
    "chip_parity",
    "node_plateau",
    "cn_capital_squeeze",
    "funding_winter",
    "free_tier_war",
    "us_free_tier_withdrawn",
    "open_weights_ban",
    "one_optimus_three_agibots",
    "optimus_self_builds",
    "orbit_early",
    "orbit_never",
    "detente",
    "blockade",
    "agi_breakthrough",
    "open_race",
    "quiet_saturation",
    "us_abundance",
    "chip_wall",
]


def load(path: Path) -> dict[str, Any]:
    plain: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path))
    return plain


@cache
def records() -> dict[str, dict[str, Any]]:
    sections = {}
    for group in ("behaviour", "physics", "policy"):
        for path in (CONF / group).glob("*.yaml"):
            package = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# @package ").strip()
            sections[package] = load(path)
    return sections


def settings(name: str) -> dict[str, dict[str, Any]]:
    scenario = load(CONF / "scenario" / f"{name}.yaml")
    scenario.pop("scenario")
    return scenario


def test_every_scenario_asked_for_is_there() -> None:
    assert {path.stem for path in FILES} == set(ASKED)
    assert settings("baseline") == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario_says_why_and_stays_inside_the_limits(path: Path) -> None:
    about = load(path)["scenario"]
    assert set(about) == {"name", "title", "why"}
    assert about["name"] == path.stem
    assert about["why"].endswith(".")
    assert about["why"].count(". ") == 0
    known = records()
    for section, values in settings(path.stem).items():
        for key, value in values.items():
            record = known[section][key]
            members = value if isinstance(value, dict) else {"": value}
            if isinstance(value, dict):
                assert set(value) <= set(
                    record["value"] if isinstance(record["value"], dict) else ("us", "cn")
                )
            for member in members.values():
                assert record["min"] <= member <= record["max"], f"{section}.{key}"
                assert member != record["value"] or "low" in record, f"{section}.{key} repeats a fixed value"


def test_classroom_is_two_axes_crossed() -> None:
    chips = ("chips", "policy")
    quadrants = {
        name: settings(name) for name in ("open_race", "quiet_saturation", "us_abundance", "chip_wall")
    }

    def axis(name: str, sections: tuple[str, ...]) -> dict[str, Any]:
        return {section: quadrants[name].get(section) for section in sections}

    assert axis("open_race", chips) == axis("quiet_saturation", chips) != axis("us_abundance", chips)
    assert axis("us_abundance", chips) == axis("chip_wall", chips)
    assert axis("open_race", ("power",)) == axis("us_abundance", ("power",)) != axis("chip_wall", ("power",))
    assert axis("quiet_saturation", ("power",)) == axis("chip_wall", ("power",))
