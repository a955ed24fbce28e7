"""Drive the page in Chromium and note when each change is answered: one page alone, or a class of them."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from experiments.config.errors import MISSING, ConfigError
from experiments.kit.command import BROWSERS
from experiments.teach.sliders import words

REMEDY = 'this needs an extra package: pip install ".[browser]"'
MOVES = 9
VIEW = (1280, 860)
CLIENTS, PAUSE_SECONDS, CLASS_SECONDS = 25, 10.0, 60.0
ROUND = 4
"""Of so many changes of a client, the first chooses a scenario alone; the others move sliders."""
WAIT_MS = 120_000
WATCH = """() => {
  window.painted = [];
  window.tell = () => {};
  new MutationObserver(() => {
    const { drawn, answer } = document.body.dataset;
    requestAnimationFrame(() => setTimeout(() => {
      painted.push([drawn, answer, performance.now()]);
      tell();
    }));
  }).observe(document.body, { attributes: true, attributeFilter: ["data-drawn"] });
}"""
"""Note when a frame with all charts anew has been painted, in milliseconds, and whether it is simulated."""
SLIDE = """([key, place]) => {
  const slider = document.querySelector(`input[data-key="${key}"]`), began = performance.now();
  slider.value = place;
  slider.dispatchEvent(new Event("input"));
  return began;
}"""
CHOOSE = """scenario => {
  const began = performance.now();
  location.hash = `#scenario=${scenario}`;
  return began;
}"""
ANSWERED = """() => new Promise(told => {
  window.tell = () => { if (painted.length > 0 && !painted.at(-1)[0].endsWith("~")) told(painted); };
  tell();
})"""
"""What was painted, once there is no more to come. To ask again and again would take the time it measures."""
SIMULATED = """() => painted.length > 0 && painted.at(-1)[1] === "simulated" """
OWN = """() => {
  const asked = new URLSearchParams(location.hash.slice(1));
  const words = document.getElementById("override").value.split(" ").filter(word => word.includes("="));
  const told = Object.fromEntries(words.map(word => word.split("=")));
  return [...asked].filter(([key]) => key === "scenario" || key.includes("."))
    .every(([key, value]) => told[key] === value || Number(told[key]) === Number(value));
}"""
"""Whether the answer shown is one to what the page asked."""
BUSY = (503, 504)


@dataclass(frozen=True)
class Change:
    """When a change was first answered on the screen and when by a simulation, in milliseconds after it."""

    first: float | None
    simulated: float | None
    first_is_simulated: bool


def change_of(painted: Sequence[tuple[str, str, float]], began: float, ended: float) -> Change:
    """Return how a change was answered by what was painted before the next one.

    >>> change_of([("1", "simulated", 5.0), ("2~", "estimate", 60.0), ("2", "simulated", 950.0)], 20.0, 9e9)
    Change(first=40.0, simulated=930.0, first_is_simulated=False)
    """
    own = [(answer, at - began) for _, answer, at in painted if began <= at < ended]
    simulated = next((at for answer, at in own if answer == "simulated"), None)
    if not own:
        return Change(None, None, False)
    return Change(own[0][1], simulated, own[0][0] == "simulated")


def browser_file() -> str:
    """Return the browser to drive.

    Raises: ConfigError if there is none, or nothing to drive it with.
    """
    try:
        import playwright  # noqa: F401  # is it installed?
    except ImportError as error:
        raise ConfigError("playwright", error.name, REMEDY) from None
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise ConfigError("chromium", MISSING, f"expected one of {', '.join(BROWSERS)} on the path")
    return browser


def launch_words() -> list[str]:
    """Return words for the browser: root, as in a container, has no sandbox."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@contextmanager
def opened_in_browser(address: str, width: int, height: int) -> Iterator[Any]:
    """Open a page in Chromium and give it as soon as it has drawn its charts.

    Raises: ConfigError if there is no browser, or nothing to drive it with.
    """
    browser = browser_file()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=browser, args=launch_words())
        page = one.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.wait_for_selector("body[data-drawn]", state="attached")
        yield page
        one.close()


def moves(address: str, grid: bool) -> list[Change]:
    """Return how each of some moves of the main sliders is answered in a browser, one after the other.

    Raises: ConfigError if there is no browser.
    """
    keys, found = list(words()["main"]), []
    with opened_in_browser(address, *VIEW) as page:
        if grid:
            page.wait_for_selector("body[data-grid=here]", state="attached")
        page.evaluate(WATCH)
        for at in range(MOVES):
            page.evaluate("painted.length = 0")
            # No two settings are the same, so that no answer is kept from before.
            began = page.evaluate(SLIDE, [keys[at % len(keys)], 20 + 7 * at])
            found.append(change_of(page.evaluate(ANSWERED), began, float("inf")))
    return found


@dataclass
class Pupil:
    """What one page of a class has seen."""

    changes: list[Change]
    refused: int = 0
    mixed: int = 0


async def pupil(page: Any, number: int, address: str, ready: "asyncio.Barrier") -> Pupil:
    """Change something every ten seconds, as one of a class."""
    keys, scenarios = list(words()["main"]), list(words()["presets"])
    seen = Pupil([])
    begun: list[float] = []

    def refused(reply: Any) -> None:
        seen.refused += reply.status in BUSY

    page.on("response", refused)
    page.set_default_timeout(WAIT_MS)
    await page.goto(address)
    await page.wait_for_selector("body[data-drawn]", state="attached")
    if await page.evaluate("fetch('api/model').then(reply => reply.json()).then(model => model.grid)"):
        await page.wait_for_selector("body[data-grid=here]", state="attached")
    await page.evaluate(WATCH)
    await ready.wait()
    await asyncio.sleep(PAUSE_SECONDS * number / CLIENTS)
    ends = time.perf_counter() + CLASS_SECONDS
    while time.perf_counter() < ends:
        turn, next_at = len(begun), time.perf_counter() + PAUSE_SECONDS
        if turn % ROUND == 0:
            begun.append(await page.evaluate(CHOOSE, scenarios[(number + turn // ROUND) % len(scenarios)]))
        else:
            place = 1 + (number * 37 + turn * 11) % 199
            begun.append(await page.evaluate(SLIDE, [keys[(number + turn) % len(keys)], place]))
        await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        if await page.evaluate(SIMULATED):
            seen.mixed += not await page.evaluate(OWN)
    painted = await page.evaluate("painted")
    # The last change has no more time than the others had.
    seen.changes += [
        change_of(painted, at, following)
        for at, following in zip(begun, [*begun[1:], begun[-1] + 1e3 * PAUSE_SECONDS], strict=True)
    ]
    return seen


async def seated(address: str) -> list[Pupil]:
    """Let a class change things at the same time, all pages in one browser."""
    from playwright.async_api import async_playwright

    ready = asyncio.Barrier(CLIENTS)
    async with async_playwright() as driver:
        one = await driver.chromium.launch(executable_path=browser_file(), args=launch_words())
        pages = [await (await one.new_context()).new_page() for _ in range(CLIENTS)]
        found = await asyncio.gather(
            *(pupil(page, number, address, ready) for number, page in enumerate(pages))
        )
        await one.close()
    return found
