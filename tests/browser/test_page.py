"""The page in a browser, live and in one file: all a class does, by hand and by keyboard, on a phone."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.kit.render import PAGE_FILE, page_link
from tests.browser.hands import PATIENCE, WAIT_MS, charts, drawn, faults, slide


@pytest.fixture(params=["live", "baked"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the page is: a server, or a file without any."""
    if request.param == "live":
        return str(request.getfixturevalue("estimating")) + "/"
    return str(request.getfixturevalue("file").as_uri())


@pytest.fixture
def page(browser: Browser, place: str) -> Iterator[Page]:
    """A fresh page that must leave no error in the console, and ask nobody else."""
    context = browser.new_context(accept_downloads=True)
    context.set_default_timeout(WAIT_MS)
    one = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    one.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    one.on("pageerror", lambda error: said.append(str(error)))
    one.on("request", lambda request: asked.append(request.url))
    one.goto(place)
    drawn(one)
    yield one
    assert said == []
    assert [url for url in asked if not url.startswith((place, "data:", "blob:"))] == []
    context.close()


def test_sliders_presets_undo_hold_and_link(page):
    before = charts(page)
    assert len(before) == 6
    assert page.locator("#main-sliders input").count() <= 6
    slide(page, PATIENCE, 200)
    moved = charts(page)
    assert moved != before
    assert f"{PATIENCE}=" in page.locator("#override").input_value()
    page.get_by_role("button", name="Hold and compare").click()
    expect(page.locator("#headline thead th")).to_have_count(3)
    page.get_by_label("Scenario").select_option("open_race")
    drawn(page)
    assert page.locator("#charts path[stroke-dasharray]").count() > 0
    link = page.url
    assert "scenario=open_race" in link
    assert "v=" in link
    held = charts(page)
    page.get_by_role("button", name="Undo").click()
    drawn(page)
    expect(page.get_by_label("Scenario")).to_have_value("baseline")
    page.get_by_role("button", name="Undo").click()
    drawn(page)
    page.get_by_role("button", name="Release").click()
    assert charts(page) == before
    assert page.get_by_role("button", name="Replay").is_enabled()
    page.goto("about:blank")
    page.goto(link)
    drawn(page)
    expect(page.get_by_label("Scenario")).to_have_value("open_race")
    page.get_by_role("button", name="Hold and compare").click()
    assert charts(page)[3] == held[3]


def test_a_link_takes_nothing_that_no_slider_can_set(page, place):
    before = charts(page)
    page.goto("about:blank")
    page.goto(f"{place}#v=0&scenario=<b>&lang=xx&{PATIENCE}=1e9&power.lead_time_us=<script>alert(1)</script>")
    drawn(page)
    assert charts(page) == before
    expect(page.locator("#status")).to_contain_text("version 0")
    # What it does not take, it says.
    expect(page.locator("#unknown")).to_contain_text(f"scenario, {PATIENCE}, power.lead_time_us")


def test_downloads_hold_what_is_shown(page, tmp_path):
    for name, selector in (("csv", "#csv"), ("svg", "[data-kind=svg]"), ("png", "[data-kind=png]")):
        with page.expect_download() as started:
            page.locator(selector).first.click()
        file = Path(tmp_path / f"one.{name}")
        started.value.save_as(file)
        assert file.stat().st_size > 1000
    rows = list(csv.DictReader((tmp_path / "one.csv").read_text().splitlines()))
    assert {row["table"] for row in rows} == {"series", "leader", "binding"}
    assert (tmp_path / "one.svg").read_text().startswith("<svg")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_bets_hide_the_results_until_they_are_in(page):
    page.get_by_role("button", name="Bet first").click()
    expect(page.locator("#revealed")).to_be_hidden()
    page.get_by_label("US + allies lead in").fill("40")
    page.get_by_label("China leads in").fill("30")
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator("#revealed")).to_be_visible()
    expect(page.locator("#bet-result")).to_contain_text("US + allies 40 %, China 30 %")


def test_german_projector_and_phone_without_a_serious_fault(page):
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("figcaption").first).to_have_text("Monatliche Nutzer")
    page.locator("#advanced summary").click()
    page.locator("#cards summary").click()
    assert faults(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Projector").click()
    expect(page.locator("body")).to_have_class("projector")
    assert faults(page) == []


def test_a_keyboard_reaches_and_moves_everything(page):
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.dataset.key"))
        if reached[-1] == "s-power-lead_time_us":
            break
    assert {"hold", "bets", "projector", "language", "preset"} <= set(reached)
    page.keyboard.press("End")
    drawn(page)
    assert "power.lead_time_us=66" in page.locator("#override").input_value()
    page.keyboard.press("Home")
    drawn(page)
    assert "power.lead_time_us=18" in page.locator("#override").input_value()


def test_any_two_drivers_make_the_2x2_of_the_class(page, place):
    page.locator("#own summary").click()
    page.get_by_label("From left to right").select_option("us_build_rate")
    assert page.locator("#axis-y option[value=us_build_rate]").count() == 0
    page.get_by_label("From below to above").select_option("power_price_gap")
    four_worlds(page)
    page.get_by_label("Name of this world (1)").fill("Slow & <dear>")
    settings = page.locator(".quadrant").evaluate_all("all => all.map(one => one.textContent)")
    assert len(set(settings)) == 4
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    four_worlds(page)
    expect(page.get_by_label("Name of this world (1)")).to_have_value("Slow & <dear>")
    assert page.locator(".quadrant").evaluate_all("all => all.map(one => one.textContent)") == settings
    assert faults(page) == []
    page.locator(".quadrant button").nth(1).click()
    drawn(page)
    command = page.locator("#override").input_value()
    # Above on the right: both axes at their high ends, so that power is dear in the US and cheap in China.
    for written in ("power.lead_time_us=66", "power.power_price_us=0.11", "power.power_price_cn=0.035"):
        assert written in command
    if place.startswith("file:"):
        expect(page.locator("#notice")).to_have_attribute("data-kind", "simulated")


def four_worlds(page: Page) -> None:
    """Wait for the four worlds of the 2x2 to be simulated; the corners of a baked grid are."""
    expect(page.locator(".quadrant svg")).to_have_count(4)
    expect(page.locator(".quadrant .mark")).to_have_text(["Simulated"] * 4)


def test_the_wind_tunnel_shows_numbers_after_a_strategy_is_chosen(page):
    page.locator("#tunnel summary").click()
    expect(page.locator("#tunnel-table")).to_be_hidden()
    expect(page.locator("#tunnel-test")).to_be_disabled()
    strategies = page.locator("#tunnel-strategies input")
    strategies.nth(1).check()
    expect(page.locator("#tunnel-table")).to_be_hidden()
    page.get_by_role("button", name="Test it in all four").click()
    rows = page.locator("#tunnel-table tbody tr")
    expect(rows).to_have_count(strategies.count())
    expect(page.locator("#tunnel-table .chosen")).to_have_count(1)
    worst = [float(text) for text in rows.locator("td:last-child").all_inner_texts()]
    assert worst == sorted(worst)
    assert faults(page) == []


def test_a_link_of_the_kit_opens_its_setting(page, place):
    page.goto("about:blank")
    page.goto(f"{place}{page_link({'scenario': 'open_race', PATIENCE: '0.5'}).removeprefix(PAGE_FILE)}")
    drawn(page)
    expect(page.get_by_label("Scenario")).to_have_value("open_race")
    assert "scenario=open_race" in page.locator("#override").input_value()
    assert f"{PATIENCE}=0.5" in page.locator("#override").input_value()
    expect(page.locator("#unknown")).to_be_hidden()
