"""Answers of the page in one file are those of the live page, within the error that it states."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from experiments.runs.summary import HEADLINE
from experiments.teach.answers import Question, answer_all
from experiments.teach.vectors import differences

ROUNDING = 0.2
"""Errors are stated to a tenth; numbers of a page are rounded once more."""


def simulated(points: list[dict[str, Any]], model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a live page answers, those of a scenario in one batch."""
    found: dict[int, dict[str, Any]] = {}
    for scenario in {one["scenario"] for one in points}:
        own = {place: one for place, one in enumerate(points) if one["scenario"] == scenario}
        size = model["worlds"], model["months"]
        questions = [Question(scenario, one["values"], {}, *size) for one in own.values()]
        found.update(zip(own, answer_all(questions), strict=True))
    return [found[place] for place in range(len(points))]


@pytest.fixture(scope="module")
def answers(browser: Browser, file: Path, content: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page answers at the settings where its error was measured."""
    page = browser.new_page()
    page.goto(file.as_uri())
    found: list[dict[str, Any]] = page.evaluate(
        "asked => Promise.all(asked.map(one => BACKEND.answer({ ...one, switches: {} })))", content["checks"]
    )
    page.close()
    return found


def test_what_is_composed_is_within_the_error_stated(answers, content):
    assert {one["kind"] for one in content["checks"]} == {"one", "two", "more", "elsewhere"}
    for asked, found, true in zip(
        content["checks"], answers, simulated(content["checks"], content["model"]), strict=True
    ):
        assert found["notice"]["kind"] == asked["kind"]
        points, medians = differences(found, true, HEADLINE)
        stated = content["errors"][asked["kind"]]
        assert found["notice"]["error"] == stated
        assert points <= stated["points"]["largest"] + ROUNDING
        assert medians <= stated["medians"]["largest"] + ROUNDING


def test_what_is_simulated_is_that_of_the_live_page(browser, file, content):
    asked = [
        {"scenario": "baseline", "values": {}},
        {"scenario": "open_race", "values": {}},
        {"scenario": "baseline", "values": {"capital.investor_patience": 2.0}},
        {"scenario": "baseline", "values": {"chips.export_stringency": 0.75, "power.lead_time_us": 66.0}},
    ]
    page = browser.new_page()
    page.goto(file.as_uri())
    found = page.evaluate(
        "asked => Promise.all(asked.map(one => BACKEND.answer({ ...one, switches: {} })))", asked
    )
    page.close()
    for one, true in zip(found, simulated(asked, content["model"]), strict=True):
        assert one["notice"]["kind"] == "simulated"
        assert max(differences(one, true, HEADLINE)) <= ROUNDING
        assert one["months"] == true["months"]
        assert one["third"] == pytest.approx(true["third"], abs=1e-3)
