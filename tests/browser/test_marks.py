"""An estimate is marked wherever it is seen, said and saved, and gives way to what is simulated."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from experiments.teach.sliders import spans
from tests.browser.hands import PATIENCE, charts, drawn, faults, move, slide

LEAD = "power.lead_time_us"


@pytest.fixture
def held(browser: Browser, estimating: str) -> Iterator[tuple[Page, list[Route]]]:
    """A live page with a grid, whose questions wait until a test lets them go on."""
    page = browser.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(estimating)
    drawn(page)
    page.wait_for_selector("body[data-grid=here]", state="attached")
    routes: list[Route] = []
    page.route("**/api/answer", lambda route: routes.append(route))
    yield page, routes
    page.unroute_all(behavior="ignoreErrors")
    page.close()
    assert said == []


def answered(page: Page, routes: list[Route]) -> None:
    """Let what waits go on, once it has been asked."""
    while not routes:
        page.wait_for_timeout(20)
    while routes:
        routes.pop().continue_()


def test_an_estimate_is_marked_until_it_is_simulated(held, tmp_path):
    page, routes = held
    before = charts(page)
    move(page, LEAD, 77)
    mark, notice, status = (page.locator(one) for one in ("#mark", "#notice", "#status"))
    expect(mark).to_have_text(re.compile(r"^Estimate, about [\d.]+ points off$"))
    expect(notice).to_contain_text("Interpolated between simulated places of one slider.")
    expect(notice).to_contain_text("The simulated answer follows.")
    expect(status).to_have_text("An estimate is shown; its worlds are being simulated …")
    expect(page.locator("#headline thead th").first).to_have_text("now (estimate)")
    guessed = charts(page)
    assert guessed != before
    assert all(">estimate</text>" in one for one in guessed)
    with page.expect_download() as started:
        page.locator("#csv").click()
    started.value.save_as(tmp_path / "one.csv")
    assert {row["answer"] for row in rows(tmp_path / "one.csv")} == {"estimate"}
    page.get_by_role("button", name="Hold and compare").click()
    expect(page.locator("#headline thead th").nth(1)).to_have_text("held (estimate)")
    assert faults(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("button", name="Deutsch").click()
    expect(status).to_have_text("Gezeigt wird eine Schätzung; die Welten dazu werden simuliert …")
    expect(mark).to_have_text(re.compile(r"^Schätzung, etwa [\d,]+ Punkte daneben$"))
    assert faults(page) == []
    page.get_by_role("button", name="English").click()
    answered(page, routes)
    drawn(page)
    expect(mark).to_have_text("Simulated")
    expect(status).to_have_text("4 worlds simulated")
    expect(notice).to_contain_text("Other worlds drawn could move a share by up to 50 points.")
    # What was held as an estimate is held as simulated.
    expect(page.locator("#headline thead th")).to_have_text(["now", "held", "change"])
    assert not any(">estimate</text>" in one for one in charts(page))
    assert faults(page) == []


def test_a_bet_on_an_estimate_is_held_against_what_is_simulated(held):
    page, routes = held
    move(page, LEAD, 31)
    expect(page.locator("#mark")).to_contain_text("Estimate")
    page.get_by_role("button", name="Bet first").click()
    for label in ("US + allies lead in", "China leads in"):
        page.get_by_label(label).fill("10")
    page.get_by_role("button", name="Reveal").click()
    page.evaluate("document.getElementById('bet-result').textContent = 'old'")
    answered(page, routes)
    drawn(page)
    expect(page.locator("#bet-result")).to_contain_text("The model")


def test_an_answer_that_is_replaced_or_fails_leaves_the_estimate(held):
    page, routes = held
    move(page, LEAD, 51)
    while not routes:
        page.wait_for_timeout(20)
    routes.pop().fulfill(status=410, json={"detail": "A newer question has taken the place of this one."})
    expect(page.locator("#status")).to_have_text("An estimate is shown; its worlds are being simulated …")
    expect(page.locator("#status")).not_to_have_class("error")
    move(page, LEAD, 52)
    while not routes:
        page.wait_for_timeout(20)
    routes.pop().fulfill(status=504, json={"detail": "It takes too long."})
    expect(page.locator("#status")).to_have_class("error")
    expect(page.locator("#mark")).to_contain_text("Estimate")
    expect(page.locator("#notice")).not_to_contain_text("follows")


def test_a_slider_on_the_move_asks_where_it_stops(held):
    page, routes = held
    page.locator(f'input[data-key="{LEAD}"]').evaluate(
        """one => { for (let place = 0; place < 60; place += 1) {
          one.value = place;
          one.dispatchEvent(new Event("input"));
        } }"""
    )
    while not routes:
        page.wait_for_timeout(20)
    page.wait_for_timeout(300)
    assert len(routes) == 1
    low, high = spans()[LEAD]
    assert json.loads(routes[0].request.post_data)["values"] == {
        LEAD: pytest.approx(low + (high - low) * 59 / 200)
    }
    answered(page, routes)
    drawn(page)


def test_shows_no_estimate_where_the_grid_does_not_reach(held):
    page, routes = held
    page.locator("#advanced summary").click()
    page.get_by_label("Luck").uncheck()
    expect(page.locator("#status")).to_have_text("Simulating …")
    expect(page.locator("#mark")).to_have_text("Simulated")
    answered(page, routes)
    drawn(page)


def test_works_without_a_grid(browser, address):
    page = browser.new_page()
    page.goto(address)
    drawn(page)
    slide(page, LEAD, 20)
    expect(page.locator("#mark")).to_have_text("Simulated")
    assert page.evaluate("document.body.dataset.grid") is None
    page.close()


def test_a_page_in_one_file_marks_what_it_composes(browser, file):
    page = browser.new_page()
    page.goto(file.as_uri())
    drawn(page)
    mark = page.locator("#mark")
    expect(mark).to_have_text("Simulated")
    slide(page, LEAD, 77)
    expect(mark).to_have_text(re.compile(r"^Estimate, about [\d.]+ points off$"))
    expect(page.locator("#notice")).not_to_contain_text("follows")
    assert all(">estimate</text>" in one for one in charts(page))
    slide(page, PATIENCE, 133)
    expect(page.locator("#notice")).to_contain_text("simulated places of two sliders")
    assert faults(page) == []
    page.get_by_role("button", name="Deutsch").click()
    expect(mark).to_contain_text("Schätzung")
    page.close()


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))
